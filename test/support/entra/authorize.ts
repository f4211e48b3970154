import { randomBytes, randomUUID } from 'node:crypto';
import { type Answer, htmlAnswer, type IncomingCall, redirectAnswer } from './answer.ts';
import { type Application, grantedScopes } from './applications.ts';
import { LoginError, unknownApplication, unknownTenant } from './login-error.ts';
import { expectTenant, isAnyTenant, type LoginWorld, type SignInScript } from './login-world.ts';
import { needsAdministrator, readScopes } from './scopes.ts';
import type { TenantDirectory } from './tenant-directory.ts';

type Approval = Extract<SignInScript, { kind: 'approve' }>;

/** The sign-in page: nobody has to click, the script decides, and the browser is sent back at once. */
export function authorize(world: LoginWorld, call: IncomingCall, tenantName: string): Answer {
  const query = new URLSearchParams(call.method === 'POST' ? call.body : call.query);
  const redirectUri = query.get('redirect_uri') ?? '';
  let application: Application;
  try {
    application = expectClient(world, query.get('client_id') ?? '', redirectUri);
  } catch (error) {
    // Without a trusted address there is nowhere to send anybody.
    if (error instanceof LoginError) return htmlAnswer(400, errorPage(error.description));
    throw error;
  }
  const state = query.get('state');
  try {
    const answer = signIn(world, query, application, tenantName);
    return sendBack(query, redirectUri, { ...answer, state: answer.state ?? state });
  } catch (error) {
    if (!(error instanceof LoginError)) throw error;
    const { error: code, description, subError } = error;
    const refusal = { error: code, error_description: description, error_subcode: subError ?? null, state };
    return sendBack(query, redirectUri, refusal);
  }
}

function expectClient(world: LoginWorld, clientId: string, redirectUri: string): Application {
  const application = world.applications.find(clientId);
  if (!application) throw unknownApplication(clientId, 'organizations');
  if (!application.redirectUris.includes(redirectUri)) {
    throw new LoginError('invalid_request', 50011, `'${redirectUri}' is no redirect URI of '${clientId}'.`);
  }
  return application;
}

