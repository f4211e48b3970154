import assert from 'node:assert/strict';
import { after, describe, it, type TestContext } from 'node:test';
import type { GraphCall } from '../../src/graph/graph-call.ts';
import { GraphError } from '../../src/operations/tenants/graph-ports.ts';
import { connection, makeLogBook, makeTestClient, neverAborted } from './graph-fixtures.ts';
import { type LocalServer, type Reply, type SeenRequest, startServer } from './local-server.ts';

const get: GraphCall = {
  name: 'users/{id}',
  url: '/users/u-1',
  units: 1,
  budgetMs: 60_000,
  signal: neverAborted(),
};
const post: GraphCall = {
  ...get,
  name: 'subscriptions',
  url: '/subscriptions',
  method: 'POST',
  body: { a: 1 },
};

const servers: LocalServer[] = [];
after(async () => {
  for (const server of servers) await server.close();
});

async function serve(answer: (request: SeenRequest, count: number) => Reply) {
  const server = await startServer(answer);
  servers.push(server);
  return server;
}

/** Answers one after the other; the last one stays. */
async function serveInTurn(...replies: readonly Reply[]) {
  return await serve((_request, count) => replies[Math.min(count, replies.length) - 1] ?? {});
}

const failsAs = (kind: string) => (error: unknown) => error instanceof GraphError && error.kind === kind;

