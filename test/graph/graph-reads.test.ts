import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { makeGraphDirectory } from '../../src/graph/graph-directory.ts';
import type { GraphDirectory } from '../../src/operations/tenants/graph-ports.ts';
import { collect, connection, makeTestClient, neverAborted, type TestClient } from './graph-fixtures.ts';
import { type LocalServer, type Reply, type SeenRequest, startServer } from './local-server.ts';

const servers: LocalServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

interface Setup extends TestClient {
  readonly directory: GraphDirectory;
  readonly server: LocalServer;
}

async function serve(answer: (request: SeenRequest, base: string, count: number) => Reply): Promise<Setup> {
  const started = await startServer((request, count) => answer(request, started.url, count));
  servers.push(started);
  const client = makeTestClient(started.url);
  return { ...client, server: started, directory: makeGraphDirectory(client) };
}

const path = ({ url }: SeenRequest) => decodeURIComponent(url);

/** Three pages of one user each. */
function pageOf(request: SeenRequest, base: string): Reply {
  const number = Number(/skiptoken=(\d)/.exec(path(request))?.[1] ?? 1);
  const value = [{ id: `u-${number}` }];
  const link = `${base}/v1.0/users/delta`;
  return number < 3
    ? { body: { '@odata.nextLink': `${link}?$skiptoken=${number + 1}`, value } }
    : { body: { '@odata.deltaLink': `${link}?$deltatoken=end`, value } };
}

describe('delta read', () => {
  it('goes on after the page where another process stopped', async () => {
    const { directory, server } = await serve(pageOf);
    const steps = directory.readUsers(connection, { cursor: null, signal: neverAborted() });
    let resume = '';
    for await (const step of steps) {
      assert.ok(step.kind === 'page');
      resume = step.resume;
      break;
    }
    const rest = await collect(directory.readUsers(connection, { cursor: resume, signal: neverAborted() }));
    const ids = rest.flatMap((step) =>
      step.kind === 'page' ? step.changes.map(({ objectId }) => objectId) : [],
    );
    assert.deepEqual(ids, ['u-2', 'u-3']);
    assert.equal(rest.at(-1)?.kind, 'complete');
    assert.equal(server.seen.length, 3);
  });

  it('reads no page ahead of the one that is being used', async () => {
    const { directory, server } = await serve(pageOf);
    for await (const step of directory.readUsers(connection, { cursor: null, signal: neverAborted() })) {
      assert.equal(step.kind, 'page');
      break;
    }
    assert.equal(server.seen.length, 1);
  });

  it('gives every row once although pages fail in between', async () => {
    const failures: readonly Reply[] = [
      { status: 429, headers: { 'retry-after': '3' } },
      { status: 503 },
      { body: '{"value":[{"id":"u-1"', cutAfter: 12 },
      { status: 200, body: '<html>' },
      { status: 401 },
    ];
    let count = 0;
    const { directory } = await serve((request, base) => {
      count += 1;
      const failure = count % 2 === 1 ? failures[(count - 1) / 2] : undefined;
      return failure ?? pageOf(request, base);
    });
    const steps = await collect(directory.readUsers(connection, { cursor: null, signal: neverAborted() }));
    const ids = steps.flatMap((step) =>
      step.kind === 'page' ? step.changes.map(({ objectId }) => objectId) : [],
    );
    assert.deepEqual(ids, ['u-1', 'u-2', 'u-3']);
    assert.equal(steps.at(-1)?.kind, 'complete');
  });

  it('is not complete when Graph stays away: it fails', async () => {
    const { directory } = await serve((request, base) =>
      path(request).includes('skiptoken=2') ? { status: 503 } : pageOf(request, base),
    );
    const kinds: string[] = [];
    await assert.rejects(
      async () => {
        const read = directory.readUsers(connection, { cursor: null, signal: neverAborted() });
        for await (const step of read) kinds.push(step.kind);
      },
      { kind: 'unavailable' },
    );
    assert.deepEqual(kinds, ['page']);
  });

  it('stops between pages when it is cancelled', async () => {
    const stop = new AbortController();
    const reason = new Error('cancelled');
    const { directory, server } = await serve(pageOf);
    await assert.rejects(
      async () => {
        for await (const _ of directory.readUsers(connection, { cursor: null, signal: stop.signal }))
          stop.abort(reason);
      },
      (error) => error === reason,
    );
    assert.equal(server.seen.length, 1);
  });

  it('asks with low priority for everything, and with the usual one for what has changed', async () => {
    const { directory, server } = await serve(pageOf);
    const steps = await collect(directory.readUsers(connection, { cursor: null, signal: neverAborted() }));
    const last = steps.at(-1);
    assert.ok(last?.kind === 'complete');
    await collect(directory.readUsers(connection, { cursor: last.cursor, signal: neverAborted() }));
    const priorities = server.seen.map(({ headers }) => headers['x-ms-throttle-priority']);
    assert.deepEqual(priorities.slice(0, 3), ['Low', 'Low', 'Low']);
    assert.equal(priorities[3], undefined);
  });

  it('sends a filter of 50 groups, and the same cursor in another order of ids', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `g-${String(index).padStart(2, '0')}`);
    const { directory, server } = await serve((_request, base) => ({
      body: { '@odata.deltaLink': `${base}/v1.0/groups/delta?$deltatoken=1`, value: [] },
    }));
    const signal = neverAborted();
    const [step] = await collect(directory.readGroups(connection, { groupIds: ids, cursor: null, signal }));
    assert.ok(step?.kind === 'complete');
    const filter = new URL(`http://x${server.seen[0]?.url}`).searchParams.get('$filter');
    assert.equal(filter, ids.map((id) => `id eq '${id}'`).join(' or '));
    const reversed = [...ids].reverse().map((id) => id.toUpperCase());
    const again = await collect(
      directory.readGroups(connection, { groupIds: reversed, cursor: step.cursor, signal }),
    );
    assert.equal(again.at(-1)?.kind, 'complete');
    assert.equal(server.seen[1]?.url, '/v1.0/groups/delta?$deltatoken=1');
  });
});

