import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OPERATOR_KEY, SECRET, useGraphWorld } from './graph-world.ts';

const world = useGraphWorld();

const scopes = ['Directory.Read.All', 'Group.Read.All', 'User.Read', 'User.Read.All'];

const statusOf = async (id: string): Promise<{ status: string; statusDetail: string | null }> =>
  (await world.connection(id)).body;

const readable = (bytes: unknown): string => {
  assert.ok(Buffer.isBuffer(bytes));
  return bytes.toString('latin1');
};

describe('Azure Connect on behalf of an administrator (REQ-28, REQ-41, REQ-53)', () => {
  it('connects the tenant: sign-in page, consent, callback page, status', async () => {
    const { id, applicationId } = await world.createConnection();
    const address = new URL(await world.beginSignIn(id));
    const query = address.searchParams;
    assert.ok(address.pathname.startsWith(`/${world.tenant.id}/`));
    assert.equal(query.get('client_id'), applicationId);
    assert.equal(query.get('redirect_uri'), world.redirectUri);
    assert.equal(query.get('code_challenge_method'), 'S256');
    assert.ok((query.get('state') ?? '').length > 40);
    assert.ok((query.get('nonce') ?? '').length > 40);

    const page = await world.open(await world.signIn(address.href));
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(page.text, /My MSP is connected/);
    assert.match(page.text, /admin@mymsp\.example/);

    const { body } = await world.connection(id);
    assert.equal(body.status, 'connected');
    assert.equal(body.statusDetail, null);
    assert.equal(body.tenantId, world.tenant.id);
    assert.deepEqual(body.grantedScopes, scopes);
    assert.deepEqual([...body.verifiedDomains].sort(), ['mymsp.example', 'mymsp.onmicrosoft.com']);
    assert.ok(body.lastGraphSuccessAt !== null);
  });

  it('answers a page that no script, frame or cache can get hold of', async () => {
    const { id } = await world.createConnection();
    const page = await world.connect(id);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
    assert.match(
      page.headers.get('content-security-policy') ?? '',
      /default-src 'none'.*frame-ancestors 'none'/,
    );
  });

  it('uses a state once: the same address opened again changes nothing', async () => {
    const { id } = await world.createConnection();
    const back = await world.signIn(await world.beginSignIn(id));
    assert.equal((await world.open(back)).status, 200);
    const again = await world.open(back);
    assert.equal(again.status, 400);
    assert.match(again.text, /not open any more/);
    assert.equal((await statusOf(id)).status, 'connected');
  });

  it('is redeemed by one of several requests that come at the same time', async () => {
    const { id } = await world.createConnection();
    const back = await world.signIn(await world.beginSignIn(id));
    const pages = await Promise.all([1, 2, 3, 4].map(() => world.open(back)));
    assert.deepEqual(pages.map(({ status }) => status).sort(), [200, 400, 400, 400]);
  });

  it('does not use up the state for a HEAD, nor for another method', async () => {
    const { id } = await world.createConnection();
    const back = await world.signIn(await world.beginSignIn(id));
    assert.equal((await world.open(back, { method: 'HEAD' })).status, 405);
    assert.equal((await world.open(back, { method: 'POST' })).status, 405);
    assert.equal((await world.open(back)).status, 200);
  });

  it('refuses a state that was never given out, of whatever form', async () => {
    const { id } = await world.createConnection();
    const organizationId = new URL(await world.beginSignIn(id)).searchParams.get('state')?.split('.')[0];
    const states = [
      '',
      'x',
      '.',
      `${organizationId}.`,
      `${organizationId}.${'A'.repeat(43)}`,
      `${crypto.randomUUID()}.x`,
    ];
    for (const state of [...states, 'a\u0000b.c', '%', "' or 1=1 --", 'x'.repeat(8000)]) {
      const page = await world.open(`${world.redirectUri}?${new URLSearchParams({ code: 'code', state })}`);
      assert.equal(page.status, 400, state.slice(0, 50));
    }
    const twice = await world.open(`${world.redirectUri}?code=a&code=b&state=c&state=d`);
    assert.equal(twice.status, 400);
    assert.equal((await statusOf(id)).status, 'created');
  });

  it('refuses a sign-in that was begun more than a quarter of an hour ago', async () => {
    const { id } = await world.createConnection();
    const back = await world.signIn(await world.beginSignIn(id));
    await world.sql(`update pending_sign_ins set expires_at = now() - interval '1 second'`);
    const page = await world.open(back);
    assert.equal(page.status, 400);
    assert.match(page.text, /quarter of an hour/);
    assert.equal((await statusOf(id)).status, 'created');
  });

  it('keeps no state, nonce or verifier readable in the database', async () => {
    const { id } = await world.createConnection();
    const query = new URL(await world.beginSignIn(id)).searchParams;
    const [row] = await world.sql(`select row_to_json(p)::text as "text", p.sealed
      from pending_sign_ins p order by expires_at desc limit 1`);
    for (const secret of [query.get('state') ?? '', query.get('nonce') ?? '', id]) {
      assert.ok(!readable(row?.['sealed']).includes(secret));
      if (secret !== id) assert.ok(!String(row?.['text']).includes(secret));
    }
  });

  it('REQ-43: explains the consent of the organization and offers another try when consent is required', async () => {
    const { id } = await world.createConnection();
    world.emulator.scriptSignIn({ kind: 'consentRequired' });
    const page = await world.connect(id);
    assert.equal(page.status, 400);
    assert.match(page.text, /Consent on behalf of your organization/);
    const { status, statusDetail } = await statusOf(id);
    assert.equal(status, 'consentRequired');
    assert.match(statusDetail ?? '', /administrator of the tenant has to consent/);

    world.emulator.scriptSignIn({ kind: 'approve' });
    const retry = /href="([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&');
    assert.ok(retry, 'the page has no link');
    assert.equal(new URL(retry).searchParams.get('prompt'), 'consent');
    assert.equal((await world.open(await world.signIn(retry))).status, 200);
    assert.equal((await statusOf(id)).status, 'connected');
  });

  it('REQ-43: says so when somebody without the right to consent signs in (AADSTS90094)', async () => {
    const { id } = await world.createConnection();
    world.emulator.scriptSignIn({ kind: 'approve', isAdministrator: false });
    const page = await world.connect(id);
    assert.equal(page.status, 400);
    assert.equal((await statusOf(id)).status, 'consentRequired');
  });

  it('REQ-42: names the scope that is missing', async () => {
    const { id } = await world.createConnection();
    world.emulator.scriptSignIn({ kind: 'approve', withoutScopes: ['Group.Read.All'] });
    const page = await world.connect(id);
    assert.equal(page.status, 400);
    assert.match(page.text, /Group\.Read\.All/);
    const { body } = await world.connection(id);
    assert.equal(body.status, 'permissionMissing');
    assert.match(body.statusDetail, /Group\.Read\.All/);
    assert.deepEqual(body.grantedScopes, ['Directory.Read.All', 'User.Read', 'User.Read.All']);
  });

  it('survives a cancelled sign-in: nothing connected is lost', async () => {
    const { id } = await world.createConnection();
    assert.equal((await world.connect(id)).status, 200);
    world.emulator.scriptSignIn({ kind: 'deny' });
    const page = await world.connect(id);
    assert.equal(page.status, 400);
    assert.match(page.text, /stays connected/);
    assert.equal((await statusOf(id)).status, 'connected');
  });

  const cancelled = 'error=access_denied&error_description=AADSTS65004%3A%20declined';
  it('tells a cancelled sign-in from a failure of ours', async () => {
    const { id } = await world.createConnection();
    const state = new URL(await world.beginSignIn(id)).searchParams.get('state') ?? '';
    const page = await world.open(`${world.redirectUri}?${cancelled}&state=${encodeURIComponent(state)}`);
    assert.equal(page.status, 400);
    assert.match(page.text, /Sign in again/);
  });

  it('proves the tenant by the token, whatever the address says', async () => {
    const { id } = await world.createConnection();
    const other = world.emulator.addTenant({ domains: ['other.example'] });
    for (const idTokenClaims of [
      { tid: other.id },
      { iss: `https://login.microsoftonline.com/${other.id}/v2.0` },
    ]) {
      world.emulator.scriptSignIn({ kind: 'approve', idTokenClaims });
      const back = await world.signIn(await world.beginSignIn(id));
      back.searchParams.set('tenant', world.tenant.id);
      const page = await world.open(back);
      assert.equal(page.status, 400);
      assert.match(page.text, /another tenant/);
      const { body } = await world.connection(id);
      assert.equal(body.status, 'failed');
      assert.equal(body.tenantId, world.tenant.id);
    }
  });

  it('shows nothing of what comes with the address', async () => {
    const { id } = await world.createConnection({ name: '<b onmouseover=alert(1)>"&' });
    const state = new URL(await world.beginSignIn(id)).searchParams.get('state') ?? '';
    const script = '<script>alert(document.cookie)</script>';
    const query = new URLSearchParams({ error: script, error_description: script, state, tenant: script });
    const page = await world.open(`${world.redirectUri}?${query}`);
    assert.equal(page.status, 400);
    assert.ok(!page.text.includes('<script'));
    assert.ok(!page.text.includes('<b onmouseover'));
    assert.ok(page.text.includes('&lt;b onmouseover=alert(1)&gt;&quot;&amp;'));
    const unknown = await world.open(
      `${world.redirectUri}?${new URLSearchParams({ code: script, state: script })}`,
    );
    assert.ok(!unknown.text.includes('alert'));
  });

  it('takes the same address in whatever case', async () => {
    const { id } = await world.createConnection();
    const back = await world.signIn(await world.beginSignIn(id));
    back.pathname = back.pathname.toLowerCase();
    assert.equal((await world.open(back)).status, 200);
  });

  it('does not count for a connection that was changed meanwhile', async () => {
    const { id } = await world.createConnection();
    const back = await world.signIn(await world.beginSignIn(id));
    const applicationId = world.registerApplication();
    assert.equal((await world.app.admin('PATCH', `/connections/${id}`, { applicationId })).status, 200);
    const page = await world.open(back);
    assert.equal(page.status, 409);
    assert.equal((await statusOf(id)).status, 'created');
  });

  it('answers a page when the connection was deleted meanwhile', async () => {
    const { id } = await world.createConnection();
    const back = await world.signIn(await world.beginSignIn(id));
    assert.equal((await world.app.admin('DELETE', `/connections/${id}`)).status, 204);
    assert.equal((await world.open(back)).status, 400);
  });

  it('keeps the status and says what to do when Microsoft is away', async () => {
    const { id } = await world.createConnection();
    const back = await world.signIn(await world.beginSignIn(id));
    world.emulator.injectFault({
      match: { service: 'login', method: 'POST' },
      effect: { kind: 'answer', status: 503 },
    });
    const page = await world.open(back);
    assert.equal(page.status, 503);
    assert.match(page.text, /Sign in again/);
    assert.equal((await statusOf(id)).status, 'created');
  });

  it('works without the right to read the organization: only the domains stay unknown', async () => {
    const { id } = await world.createConnection();
    world.emulator.injectFault({
      match: { service: 'graph', path: '/v1.0/organization*' },
      effect: { kind: 'answer', status: 403, code: 'Authorization_RequestDenied' },
    });
    assert.equal((await world.connect(id)).status, 200);
    const { body } = await world.connection(id);
    assert.equal(body.status, 'connected');
    assert.deepEqual(body.verifiedDomains, []);
  });

  it('tells a wrong key, and shows it nowhere', async () => {
    const { id } = await world.createConnection({ applicationKey: 'not~the-right-key' });
    const page = await world.connect(id);
    assert.equal(page.status, 400);
    const { status, statusDetail } = await statusOf(id);
    assert.equal(status, 'failed');
    assert.match(statusDetail ?? '', /Value of the client secret/);
    assert.ok(!page.text.includes('not~the-right-key') && !world.log.includes('not~the-right-key'));
  });
});

