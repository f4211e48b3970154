import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { useGraph } from './graph-harness.ts';

describe('an emulated tenant of 100,000 users in 500 groups', () => {
  const graph = useGraph();
  let userIds: readonly string[] = [];

  before(() => {
    graph().tenant.settings.deltaPageSize = 999;
    graph().tenant.settings.deltaMembersPerPage = 5000;
    ({ userIds } = graph().emulator.seed(graph().tenant.id, {
      users: 100_000,
      groups: 500,
      nestedGroups: 50,
      guestEvery: 100,
      disabledEvery: 250,
    }));
  });

  it('is read in full, everybody once and every membership once', async () => {
    const users = await graph().round(
      'users/delta?$select=id,userPrincipalName,mail,accountEnabled,userType',
    );
    assert.deepEqual(new Set(users.rows.map(({ id }) => id)), new Set(userIds));
    assert.equal(users.rows.length, 100_000);
    const groups = await graph().round('groups/delta?$select=id,displayName,members');
    const edges = groups.rows.flatMap((row) =>
      (row['members@delta'] ?? []).map(({ id }) => `${row.id} ${id}`),
    );
    assert.equal(new Set(edges).size, edges.length);
    assert.equal(edges.filter((edge) => !edge.endsWith(userIds[0] ?? '')).length > 200_000, true);
    assert.equal((await graph().round(users.deltaLink)).rows.length, 0);
    assert.equal((await graph().round(groups.deltaLink)).pages.length, 1);
    // A full read does not come near the limits of the service.
    assert.equal(graph().emulator.usage()[0]?.refused, 0);
  });

  it('is the same population for the same seed', () => {
    const other = graph().emulator.addTenant({ domains: ['other.example'] });
    const again = graph().emulator.seed(other.id, { users: 100, groups: 2 });
    assert.deepEqual(again.userIds, userIds.slice(0, 100));
  });
});