describe('Graph client', () => {
  it('sends the token, a request id of its own, and the path below the version', async () => {
    const server = await serveInTurn({ body: { id: 'u-1' } }, { body: {} });
    const { client } = makeTestClient(server.url);
    const answer = await client.send(connection, get);
    await client.send(connection, get);
    assert.deepEqual(answer.body, { id: 'u-1' });
    const [first, second] = server.seen;
    assert.equal(first?.url, '/v1.0/users/u-1');
    assert.equal(first?.headers.authorization, 'Bearer token-1');
    assert.match(String(first?.headers['client-request-id']), /^[0-9a-f-]{36}$/);
    assert.notEqual(first?.headers['client-request-id'], second?.headers['client-request-id']);
    assert.equal(first?.headers['x-ms-throttle-priority'], undefined);
  });

  it('marks background reading as such', async () => {
    const server = await serveInTurn({ body: {} });
    await makeTestClient(server.url).client.send(connection, { ...get, isBackground: true });
    assert.equal(server.seen[0]?.headers['x-ms-throttle-priority'], 'Low');
  });

  it('takes an address from an answer as it is, without encoding it again', async () => {
    const server = await serveInTurn({ body: {} });
    const link = `${server.url}/v1.0/users/delta?$skiptoken=a%2Fb+c%20d==&x=%C3%A4()`;
    await makeTestClient(server.url).client.send(connection, { ...get, url: link });
    assert.equal(server.seen[0]?.url, '/v1.0/users/delta?$skiptoken=a%2Fb+c%20d==&x=%C3%A4()');
  });

  for (const [what, link] of [
    ['another host', 'https://evil.example/v1.0/users'],
    ['another port', 'http://127.0.0.1:1/v1.0/users'],
    ['another scheme', 'https://127.0.0.1/v1.0/users'],
    ['user information in front of the host', 'http://127.0.0.1@evil.example/'],
    ['the real Graph when another one is configured', 'https://graph.microsoft.com/v1.0/users'],
    ['no address', 'users/u-1'],
  ] as const) {
    it(`calls nobody, and asks for no token, when it is pointed to ${what}`, async () => {
      const calls: unknown[] = [];
      const { client, tokens } = makeTestClient('http://127.0.0.1:9', {
        fetch: async (...call) => {
          calls.push(call);
          return new Response('{}');
        },
      });
      await assert.rejects(client.send(connection, { ...get, url: link }), failsAs('foreignHost'));
      assert.deepEqual([calls, tokens.demands], [[], []]);
    });
  }

  it('follows no redirect: the token would go wherever it points', async () => {
    const target = await serveInTurn({ body: {} });
    const server = await serveInTurn({ status: 302, headers: { location: `${target.url}/v1.0/users/u-1` } });
    const answer = await makeTestClient(server.url).client.send(connection, get);
    assert.equal(answer.status, 302);
    assert.equal(target.seen.length, 0);
  });

  const denied: Reply = { status: 403, body: { error: { code: 'Authorization_RequestDenied' } } };

  it('tries a call that is not allowed once more with a new token: the permission may have come since', async () => {
    const server = await serveInTurn(denied, { body: { id: 'u-1' } });
    const { client, timing } = makeTestClient(server.url);
    await timing.sleep(5_000, neverAborted());
    assert.deepEqual((await client.send(connection, get)).body, { id: 'u-1' });
    assert.deepEqual(
      server.seen.map(({ headers }) => headers.authorization),
      ['Bearer token-1', 'Bearer token-2'],
    );
  });

  it('asks for no other token when the one that is not enough has come just now', async () => {
    const server = await serveInTurn(denied);
    const { client, timing, tokens } = makeTestClient(server.url);
    await timing.sleep(5_000, neverAborted());
    for (let times = 0; times < 3; times += 1) {
      assert.equal((await client.send(connection, get)).status, 403);
    }
    assert.equal(tokens.demands.filter(({ isFresh }) => isFresh).length, 1);
  });

  for (const status of [429, 500, 502, 503, 504]) {
    it(`tries again after ${status}, longer each time, and gives the answer that follows`, async () => {
      const server = await serveInTurn({ status }, { status }, { status }, { body: { id: 'u-1' } });
      const { client, timing } = makeTestClient(server.url);
      const answer = await client.send(connection, get);
      assert.equal(answer.status, 200);
      assert.equal(server.seen.length, 4);
      const [one, two, three] = timing.sleeps;
      assert.ok(one !== undefined && two !== undefined && three !== undefined && one < two && two < three);
    });
  }

  it('tries again after a body that was cut, and after one that is no JSON', async () => {
    const server = await serveInTurn(
      { body: { id: 'u-1', displayName: 'Ada' }, cutAfter: 10 },
      { body: '<html>Bad gateway</html>' },
      { body: { id: 'u-1' } },
    );
    const answer = await makeTestClient(server.url).client.send(connection, get);
    assert.deepEqual(answer.body, { id: 'u-1' });
    assert.equal(server.seen.length, 3);
  });

  it('tries again after a connection that fails', async () => {
    let count = 0;
    const { client } = makeTestClient('http://127.0.0.1:9', {
      fetch: async () => {
        count += 1;
        if (count < 3) throw new TypeError('fetch failed');
        return new Response('{"id":"u-1"}');
      },
    });
    assert.deepEqual((await client.send(connection, get)).body, { id: 'u-1' });
    assert.equal(count, 3);
  });

  it('waits at least as long as it is told (graph-throttle-001)', async () => {
    const server = await serveInTurn({ status: 429, headers: { 'retry-after': '7' } }, { body: {} });
    const { client, timing } = makeTestClient(server.url);
    await client.send(connection, get);
    assert.ok((timing.sleeps[0] ?? 0) >= 7000, String(timing.sleeps));
  });

  it('asks less at a time after a 429, also one that does not say for how long', async () => {
    const server = await serveInTurn({ status: 429 }, { body: {} });
    const { client, pacer } = makeTestClient(server.url);
    const lane = `global ${connection.tenantId} ${connection.applicationId}`;
    const before = pacer.concurrencyOf(lane);
    await client.send(connection, get);
    assert.ok(pacer.concurrencyOf(lane) < before, String(pacer.concurrencyOf(lane)));
  });

  it('understands a date to wait for', async () => {
    const server = await serveInTurn(
      { status: 503, headers: { 'retry-after': 'Wed, 15 Jan 2031 10:00:09 GMT' } },
      { body: {} },
    );
    const { client, timing } = makeTestClient(server.url);
    await client.send(connection, get);
    assert.ok((timing.sleeps[0] ?? 0) >= 9000 && (timing.sleeps[0] ?? 0) < 10_000, String(timing.sleeps));
  });

  it('gives up at once, saying when to come back, when the pause is longer than the time that is left', async () => {
    const server = await serveInTurn({ status: 429, headers: { 'retry-after': '120' } });
    const { client, timing } = makeTestClient(server.url);
    await assert.rejects(client.send(connection, get), (error) => {
      assert.ok(error instanceof GraphError);
      assert.deepEqual([error.kind, error.retryAfterSeconds, error.isPassing], ['throttled', 120, true]);
      return true;
    });
    assert.deepEqual([server.seen.length, timing.sleeps], [1, []]);
  });

  it('stops trying when the time is used up', async () => {
    const server = await serveInTurn({ status: 503 });
    const { client, timing } = makeTestClient(server.url);
    const from = timing.now();
    await assert.rejects(client.send(connection, { ...get, budgetMs: 10_000 }), failsAs('unavailable'));
    assert.ok(server.seen.length > 1 && timing.now() - from < 10_000, `${server.seen.length} requests`);
  });

  it('repeats no creation that may have been done', async () => {
    const server = await serveInTurn({ status: 504 }, { status: 201, body: {} });
    await assert.rejects(makeTestClient(server.url).client.send(connection, post), failsAs('unavailable'));
    assert.equal(server.seen.length, 1);
  });

  it('repeats a creation that was refused unseen', async () => {
    const server = await serveInTurn({ status: 429 }, { status: 201, body: { id: 's-1' } });
    const answer = await makeTestClient(server.url).client.send(connection, post);
    assert.equal(answer.status, 201);
    assert.deepEqual(
      server.seen.map(({ body }) => body),
      ['{"a":1}', '{"a":1}'],
    );
  });

  it('gives other refusals back without another try', async () => {
    for (const status of [400, 403, 404, 410]) {
      const server = await serveInTurn({ status, body: { error: { code: 'x' } } });
      const answer = await makeTestClient(server.url).client.send(connection, get);
      assert.deepEqual([answer.status, server.seen.length], [status, 1]);
    }
  });

  it('reads a refusal whose text is no JSON', async () => {
    const server = await serveInTurn({ status: 404, body: 'nothing here' });
    const answer = await makeTestClient(server.url).client.send(connection, get);
    assert.deepEqual([answer.status, answer.body], [404, null]);
  });

  it('renews a refused token once, then gives up (graph-auth-002)', async () => {
    const server = await serveInTurn({
      status: 401,
      body: { error: { code: 'InvalidAuthenticationToken' } },
    });
    const { client, tokens } = makeTestClient(server.url);
    await assert.rejects(client.send(connection, get), failsAs('tokenRefused'));
    assert.deepEqual(
      server.seen.map(({ headers }) => headers.authorization),
      ['Bearer token-1', 'Bearer token-2'],
    );
    assert.deepEqual(tokens.demands, [{}, { isFresh: true }]);
  });

  it('goes on with the renewed token', async () => {
    const server = await serve(({ headers }) =>
      headers.authorization === 'Bearer token-2' ? { body: { id: 'u-1' } } : { status: 401 },
    );
    const answer = await makeTestClient(server.url).client.send(connection, get);
    assert.equal(answer.status, 200);
  });

  it('demands no further token when Graph then fails for another reason', async () => {
    const server = await serveInTurn({ status: 401 }, { status: 503 }, { body: {} });
    const { client, tokens } = makeTestClient(server.url);
    await client.send(connection, get);
    assert.deepEqual(tokens.demands, [{}, { isFresh: true }, {}]);
  });

  it('passes a claims challenge on to the identity platform', async () => {
    const claims = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}';
    const challenge = `Bearer realm="", authorization_uri="https://login.example/", error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}"`;
    const server = await serveInTurn(
      { status: 401, headers: { 'www-authenticate': challenge } },
      { body: {} },
    );
    const { client, tokens } = makeTestClient(server.url);
    await client.send(connection, get);
    assert.deepEqual(tokens.demands, [{}, { isFresh: true, claims }]);
  });

  it('still demands another token after the identity platform was away for a moment', async () => {
    const server = await serve(({ headers }) =>
      headers.authorization === 'Bearer token-2' ? { body: {} } : { status: 401 },
    );
    const { client, tokens } = makeTestClient(server.url);
    const { get: issue } = tokens;
    let failures = 0;
    Object.assign(tokens, {
      get: async (...request: Parameters<typeof issue>) => {
        if (request[1].isFresh && failures++ < 2) throw new GraphError('unavailable', 'Away.');
        return await issue(...request);
      },
    });
    assert.equal((await client.send(connection, get)).status, 200);
    assert.equal(server.seen.length, 2);
  });

  it('does not try again when there can be no token', async () => {
    const server = await serveInTurn({ body: {} });
    const { client, tokens } = makeTestClient(server.url);
    Object.assign(tokens, {
      get: async () => {
        throw new GraphError('invalidSecret', 'Wrong.');
      },
    });
    await assert.rejects(client.send(connection, get), failsAs('invalidSecret'));
    assert.equal(server.seen.length, 0);
  });

  it('refuses a body that is larger than any page can be, without reading it to its end', async () => {
    let sent = 0;
    const { client } = makeTestClient('http://127.0.0.1:9', {
      fetch: async () =>
        new Response(
          new ReadableStream({
            pull: (controller) => {
              sent += 1;
              controller.enqueue(new Uint8Array(1024 * 1024));
            },
          }),
        ),
    });
    await assert.rejects(client.send(connection, get), failsAs('unexpected'));
    assert.ok(sent < 25, `${sent} MiB`);
  });

  it('gives up a call that hangs when its time is over', async () => {
    const server = await serveInTurn({ hangs: true });
    await assert.rejects(
      makeTestClient(server.url).client.send(connection, { ...get, budgetMs: 50 }),
      failsAs('unavailable'),
    );
  });

  it('stops with the reason of the caller when that aborts', async () => {
    const stop = new AbortController();
    const reason = new Error('server stops');
    const server = await serve(() => {
      stop.abort(reason);
      return { hangs: true };
    });
    await assert.rejects(
      makeTestClient(server.url).client.send(connection, { ...get, signal: stop.signal }),
      (error) => error === reason,
    );
  });

  it('takes part of the text where text is asked for', async () => {
    const server = await serveInTurn({ body: '42' });
    const answer = await makeTestClient(server.url).client.send(connection, { ...get, accepts: 'text' });
    assert.equal(answer.body, '42');
  });

  it('logs request ids, and neither tokens nor addresses', async () => {
    const server = await serveInTurn(
      {
        status: 429,
        headers: { 'request-id': 'graph-id-1', 'x-ms-throttle-information': 'CPULimitExceeded' },
      },
      {
        status: 403,
        headers: { 'request-id': 'graph-id-2' },
        body: { error: { code: 'Authorization_RequestDenied' } },
      },
    );
    const { logger, lines } = makeLogBook();
    const { client } = makeTestClient(server.url, { logger });
    await client.send(connection, { ...get, url: '/users/ada@contoso.example' });
    const text = lines.join('');
    for (const word of ['graph-id-1', 'CPULimitExceeded', 'graph-id-2', 'Authorization_RequestDenied']) {
      assert.ok(text.includes(word), word);
    }
    for (const { headers } of server.seen) assert.ok(text.includes(String(headers['client-request-id'])));
    assert.ok(!text.includes('token-1') && !text.includes('ada@'), text);
  });
});

