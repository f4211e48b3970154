import { timingSafeEqual } from 'node:crypto';
import { type GraphConnection, GraphError } from '../operations/tenants/graph-ports.ts';
import type { Fields } from './read-json.ts';

/** Two clocks may differ by this much. */
const LEEWAY_SECONDS = 120;

/**
 * The claims of a signed token, unverified: only for tokens that came straight from the identity platform. Null when it is
 * none that can be read; access tokens are opaque by contract.
 */
export function readClaims(token: string): Fields | null {
  const payload = token.split('.')[1];
  if (payload === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims)
      ? (claims as Fields) // Checked just now; nothing is known of its properties.
      : null;
  } catch {
    return null;
  }
}

export interface ExpectedIdToken {
  /** From the metadata of the connection's tenant. */
  readonly issuer: string;
  readonly nonce: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const sameId = (claim: unknown, expected: string): boolean =>
  typeof claim === 'string' && claim.toLowerCase() === expected.toLowerCase();

/**
 * Proves who signed in where. The token came over the connection to the token endpoint, which stands for its signature
 * (OpenID Connect Core §3.1.3.7); everything else is checked here, whatever the sign-in library checks.
 */
export function checkIdToken(
  claims: Fields,
  connection: GraphConnection,
  { issuer, nonce, now }: ExpectedIdToken,
): void {
  // Before anything else: a token of another tenant is the attack that matters.
  if (!sameId(claims.tid, connection.tenantId) || !sameId(claims.iss, issuer)) {
    throw new GraphError(
      'tenantMismatch',
      'Whoever signed in belongs to another tenant than the connection. Sign in with an account of that tenant, or change ' +
        'the tenant of the connection.',
    );
  }
  const isMeantForUs = sameId(claims.aud, connection.applicationId);
  const isAnswer = typeof claims.nonce === 'string' && isSameText(claims.nonce, nonce);
  const isValidNow =
    typeof claims.exp === 'number' &&
    claims.exp + LEEWAY_SECONDS > now / 1000 &&
    (claims.nbf === undefined ||
      (typeof claims.nbf === 'number' && claims.nbf - LEEWAY_SECONDS <= now / 1000));
  if (isMeantForUs && isAnswer && isValidNow) return;
  throw new GraphError(
    'signInRefused',
    isMeantForUs && isAnswer
      ? 'The identity token is not valid now. Check the clock of this server and connect again.'
      : 'The answer does not belong to the sign-in that was started. Connect again.',
  );
}

/** In the same time for every difference. */
export function isSameText(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