describe('Azure Connect as the application', () => {
  it('is tried at once', async () => {
    const { id, applicationId } = await world.createConnection();
    world.emulator.consent({
      tenantId: world.tenant.id,
      appId: applicationId,
      roles: ['User.Read.All', 'GroupMember.Read.All', 'Directory.Read.All'],
    });
    const { status, body } = await world.tryApplication(id);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.status, 'connected');
    assert.deepEqual(body.grantedScopes, ['Directory.Read.All', 'GroupMember.Read.All', 'User.Read.All']);
    assert.deepEqual([...body.verifiedDomains].sort(), ['mymsp.example', 'mymsp.onmicrosoft.com']);
  });

  it('answers the connection with what is in the way: no consent', async () => {
    const { id } = await world.createConnection();
    const { status, body } = await world.tryApplication(id);
    assert.equal(status, 200);
    assert.equal(body.status, 'consentRequired');
    assert.match(body.statusDetail, /consent/);
  });

  it('answers the connection with what is in the way: a permission', async () => {
    const { id, applicationId } = await world.createConnection();
    world.emulator.consent({ tenantId: world.tenant.id, appId: applicationId, roles: ['User.Read.All'] });
    const { body } = await world.tryApplication(id);
    assert.equal(body.status, 'permissionMissing');
    assert.match(body.statusDetail, /GroupMember\.Read\.All/);
  });

  it('answers the connection with what is in the way: the key', async () => {
    const { id, applicationId } = await world.createConnection({ applicationKey: 'wrong~key' });
    world.emulator.consent({ tenantId: world.tenant.id, appId: applicationId, roles: ['User.Read.All'] });
    const { body } = await world.tryApplication(id);
    assert.equal(body.status, 'failed');
    assert.match(body.statusDetail, /Value/);
  });

  it('is 503 while Microsoft is away, and the connection stays as it was', async () => {
    const { id } = await world.createConnection();
    world.emulator.injectFault({ match: { service: 'login' }, effect: { kind: 'answer', status: 503 } });
    const { status, headers } = await world.tryApplication(id);
    assert.equal(status, 503);
    assert.ok(headers.has('retry-after'));
    assert.equal((await statusOf(id)).status, 'created');
  });
});

