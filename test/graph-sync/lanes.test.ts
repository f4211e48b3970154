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
});
