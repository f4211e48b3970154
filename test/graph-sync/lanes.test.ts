import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { usersIn } from './expectations.ts';
import { assertSucceeded, startSyncWorld } from './sync-world.ts';

/** More people than one unit of work decides, in groups that all of the units count into. */
const users = 1_300;

describe('a first sync that is decided in several units of work beside each other', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  before(async () => {
    world = await startSyncWorld({ seed: { users, groups: 3, groupsPerUser: 2 } });
    for (const [order, groupId] of world.groupIds.entries()) await world.addRule(groupId, order);
  });
  after(() => world.stop());

  it('decides everybody once, and counts every member and every person', async () => {
    const run = await world.sync();
    assertSucceeded(run);
    assert.deepEqual(run.counts, { created: users });
    assert.equal(run.progress.done, run.progress.total);
    const [log] = await world.sql(
      'select count(*)::integer as "entries", count(distinct directory_user_id)::integer as "users" from provisioning_events',
    );
    assert.deepEqual(log, { entries: users, users });
    const groups = await world.sql(
      'select object_id as "id", member_count as "count" from directory_groups where object_id = any($1)',
      [world.groupIds],
    );
    assert.equal(groups.length, world.groupIds.length);
    for (const { id, count } of groups) assert.equal(count, usersIn(world.tenant, id).size);
  });

  it('counts what a server had noted that was lost before the end', async () => {
    const [groupId] = world.groupIds;
    const count = async (): Promise<number> => {
      const [row] = await world.sql('select member_count from directory_groups where object_id = $1', [
        groupId,
      ]);
      return row.member_count;
    };
    const before = await count();
    for (const difference of [3, -1]) {
      await world.sql(
        `insert into graph_member_counts (organization_id, connection_id, graph_member_count_id, directory_group_ids,
            differences)
          select organization_id, connection_id, gen_random_uuid(), array[directory_group_id], array[$2::integer]
          from directory_groups where object_id = $1`,
        [groupId, difference],
      );
    }
    await world.sql(`update graph_syncs set phase = 'applying'`);
    assertSucceeded(await world.sync());
    assert.equal(await count(), before + 2);
    assert.deepEqual(await world.sql('select from graph_member_counts'), []);
  });
});