describe('Azure Connect', () => {
  it('REQ-50: says what is missing', async () => {
    const created = await world.app.admin('POST', '/connections', {
      name: 'x',
      kind: 'entra',
      tenant: world.tenant.id,
    });
    for (const mode of ['delegated', 'application']) {
      const { status, body } = await world.app.admin('POST', `/connections/${created.body.id}/connect`, {
        mode,
      });
      assert.equal(status, 409);
      assert.deepEqual(body.missing, ['applicationId', 'applicationKey']);
    }
  });

  it('is for connections of kind entra that exist', async () => {
    const scim = await world.app.admin('POST', '/connections', { name: 'Okta', kind: 'scim' });
    const connect = (id: string, body: unknown) =>
      world.app.admin('POST', `/connections/${id}/connect`, body);
    assert.equal((await connect(scim.body.id, { mode: 'delegated' })).status, 409);
    assert.equal((await connect(crypto.randomUUID(), { mode: 'delegated' })).status, 404);
    assert.equal((await connect(scim.body.id, { mode: 'other' })).status, 400);
    assert.equal((await connect(scim.body.id, {})).status, 400);
  });

  it('sends nobody to the sign-in page of a tenant that does not exist', async () => {
    const { id } = await world.createConnection({ tenant: crypto.randomUUID() });
    const delegated = await world.app.admin('POST', `/connections/${id}/connect`, { mode: 'delegated' });
    assert.equal(delegated.status, 409);
    assert.match(delegated.body.detail, /knows no tenant/);
    const application = await world.tryApplication(id);
    assert.equal(application.body.status, 'failed');
    assert.match(application.body.statusDetail, /tenant does not exist/);
  });

  it('is for connections of the own organization', async () => {
    const { id } = await world.createConnection();
    const operator = { authorization: `Bearer ${OPERATOR_KEY}` };
    const other = await world.app.admin('POST', '/organizations', { name: 'Other MSP' }, operator);
    assert.equal(other.status, 201);
    const headers = { authorization: `Bearer ${other.body.key}` };
    for (const mode of ['delegated', 'application']) {
      const answer = await world.app.admin('POST', `/connections/${id}/connect`, { mode }, headers);
      assert.equal(answer.status, 404);
    }
    const disconnected = await world.app.admin('POST', `/connections/${id}/disconnect`, undefined, headers);
    assert.equal(disconnected.status, 404);
    assert.equal((await world.app.admin('GET', `/connections/${id}/doctor`, undefined, headers)).status, 404);

    // The state of one organization under the name of another one opens nothing.
    const back = await world.signIn(await world.beginSignIn(id));
    const random = (back.searchParams.get('state') ?? '').split('.')[1];
    const forged = new URL(back);
    forged.searchParams.set('state', `${other.body.id}.${random}`);
    assert.equal((await world.open(forged)).status, 400);
    assert.equal((await world.open(back)).status, 200);
  });

  it('needs the right to change things', async () => {
    const { id } = await world.createConnection();
    const key = await world.app.admin('POST', '/api-keys', { name: 'r', role: 'readOnly' });
    const headers = { authorization: `Bearer ${key.body.key}` };
    const answer = await world.app.admin(
      'POST',
      `/connections/${id}/connect`,
      { mode: 'delegated' },
      headers,
    );
    assert.equal(answer.status, 403);
  });

  it('is undone by disconnecting, which provisioning by SCIM does not notice', async () => {
    const { id } = await world.createConnection();
    await world.connect(id);
    const { status, body } = await world.app.admin('POST', `/connections/${id}/disconnect`);
    assert.equal(status, 200);
    assert.equal(body.status, 'created');
    assert.deepEqual(body.grantedScopes, []);
    const rows = await world.sql(
      `select from graph_token_caches where connection_id = '${id}' and sealed is not null`,
    );
    assert.equal(rows.length, 0);
    const token = await world.app.admin('POST', `/connections/${id}/scim-tokens`, { name: 't' });
    const scim = { connectionId: id, scimBaseUrl: body.scimBaseUrl, token: token.body.token };
    assert.equal((await world.app.scim(scim, 'GET', '/Users')).status, 200);
  });

  it('has to be done again after another application was entered, and not after a new key', async () => {
    const { id, applicationId } = await world.createConnection();
    await world.connect(id);
    const change = (body: object) => world.app.admin('PATCH', `/connections/${id}`, body);
    assert.equal((await change({ applicationKey: `${SECRET}2` })).body.status, 'connected');
    assert.equal((await change({ name: 'Renamed' })).body.status, 'connected');
    assert.equal((await change({ tenant: 'mymsp.example' })).body.status, 'connected', 'the same tenant');
    const { body } = await change({ applicationId: crypto.randomUUID() });
    assert.equal(body.status, 'created');
    assert.match(body.statusDetail, /Azure Connect/);
    assert.deepEqual(body.grantedScopes, []);
    assert.equal((await change({ applicationId, applicationKey: SECRET })).body.status, 'created');
    assert.equal((await world.connect(id)).status, 200);
    assert.equal((await statusOf(id)).status, 'connected');
  });

  it('ends with the application key, which null clears', async () => {
    const { id } = await world.createConnection();
    await world.connect(id);
    const { body } = await world.app.admin('PATCH', `/connections/${id}`, { applicationKey: null });
    assert.deepEqual([body.hasApplicationKey, body.status, body.grantedScopes], [false, 'created', []]);
    assert.match(body.statusDetail, /Azure Connect/);
    assert.equal((await world.app.admin('POST', `/connections/${id}/sync`)).status, 409);
    const refused = await world.app.admin('POST', `/connections/${id}/connect`, { mode: 'delegated' });
    assert.deepEqual([refused.status, refused.body.missing], [409, ['applicationKey']]);
  });

  it('is what a sync of the directory needs', async () => {
    const { id } = await world.createConnection();
    assert.equal((await world.app.admin('POST', `/connections/${id}/sync`)).status, 409);
  });
});

