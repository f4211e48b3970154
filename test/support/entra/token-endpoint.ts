import { createHash, randomBytes } from 'node:crypto';
import { ACCESS_TOKEN_LIFETIME } from './access-tokens.ts';
import { type Answer, type IncomingCall, jsonAnswer } from './answer.ts';
import { type Application, grantedScopes, type ServicePrincipal } from './applications.ts';
import { clientInfo } from './authorize.ts';
import { authenticateClient, type TokenRequest } from './client-authentication.ts';
import { DAY, MINUTE, SECOND } from './emulator-clock.ts';
import { mintIdToken } from './id-token.ts';
import { LoginError, unknownApplication } from './login-error.ts';
import { type AuthorizationGrant, expectTenant, isAnyTenant, type LoginWorld } from './login-world.ts';
import { readScopes } from './scopes.ts';
import type { TenantDirectory } from './tenant-directory.ts';

const CODE_LIFETIME = 10 * MINUTE;
const REFRESH_TOKEN_LIFETIME = { web: 90 * DAY, spa: 1 * DAY } as const;
const CACHING = { 'cache-control': 'no-store, no-cache', pragma: 'no-cache' } as const;

export function answerTokenRequest(world: LoginWorld, call: IncomingCall, tenantName: string): Answer {
  const form = new URLSearchParams(call.body);
  const request: TokenRequest = { form, headers: call.headers, tenantName };
  if (!isAnyTenant(tenantName)) expectTenant(world, tenantName);
  switch (form.get('grant_type')) {
    case 'authorization_code':
      return redeemCode(world, call, request);
    case 'refresh_token':
      return refresh(world, call, request);
    case 'client_credentials':
      return clientCredentials(world, call, request);
    case null:
      throw new LoginError('invalid_request', 900144, "The parameter 'grant_type' is missing.");
    default:
      throw new LoginError('unsupported_grant_type', 70003, 'The grant type is not supported.');
  }
}

function redeemCode(world: LoginWorld, call: IncomingCall, request: TokenRequest): Answer {
  const application = authenticateClient(world, request);
  const code = world.codes.get(request.form.get('code') ?? '');
  if (!code || code.application !== application) {
    throw new LoginError(
      'invalid_grant',
      9002313,
      'The code is malformed or belongs to another application.',
    );
  }
  if (code.isRedeemed) throw new LoginError('invalid_grant', 54005, 'The code was redeemed already.');
  if (world.clock.now() >= code.issuedAt + CODE_LIFETIME) {
    throw new LoginError('invalid_grant', 70008, 'The code has expired.');
  }
  if (request.form.get('redirect_uri') !== code.redirectUri) {
    throw new LoginError(
      'invalid_grant',
      500112,
      'The redirect URI is not the one of the authorization request.',
    );
  }
  checkVerifier(code.challenge, request.form.get('code_verifier'));
  code.isRedeemed = true;
  return answerForUser(world, call, request, { grant: code, nonce: code.nonce });
}

/** RFC 7636 §4.6. */
function checkVerifier(challenge: string | undefined, verifier: string | null): void {
  if (challenge === undefined) return;
  const digest = createHash('sha256')
    .update(verifier ?? '')
    .digest('base64url');
  if (digest !== challenge) {
    throw new LoginError('invalid_grant', 501481, 'The code verifier does not match the code challenge.');
  }
}

function refresh(world: LoginWorld, call: IncomingCall, request: TokenRequest): Answer {
  const application = authenticateClient(world, request);
  const token = world.refreshTokens.get(request.form.get('refresh_token') ?? '');
  if (!token || token.application !== application) {
    throw new LoginError(
      'invalid_grant',
      9002313,
      'The refresh token is malformed or belongs to another application.',
    );
  }
  if (token.isRevoked) {
    throw new LoginError('invalid_grant', 50173, 'The grant was revoked; the user has to sign in again.');
  }
  if (world.clock.now() >= token.issuedAt + REFRESH_TOKEN_LIFETIME[application.redirectType]) {
    throw new LoginError('invalid_grant', 700082, 'The refresh token has expired.');
  }
  if (!isAnyTenant(request.tenantName) && expectTenant(world, request.tenantName) !== token.tenant) {
    throw new LoginError('invalid_grant', 50020, 'The account does not exist in this tenant.');
  }
  // The old one stays valid: it is replaced in the answer, not taken back.
  return answerForUser(world, call, request, { grant: token, nonce: undefined });
}

interface UserAnswerInput {
  readonly grant: AuthorizationGrant;
  readonly nonce: string | undefined;
}

