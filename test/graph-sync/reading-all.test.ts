import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { assertFollows } from './expectations.ts';
import { assertSucceeded, startSyncWorld, until } from './sync-world.ts';

describe('a sync that reads everything again', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  let rules: readonly string[];

  before(async () => {
    world = await startSyncWorld({ seed: { users: 40, groups: 4, groupsPerUser: 1, nestedGroups: 2 } });
    rules = world.groupIds.slice(0, 2);
    for (const groupId of rules) await world.addRule(groupId);
    assertSucceeded(await world.sync());
  });
  after(() => world.stop());
  beforeEach(() => world.emulator.clearRequests());

  const ask = (query: string) => world.expect(202, 'POST', `/connections/${world.connectionId}/sync${query}`);
  const firstPages = () =>
    world.emulator
      .requests({ service: 'graph', path: '/v1.0/users/delta' })
      .filter(({ query }) => query.includes('select'));

  it('reads only what has changed unless it is asked for', async () => {
    const run = await world.ended((await ask('?full=false')).id);
    assert.equal(run.kind, 'delta');
    assert.deepEqual(firstPages(), []);
  });

  it('mends a mirror that went wrong, and takes nothing from anybody', async () => {
    const people = await world.people();
    await world.sql('delete from graph_members where not is_group');
    await world.sql(`update graph_users set removed = 'deleted'`);
    const run = await world.ended((await ask('?full=true')).id);
    assertSucceeded(run);
    assert.equal(run.kind, 'full');
    assert.equal(firstPages().length, 1);
    await assertFollows(world, rules);
    assert.deepEqual(await world.people(), people);
    world.emulator.clearRequests();
    assert.equal((await world.ended((await ask('')).id)).kind, 'delta', 'once');
    assert.deepEqual(firstPages(), []);
  });

  it('keeps local edits, as every read does that changes nothing (REQ-14)', async () => {
    const { items } = await world.expect(200, 'GET', '/employees?limit=200');
    const { id } = items.find(({ directoryUserId }: { directoryUserId: string | null }) => directoryUserId);
    await world.expect(200, 'PATCH', `/employees/${id}`, { phone: '+1 555 0100' });
    assertSucceeded(await world.ended((await ask('?full=true')).id));
    assert.equal((await world.expect(200, 'GET', `/employees/${id}`)).phone, '+1 555 0100');
  });

  it('is read in full also when a poll was under way', async () => {
    const name = 'late@mymsp.example';
    world.tenant.addMembers(String(rules[0]), [world.tenant.addUser({ userPrincipalName: name })]);
    world.emulator.injectFault({
      match: { service: 'graph', path: '/v1.0/users/delta' },
      effect: { kind: 'delay', ms: 1_500 },
      times: 1,
    });
    await world.sql('update graph_syncs set next_at = now()');
    while (world.emulator.requests({ service: 'graph', path: '/v1.0/users/delta' }).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const { id } = await ask('?full=true');
    assert.equal((await ask('?full=true')).id, id, 'the open run is answered');
    assertSucceeded(await world.ended(id));
    await until('everything was read', async () => {
      const { items } = await world.expect(200, 'GET', '/sync-runs?limit=1');
      return items[0].kind === 'full' && items[0].state === 'succeeded' && firstPages().length === 1;
    });
    await assertFollows(world, rules);
  });

  it('takes no other value', async () => {
    await world.expect(400, 'POST', `/connections/${world.connectionId}/sync?full=yes`);
  });
});
