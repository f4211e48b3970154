import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import type { FaultEffect } from '../support/entra/faults.ts';
import { useGraph } from './graph-harness.ts';

const DELTA = 'users/delta?$select=id';
const MATCH = { path: '/v1.0/users/delta' } as const;

describe('injected faults', () => {
  const graph = useGraph();

  before(() => {
    graph().emulator.seed(graph().tenant.id, { users: 20, groups: 2 });
    graph().tenant.settings.deltaPageSize = 8;
  });
  beforeEach(() => {
    graph().emulator.clearFaults();
    graph().emulator.clearRequests();
  });

  const once = (effect: FaultEffect) => graph().emulator.injectFault({ match: MATCH, effect, times: 1 });
  const statusOf = async (target: string) => (await graph().get(target)).status;

  it('strike as often as they are told, after as many as they are told, and only what they match', async () => {
    const id = graph().emulator.injectFault({
      match: MATCH,
      effect: { kind: 'answer', status: 503 },
      times: 2,
      after: 1,
    });
    const statuses: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) statuses.push(await statusOf(DELTA));
    assert.deepEqual(statuses, [200, 503, 503, 200, 200]);
    assert.equal(await statusOf('groups/delta'), 200);
    assert.deepEqual(
      graph()
        .emulator.faults()
        .map((fault) => [fault.id, fault.hits]),
      [[id, 2]],
    );
    assert.deepEqual(
      graph()
        .emulator.requests({ status: 503 })
        .map(({ faults }) => faults),
      [[id], [id]],
    );
  });

  it('strike by chance, and the same chance twice', async () => {
    const run = async (): Promise<readonly number[]> => {
      graph().emulator.clearFaults();
      graph().emulator.injectFault({ effect: { kind: 'answer', status: 500 }, probability: 0.5, seed: 42 });
      const statuses: number[] = [];
      for (let turn = 0; turn < 12; turn += 1) statuses.push(await statusOf(DELTA));
      return statuses;
    };
    const first = await run();
    assert.deepEqual(new Set(first), new Set([200, 500]));
    assert.deepEqual(await run(), first);
  });

  it('throttle with everything that belongs to a 429', async () => {
    once({ kind: 'answer', status: 429, retryAfter: 7 });
    const { status, headers, body } = await graph().get(DELTA);
    assert.deepEqual([status, headers.get('retry-after'), body.error?.code], [429, '7', 'TooManyRequests']);
    assert.ok(headers.has('x-ms-throttle-scope') && headers.has('x-ms-throttle-information'));
  });

  it('give a status without an error of their own, or any answer at all', async () => {
    once({ kind: 'html' });
    const page = await graph().get(DELTA);
    assert.deepEqual([page.status, page.headers.get('content-type')], [502, 'text/html; charset=utf-8']);
    once({ kind: 'answer', status: 200, body: { value: [{ id: 'scripted' }] } });
    assert.deepEqual((await graph().get(DELTA)).body.value, [{ id: 'scripted' }]);
    once({ kind: 'claims-challenge' });
    assert.match((await graph().get(DELTA)).headers.get('www-authenticate') ?? '', /insufficient_claims/);
    once({ kind: 'limit-percentage', value: 0.9 });
    assert.equal((await graph().get(DELTA)).headers.get('x-ms-throttle-limit-percentage'), '0.9');
  });

  it('break the connection before the answer or in the middle of it', async () => {
    once({ kind: 'reset' });
    await assert.rejects(graph().get(DELTA), TypeError);
    once({ kind: 'truncate' });
    await assert.rejects(graph().get(DELTA), TypeError);
    assert.equal(await statusOf(DELTA), 200);
  });

  it('never answer, until the client gives up', async () => {
    once({ kind: 'hang' });
    await assert.rejects(graph().send(DELTA, { signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' });
    assert.equal(await statusOf(DELTA), 200);
  });

  it('answer late, in drops, or with a body larger than it has to be', async () => {
    once({ kind: 'delay', ms: 30 });
    assert.equal(await statusOf(DELTA), 200);
    once({ kind: 'drip', ms: 40 });
    assert.equal((await graph().get(DELTA)).body.value.length, 8);
    once({ kind: 'oversize', bytes: 100_000 });
    const { text, body } = await graph().get(DELTA);
    assert.ok(text.length > 100_000);
    assert.equal(body.value.length, 8);
  });

  it('send a whole body that is no JSON', async () => {
    once({ kind: 'invalid-json' });
    await assert.rejects(graph().get(DELTA), SyntaxError);
  });

  it('forget a delta token in both ways', async () => {
    const { deltaLink } = await graph().round(DELTA);
    once({ kind: 'resync' });
    const gone = await graph().get(deltaLink);
    assert.deepEqual([gone.status, gone.body.error?.code], [410, 'resyncRequired']);
    assert.match(gone.headers.get('location') ?? '', /\/users\/delta\?\$select=id&\$deltatoken=$/);
    once({ kind: 'resync', code: 'syncStateNotFound' });
    assert.equal((await graph().get(deltaLink)).body.error?.code, 'syncStateNotFound');
    assert.equal(await statusOf(deltaLink), 200);
  });

  it('lead to another host, which remembers who came and whether there was a token', async () => {
    once({ kind: 'foreign-link' });
    const next = (await graph().get(DELTA)).body['@odata.nextLink'] ?? '';
    assert.equal(new URL(next).origin, graph().emulator.strangerUrl);
    assert.notEqual(new URL(next).hostname, new URL(graph().emulator.graphUrl).hostname);
    assert.equal(graph().emulator.requests({ service: 'stranger' }).length, 0);
    await graph().send(next);
    const [visit] = graph().emulator.requests({ service: 'stranger' });
    assert.deepEqual([visit?.path, visit?.headers['authorization']], ['/v1.0/users/delta', 'Bearer']);
  });

  it('double rows and repeat pages', async () => {
    once({ kind: 'duplicate-rows' });
    const { value } = (await graph().get(DELTA)).body;
    assert.deepEqual([value.length, new Set(value.map(({ id }) => id)).size], [16, 8]);
    graph().emulator.injectFault({ match: MATCH, effect: { kind: 'repeat-page' }, times: 1, after: 1 });
    const { rows, deltaLink } = await graph().round(DELTA);
    assert.deepEqual([rows.length, new Set(rows.map(({ id }) => id)).size], [28, 20]);
    assert.notEqual(deltaLink, '');
  });

  it('are on record with what the client sent, but not with its token', async () => {
    await graph().get(DELTA, { prefer: 'return=minimal', 'x-ms-throttle-priority': 'Low' });
    const [request] = graph().emulator.requests({ path: '/v1.0/users/*' });
    assert.equal(request?.query, '$select=id');
    assert.deepEqual(
      [
        request?.headers['prefer'],
        request?.headers['x-ms-throttle-priority'],
        request?.headers['authorization'],
      ],
      ['return=minimal', 'Low', 'Bearer'],
    );
    assert.deepEqual([request?.tenantId, request?.appId], [graph().tenant.id, graph().application.appId]);
    assert.doesNotMatch(JSON.stringify(graph().emulator.requests()), /eyJ/);
  });
});
