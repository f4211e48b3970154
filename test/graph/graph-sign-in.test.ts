import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { makeCloudTable } from '../../src/graph/cloud-endpoints.ts';
import { type Graph, makeGraph } from '../../src/graph/make-graph.ts';
import { realTiming } from '../../src/graph/timing.ts';
import { makeEncryption } from '../../src/http/encryption.ts';
import type { GraphConnection, GraphFailureKind } from '../../src/operations/tenants/graph-ports.ts';
import type { GrantOutcome, PendingSignIn } from '../../src/operations/tenants/graph-sign-in-ports.ts';
import {
  challengeOf,
  type FakeAuthority,
  platformError,
  startAuthority,
  unsignedToken,
} from './fake-authority.ts';
import { connection, makeLogBook, neverAborted, silentLogger } from './graph-fixtures.ts';
import { type MemoryTokenCache, makeMemoryTokenCache } from './memory-token-cache.ts';

const encryption = makeEncryption(createSecretKey(randomBytes(32)));
const delegated: GraphConnection = { ...connection, flow: 'delegated' };
const redirectUri = 'https://psa.example/OAuth/IntegrationCallback.aspx';

let authority: FakeAuthority;
let tokenCache: MemoryTokenCache;
let graph: Graph;

function makeServer({ logger = silentLogger, cache = tokenCache, key = encryption } = {}): Graph {
  const url = authority.url;
  return makeGraph({
    fetch: globalThis.fetch,
    clouds: makeCloudTable({ global: { authority: url, graph: url } }),
    timing: { ...realTiming, sleep: async () => {} },
    logger,
    encryption: key,
    tokenCache: cache,
  });
}

before(async () => {
  authority = await startAuthority();
});
after(() => authority.close());
beforeEach(() => {
  authority.replies.length = 0;
  authority.refused.clear();
  (authority.seen as unknown[]).length = 0; // The list of the test's own server.
  tokenCache = makeMemoryTokenCache();
  graph = makeServer();
});

async function begin(): Promise<PendingSignIn> {
  const { pending } = await graph.signIn.start(delegated, { redirectUri });
  authority.nonce = pending.nonce;
  return pending;
}

async function signIn(): Promise<GrantOutcome> {
  const pending = await begin();
  return await graph.signIn.redeem(delegated, { code: 'code-1', state: pending.state }, pending);
}

function refusedAs(outcome: GrantOutcome, kind: GraphFailureKind): string {
  assert.equal(outcome.kind, 'refused');
  assert.ok(outcome.kind === 'refused');
  assert.equal(outcome.failure.kind, kind, outcome.failure.message);
  return outcome.failure.message;
}

