import type { ApiKeyRole, ConnectionKind } from '../operations/context.ts';
import { hashOf } from './credentials.ts';
import { looksSigned } from './entra-token.ts';

export interface FoundApiKey {
  readonly organizationId: string;
  readonly apiKeyId: string;
  readonly name: string;
  readonly role: ApiKeyRole;
  readonly expiresAt: string | null;
}

export interface FoundScimToken {
  readonly organizationId: string;
  readonly scimTokenId: string;
  readonly connectionKind: ConnectionKind;
  readonly connectionStatus: string;
  /** Extension schemas of the connection, as JSON. */
  readonly customExtensions: string;
  readonly expiresAt: string | null;
}

/** Finds a credential before its organization is known, by the hash. */
export interface CredentialLookup {
  readonly findApiKey: (hash: Buffer) => Promise<FoundApiKey | null>;
  readonly findScimToken: (connectionId: string, hash: Buffer) => Promise<FoundScimToken | null>;
}

export interface Authentication {
  /** The key's record, or null when there is none or it has expired. */
  readonly apiKey: (plain: string) => Promise<FoundApiKey | null>;
  /** The token's record, or null when the connection has none such, it has expired, or the connection is disabled. */
  readonly scimToken: (connectionId: string, plain: string) => Promise<FoundScimToken | null>;
  /** To be called after a credential was revoked or a connection changed: nothing remembered is used any more. */
  readonly forget: () => void;
}

export interface AuthenticationOptions {
  readonly lookup: CredentialLookup;
  /** What a token of an identity platform stands for at a connection; null for one that is not accepted. */
  readonly findSignedToken: (connectionId: string, token: string) => Promise<FoundScimToken | null>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** How long a SCIM token that was found may be taken for valid without asking again. */
  readonly rememberMs?: number;
}

const MAX_REMEMBERED = 5000;

interface Remembered {
  readonly found: FoundScimToken;
  readonly until: number;
}

/**
 * SCIM tokens are remembered for a second: a provisioning client sends bursts, and every request would otherwise cost
 * one more statement. `forget` makes a revocation count at once in this process; another process that shares the
 * database follows within `rememberMs`. API keys are always looked up, and nothing is remembered about wrong ones.
 */
export function makeAuthentication({
  lookup,
  findSignedToken,
  now,
  rememberMs = 1000,
}: AuthenticationOptions): Authentication {
  /** By connection and token as it was sent: hashing it would be a twentieth of what a look-up costs. */
  const remembered = new Map<string, Remembered>();
  let generation = 0;
  let sweptAt = 0;

  /** No token stays in memory for long after it was last remembered. */
  const sweep = (): void => {
    if (now() - sweptAt < rememberMs && remembered.size < MAX_REMEMBERED) return;
    sweptAt = now();
    for (const [key, { until }] of remembered) if (until <= sweptAt) remembered.delete(key);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  };

  const isValid = (expiresAt: string | null): boolean => expiresAt === null || Date.parse(expiresAt) > now();

  const findScimToken = async (connectionId: string, plain: string): Promise<FoundScimToken | null> => {
    const key = `${connectionId} ${plain}`;
    const known = remembered.get(key);
    if (known !== undefined && known.until > now()) return known.found;
    remembered.delete(key);
    const asked = generation;
    const found = await (looksSigned(plain)
      ? findSignedToken(connectionId, plain)
      : lookup.findScimToken(connectionId, hashOf(plain)));
    // An answer from before a revocation may be used for the request that asked, but not remembered.
    if (found !== null && asked === generation && rememberMs > 0) {
      sweep();
      remembered.set(key, { found, until: now() + rememberMs });
    }
    return found;
  };

  return {
    apiKey: async (plain) => {
      const found = await lookup.findApiKey(hashOf(plain));
      return found !== null && isValid(found.expiresAt) ? found : null;
    },
    scimToken: async (connectionId, plain) => {
      const found = await findScimToken(connectionId, plain);
      if (found === null || found.connectionStatus === 'disabled') return null;
      return isValid(found.expiresAt) ? found : null;
    },
    forget: () => {
      generation += 1;
      remembered.clear();
    },
  };
}
