import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { useGraph } from './graph-harness.ts';

describe('emulated batches', () => {
  const graph = useGraph();
  const ids: string[] = [];

  before(() => {
    for (let number = 1; number <= 4; number += 1) {
      ids.push(graph().tenant.addUser({ userPrincipalName: `user${number}@mymsp.example` }));
    }
  });
  beforeEach(() => {
    graph().emulator.clearFaults();
    graph().emulator.clearRequests();
  });

  const reads = () =>
    ids.map((id, index) => ({ id: String(index), method: 'GET', url: `/users/${id}?$select=id` }));
  const batch = (requests: readonly object[]) => graph().post('$batch', { requests });

  it('answer every request by its id, in an order of their own', async () => {
    const { status, body } = await batch(reads());
    assert.equal(status, 200);
    const responses = body.responses ?? [];
    assert.notDeepEqual(
      responses.map(({ id }) => id),
      ids.map((_id, index) => String(index)),
    );
    for (const { id, status: inner, body: user } of responses) {
      assert.deepEqual([inner, user['id']], [200, ids[Number(id)]]);
    }
  });

  it('are throttled one by one, inside a 200', async () => {
    graph().emulator.injectFault({
      match: { path: `/v1.0/users/${ids[1]}` },
      effect: { kind: 'answer', status: 429, retryAfter: 3 },
      times: 1,
    });
    const responses = (await batch(reads())).body.responses ?? [];
    const throttled = responses.filter(({ status }) => status === 429);
    assert.deepEqual(
      throttled.map(({ id, headers }) => [id, headers['Retry-After']]),
      [['1', '3']],
    );
    assert.equal(graph().emulator.requests({ path: `/v1.0/users/${ids[1]}` }).length, 1);
    assert.equal(graph().emulator.requests({ path: '/v1.0/$batch' }).length, 1);
  });

  it('fail what depends on a failure', async () => {
    const [first = ''] = ids;
    const { body } = await batch([
      { id: 'c', method: 'GET', url: `/users/${first}`, dependsOn: ['b'] },
      { id: 'a', method: 'GET', url: `/users/${first}` },
      { id: 'b', method: 'GET', url: '/users/nobody', dependsOn: ['a'] },
    ]);
    const statuses = Object.fromEntries((body.responses ?? []).map(({ id, status }) => [id, status]));
    assert.deepEqual(statuses, { a: 200, b: 404, c: 424 });
  });

  it('send bodies with their type', async () => {
    const request = {
      id: '1',
      method: 'POST',
      url: `/users/${ids[0]}/checkMemberGroups`,
      body: { groupIds: [] },
    };
    assert.equal((await batch([request])).status, 400);
    const { body } = await batch([{ ...request, headers: { 'Content-Type': 'application/json' } }]);
    assert.deepEqual([body.responses?.[0]?.status, body.responses?.[0]?.body.value], [200, []]);
  });

  it('are refused whole when they are malformed', async () => {
    const [read] = reads();
    const many = Array.from({ length: 21 }, (_none, index) => ({ ...read, id: String(index) }));
    assert.equal((await batch(many)).status, 400);
    assert.equal(
      (
        await batch([
          { ...read, id: 'a' },
          { ...read, id: 'A' },
        ])
      ).status,
      400,
    );
    assert.equal((await batch([{ ...read, dependsOn: ['elsewhere'] }])).status, 400);
    assert.equal((await batch([{ ...read, url: undefined }])).status, 400);
    assert.equal((await batch([])).status, 400);
  });

  it('hold no other batch', async () => {
    const { body } = await batch([
      { id: '1', method: 'POST', url: '/$batch', headers: { 'Content-Type': 'application/json' }, body: {} },
    ]);
    assert.equal(body.responses?.[0]?.status, 400);
  });
});

describe('emulated throttling', () => {
  // Time stands still, so that nothing comes back by itself.
  const now = Date.now();
  const graph = useGraph({ clock: () => now });
  let user = '';

  before(() => {
    user = graph().tenant.addUser({ userPrincipalName: 'ada@mymsp.example' });
  });
  beforeEach(() => {
    graph().emulator.clearUsage();
    graph().tenant.settings.throttling = 'enforce';
  });

  it('charges what the operation costs, less for a selection or a small page', async () => {
    const cost = async (target: string) => (await graph().get(target)).headers.get('x-ms-resource-unit');
    assert.equal(await cost('users'), '2');
    assert.equal(await cost(`users/${user}?$select=id`), '1');
    assert.equal(await cost('users?$top=5'), '1');
    assert.equal(await cost('groups'), '1');
    const check = await graph().post(`users/${user}/checkMemberGroups`, { groupIds: [] });
    assert.equal(check.headers.get('x-ms-resource-unit'), '4');
    const [usage] = graph().emulator.usage();
    assert.deepEqual([usage?.requests, usage?.units, usage?.refused], [5, 9, 0]);
  });

  it('refuses an application that has used up its units, until they come back', async () => {
    const group = graph().tenant.addGroup({ displayName: 'Group' });
    const target = `groups/${group}/transitiveMembers`;
    const burst = Array.from({ length: 800 }, () => graph().get(target));
    const answers = await Promise.all(burst);
    const refused = answers.filter(({ status }) => status === 429);
    // A small tenant has 3,500 units, and each of these costs five.
    assert.equal(refused.length, 100);
    const { headers, body } = refused[0] ?? assert.fail('nothing was refused');
    assert.ok(Number(headers.get('retry-after')) >= 1);
    assert.match(headers.get('x-ms-throttle-scope') ?? '', /^Tenant_Application\/ReadWrite\/.+\/.+/);
    assert.equal(headers.get('x-ms-throttle-information'), 'ResourceUnitLimitExceeded');
    assert.equal(body.error?.code, 'TooManyRequests');
    assert.ok(answers.some((answer) => Number(answer.headers.get('x-ms-throttle-limit-percentage')) >= 0.8));
    graph().emulator.advanceClock(10_000);
    graph().token = graph().freshToken();
    assert.equal((await graph().get(target)).status, 200);
  });

  it('only counts where it is told to', async () => {
    graph().tenant.settings.throttling = 'observe';
    const group = graph().tenant.addGroup({ displayName: 'Group' });
    const burst = Array.from({ length: 800 }, () => graph().get(`groups/${group}/transitiveMembers`));
    assert.ok((await Promise.all(burst)).every(({ status }) => status === 200));
    assert.equal(graph().emulator.usage()[0]?.units, 4000);
  });
});