describe('start of a sign-in (REQ-28, REQ-38, REQ-41, REQ-42)', () => {
  it('sends the administrator to the tenant, with PKCE, state, nonce and the four scopes', async () => {
    const { authorizationUrl, pending } = await graph.signIn.start(delegated, { redirectUri });
    const url = new URL(authorizationUrl);
    assert.equal(
      `${url.origin}${url.pathname}`,
      `${authority.url}/${connection.tenantId}/oauth2/v2.0/authorize`,
    );
    const query = Object.fromEntries(url.searchParams);
    assert.equal(query.client_id, connection.applicationId);
    assert.equal(query.response_type, 'code');
    assert.equal(query.response_mode, 'query');
    assert.equal(query.redirect_uri, redirectUri);
    assert.equal(query.state, pending.state);
    assert.equal(query.nonce, pending.nonce);
    assert.equal(query.code_challenge_method, 'S256');
    assert.equal(query.code_challenge, challengeOf(pending.codeVerifier));
    assert.equal(query.prompt, 'select_account');
    const scopes = query.scope?.split(' ') ?? [];
    for (const scope of ['Directory.Read.All', 'Group.Read.All', 'User.Read', 'User.Read.All']) {
      assert.ok(scopes.includes(`https://graph.microsoft.com/${scope}`), scope);
    }
    assert.ok(scopes.includes('offline_access') && scopes.includes('openid'));
  });

  it('keeps the secrets of the sign-in out of the address', async () => {
    const { authorizationUrl, pending } = await graph.signIn.start(delegated, { redirectUri });
    assert.ok(!authorizationUrl.includes(pending.codeVerifier));
    assert.ok(!authorizationUrl.includes(connection.applicationKey));
  });

  it('is another one every time', async () => {
    const [one, other] = [await begin(), await begin()];
    for (const name of ['state', 'nonce', 'codeVerifier'] as const) {
      assert.notEqual(one[name], other[name]);
      assert.ok(one[name].length >= 43);
    }
  });

  it('leads the state with what the caller finds it again by', async () => {
    const { pending } = await graph.signIn.start(delegated, { redirectUri, statePrefix: 'org-1.' });
    assert.ok(pending.state.startsWith('org-1.') && pending.state.length > 40);
  });

  it('shows the consent page when that is asked for', async () => {
    const { authorizationUrl } = await graph.signIn.start(delegated, { redirectUri, askForConsent: true });
    assert.equal(new URL(authorizationUrl).searchParams.get('prompt'), 'consent');
  });

  it('makes the address for an administrator of the whole organization', () => {
    const url = new URL(graph.signIn.adminConsentUrl(delegated, { redirectUri, state: 's-1' }));
    assert.equal(url.pathname, `/${connection.tenantId}/v2.0/adminconsent`);
    assert.equal(url.searchParams.get('scope'), 'https://graph.microsoft.com/.default');
    assert.equal(url.searchParams.get('state'), 's-1');
  });

  for (const [cloud, host, resource] of [
    ['global', 'login.microsoftonline.com', 'https://graph.microsoft.com'],
    ['usgov', 'login.microsoftonline.us', 'https://graph.microsoft.us'],
    ['china', 'login.partner.microsoftonline.cn', 'https://microsoftgraph.chinacloudapi.cn'],
  ] as const) {
    it(`knows the hosts of the ${cloud} cloud without asking anybody`, async () => {
      const real = makeGraph({
        fetch: () => Promise.reject(new Error('nobody may be called')),
        clouds: makeCloudTable(),
        timing: realTiming,
        logger: silentLogger,
        encryption,
        tokenCache,
      });
      const { authorizationUrl } = await real.signIn.start({ ...delegated, cloud }, { redirectUri });
      const url = new URL(authorizationUrl);
      assert.equal(url.host, host);
      assert.ok(url.searchParams.get('scope')?.split(' ').includes(`${resource}/User.Read.All`));
    });
  }
});