function errorPage(description: string): string {
  const text = description.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<!doctype html><title>Sign in</title><p>Sorry, but we are having trouble signing you in.</p><p>${text}</p>`;
}

type Parameters = Readonly<Record<string, string | null>>;

function signIn(
  world: LoginWorld,
  query: URLSearchParams,
  application: Application,
  tenantName: string,
): Parameters {
  const script = world.signIn;
  if (query.get('response_type') !== 'code') {
    throw new LoginError('unsupported_response_type', 700054, 'Only the response type code is enabled.');
  }
  if (script.kind === 'deny') {
    throw new LoginError('access_denied', 65004, 'The user did not consent to the application.', 'cancel');
  }
  const tenant = tenantOf(world, script, tenantName);
  if (application.homeTenantId !== null && application.homeTenantId !== tenant.id) {
    throw new LoginError('unauthorized_client', 50194, 'The application is not configured as multi-tenant.');
  }
  const user = userOf(tenant, script);
  const requested = readScopes(query.get('scope') ?? '', tenant);
  const wanted = requested.isDefault ? application.requiredScopes : requested.graph;
  if (script.kind === 'consentRequired') throw consentRequired(application);
  grant(world, tenant, application, { script, userId: user, wanted });
  const code = randomBytes(32).toString('base64url');
  world.codes.set(code, {
    tenant,
    application,
    userId: user,
    scopes: [...requested.openId, ...wanted],
    idTokenClaims: script.idTokenClaims ?? {},
    redirectUri: query.get('redirect_uri') ?? '',
    challenge: readChallenge(query),
    nonce: query.get('nonce') ?? undefined,
    issuedAt: world.clock.now(),
    isRedeemed: false,
  });
  return {
    code,
    session_state: randomUUID(),
    client_info: query.get('client_info') === '1' ? clientInfo(user, tenant.id) : null,
    ...(script.state === undefined ? {} : { state: script.state ?? '' }),
  };
}

export function clientInfo(userId: string, tenantId: string): string {
  return Buffer.from(JSON.stringify({ uid: userId, utid: tenantId })).toString('base64url');
}

function consentRequired({ appId }: Application): LoginError {
  return new LoginError('consent_required', 65001, `Nobody has consented to use the application '${appId}'.`);
}

/** RFC 7636 §4.3. */
function readChallenge(query: URLSearchParams): string | undefined {
  const challenge = query.get('code_challenge');
  if (challenge === null) return undefined;
  if (query.get('code_challenge_method') !== 'S256') {
    throw new LoginError('invalid_request', 501491, 'The code challenge method has to be S256.');
  }
  return challenge;
}

function tenantOf(world: LoginWorld, script: SignInScript, name: string): TenantDirectory {
  if (!isAnyTenant(name)) return expectTenant(world, name);
  const named = script.kind === 'approve' ? script.tenantId : undefined;
  const tenant = named === undefined ? world.tenants.all[0] : world.tenants.find(named);
  if (!tenant) throw unknownTenant(named ?? name);
  return tenant;
}

function userOf(tenant: TenantDirectory, script: SignInScript): string {
  const named = script.kind === 'approve' ? script.user : undefined;
  const id = named === undefined ? firstMember(tenant) : tenant.findUserId(named);
  const user = id === undefined ? undefined : tenant.users.live(id);
  if (!user)
    throw new LoginError('invalid_request', 50020, `The user does not exist in tenant '${tenant.id}'.`);
  if (user.properties['accountEnabled'] === false) {
    throw new LoginError('access_denied', 50057, 'The account is disabled.');
  }
  return user.id;
}

function firstMember(tenant: TenantDirectory): string | undefined {
  for (const { id, properties } of tenant.users.eachLive()) {
    if (properties['userType'] === 'Member' && properties['accountEnabled'] === true) return id;
  }
  return undefined;
}

interface GrantInput {
  readonly script: Approval;
  readonly userId: string;
  readonly wanted: readonly string[];
}

function grant(
  world: LoginWorld,
  tenant: TenantDirectory,
  application: Application,
  { script, userId, wanted }: GrantInput,
): void {
  const principal = world.applications.principal(tenant.id, application.appId);
  const granted = principal ? grantedScopes(principal, userId) : new Set<string>();
  const missing = wanted.filter((scope) => !granted.has(scope) && !script.withoutScopes?.includes(scope));
  if (principal && missing.length === 0) return;
  if (script.isAdministrator === false && missing.some(needsAdministrator)) {
    throw new LoginError('access_denied', 90094, 'An administrator has to grant these permissions.');
  }
  const consent = { tenantId: tenant.id, appId: application.appId, scopes: missing };
  const isForAll = script.consent !== 'user' && script.isAdministrator !== false;
  world.applications.consent(isForAll ? consent : { ...consent, userId }, world.clock.now());
}

function sendBack(query: URLSearchParams, redirectUri: string, parameters: Parameters): Answer {
  const fields = Object.entries(parameters).filter((field): field is [string, string] => Boolean(field[1]));
  const mode = query.get('response_mode') ?? 'query';
  if (mode === 'form_post') return htmlAnswer(200, formPage(redirectUri, fields));
  const encoded = new URLSearchParams(fields).toString();
  if (mode === 'fragment') return redirectAnswer(`${redirectUri}#${encoded}`);
  return redirectAnswer(`${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${encoded}`);
}

function formPage(action: string, fields: readonly (readonly [string, string])[]): string {
  const escaped = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  const inputs = fields.map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`,
  );
  return `<!doctype html><body onload="document.forms[0].submit()"><form method="post" action="${escaped(action)}">${inputs.join('')}<button>Continue</button></form>`;
}
