import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Continuation tokens that say nothing to a client and fall apart when a character of them is changed. */
export class OpaqueTokens {
  readonly #key = randomBytes(32);
  readonly #aliases = new Map<string, string>();

  write(content: unknown): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** Undefined for everything that was not written here. */
  read(token: string): unknown {
    const bytes = Buffer.from(this.#aliases.get(token) ?? token, 'base64url');
    if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      const opened = Buffer.concat([
        decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)),
        decipher.final(),
      ]);
      const content: unknown = JSON.parse(opened.toString('utf8'));
      return content;
    } catch {
      return undefined;
    }
  }

  /** Lets a recorded request find its place under the name that it was recorded with. */
  name(alias: string, token: string): void {
    this.#aliases.set(alias, token);
  }
}