describe('redemption of a sign-in', () => {
  it('proves the tenant, reports the scopes, and exchanges the code with the verifier', async () => {
    const pending = await begin();
    const outcome = await graph.signIn.redeem(delegated, { code: 'code-1', state: pending.state }, pending);
    assert.deepEqual(outcome, {
      kind: 'granted',
      grant: {
        tenantId: connection.tenantId,
        grantedScopes: ['Directory.Read.All', 'Group.Read.All', 'User.Read', 'User.Read.All'],
        principal: 'admin@contoso.example',
      },
    });
    const [request] = authority.tokenRequests();
    assert.equal(request?.grant_type, 'authorization_code');
    assert.equal(request?.code, 'code-1');
    assert.equal(request?.code_verifier, pending.codeVerifier);
    assert.equal(request?.redirect_uri, redirectUri);
    assert.equal(request?.client_secret, connection.applicationKey);
  });

  it('refuses an answer with another state, without redeeming its code', async () => {
    const pending = await begin();
    for (const state of [undefined, '', 'forged', `${pending.state}x`, pending.state.slice(1)]) {
      refusedAs(await graph.signIn.redeem(delegated, { code: 'code-1', state }, pending), 'signInRefused');
    }
    assert.deepEqual(authority.tokenRequests(), []);
  });

  it('refuses an answer without a code', async () => {
    const pending = await begin();
    refusedAs(await graph.signIn.redeem(delegated, { state: pending.state }, pending), 'signInRefused');
  });

  for (const [what, claims, kind] of [
    ['of another tenant', { tid: '99999999-2222-3333-4444-555555555555' }, 'tenantMismatch'],
    ['without a tenant', { tid: undefined }, 'tenantMismatch'],
    [
      'of another issuer',
      { iss: 'https://evil.example/11111111-2222-3333-4444-555555555555/v2.0' },
      'tenantMismatch',
    ],
    ['for another application', { aud: 'ffffffff-bbbb-cccc-dddd-eeeeeeeeeeee' }, 'signInRefused'],
    ['with another nonce', { nonce: 'replayed' }, 'signInRefused'],
    ['without a nonce', { nonce: undefined }, 'signInRefused'],
    ['that has expired', { exp: 1_000 }, 'signInRefused'],
    ['that is not valid yet', { nbf: 4_000_000_000 }, 'signInRefused'],
  ] as const) {
    it(`refuses an identity token ${what}, and keeps no token`, async () => {
      const pending = await begin();
      authority.replies.push({ body: authority.userTokens(claims) });
      const outcome = await graph.signIn.redeem(delegated, { code: 'code-1', state: pending.state }, pending);
      refusedAs(outcome, kind);
      assert.equal(tokenCache.rows.size, 0);
    });
  }

  it('names the scopes that are missing (REQ-42), and what was granted', async () => {
    const pending = await begin();
    authority.replies.push({
      body: authority.userTokens({}, { scope: 'openid https://graph.microsoft.com/User.Read User.Read.All' }),
    });
    const outcome = await graph.signIn.redeem(delegated, { code: 'code-1', state: pending.state }, pending);
    const message = refusedAs(outcome, 'permissionMissing');
    assert.match(message, /Directory\.Read\.All, Group\.Read\.All/);
    assert.ok(outcome.kind === 'refused');
    assert.equal(outcome.failure.permission, 'Directory.Read.All, Group.Read.All');
    assert.deepEqual(outcome.grantedScopes, ['User.Read', 'User.Read.All']);
    assert.equal(tokenCache.rows.size, 0);
  });

  for (const [number, error, kind] of [
    [65001, 'invalid_grant', 'consentRequired'],
    [90094, 'invalid_grant', 'consentRequired'],
    [700016, 'unauthorized_client', 'consentRequired'],
    [7000215, 'invalid_client', 'invalidSecret'],
    [7000222, 'invalid_client', 'invalidSecret'],
    [90002, 'invalid_request', 'tenantNotFound'],
    [54005, 'invalid_grant', 'signInRefused'],
    [50020, 'invalid_grant', 'tenantMismatch'],
    [123456, 'invalid_grant', 'signInRefused'],
  ] as const) {
    it(`takes AADSTS${number} for ${kind}, in a sentence without names of people`, async () => {
      const pending = await begin();
      authority.replies.push(platformError(number, error));
      const outcome = await graph.signIn.redeem(delegated, { code: 'code-1', state: pending.state }, pending);
      const message = refusedAs(outcome, kind);
      assert.ok(!message.includes('admin@') && message.endsWith('.') !== message.endsWith(')'), message);
      assert.equal(message.includes('AADSTS'), number === 123456);
    });
  }

  for (const [error, description, kind] of [
    ['access_denied', 'AADSTS65004: User declined to consent.', 'consentRequired'],
    ['access_denied', 'the user cancelled', 'signInRefused'],
    ['consent_required', '', 'consentRequired'],
    ['invalid_client', 'AADSTS90094: needs an administrator', 'consentRequired'],
    ['server_error', '', 'unavailable'],
  ] as const) {
    it(`takes ${error} "${description}" at the redirect for ${kind} (REQ-43)`, async () => {
      const pending = await begin();
      const answer = { error, errorDescription: description, state: pending.state, code: 'code-1' };
      refusedAs(await graph.signIn.redeem(delegated, answer, pending), kind);
      assert.deepEqual(authority.tokenRequests(), []);
    });
  }

  it('takes a proxy error page for an absent identity platform, and works right after', async () => {
    const pending = await begin();
    const answer = { code: 'code-1', state: pending.state };
    authority.replies.push({ status: 502, body: '<html>Bad gateway</html>' });
    authority.replies.push({ status: 200, body: '<html>Login</html>' });
    authority.replies.push({ status: 429, body: { error: 'throttled' }, headers: { 'retry-after': '60' } });
    for (let times = 0; times < 3; times += 1) {
      refusedAs(await graph.signIn.redeem(delegated, answer, pending), 'unavailable');
    }
    assert.equal((await graph.signIn.redeem(delegated, answer, pending)).kind, 'granted');
  });
});