describe('question about the groups of a user', () => {
  const check = { user: 'u-1', groupIds: ['g-1'], budgetMs: 2000 };

  it('is open when Graph does not answer in time', async () => {
    const { directory } = await serve(() => ({ hangs: true }));
    const outcome = await directory.checkMemberGroups(connection, { ...check, budgetMs: 50 });
    assert.ok(outcome.kind === 'unanswered');
    assert.equal(outcome.failure.isPassing, true);
  });

  it('is asked again within the time, and not beyond it', async () => {
    const { directory, server } = await serve((_request, _base, count) =>
      count === 1 ? { status: 503 } : { body: { value: ['g-1'] } },
    );
    assert.deepEqual(await directory.checkMemberGroups(connection, check), {
      kind: 'answered',
      memberOf: ['g-1'],
    });
    assert.equal(server.seen.length, 2);

    const busy = await serve(() => ({ status: 429, headers: { 'retry-after': '5' } }));
    const outcome = await busy.directory.checkMemberGroups(connection, check);
    assert.ok(outcome.kind === 'unanswered');
    assert.deepEqual([outcome.failure.kind, outcome.failure.retryAfterSeconds], ['throttled', 5]);
  });

  it('is open as a whole when one of its parts is', async () => {
    const groupIds = Array.from({ length: 45 }, (_, index) => `g-${index}`);
    const { directory, server } = await serve(({ body }) =>
      body.includes('"g-44"')
        ? { status: 403, body: { error: { code: 'Authorization_RequestDenied' } } }
        : { hangs: true },
    );
    const outcome = await directory.checkMemberGroups(connection, { ...check, groupIds, budgetMs: 60_000 });
    assert.ok(outcome.kind === 'unanswered');
    assert.equal(outcome.failure.kind, 'permissionMissing');
    for (const { body } of server.seen) assert.ok(JSON.parse(body).groupIds.length <= 20);
  });

  it('ends with the reason of whoever asked', async () => {
    const stop = new AbortController();
    const reason = new Error('client went away');
    const { directory } = await serve(() => {
      stop.abort(reason);
      return { hangs: true };
    });
    await assert.rejects(
      directory.checkMemberGroups(connection, { ...check, signal: stop.signal }),
      (error) => error === reason,
    );
  });
});