describe('pace of Graph calls', () => {
  const inTime = (t: TestContext) => t.signal;

  it('makes fewer calls at a time when the answers say that the limit is near (graph-throttle-002)', async (t) => {
    const server = await serveInTurn({
      body: {},
      headers: { 'x-ms-throttle-limit-percentage': '0.9', 'x-ms-resource-unit': '1' },
    });
    const { client, pacer } = makeTestClient(server.url);
    const lane = `global ${connection.tenantId} ${connection.applicationId}`;
    const before = pacer.concurrencyOf(lane);
    await client.send(connection, { ...get, signal: inTime(t) });
    assert.ok(pacer.concurrencyOf(lane) < before, `${before} → ${pacer.concurrencyOf(lane)}`);
  });

  it('lets no other call of the same application and tenant through during a pause', async () => {
    const server = await serveInTurn({ status: 429, headers: { 'retry-after': '30' } }, { body: {} });
    const { client, timing } = makeTestClient(server.url);
    await assert.rejects(client.send(connection, { ...get, budgetMs: 5000 }), failsAs('throttled'));
    await assert.rejects(client.send(connection, { ...get, budgetMs: 5000 }), failsAs('throttled'));
    assert.equal(server.seen.length, 1);
    await client.send({ ...connection, tenantId: '99999999-2222-3333-4444-555555555555' }, get);
    assert.equal(server.seen.length, 2);
    assert.deepEqual(timing.sleeps, []);
  });

  it('makes a bounded number of calls at a time', async () => {
    let running = 0;
    let most = 0;
    const { client } = makeTestClient('http://127.0.0.1:9', {
      fetch: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return new Response('{}');
      },
    });
    await Promise.all(Array.from({ length: 50 }, () => client.send(connection, get)));
    assert.equal(most, 8);
  });
});
