import { randomUUID } from 'node:crypto';
import { type Application, type Applications, grantedScopes } from './applications.ts';
import type { Caller } from './caller.ts';
import { CLOUDS } from './clouds.ts';
import { type EmulatorClock, HOUR, SECOND } from './emulator-clock.ts';
import { GraphError } from './graph-error.ts';
import { type IssuerContext, issuerV1 } from './issuers.ts';
import { type Claims, decodeToken, isSignedBy, signToken } from './json-web-token.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { TenantDirectory } from './tenant-directory.ts';

export const ACCESS_TOKEN_LIFETIME = HOUR;

export interface GraphTokenInput {
  readonly tenant: TenantDirectory;
  readonly application: Application;
  readonly principalId: string;
  /** Absent for application permissions. */
  readonly userId?: string;
  readonly permissions: Iterable<string>;
  readonly understandsChallenges: boolean;
  readonly issuer: IssuerContext;
}

interface Issued {
  readonly caller: Caller;
  /** Wall time. */
  readonly expiresAt: number;
  /** Time of the directory, which tests move. */
  readonly issuedAt: number;
}

interface TokenDependencies {
  readonly keys: SigningKeys;
  readonly clock: EmulatorClock;
  readonly applications: Applications;
}

/** Access tokens for Graph: made by the token endpoint, checked by Graph. */
export class AccessTokens {
  readonly #keys: SigningKeys;
  readonly #clock: EmulatorClock;
  readonly #applications: Applications;
  readonly #issued = new Map<string, Issued>();
  readonly #checked = new Map<string, string>();
  readonly #peeked = new Map<string, Caller>();
  /** Tokens that were issued before these times of the directory are refused. */
  readonly #validFrom = new Map<string, number>();

  constructor({ keys, clock, applications }: TokenDependencies) {
    this.#keys = keys;
    this.#clock = clock;
    this.#applications = applications;
  }

  mint(input: GraphTokenInput): string {
    const { tenant, application, userId } = input;
    const tokenId = randomUUID();
    const wall = this.#clock.wall();
    const permissions = new Set(input.permissions);
    const { kid, privateKey } = this.#keys.current;
    const subject = userId ?? input.principalId;
    const claims: Claims = {
      aud: `https://${CLOUDS[tenant.cloud].graph}`,
      iss: issuerV1(tenant, input.issuer),
      iat: Math.floor(wall / SECOND),
      nbf: Math.floor(wall / SECOND),
      exp: Math.floor((wall + ACCESS_TOKEN_LIFETIME) / SECOND),
      app_displayname: application.displayName,
      appid: application.appId,
      appidacr: '1',
      idtyp: userId === undefined ? 'app' : 'user',
      oid: subject,
      sub: subject,
      tid: tenant.id,
      uti: tokenId,
      ver: '1.0',
      ...(userId === undefined ? { roles: [...permissions] } : { scp: [...permissions].join(' ') }),
      ...(input.understandsChallenges ? { xms_cc: ['CP1'] } : {}),
    };
    this.#issued.set(tokenId, {
      expiresAt: wall + ACCESS_TOKEN_LIFETIME,
      issuedAt: this.#clock.now(),
      caller: {
        kind: userId === undefined ? 'application' : 'delegated',
        tenantId: tenant.id,
        appId: application.appId,
        userId: userId ?? null,
        permissions,
        tokenId,
        understandsChallenges: input.understandsChallenges,
      },
    });
    return signToken({ typ: 'JWT', alg: 'RS256', x5t: kid, kid }, claims, privateKey);
  }

  /** Refuses every token that was issued so far, to one application in a tenant or to all of them. */
  revoke({ tenantId, appId }: { readonly tenantId: string; readonly appId?: string }): void {
    this.#validFrom.set(appId === undefined ? tenantId : `${tenantId} ${appId}`, this.#clock.now());
  }

  /** The caller, or the 401 that Graph answers. */
  authenticate(authorization: string | undefined): Caller {
    const text = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    if (text === undefined) throw invalidToken('There is no access token.');
    const issued = this.#issued.get(this.#tokenIdOf(text));
    if (!issued) throw invalidToken('The access token was not issued for Graph.');
    const { wall, now } = this.#clock;
    if (wall() >= issued.expiresAt || now() >= issued.issuedAt + ACCESS_TOKEN_LIFETIME) {
      throw invalidToken('The access token has expired.');
    }
    const { caller } = issued;
    const validFrom = Math.max(
      this.#validFrom.get(caller.tenantId) ?? -1,
      this.#validFrom.get(`${caller.tenantId} ${caller.appId}`) ?? -1,
    );
    if (issued.issuedAt <= validFrom) {
      throw caller.understandsChallenges
        ? claimsChallenge(validFrom)
        : invalidToken('The access token was revoked.');
    }
    return this.#withCurrentGrants(caller);
  }

  /** Who the token says it is of, unchecked: for the request log and for faults. */
  peek(authorization: string | undefined): Caller | undefined {
    if (authorization === undefined) return undefined;
    const known = this.#peeked.get(authorization);
    if (known) return known;
    const uti = decodeToken(authorization.replace(/^Bearer /i, ''))?.claims['uti'];
    const caller = typeof uti === 'string' ? this.#issued.get(uti)?.caller : undefined;
    if (caller) this.#peeked.set(authorization, caller);
    return caller;
  }

  #tokenIdOf(text: string): string {
    const known = this.#checked.get(text);
    if (known !== undefined) return known;
    const token = decodeToken(text);
    const key = this.#keys.find(token?.header['kid']);
    const tokenId = token?.claims['uti'];
    if (!token || !key || typeof tokenId !== 'string' || !isSignedBy(token, key.publicKey, ['RS256'])) {
      throw invalidToken('The signature of the access token is not valid.');
    }
    this.#checked.set(text, tokenId);
    return tokenId;
  }

  #withCurrentGrants(caller: Caller): Caller {
    const grants = this.#applications.strictGrants(caller.tenantId, caller.appId);
    if (!grants) return caller;
    const granted = caller.userId === null ? grants.roles : grantedScopes(grants, caller.userId);
    const permissions = new Set([...caller.permissions].filter((permission) => granted.has(permission)));
    return { ...caller, permissions };
  }
}

const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';

function bearer(extra: string): string {
  return `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="${GRAPH_APP_ID}"${extra}`;
}

function invalidToken(message: string): GraphError {
  return new GraphError(401, 'InvalidAuthenticationToken', message, { 'www-authenticate': bearer('') });
}

/** Continuous access evaluation: the token is too old, the claims say what a new one has to show. */
export function claimsChallenge(notBefore: number): GraphError {
  const wanted = {
    access_token: { nbf: { essential: true, value: String(Math.floor(notBefore / SECOND)) } },
  };
  const claims = Buffer.from(JSON.stringify(wanted)).toString('base64');
  return new GraphError(401, 'InvalidAuthenticationToken', 'The session is no longer valid.', {
    'www-authenticate': bearer(`, error="insufficient_claims", claims="${claims}"`),
  });
}
