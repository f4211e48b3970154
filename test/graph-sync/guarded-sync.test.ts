import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertSucceeded, startSyncWorld } from './sync-world.ts';

/** More than one unit of work decides, so that only the whole run shows how many there are. */
const MEMBERS = 620;

describe('guard of a read of the directory', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  let groupId = '';
  const setLimit = (maxDeactivations: number) =>
    world.expect(200, 'PATCH', '/settings', { guard: { maxDeactivations, maxDeactivationsPercent: 100 } });
  const countOf = async (path: string): Promise<number> => {
    let [count, cursor]: [number, string | null] = [0, ''];
    while (cursor !== null) {
      const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { items: unknown[]; nextCursor: string | null } = await world.expect(
        200,
        'GET',
        `${path}&limit=200${more}`,
      );
      count += page.items.length;
      cursor = page.nextCursor;
    }
    return count;
  };
  const withLogin = async (): Promise<number> => {
    const [row] = await world.sql(
      'select count(*)::integer as count from logins where enabled and directory_user_id is not null',
    );
    return row.count;
  };

  before(async () => {
    world = await startSyncWorld({ seed: { users: MEMBERS, groups: 1, groupsPerUser: 1, nestedGroups: 0 } });
    groupId = String(world.groupIds[0]);
    await world.addRule(groupId);
    assertSucceeded(await world.sync());
    assert.equal(await withLogin(), MEMBERS);
  });
  after(() => world?.stop());

  it('holds the run whole, although each part of it alone would pass; the mirror follows (A-24, D-01)', async () => {
    await setLimit(MEMBERS - 10);
    const members = [...world.tenant.memberships.membersOf(groupId)].map(String);
    world.tenant.removeMembers(groupId, members);
    const run = await world.sync();
    assertSucceeded(run);
    assert.equal(run.counts.held, MEMBERS);
    assert.equal(await withLogin(), MEMBERS);
    assert.equal(await countOf(`/held-changes?connectionId=${world.connectionId}`), MEMBERS);
    world.tenant.addMembers(groupId, members);
    assertSucceeded(await world.sync());
    assert.equal(await countOf(`/held-changes?connectionId=${world.connectionId}`), 0);
  });

  it('lets the run pass whole when it is within the limit', async () => {
    await setLimit(MEMBERS);
    world.tenant.removeMembers(groupId, [...world.tenant.memberships.membersOf(groupId)].map(String));
    assertSucceeded(await world.sync());
    assert.equal(await withLogin(), 0);
    assert.equal(await countOf(`/held-changes?connectionId=${world.connectionId}`), 0);
  });
});
