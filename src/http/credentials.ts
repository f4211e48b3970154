import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { CredentialMaker, NewCredential } from '../operations/connections/connection-ports.ts';

const API_KEY_PREFIX = 'rck_';
const SCIM_TOKEN_PREFIX = 'rcs_';
const CLIENT_SECRET_PREFIX = 'rcc_';
const SECRET_BYTES = 32;
/** Enough to tell keys apart in a list; 36 of the 256 random bits. */
const SHOWN_CHARACTERS = 10;

/** What is stored of a credential. One hash is enough: 256 random bits cannot be guessed, so nothing slows it down. */
export function hashOf(plain: string): Buffer {
  return hash('sha256', plain, 'buffer');
}

function describe(plain: string): NewCredential {
  return { plain, prefix: plain.slice(0, SHOWN_CHARACTERS), hash: hashOf(plain) };
}

/** The prefixes make a leaked secret recognisable for scanners of source code and logs. */
const make = (prefix: string): NewCredential =>
  describe(prefix + randomBytes(SECRET_BYTES).toString('base64url'));

export const credentialMaker: CredentialMaker = {
  makeApiKey: () => make(API_KEY_PREFIX),
  makeScimToken: () => make(SCIM_TOKEN_PREFIX),
  makeClientSecret: () => make(CLIENT_SECRET_PREFIX),
  // Of a key that somebody else chose only little is shown: it may be short.
  describeApiKey: (plain) => ({ ...describe(plain), prefix: plain.slice(0, 4) }),
};

/** Compares in a time that tells nothing about where the two differ. */
export function isSameCredential(one: string, other: string): boolean {
  return timingSafeEqual(hashOf(one), hashOf(other));
}

/** Tokens that an identity platform signed run to a few kilobytes. */
const bearer = /^bearer +([\x21-\x7e]{1,8192}) *$/i;

/** The same for a secret of which only the hash is kept. */
export function isHashOf(plain: string, hash: Uint8Array): boolean {
  const own = hashOf(plain);
  return own.length === hash.length && timingSafeEqual(own, hash);
}

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1), or null. */
export function readBearer(authorization: string | undefined): string | null {
  return authorization === undefined ? null : (bearer.exec(authorization)?.[1] ?? null);
}
