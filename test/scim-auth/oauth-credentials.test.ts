import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type ScimConnection, startTestApp, type TestApp } from '../support/app.ts';
import type { ProvisioningTokenInput } from '../support/entra/mint-provisioning-token.ts';
import { type EntraEmulator, startEntraEmulator } from '../support/entra/start-entra-emulator.ts';
import { executeSql } from '../support/execute-sql.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const AUDIENCE = 'api://0b6d5e0a-0000-4000-8000-000000000001';

let emulator: EntraEmulator;
let app: TestApp;
let connection: ScimConnection;
let tenantId = '';

before(async () => {
  emulator = await startEntraEmulator();
  app = await startTestApp({ entra: emulator });
});
after(async () => {
  await app.stop();
  await emulator.stop();
});
beforeEach(async () => {
  connection = await app.createScimConnection();
  tenantId = newTenantId();
});

const newTenantId = () => emulator.addTenant({ domains: [`${randomUUID()}.example`] }).id;
const credentialsPath = () => `/connections/${connection.connectionId}/scim-credentials`;

async function create(body: object) {
  const answer = await app.admin('POST', credentialsPath(), { name: 'Entra', ...body });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

async function post(body: Record<string, string> | string, headers: Record<string, string> = {}) {
  const response = await fetch(`${app.baseUrl}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof body === 'string' ? body : new URLSearchParams(body).toString(),
  });
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
}

const askWithSecret = (secret: string, more: Record<string, string> = {}) =>
  post({
    grant_type: 'client_credentials',
    client_id: connection.connectionId,
    client_secret: secret,
    ...more,
  });

const askWithAssertion = (assertion: string) =>
  post({
    grant_type: 'client_credentials',
    client_id: connection.connectionId,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
  });

const mint = (version: 1 | 2, more: Partial<ProvisioningTokenInput> = {}) =>
  emulator.mintProvisioningToken({ version, tenantId, ...more });

async function readUsersWith(token: string): Promise<number> {
  return (await app.scim({ ...connection, token }, 'GET', '/Users?count=1')).status;
}

describe('OAuth client credentials (RFC 6749 §4.4)', () => {
  it('are shown once, with the client id and the address to ask at', async () => {
    const created = await create({ kind: 'clientSecret' });
    assert.equal(created.clientId, connection.connectionId);
    assert.equal(created.tokenUrl, `${app.baseUrl}/oauth/token`);
    assert.ok(created.secret.startsWith(created.prefix));
    const listed = await app.admin('GET', credentialsPath());
    assert.equal(listed.body.items.length, 1);
    assert.equal(JSON.stringify(listed.body).includes(created.secret), false);
  });

  it('last two years unless said otherwise, and never ended when they begin', async () => {
    const created = await create({ kind: 'clientSecret' });
    const years = new Date(created.expiresAt).getUTCFullYear() - new Date(created.createdAt).getUTCFullYear();
    assert.equal(years, 2);
    const past = { kind: 'clientSecret', name: 'Past', expiresAt: '2020-01-01T00:00:00Z' };
    const refused = await app.admin('POST', credentialsPath(), past);
    assert.equal(refused.status, 400);
    assert.equal(refused.body.errors[0].pointer, '/expiresAt');
  });

  it('give a token that opens the SCIM endpoint of their connection and of no other', async () => {
    const { secret } = await create({ kind: 'clientSecret' });
    const answer = await askWithSecret(secret, { scope: 'whatever' });
    assert.equal(answer.status, 200);
    assert.equal(answer.body.token_type, 'Bearer');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(await readUsersWith(answer.body.access_token), 200);
    const other = await app.createScimConnection('Other');
    const foreign = await app.scim({ ...other, token: answer.body.access_token }, 'GET', '/Users');
    assert.equal(foreign.status, 401);
  });

  it('are no bearer tokens themselves, and their tokens are no SCIM tokens to be listed', async () => {
    const { secret } = await create({ kind: 'clientSecret' });
    assert.equal(await readUsersWith(secret), 401);
    await askWithSecret(secret);
    const tokens = await app.admin('GET', `/connections/${connection.connectionId}/scim-tokens`);
    assert.deepEqual(
      tokens.body.items.map(({ name }: { name: string }) => name),
      ['test'],
    );
  });

  it('end with their tokens as soon as they are revoked', async () => {
    const { id, secret } = await create({ kind: 'clientSecret' });
    const { body } = await askWithSecret(secret);
    assert.equal(await readUsersWith(body.access_token), 200);
    assert.equal((await app.admin('DELETE', `${credentialsPath()}/${id}`)).status, 204);
    assert.equal(await readUsersWith(body.access_token), 401);
    assert.equal((await askWithSecret(secret)).body.error, 'invalid_client');
    assert.equal((await app.admin('DELETE', `${credentialsPath()}/${id}`)).status, 404);
  });

  it('note when they were used', async () => {
    const { secret } = await create({ kind: 'clientSecret' });
    await askWithSecret(secret);
    const { body } = await app.admin('GET', credentialsPath());
    assert.ok(Date.parse(body.items[0].lastUsedAt) <= Date.now());
  });

  it('leave no expired token behind', async () => {
    const { id, secret } = await create({ kind: 'clientSecret' });
    const { body } = await askWithSecret(secret);
    await executeSql(
      app.databaseUrl,
      "update scim_tokens set expires_at = now() - interval '1 second' where scim_credential_id = $1",
      [id],
    );
    await askWithSecret(secret);
    assert.equal(await readUsersWith(body.access_token), 401);
  });

  it('are read from the header, also when the body repeats them', async () => {
    const { secret } = await create({ kind: 'clientSecret' });
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
    const right = basic(`${connection.connectionId}:${secret}`);
    const grant = { grant_type: 'client_credentials' };
    assert.equal((await post(grant, right)).status, 200);
    assert.equal((await post({ ...grant, client_secret: secret }, right)).status, 200);
    assert.equal((await post({ ...grant, client_secret: 'other' }, right)).body.error, 'invalid_request');
    const wrong = await post(grant, basic(`${connection.connectionId}:wrong`));
    assert.equal(wrong.status, 401);
    assert.match(wrong.headers.get('www-authenticate') ?? '', /^Basic /);
  });

  const refusals: readonly (readonly [string, Record<string, string> | string, string])[] = [
    ['without a grant type', { client_id: 'x' }, 'invalid_request'],
    ['with another grant type', { grant_type: 'password', client_id: 'x' }, 'unsupported_grant_type'],
    ['without a client', { grant_type: 'client_credentials' }, 'invalid_client'],
    ['without a proof', { grant_type: 'client_credentials', client_id: 'x' }, 'invalid_client'],
    [
      'of a client that is none',
      'grant_type=client_credentials&client_id=x&client_secret=y',
      'invalid_client',
    ],
    ['with a parameter twice', 'grant_type=client_credentials&client_id=x&client_id=y', 'invalid_request'],
    [
      'with an assertion of another type',
      'grant_type=client_credentials&client_id=x&client_assertion=y',
      'invalid_request',
    ],
    [
      'with broken percent encoding',
      'grant_type=client_credentials&client_id=%E0%A4&client_secret=%',
      'invalid_client',
    ],
  ];
  for (const [what, body, error] of refusals) {
    it(`are refused ${what}`, async () => {
      const answer = await post(body);
      assert.ok(answer.status === 400 || answer.status === 401);
      assert.equal(answer.body.error, error);
      assert.equal(typeof answer.body.error_description, 'string');
      assert.equal(answer.headers.get('cache-control'), 'no-store');
    });
  }

  it('are asked for by POST, as a form, of bounded size', async () => {
    const got = await fetch(`${app.baseUrl}/oauth/token`);
    assert.equal(got.status, 405);
    assert.equal(got.headers.get('allow'), 'POST');
    const json = await post('{"grant_type":"client_credentials"}', { 'content-type': 'application/json' });
    assert.equal(json.body.error, 'invalid_request');
    const large = await post(`grant_type=${'x'.repeat(100_000)}`);
    assert.equal(large.status, 413);
    assert.equal(large.body.error, 'invalid_request');
  });
});

describe('workload identity federation (RFC 7523 §2.2)', () => {
  const subject = randomUUID();
  const trust = () => ({ kind: 'federatedIdentity', tenantId, subject, audiences: [AUDIENCE] });
  const assertion = (more: Partial<ProvisioningTokenInput> = {}) =>
    mint(2, { audience: AUDIENCE, subject, ...more });

  it('gives a token for an assertion of the tenant, and again for the same one', async () => {
    await create(trust());
    const signed = assertion();
    const first = await askWithAssertion(signed);
    assert.equal(first.status, 200, JSON.stringify(first.body));
    assert.equal(await readUsersWith(first.body.access_token), 200);
    assert.equal((await askWithAssertion(signed)).status, 200);
    assert.equal(await readUsersWith(signed), 401, 'an assertion is no bearer token');
  });

  const defects: readonly (readonly [string, Partial<ProvisioningTokenInput>])[] = [
    ['for an audience that only begins like ours', { audience: `${AUDIENCE}-evil` }],
    ['of another subject', { subject: randomUUID() }],
    ['whose principal is not its subject', { claims: { oid: randomUUID() } }],
    ['whose tenant is not the one of its issuer', { claims: { tid: randomUUID() } }],
    ['that stands for a person', { claims: { scp: 'user_impersonation' } }],
    ['that has expired', { expiresIn: -300 }],
    ['without an end', { claims: { exp: null } }],
    ['without a beginning', { claims: { nbf: null } }],
    ['that begins in an hour', { claims: { nbf: Math.floor(Date.now() / 1000) + 3600 } }],
    ['of version 1', { version: 1 }],
    ['without a signature', { defect: 'alg-none' }],
    ['signed with the public key as a secret', { defect: 'alg-hs256' }],
    ['signed by a key that nobody publishes', { defect: 'unknown-kid' }],
    ['signed by another key under a published name', { defect: 'wrong-key' }],
    ['that was altered', { defect: 'tampered' }],
  ];
  for (const [what, more] of defects) {
    it(`refuses an assertion ${what}`, async () => {
      await create(trust());
      const answer = await askWithAssertion(assertion(more));
      assert.equal(answer.status, 401);
      assert.equal(answer.body.error, 'invalid_client');
    });
  }

  it('refuses an assertion that is no token at all', async () => {
    await create(trust());
    for (const text of ['x', 'a.b.c', 'eyJ.eyJ.x', `${'e'.repeat(20_000)}.b.c`]) {
      assert.equal((await askWithAssertion(text)).status, 401, text.slice(0, 20));
    }
  });

  it('refuses an assertion of another tenant that the same platform signed', async () => {
    await create(trust());
    const stranger = newTenantId();
    assert.equal((await askWithAssertion(assertion({ tenantId: stranger }))).status, 401);
  });

  it('takes a token within two minutes of its end', async () => {
    await create(trust());
    assert.equal((await askWithAssertion(assertion({ expiresIn: -60 }))).status, 200);
  });

  it('takes the tenant from a connection to Entra, and refuses to name another', async () => {
    connection = await app.createScimConnection('Entra', 'entra');
    const own = await app.admin('GET', `/connections/${connection.connectionId}`);
    const { tenantId: _, ...withoutTenant } = trust();
    assert.equal((await create(withoutTenant)).tenantId, own.body.tenantId);
    const other = await app.admin('POST', credentialsPath(), { name: 'Other', ...trust() });
    assert.equal(other.status, 400);
    assert.equal(other.body.errors[0].pointer, '/tenantId');
  });

  it('needs to be told the tenant where the connection has none', async () => {
    const { tenantId: _, ...withoutTenant } = trust();
    const answer = await app.admin('POST', credentialsPath(), { name: 'Federation', ...withoutTenant });
    assert.equal(answer.status, 400);
    assert.equal(answer.body.errors[0].pointer, '/tenantId');
  });
});

describe('the members of a credential', () => {
  const refusals: readonly (readonly [string, object, string])[] = [
    ['a federated identity without a subject', { kind: 'federatedIdentity', audiences: ['x'] }, '/subject'],
    ['a federated identity without audiences', { kind: 'federatedIdentity', subject: 'x' }, '/audiences'],
    ['a client secret of a tenant', { kind: 'clientSecret', tenantId: randomUUID() }, '/tenantId'],
    ['an Entra token with a subject', { kind: 'entraToken', subject: 'x' }, '/subject'],
    ['no audience at all', { kind: 'entraToken', audiences: [] }, '/audiences'],
    ['an unknown kind', { kind: 'password' }, '/kind'],
  ];
  for (const [what, body, pointer] of refusals) {
    it(`cannot be those of ${what}`, async () => {
      const answer = await app.admin('POST', credentialsPath(), { name: 'Entra', ...body });
      assert.equal(answer.status, 400);
      assert.equal(answer.body.errors[0].pointer, pointer);
    });
  }

  it('belong to a connection that there is', async () => {
    const path = `/connections/${randomUUID()}/scim-credentials`;
    assert.equal((await app.admin('POST', path, { kind: 'clientSecret', name: 'x' })).status, 404);
    assert.equal((await app.admin('GET', path)).status, 404);
  });
});

describe('tokens of Entra itself, for a blank secret', () => {
  it('open the SCIM endpoint where that was switched on, and nowhere else', async () => {
    assert.equal(await readUsersWith(mint(1)), 401);
    await create({ kind: 'entraToken', tenantId });
    assert.equal(await readUsersWith(mint(1)), 200);
  });

  it('are those of the one tenant, the one application and the provisioning service', async () => {
    await create({ kind: 'entraToken', tenantId });
    assert.equal(await readUsersWith(mint(1, { tenantId: newTenantId() })), 401);
    assert.equal(await readUsersWith(mint(1, { audience: 'another' })), 401);
    assert.equal(await readUsersWith(mint(1, { claims: { appid: randomUUID() } })), 401);
    assert.equal(
      await readUsersWith(mint(1, { claims: { iss: `https://sts.windows.net/${tenantId}` } })),
      401,
    );
    assert.equal(await readUsersWith(mint(2)), 401);
  });

  it('end when the credential is revoked, although they were used a moment before', async () => {
    const { id } = await create({ kind: 'entraToken', tenantId });
    const token = mint(1);
    assert.equal(await readUsersWith(token), 200);
    assert.equal((await app.admin('DELETE', `${credentialsPath()}/${id}`)).status, 204);
    assert.equal(await readUsersWith(token), 401);
  });
});
