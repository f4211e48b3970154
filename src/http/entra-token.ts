import jsonwebtoken, { type JwtPayload } from 'jsonwebtoken';
import type { Cloud } from '../operations/connections/connection-ports.ts';
import type { FindSigningKey } from './signing-keys.ts';

/** `v1`: what Entra sends when the secret of an application is left blank; `v2`: an assertion for the token endpoint. */
export type EntraTokenProfile = 'v1' | 'v2';

/** Where a tenant's tokens come from. */
export interface TokenIssuer {
  /** Each `iss` that the tenant's tokens may carry, exactly. */
  readonly issuers: readonly string[];
  readonly keysUrl: string;
}

export type TokenIssuerOf = (cloud: Cloud, tenantId: string, profile: EntraTokenProfile) => TokenIssuer;

/** Whose tokens are accepted: everything from the configuration of the connection, nothing from the token. */
export interface EntraTrust {
  readonly cloud: Cloud;
  readonly tenantId: string;
  /** Each accepted `aud`, exactly. */
  readonly audiences: readonly string[];
  readonly subject: string | null;
  readonly callerApplicationId: string | null;
}

export type TokenVerdict =
  | { readonly kind: 'valid' /** Milliseconds since the epoch. */; readonly expiresAt: number }
  /** The reason is for the log of this server, not for the caller. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface EntraTokenParts {
  readonly findSigningKey: FindSigningKey;
  readonly issuerOf: TokenIssuerOf;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export type VerifyEntraToken = (
  token: string,
  profile: EntraTokenProfile,
  trust: EntraTrust,
) => Promise<TokenVerdict>;

/** Two clocks may differ by this much. */
const LEEWAY_SECONDS = 120;

const isJsonWebToken = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Whether a bearer credential is a signed token rather than one of ours. */
export const looksSigned = (credential: string): boolean =>
  credential.startsWith('eyJ') && isJsonWebToken.test(credential);

const refused = (reason: string): TokenVerdict => ({ kind: 'refused', reason });

/** Signature, issuer, audience and times are checked by the library; what it does not know of is checked here. */
export function makeVerifyEntraToken({ findSigningKey, issuerOf, now }: EntraTokenParts): VerifyEntraToken {
  return async (token, profile, trust) => {
    const header = readHeader(token);
    if (header === null) return refused('it is no signed token');
    // Before any key is looked up: "none" and HMAC with the public key as the secret are the classic forgeries.
    if (header.alg !== 'RS256' || header.kid === undefined)
      return refused('it is not signed by RS256 with a key id');
    const { issuers, keysUrl } = issuerOf(trust.cloud, trust.tenantId, profile);
    const key = await findSigningKey(keysUrl, header.kid);
    if (key === null) return refused('it is signed by a key that its tenant does not publish');
    let claims: JwtPayload | string;
    try {
      claims = jsonwebtoken.verify(token, key, {
        algorithms: ['RS256'],
        issuer: [...issuers] as [string, ...string[]], // The library's type wants to see the first one.
        clockTolerance: LEEWAY_SECONDS,
        clockTimestamp: Math.floor(now() / 1000),
      });
    } catch (error) {
      return refused(error instanceof Error ? error.message : 'it cannot be verified');
    }
    if (typeof claims === 'string') return refused('it has no claims');
    const fault = faultOf(claims, profile, trust);
    if (fault !== null) return refused(fault);
    return { kind: 'valid', expiresAt: ((claims.exp ?? 0) + LEEWAY_SECONDS) * 1000 };
  };
}

function readHeader(token: string): { readonly alg: string; readonly kid: string | undefined } | null {
  if (!isJsonWebToken.test(token)) return null;
  try {
    const { header } = jsonwebtoken.decode(token, { complete: true }) ?? {};
    return header === undefined ? null : { alg: header.alg, kid: header.kid };
  } catch {
    // The library throws on a header that is no JSON.
    return null;
  }
}

const isSame = (claim: unknown, expected: string): boolean =>
  typeof claim === 'string' && claim.toLowerCase() === expected.toLowerCase();

/** What is wrong with the claims of a token whose signature, issuer and times are right. */
function faultOf(claims: JwtPayload, profile: EntraTokenProfile, trust: EntraTrust): string | null {
  if (claims.exp === undefined || claims.nbf === undefined) return 'it has no times';
  const version = profile === 'v1' ? '1.0' : '2.0';
  if ((claims['ver'] ?? version) !== version) return 'it is of another version';
  if (!isSame(claims['tid'], trust.tenantId)) return 'its tenant is not the one of its issuer';
  if (typeof claims.aud !== 'string' || !trust.audiences.includes(claims.aud)) {
    return `its audience ${JSON.stringify(claims.aud).slice(0, 200)} is not accepted`;
  }
  if (claims['scp'] !== undefined) return 'it stands for a person';
  if (claims['idtyp'] !== undefined && claims['idtyp'] !== 'app')
    return 'it does not stand for an application';
  if (claims['oid'] !== undefined && claims['oid'] !== claims.sub) return 'its subject is not its principal';
  if (trust.subject !== null && claims.sub !== trust.subject) return 'it is of another subject';
  if (trust.callerApplicationId !== null && !isSame(claims['appid'], trust.callerApplicationId)) {
    return 'it was issued to another application';
  }
  return null;
}