describe('secrets', () => {
  it('are in no log line, whatever was tried', async () => {
    const { id } = await world.createConnection();
    await world.connect(id);
    await world.tryApplication(id);
    for (const kind of ['consentRequired', 'deny'] as const) {
      world.emulator.scriptSignIn({ kind });
      await world.connect(id);
    }
    assert.ok(world.log.length > 0);
    assert.ok(!world.log.includes(SECRET));
    for (const { query } of world.emulator.requests({ service: 'login' })) {
      for (const name of ['state', 'nonce', 'code_challenge']) {
        const value = new URLSearchParams(query).get(name);
        if (value) assert.ok(!world.log.includes(value), name);
      }
    }
    assert.doesNotMatch(world.log, /eyJ[A-Za-z0-9_-]{20}/);
    assert.deepEqual(world.strangers(), []);
  });

  it('are stored encrypted', async () => {
    const { id } = await world.createConnection();
    await world.connect(id);
    const rows = await world.sql(`
      select t.sealed as "secret" from graph_token_caches t where t.connection_id = '${id}'
      union all select c.application_key_encrypted from connections c where c.connection_id = '${id}'`);
    assert.equal(rows.length, 2);
    for (const { secret } of rows) {
      assert.ok(!readable(secret).includes(SECRET) && !readable(secret).includes('RefreshToken'));
    }
  });
});
