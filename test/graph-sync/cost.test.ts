import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertSucceeded, startSyncWorld, until } from './sync-world.ts';

describe('a poll that finds nothing new', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;

  before(async () => {
    world = await startSyncWorld({ seed: { users: 40, groups: 60, groupsPerUser: 2 } });
    for (const groupId of world.groupIds) await world.addRule(groupId);
    assertSucceeded(await world.sync());
    // The run after the first has nothing to make up for.
    assertSucceeded(await world.sync());
  });
  after(() => world.stop());

  const poll = async (): Promise<void> => {
    const [before] = await world.sql('select last_graph_success_at as at from connections');
    await world.sql('update graph_syncs set next_at = now()');
    await until('the poll has ended', async () => {
      const [row] = await world.sql(
        'select c.last_graph_success_at as at, s.claim_id from connections c, graph_syncs s',
      );
      return row.at > before.at && row.claim_id === null;
    });
  };

  it('makes at most 5 calls of Graph and 10 statements, and leaves no run behind', async () => {
    const runs = (await world.expect(200, 'GET', '/sync-runs')).items.length;
    await poll();
    world.emulator.clearRequests();
    world.app.takeStatements();
    await poll();
    const calls = world.emulator.requests({ service: 'graph' }).map(({ path }) => path);
    assert.deepEqual(calls.sort(), ['/v1.0/groups/delta', '/v1.0/groups/delta', '/v1.0/users/delta']);
    const statements = world.app.takeStatements().filter((text) => !text.includes('take_due_graph_syncs'));
    assert.ok(statements.length + 1 <= 10, statements.join('\n---\n'));
    assert.equal((await world.expect(200, 'GET', '/sync-runs')).items.length, runs);
  });
});

describe('a connection that Graph knows nothing of', () => {
  it('costs what it did before', async () => {
    const world = await startSyncWorld();
    try {
      const connection = await world.app.createScimConnection('Okta', 'scim');
      const scimUser = {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: 'somebody@contoso.example',
      };
      world.emulator.clearRequests();
      await world.scim(201, connection, 'POST', '/Users', scimUser);
      assert.equal(world.emulator.requests({ service: 'graph' }).length, 0);
    } finally {
      await world.stop();
    }
  });
});