describe('tokens of a delegated connection (A-18)', () => {
  const call = async (server: Graph) => await server.directory.organization(delegated, neverAborted());
  const grants = () => authority.tokenRequests().map((request) => request.grant_type);
  const expireAt = (seconds: number) => ({ body: authority.userTokens({}, { expires_in: seconds }) });

  it('wants somebody to sign in first', async () => {
    await assert.rejects(call(graph), { kind: 'signInRequired' });
  });

  it('are kept encrypted, bound to their connection, and good on another server', async () => {
    await signIn();
    const [row] = [...tokenCache.rows.values()];
    assert.ok(row);
    const text = Buffer.from(row.sealed).toString('latin1');
    assert.ok(!text.includes('refresh-') && !text.includes('admin@'));
    assert.throws(() => encryption.decrypt(row.sealed), 'opens without its owner');

    assert.equal((await call(makeServer())).tenantId, connection.tenantId);
  });

  it('of one connection cannot be used for another, even when its row is copied', async () => {
    await signIn();
    const other: GraphConnection = { ...delegated, connectionId: '0192f000-0000-7000-8000-00000000000c' };
    const [row] = [...tokenCache.rows.values()];
    assert.ok(row);
    tokenCache.rows.set([other.organizationId, other.connectionId, 'delegated'].join('/'), row);
    const { logger, lines } = makeLogBook();
    await assert.rejects(makeServer({ logger }).directory.organization(other, neverAborted()), {
      kind: 'signInRequired',
    });
    assert.ok(lines.some((line) => line.includes('cannot be opened')));
  });

  it('are asked for again with the refresh token when they end, and the new one is kept', async () => {
    const pending = await begin();
    authority.replies.push(expireAt(60));
    await graph.signIn.redeem(delegated, { code: 'code-1', state: pending.state }, pending);
    const [before] = [...tokenCache.rows.values()];
    await call(graph);
    assert.deepEqual(grants(), ['authorization_code', 'refresh_token']);
    const [afterwards] = [...tokenCache.rows.values()];
    assert.ok((afterwards?.version ?? 0) > (before?.version ?? 0));
    // Good for an hour now, so nothing is asked again.
    await call(graph);
    assert.equal(grants().length, 2);
  });

  it('are asked for once, however many calls need one at the same time', async () => {
    const pending = await begin();
    authority.replies.push(expireAt(60));
    await graph.signIn.redeem(delegated, { code: 'code-1', state: pending.state }, pending);
    await Promise.all(Array.from({ length: 10 }, () => call(graph)));
    assert.deepEqual(grants(), ['authorization_code', 'refresh_token']);
  });

  for (const [what, reply, kind] of [
    ['revoked', platformError(50173, 'invalid_grant'), 'signInRequired'],
    ['unused for 90 days', platformError(700082, 'invalid_grant'), 'signInRequired'],
    ['held back until a second factor', platformError(50076, 'interaction_required'), 'signInRequired'],
    [
      'without consent',
      platformError(65001, 'invalid_grant', { suberror: 'consent_required' }),
      'consentRequired',
    ],
    ['of an application with an expired secret', platformError(7000222, 'invalid_client'), 'invalidSecret'],
  ] as const) {
    it(`that are ${what} are reported as ${kind}`, async () => {
      const pending = await begin();
      authority.replies.push(expireAt(60), reply);
      await graph.signIn.redeem(delegated, { code: 'code-1', state: pending.state }, pending);
      await assert.rejects(call(graph), { kind });
    });
  }

  it('survive a moment without the identity platform', async () => {
    const pending = await begin();
    authority.replies.push(expireAt(60), { status: 503, body: 'down' }, { status: 503, body: 'down' });
    await graph.signIn.redeem(delegated, { code: 'code-1', state: pending.state }, pending);
    await call(graph);
    assert.deepEqual(grants(), ['authorization_code', 'refresh_token', 'refresh_token', 'refresh_token']);
  });

  it('are those of the latest sign-in on every server, at once or at the next renewal', async () => {
    const other = makeServer();
    await signIn();
    await call(other);
    const pending = await begin();
    authority.replies.push({ body: authority.userTokens({}, { refresh_token: 'refresh-of-the-new-one' }) });
    await graph.signIn.redeem(delegated, { code: 'code-2', state: pending.state }, pending);
    await call(graph);
    assert.equal((await other.signIn.check(delegated, neverAborted())).kind, 'granted');
    assert.equal(authority.tokenRequests().at(-1)?.refresh_token, 'refresh-of-the-new-one');
  });

  it('are gone when the row is deleted and the connection forgotten', async () => {
    await signIn();
    await call(graph);
    const { organizationId, connectionId } = delegated;
    await tokenCache.delete({ organizationId, connectionId, flow: 'delegated' });
    graph.signIn.forget(connectionId);
    await assert.rejects(call(graph), { kind: 'signInRequired' });
  });

  it('are gone when the row is deleted on another server, at the next renewal', async () => {
    await signIn();
    await call(graph);
    tokenCache.rows.clear();
    const outcome = await graph.signIn.check(delegated, neverAborted());
    refusedAs(outcome, 'signInRequired');
  });

  it('of two connections never share a row', async () => {
    await signIn();
    const second: GraphConnection = {
      ...delegated,
      connectionId: '0192f000-0000-7000-8000-00000000000c',
      applicationId: 'bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee',
    };
    const { pending } = await graph.signIn.start(second, { redirectUri });
    authority.replies.push({
      body: authority.userTokens(
        { nonce: pending.nonce, aud: second.applicationId },
        { refresh_token: 'secret-of-b' },
      ),
    });
    const outcome = await graph.signIn.redeem(second, { code: 'code-2', state: pending.state }, pending);
    assert.equal(outcome.kind, 'granted');
    await Promise.all([call(graph), graph.directory.organization(second, neverAborted())]);
    const texts = [delegated, second].map(({ organizationId, connectionId }) => {
      const row = tokenCache.rows.get([organizationId, connectionId, 'delegated'].join('/'));
      assert.ok(row);
      return encryption.decrypt(row.sealed, `graph-tokens-1 ${organizationId} ${connectionId} delegated`);
    });
    assert.deepEqual(
      texts.map((text) => [text.includes('secret-of-b'), text.match(/"secret":"refresh-\d+"/g)?.length ?? 0]),
      [
        [false, 1],
        [true, 0],
      ],
    );
  });
});

