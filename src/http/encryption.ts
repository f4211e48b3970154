import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Encryption } from '../operations/connections/connection-ports.ts';
import { OperationError } from '../operations/operation-error.ts';

const ALGORITHM = 'aes-256-gcm';
/** First byte of every encrypted text, so that another format can follow one day. */
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** AES-256-GCM: version byte, nonce, tag, text; the owner is authenticated with it. `key` has 32 bytes. */
export function makeEncryption(key: KeyObject): Encryption {
  if (key.symmetricKeySize !== KEY_BYTES) throw new Error(`The encryption key must have ${KEY_BYTES} bytes`);
  return {
    encrypt: (plain, boundTo = '') => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(boundTo));
      const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), text]);
    },
    decrypt: (encrypted, boundTo = '') => {
      const bytes = Buffer.from(encrypted);
      if (bytes[0] !== VERSION || bytes.length < 1 + NONCE_BYTES + TAG_BYTES) {
        throw new Error('The encrypted text has an unknown format');
      }
      const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
      const tag = bytes.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
      const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAuthTag(tag);
      decipher.setAAD(Buffer.from(boundTo));
      const text = bytes.subarray(1 + NONCE_BYTES + TAG_BYTES);
      return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
    },
  };
}

/** For an installation without a key: secrets are refused instead of being kept readable. */
export const withoutEncryption: Encryption = {
  encrypt: () => {
    throw new OperationError(
      'conflict',
      'This server has no key to keep secrets under. Set ENCRYPTION_KEY (openssl rand -base64 32) and start it again.',
    );
  },
  decrypt: () => {
    throw new OperationError(
      'unavailable',
      'This server was started without ENCRYPTION_KEY; set it and start it again.',
    );
  },
};

/** The key in the data directory cannot be used; the message is one line that says what to do. */
export class EncryptionKeyError extends Error {
  override readonly name = 'EncryptionKeyError';
}

/** The key in the file; at the first start a random one is made. Readable by the owner only. */
export function readOrMakeKey(file: string): KeyObject {
  try {
    if (!existsSync(file)) makeKey(file);
    const key = Buffer.from(readFileSync(file, 'utf8'), 'base64');
    if (key.length === KEY_BYTES) return createSecretKey(key);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EncryptionKeyError(
      `The encryption key cannot be read or made (${reason}): repair that, or set ENCRYPTION_KEY`,
      { cause },
    );
  }
  throw new EncryptionKeyError(
    `${file} holds no key of ${KEY_BYTES} bytes: restore it from a backup; without it the stored secrets cannot be read, and removing it means entering them anew`,
  );
}

/** Whole or not at all, and on the disk before anything is encrypted with it. A key that is there already stays. */
function makeKey(file: string): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const text = randomBytes(KEY_BYTES).toString('base64');
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