function answerForUser(
  world: LoginWorld,
  call: IncomingCall,
  request: TokenRequest,
  { grant, nonce }: UserAnswerInput,
): Answer {
  const { tenant, application, userId } = grant;
  const user = tenant.users.live(userId);
  if (!user)
    throw new LoginError('invalid_grant', 50034, `The account does not exist in tenant '${tenant.id}'.`);
  if (user.properties['accountEnabled'] === false) {
    throw new LoginError('invalid_grant', 50057, 'The account is disabled.');
  }
  const principal = world.applications.principal(tenant.id, application.appId);
  const requested = readScopes(request.form.get('scope') ?? grant.scopes.join(' '), tenant);
  const granted = principal ? grantedScopes(principal, userId) : new Set<string>();
  const known = requested.graph.filter((scope) => granted.has(scope));
  if (!principal || (known.length === 0 && requested.graph.length > 0)) {
    throw new LoginError(
      'invalid_grant',
      65001,
      'Nobody has consented to the application.',
      'consent_required',
    );
  }
  const issuer = { style: world.issuerStyle, origin: call.origin };
  const accessToken = world.accessTokens.mint({
    tenant,
    application,
    principalId: principal.objectId,
    userId,
    permissions: granted,
    understandsChallenges: understandsChallenges(request.form),
    issuer,
  });
  const isOpenId = requested.openId.has('openid');
  return jsonAnswer(
    200,
    {
      token_type: 'Bearer',
      scope: [...granted, ...requested.openId].join(' '),
      expires_in: ACCESS_TOKEN_LIFETIME / SECOND - 1,
      ext_expires_in: ACCESS_TOKEN_LIFETIME / SECOND - 1,
      access_token: accessToken,
      ...(requested.openId.has('offline_access') ? { refresh_token: issueRefreshToken(world, grant) } : {}),
      ...(isOpenId ? { id_token: mintIdToken(world, { grant, user, nonce, issuer }) } : {}),
      ...(request.form.get('client_info') === '1' ? { client_info: clientInfo(userId, tenant.id) } : {}),
    },
    CACHING,
  );
}

function issueRefreshToken(
  world: LoginWorld,
  { tenant, application, userId, scopes, idTokenClaims }: AuthorizationGrant,
): string {
  const text = `1.${randomBytes(48).toString('base64url')}`;
  const issuedAt = world.clock.now();
  world.refreshTokens.set(text, {
    tenant,
    application,
    userId,
    scopes,
    idTokenClaims,
    issuedAt,
    isRevoked: false,
  });
  return text;
}

/** Clients say in the `claims` parameter what they are capable of. */
function understandsChallenges(form: URLSearchParams): boolean {
  return /"xms_cc"[^}]*"cp1"/i.test(form.get('claims') ?? '');
}

function clientCredentials(world: LoginWorld, call: IncomingCall, request: TokenRequest): Answer {
  const { form, tenantName } = request;
  if (isAnyTenant(tenantName)) {
    throw new LoginError('invalid_request', 50059, 'The request does not say which tenant it is for.');
  }
  const tenant = expectTenant(world, tenantName);
  const application = authenticateClient(world, request);
  const requested = readScopes(form.get('scope') ?? '', tenant);
  if (!requested.isDefault || requested.graph.length > 0) {
    throw new LoginError('invalid_scope', 1002012, 'Client credentials are asked for with /.default only.');
  }
  const principal = consentedPrincipal(world, tenant, application);
  const accessToken = world.accessTokens.mint({
    tenant,
    application,
    principalId: principal.objectId,
    permissions: principal.roles,
    understandsChallenges: understandsChallenges(form),
    issuer: { style: world.issuerStyle, origin: call.origin },
  });
  const expiresIn = ACCESS_TOKEN_LIFETIME / SECOND - 1;
  const answer = {
    token_type: 'Bearer',
    expires_in: expiresIn,
    ext_expires_in: expiresIn,
    access_token: accessToken,
  };
  return jsonAnswer(200, answer, CACHING);
}

/** Right after consent the token endpoint may not know of it yet. */
function consentedPrincipal(
  world: LoginWorld,
  tenant: TenantDirectory,
  { appId }: Application,
): ServicePrincipal {
  const principal = world.applications.principal(tenant.id, appId);
  if (!principal || world.clock.now() < principal.effectiveAt) throw unknownApplication(appId, tenant.id);
  return principal;
}

export function revokeSessions(world: LoginWorld, tenantId: string, userId: string): void {
  for (const token of world.refreshTokens.values()) {
    if (token.tenant.id === tenantId && token.userId === userId) token.isRevoked = true;
  }
}
