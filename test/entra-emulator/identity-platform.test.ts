import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, describe, it } from 'node:test';
import { useGraph } from './graph-harness.ts';

const REDIRECT = 'https://psa.example/OAuth/IntegrationCallback.aspx';
const SECRET = 'the value of the secret';
const SECRET_ID = '5f0f1f60-0000-4000-8000-00000000abcd';
const SCOPES = 'openid profile offline_access User.Read User.Read.All Group.Read.All Directory.Read.All';
const DAY = 86_400_000;

interface TokenBody {
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly scope?: string;
  readonly error?: string;
  readonly error_codes?: readonly number[];
  readonly error_description?: string;
  readonly suberror?: string;
}

function claimsOf(token: string | undefined): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString());
}

describe('emulated identity platform', () => {
  const graph = useGraph();
  let appId = '';
  let verifier = '';

  beforeEach(() => {
    const { emulator, tenant } = graph();
    if (tenant.findUserId('admin@mymsp.example') === undefined) {
      tenant.addUser({ userPrincipalName: 'admin@mymsp.example', displayName: 'Admin' });
    }
    appId = emulator.registerApplication({
      redirectUris: [REDIRECT],
      secrets: [{ id: SECRET_ID, value: SECRET }],
      requiredScopes: ['User.Read', 'User.Read.All'],
      requiredRoles: ['User.Read.All'],
    }).appId;
    emulator.scriptSignIn({ kind: 'approve' });
    emulator.scriptAdminConsent({ kind: 'approve' });
    verifier = randomBytes(32).toString('base64url');
  });

  async function authorize(changes: Readonly<Record<string, string>> = {}, tenant = graph().tenant.id) {
    const query = new URLSearchParams({
      client_id: appId,
      response_type: 'code',
      redirect_uri: REDIRECT,
      scope: SCOPES,
      state: 'the state',
      nonce: 'the nonce',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...changes,
    });
    const url = `${graph().emulator.loginUrl}/${tenant}/oauth2/v2.0/authorize?${query}`;
    const response = await fetch(url, { redirect: 'manual' });
    const location = response.headers.get('location');
    return {
      response,
      parameters: location === null ? new URLSearchParams() : new URL(location).searchParams,
    };
  }

  async function token(fields: Readonly<Record<string, string>>, tenant = graph().tenant.id) {
    const response = await fetch(`${graph().emulator.loginUrl}/${tenant}/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: appId, client_secret: SECRET, ...fields }),
    });
    const body = (await response.json()) as TokenBody;
    return { status: response.status, headers: response.headers, body };
  }

  async function redeem(code: string | null, changes: Readonly<Record<string, string>> = {}) {
    return await token({
      grant_type: 'authorization_code',
      code: code ?? '',
      redirect_uri: REDIRECT,
      code_verifier: verifier,
      ...changes,
    });
  }

  const signIn = async () => await redeem((await authorize()).parameters.get('code'));
  const appOnly = async (fields: Readonly<Record<string, string>> = {}, tenant?: string) =>
    await token(
      { grant_type: 'client_credentials', scope: 'https://graph.microsoft.com/.default', ...fields },
      tenant,
    );

  it('describes itself in both versions, for a GUID and for a domain name', async () => {
    const { emulator, tenant } = graph();
    const read = async (path: string) =>
      JSON.parse(await (await fetch(`${emulator.loginUrl}/${path}/.well-known/openid-configuration`)).text());
    const v2 = await read('mymsp.example/v2.0');
    assert.equal(v2.issuer, `https://login.microsoftonline.com/${tenant.id}/v2.0`);
    assert.equal(v2.token_endpoint, `${emulator.loginUrl}/${tenant.id}/oauth2/v2.0/token`);
    assert.equal((await read(tenant.id)).issuer, `https://sts.windows.net/${tenant.id}/`);
    assert.match((await read('organizations/v2.0')).issuer, /\{tenantid\}/);
    const keys = JSON.parse(await (await fetch(v2.jwks_uri)).text()).keys;
    assert.ok(keys.length > 0);
    assert.ok(keys.every((key: object) => !('alg' in key) && 'kid' in key));
    const unknown = await fetch(`${emulator.loginUrl}/nowhere.example/v2.0/.well-known/openid-configuration`);
    assert.equal(unknown.status, 400);
    assert.equal(((await unknown.json()) as TokenBody).error, 'invalid_tenant');
  });

  it('signs in at once and sends the code and the state back', async () => {
    const { response, parameters } = await authorize();
    assert.equal(response.status, 302);
    assert.equal(parameters.get('state'), 'the state');
    const { status, headers, body } = await redeem(parameters.get('code'));
    assert.equal(status, 200);
    assert.match(headers.get('cache-control') ?? '', /no-store/);
    const claims = claimsOf(body.id_token);
    const { id } = graph().tenant;
    assert.deepEqual(
      [claims['aud'], claims['iss'], claims['tid'], claims['nonce'], claims['preferred_username']],
      [appId, `https://login.microsoftonline.com/${id}/v2.0`, id, 'the nonce', 'admin@mymsp.example'],
    );
    assert.ok(body.scope?.split(' ').includes('Directory.Read.All'));
    graph().token = body.access_token ?? '';
    assert.equal((await graph().get('users/delta?$select=id')).status, 200);
  });

  it('answers in the way that was asked for', async () => {
    const form = await authorize({ response_mode: 'form_post' });
    assert.match(
      await form.response.text(),
      /<form method="post" action="https:\/\/psa\.example[^>]+>.*name="code"/,
    );
    const fragment = await authorize({ response_mode: 'fragment' });
    assert.match(fragment.response.headers.get('location') ?? '', /aspx#code=/);
  });

  it('shows an error itself when the application or its address is not known', async () => {
    for (const changes of [{ redirect_uri: 'https://evil.example/' }, { client_id: 'unknown' }]) {
      const { response } = await authorize(changes);
      assert.equal(response.status, 400);
      assert.match(await response.text(), /AADSTS(50011|700016)/);
    }
  });

  it('tells the application when the person refuses, may not consent, or nobody has', async () => {
    const { emulator } = graph();
    emulator.scriptSignIn({ kind: 'deny' });
    const denied = (await authorize()).parameters;
    assert.deepEqual([denied.get('error'), denied.get('error_subcode')], ['access_denied', 'cancel']);
    assert.equal(denied.get('state'), 'the state');
    emulator.scriptSignIn({ kind: 'consentRequired' });
    const missing = (await authorize()).parameters;
    assert.equal(missing.get('error'), 'consent_required');
    assert.match(missing.get('error_description') ?? '', /AADSTS65001/);
    emulator.scriptSignIn({ kind: 'approve', isAdministrator: false });
    assert.match((await authorize()).parameters.get('error_description') ?? '', /AADSTS90094/);
    const own = (await authorize({ scope: 'openid User.Read' })).parameters;
    assert.notEqual(own.get('code'), null);
  });

  it('leaves out a permission that was not granted', async () => {
    graph().emulator.scriptSignIn({ kind: 'approve', withoutScopes: ['Directory.Read.All'] });
    const { body } = await signIn();
    assert.equal(body.scope?.includes('Directory.Read.All'), false);
    assert.equal(String(claimsOf(body.access_token)['scp']).includes('Directory.Read.All'), false);
  });

  it('can send back another state, or sign in somebody of another tenant', async () => {
    const { emulator } = graph();
    emulator.scriptSignIn({ kind: 'approve', state: 'forged' });
    assert.equal((await authorize()).parameters.get('state'), 'forged');
    emulator.scriptSignIn({ kind: 'approve', state: null });
    assert.equal((await authorize()).parameters.get('state'), null);
    const domain = `t${randomBytes(4).toString('hex')}.example`;
    const other = emulator.addTenant({ domains: [domain] });
    other.addUser({ userPrincipalName: `mallory@${domain}` });
    emulator.scriptSignIn({ kind: 'approve', tenantId: other.id, idTokenClaims: { nonce: 'another' } });
    const { parameters } = await authorize({}, 'organizations');
    const claims = claimsOf((await redeem(parameters.get('code'))).body.id_token);
    assert.deepEqual([claims['tid'], claims['nonce']], [other.id, 'another']);
  });

  it('redeems a code once, for the same address and verifier, within ten minutes', async () => {
    const code = (await authorize()).parameters.get('code');
    const refusal = async (changes: Readonly<Record<string, string>>) => {
      const { status, body } = await redeem(code, changes);
      return [status, body.error, ...(body.error_codes ?? [])];
    };
    assert.deepEqual(await refusal({ code_verifier: 'another' }), [400, 'invalid_grant', 501481]);
    assert.deepEqual(await refusal({ redirect_uri: 'https://psa.example/' }), [400, 'invalid_grant', 500112]);
    assert.equal((await redeem(code)).status, 200);
    assert.deepEqual(await refusal({}), [400, 'invalid_grant', 54005]);
    const late = (await authorize()).parameters.get('code');
    graph().emulator.advanceClock(600_000);
    assert.deepEqual((await redeem(late)).body.error_codes, [70008]);
  });

  it('knows a wrong secret, the id of a secret, an expired one and none at all', async () => {
    const code = (body: TokenBody) => [body.error, ...(body.error_codes ?? [])];
    const wrong = await appOnly({ client_secret: 'wrong' });
    assert.deepEqual([wrong.status, ...code(wrong.body)], [401, 'invalid_client', 7000215]);
    const pasted = await appOnly({ client_secret: SECRET_ID });
    assert.match(pasted.body.error_description ?? '', /AADSTS7000215.*id of a secret/);
    const expired = graph().emulator.registerApplication({ secrets: [{ value: 'old', expiresAt: 1 }] });
    const old = await appOnly({ client_id: expired.appId, client_secret: 'old' });
    assert.deepEqual(code(old.body), ['invalid_client', 7000222]);
    const none = await fetch(`${graph().emulator.loginUrl}/${graph().tenant.id}/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: appId, grant_type: 'client_credentials' }),
    });
    assert.deepEqual(code((await none.json()) as TokenBody), ['invalid_client', 7000218]);
  });

  it('issues application tokens only where the application is installed, and only for /.default', async () => {
    const { emulator, tenant } = graph();
    const unknown = await appOnly();
    assert.deepEqual([unknown.body.error, unknown.body.error_codes], ['unauthorized_client', [700016]]);
    emulator.consent({ tenantId: tenant.id, appId, roles: ['User.Read.All'], propagationMs: 60_000 });
    assert.equal((await appOnly()).body.error, 'unauthorized_client');
    emulator.advanceClock(60_000);
    const { body } = await appOnly();
    assert.deepEqual(claimsOf(body.access_token)['roles'], ['User.Read.All']);
    assert.equal(body.refresh_token, undefined);
    assert.equal((await appOnly({ scope: 'User.Read.All' })).body.error, 'invalid_scope');
    assert.deepEqual((await appOnly({}, 'organizations')).body.error_codes, [50059]);
    assert.equal(
      (await appOnly({ scope: 'https://vault.azure.net/.default' })).body.error,
      'invalid_resource',
    );
  });

  it('renews refresh tokens and keeps the old one valid', async () => {
    const first = (await signIn()).body.refresh_token ?? '';
    const renew = (refreshToken: string) =>
      token({ grant_type: 'refresh_token', refresh_token: refreshToken, scope: SCOPES });
    const second = (await renew(first)).body.refresh_token ?? '';
    assert.notEqual(second, first);
    assert.equal((await renew(first)).status, 200);
    assert.equal((await renew(second)).status, 200);
    assert.equal((await renew('made up')).body.error, 'invalid_grant');
  });

  it('ends a session when it is revoked, too old, the account is gone or the consent is', async () => {
    const { emulator, tenant } = graph();
    const userId = tenant.findUserId('admin@mymsp.example') ?? '';
    const refusal = async (change: () => void) => {
      const refresh_token = (await signIn()).body.refresh_token ?? '';
      change();
      const { body } = await token({ grant_type: 'refresh_token', refresh_token });
      return [body.error, ...(body.error_codes ?? []), body.suberror];
    };
    const revoked = await refusal(() => emulator.revokeSessions({ tenantId: tenant.id, userId }));
    assert.deepEqual(revoked, ['invalid_grant', 50173, undefined]);
    assert.deepEqual(await refusal(() => emulator.advanceClock(90 * DAY)), [
      'invalid_grant',
      700082,
      undefined,
    ]);
    assert.deepEqual(await refusal(() => tenant.disableUser(userId)), ['invalid_grant', 50057, undefined]);
    tenant.enableUser(userId);
    assert.deepEqual(await refusal(() => tenant.softDeleteUser(userId)), ['invalid_grant', 50034, undefined]);
    tenant.restoreUser(userId);
    const withdrawn = await refusal(() =>
      emulator.revokeConsent({ tenantId: tenant.id, appId, existingTokens: 'keep' }),
    );
    assert.deepEqual(withdrawn, ['invalid_grant', 65001, 'consent_required']);
  });

  it('says admin_consent=True whatever the administrator decided, and a tenant that proves nothing', async () => {
    const { emulator, tenant } = graph();
    const consent = async (name: string) => {
      const query = new URLSearchParams({
        client_id: appId,
        redirect_uri: REDIRECT,
        scope: 'https://graph.microsoft.com/.default',
        state: 's',
      });
      const response = await fetch(`${emulator.loginUrl}/${name}/v2.0/adminconsent?${query}`, {
        redirect: 'manual',
      });
      return new URL(response.headers.get('location') ?? 'none:').searchParams;
    };
    emulator.scriptAdminConsent({ kind: 'forge', tenantId: tenant.id });
    assert.equal((await consent('organizations')).get('tenant'), tenant.id);
    assert.equal((await appOnly()).body.error, 'unauthorized_client');
    emulator.scriptAdminConsent({ kind: 'deny' });
    const denied = await consent('organizations');
    assert.deepEqual(
      [denied.get('admin_consent'), denied.get('error'), denied.get('state')],
      ['True', 'access_denied', 's'],
    );
    emulator.scriptAdminConsent({ kind: 'approve' });
    const granted = await consent(tenant.id);
    assert.deepEqual([granted.get('admin_consent'), granted.get('tenant')], ['True', tenant.id]);
    assert.deepEqual(claimsOf((await appOnly()).body.access_token)['roles'], ['User.Read.All']);
  });

  it('fails as it is told to, by tenant and by application', async () => {
    const { emulator, tenant } = graph();
    const match = { service: 'login', tenantId: tenant.id, appId, path: '*' } as const;
    for (const [effect, status, error] of [
      [{ kind: 'answer', status: 503 }, 503, 'temporarily_unavailable'],
      [{ kind: 'answer', status: 429, retryAfter: 5 }, 429, 'temporarily_unavailable'],
    ] as const) {
      emulator.injectFault({ match: { ...match, path: `/${tenant.id}*` }, effect, times: 1 });
      const answer = await appOnly();
      assert.deepEqual([answer.status, answer.body.error], [status, error]);
    }
    emulator.clearFaults();
  });

  it('keeps no secret on record', async () => {
    graph().emulator.clearRequests();
    await signIn();
    const [, request] = graph().emulator.requests({ service: 'login' });
    assert.equal(Object(request?.body)['grant_type'], 'authorization_code');
    const record = JSON.stringify(graph().emulator.requests());
    for (const secret of [SECRET, verifier]) assert.equal(record.includes(secret), false);
  });

  it('knows the tenants of its own cloud only', async () => {
    const { emulator } = graph();
    const domain = `gov${randomBytes(4).toString('hex')}.example`;
    emulator.addTenant({ domains: [domain], cloud: 'usGov' });
    const read = async (host: string) =>
      (await emulator.fetch(`https://${host}/${domain}/v2.0/.well-known/openid-configuration`)).status;
    assert.deepEqual(
      [await read('login.microsoftonline.us'), await read('login.microsoftonline.com')],
      [200, 400],
    );
  });
});
