import { createHash, randomUUID } from 'node:crypto';
import type { DirectoryObject } from './directory-object.ts';
import { HOUR, MINUTE, SECOND } from './emulator-clock.ts';
import { type IssuerContext, issuerV2 } from './issuers.ts';
import { signToken } from './json-web-token.ts';
import type { AuthorizationGrant, LoginWorld } from './login-world.ts';

export interface IdTokenInput {
  readonly grant: AuthorizationGrant;
  readonly user: DirectoryObject;
  readonly nonce: string | undefined;
  readonly issuer: IssuerContext;
}

/** Who signed in, for the application that asked. */
export function mintIdToken(
  { clock, keys }: LoginWorld,
  { grant, user, nonce, issuer }: IdTokenInput,
): string {
  const { tenant, application, idTokenClaims } = grant;
  const now = Math.floor(clock.wall() / SECOND);
  const claims = {
    aud: application.appId,
    iss: issuerV2(tenant, issuer),
    iat: now,
    nbf: now - (5 * MINUTE) / SECOND,
    exp: now + HOUR / SECOND,
    name: user.properties['displayName'],
    nonce,
    oid: user.id,
    preferred_username: user.properties['userPrincipalName'],
    // The same person has another subject at every application.
    sub: createHash('sha256').update(`${application.appId} ${user.id}`).digest('base64url'),
    tid: tenant.id,
    uti: randomUUID(),
    ver: '2.0',
    ...idTokenClaims,
  };
  const { kid, privateKey } = keys.current;
  const shown = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null));
  return signToken({ typ: 'JWT', alg: 'RS256', kid }, shown, privateKey);
}
