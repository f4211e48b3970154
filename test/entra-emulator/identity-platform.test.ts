import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { useGraph } from './graph-harness.ts';
import { claimsOf, REDIRECT, type TokenBody, useLogin } from './login-harness.ts';

describe('emulated identity platform', () => {
  const login = useLogin();

  it('describes itself in both versions, for a GUID and for a domain name', async () => {
    const { emulator, tenant } = login().graph;
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
    const { response, parameters } = await login().authorize();
    assert.equal(response.status, 302);
    assert.equal(parameters.get('state'), 'the state');
    const { status, headers, body } = await login().redeem(parameters.get('code'));
    assert.equal(status, 200);
    assert.match(headers.get('cache-control') ?? '', /no-store/);
    const claims = claimsOf(body.id_token);
    const { id } = login().graph.tenant;
    assert.deepEqual(
      [claims['aud'], claims['iss'], claims['tid'], claims['nonce'], claims['preferred_username']],
      [login().appId, `https://login.microsoftonline.com/${id}/v2.0`, id, 'the nonce', 'admin@mymsp.example'],
    );
    assert.ok(body.scope?.split(' ').includes('Directory.Read.All'));
    login().graph.token = body.access_token ?? '';
    assert.equal((await login().graph.get('users/delta?$select=id')).status, 200);
  });

  it('answers in the way that was asked for', async () => {
    const form = await login().authorize({ response_mode: 'form_post' });
    assert.match(
      await form.response.text(),
      /<form method="post" action="https:\/\/psa\.example[^>]+>.*name="code"/,
    );
    const fragment = await login().authorize({ response_mode: 'fragment' });
    assert.match(fragment.response.headers.get('location') ?? '', /aspx#code=/);
  });

  it('shows an error itself when the application or its address is not known', async () => {
    for (const changes of [{ redirect_uri: 'https://evil.example/' }, { client_id: 'unknown' }]) {
      const { response } = await login().authorize(changes);
      assert.equal(response.status, 400);
      assert.match(await response.text(), /AADSTS(50011|700016)/);
    }
  });

  it('tells the application when the person refuses, may not consent, or nobody has', async () => {
    const { emulator } = login().graph;
    emulator.scriptSignIn({ kind: 'deny' });
    const denied = (await login().authorize()).parameters;
    assert.deepEqual([denied.get('error'), denied.get('error_subcode')], ['access_denied', 'cancel']);
    assert.equal(denied.get('state'), 'the state');
    emulator.scriptSignIn({ kind: 'consentRequired' });
    const missing = (await login().authorize()).parameters;
    assert.equal(missing.get('error'), 'consent_required');
    assert.match(missing.get('error_description') ?? '', /AADSTS65001/);
    emulator.scriptSignIn({ kind: 'approve', isAdministrator: false });
    assert.match((await login().authorize()).parameters.get('error_description') ?? '', /AADSTS90094/);
    const own = (await login().authorize({ scope: 'openid User.Read' })).parameters;
    assert.notEqual(own.get('code'), null);
  });

  it('leaves out a permission that was not granted', async () => {
    login().graph.emulator.scriptSignIn({ kind: 'approve', withoutScopes: ['Directory.Read.All'] });
    const { body } = await login().signIn();
    assert.equal(body.scope?.includes('Directory.Read.All'), false);
    assert.equal(String(claimsOf(body.access_token)['scp']).includes('Directory.Read.All'), false);
  });

  it('can send back another state, or sign in somebody of another tenant', async () => {
    const { emulator } = login().graph;
    emulator.scriptSignIn({ kind: 'approve', state: 'forged' });
    assert.equal((await login().authorize()).parameters.get('state'), 'forged');
    emulator.scriptSignIn({ kind: 'approve', state: null });
    assert.equal((await login().authorize()).parameters.get('state'), null);
    const domain = `t${randomBytes(4).toString('hex')}.example`;
    const other = emulator.addTenant({ domains: [domain] });
    other.addUser({ userPrincipalName: `mallory@${domain}` });
    emulator.scriptSignIn({ kind: 'approve', tenantId: other.id, idTokenClaims: { nonce: 'another' } });
    const { parameters } = await login().authorize({}, 'organizations');
    const claims = claimsOf((await login().redeem(parameters.get('code'))).body.id_token);
    assert.deepEqual([claims['tid'], claims['nonce']], [other.id, 'another']);
  });

  it('says admin_consent=True whatever the administrator decided, and a tenant that proves nothing', async () => {
    const { emulator, tenant } = login().graph;
    const consent = async (name: string) => {
      const query = new URLSearchParams({
        client_id: login().appId,
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
    assert.equal((await login().appOnly()).body.error, 'unauthorized_client');
    emulator.scriptAdminConsent({ kind: 'deny' });
    const denied = await consent('organizations');
    assert.deepEqual(
      [denied.get('admin_consent'), denied.get('error'), denied.get('state')],
      ['True', 'access_denied', 's'],
    );
    emulator.scriptAdminConsent({ kind: 'approve' });
    const granted = await consent(tenant.id);
    assert.deepEqual([granted.get('admin_consent'), granted.get('tenant')], ['True', tenant.id]);
    assert.deepEqual(claimsOf((await login().appOnly()).body.access_token)['roles'], ['User.Read.All']);
  });

  it('knows the tenants of its own cloud only', async () => {
    const { emulator } = login().graph;
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

describe('an identity platform of a private cloud', () => {
  const graph = useGraph({ issuers: 'self' });

  it('names itself as the issuer', async () => {
    const { emulator, tenant } = graph();
    const issuerOf = async (path: string) => {
      const response = await fetch(`${emulator.loginUrl}/${path}/.well-known/openid-configuration`);
      return Object(await response.json())['issuer'];
    };
    assert.equal(await issuerOf(`${tenant.id}/v2.0`), `${emulator.loginUrl}/${tenant.id}/v2.0`);
    assert.equal(await issuerOf(tenant.id), `${emulator.loginUrl}/${tenant.id}/`);
  });
});