describe('connection as the application', () => {
  const connect = () => graph.signIn.connectApplication(connection, neverAborted());

  it('gets a token for the tenant and proves it by reading the organization', async () => {
    assert.deepEqual(await connect(), {
      kind: 'granted',
      grant: {
        tenantId: connection.tenantId,
        grantedScopes: ['GroupMember.Read.All', 'User.Read.All'],
        principal: null,
      },
    });
    const [request] = authority.tokenRequests();
    assert.equal(request?.grant_type, 'client_credentials');
    assert.equal(request?.scope, 'https://graph.microsoft.com/.default');
    assert.match(request?.claims ?? '', /CP1/i);
    assert.equal(tokenCache.rows.size, 0);
  });

  it('uses the token for its calls, and asks for another one at the next connect', async () => {
    await connect();
    await graph.directory.organization(connection, neverAborted());
    assert.equal(authority.tokenRequests().length, 1);
    await connect();
    assert.equal(authority.tokenRequests().length, 2);
  });

  it('names the permissions that are missing', async () => {
    authority.replies.push({
      body: {
        token_type: 'Bearer',
        expires_in: 3600,
        access_token: unsignedToken({ tid: connection.tenantId, roles: ['User.Read.All'] }),
      },
    });
    const message = refusedAs(await connect(), 'permissionMissing');
    assert.match(message, /GroupMember\.Read\.All/);
    assert.doesNotMatch(message, /User\.Read\.All/);
  });

  for (const [number, error, kind] of [
    [700016, 'unauthorized_client', 'consentRequired'],
    [7000229, 'unauthorized_client', 'consentRequired'],
    [7000215, 'invalid_client', 'invalidSecret'],
    [90002, 'invalid_request', 'tenantNotFound'],
  ] as const) {
    it(`takes AADSTS${number} for ${kind}`, async () => {
      authority.replies.push(platformError(number, error));
      refusedAs(await connect(), kind);
    });
  }

  it('is not held up after a moment of absence', async () => {
    authority.replies.push({ status: 503, body: { error: 'temporarily_unavailable' } });
    refusedAs(await connect(), 'unavailable');
    assert.equal((await connect()).kind, 'granted');
  });

  it('says so when there is no key to send', async () => {
    const outcome = await graph.signIn.connectApplication(
      { ...connection, applicationKey: '' },
      neverAborted(),
    );
    refusedAs(outcome, 'invalidSecret');
  });

  it('is renewed once when several calls are refused for the same token', async () => {
    await connect();
    const token = authority.seen.at(-1)?.headers.authorization;
    authority.refused.add(String(token));
    await Promise.all(
      Array.from({ length: 6 }, () => graph.directory.organization(connection, neverAborted())),
    );
    assert.equal(authority.tokenRequests().length, 2);
  });

  it('takes up a changed key at once', async () => {
    await connect();
    const changed = { ...connection, applicationKey: 'the-next-secret' };
    await graph.directory.organization(changed, neverAborted());
    assert.deepEqual(
      authority.tokenRequests().map((request) => request.client_secret),
      ['the-secret-value', 'the-next-secret'],
    );
  });
});
