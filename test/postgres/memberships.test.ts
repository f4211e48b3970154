import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DirectoryGroup } from '../../src/directory/directory-group.ts';
import type { MemberList } from '../../src/directory/member-list.ts';
import type { MembershipChange, Stores } from '../../src/operations/ports.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import {
  addConnection,
  addTenant,
  insertGroup,
  insertUsers,
  now,
  openWorld,
  type Tenant,
  type World,
} from './world.ts';

const shown = (members: MemberList | undefined) => members?.slice(0, members.length);

describe('memberships', () => {
  let world: World;
  let tenant: Tenant;
  let ids: readonly string[];
  before(async () => {
    world = await openWorld();
    tenant = await addTenant(world);
    const users = Array.from({ length: 12 }, (_, index) => ({
      userName: `user ${index}`,
      attributes: index % 2 ? { displayName: `User ${index}` } : {},
    }));
    ids = (await insertUsers(world, tenant, users)).map((user) => user.id);
  });
  after(() => world.close());

  const write = <Result>(work: (stores: Stores) => Promise<Result>): Promise<Result> =>
    world.unitOfWork.write(tenant.context, 'none', work);
  const some = (...indexes: readonly number[]): readonly string[] => indexes.map((index) => ids[index] ?? '');
  const membersOf = async (group: DirectoryGroup): Promise<readonly string[]> => {
    const { rows } = await world.owner.query<{ id: string }>(
      'select distinct directory_user_id as id from memberships where directory_group_id = $1 order by 1',
      [group.id],
    );
    return rows.map((row) => row.id);
  };
  const countOf = async (group: DirectoryGroup): Promise<number | undefined> => {
    const { rows } = await world.owner.query<{ count: number }>(
      'select member_count as count from directory_groups where directory_group_id = $1',
      [group.id],
    );
    return rows[0]?.count;
  };
  const check = async (group: DirectoryGroup, members: readonly string[], change?: MembershipChange) => {
    assert.deepEqual(await membersOf(group), [...members].sort());
    assert.equal(await countOf(group), members.length);
    if (change) assert.equal(change.memberCount, members.length);
  };
  const changed = (change: MembershipChange): readonly string[] => [...change.changedUserIds].sort();

  it('adds those that are missing, each once, and says who joined', async () => {
    const group = await insertGroup(world, tenant, {}, some(0, 1));
    const change = await write((stores) => stores.memberships.add(group, [...some(1, 2, 3), ...some(3, 2)]));
    assert.deepEqual(changed(change), [...some(2, 3)].sort());
    await check(group, some(0, 1, 2, 3), change);
    const again = await write((stores) => stores.memberships.add(group, some(0, 1, 2, 3)));
    assert.deepEqual(again, { changedUserIds: [], memberCount: 4 });
  });

  it('removes those that are there, and does not mind the others', async () => {
    const group = await insertGroup(world, tenant, {}, some(0, 1, 2));
    const others = ['not-a-uuid', uuidV7(), ...some(5)];
    const change = await write((stores) => stores.memberships.remove(group, [...some(1, 1), ...others]));
    assert.deepEqual(changed(change), some(1));
    await check(group, some(0, 2), change);
    const none = await write((stores) => stores.memberships.remove(group, others));
    assert.deepEqual(none, { changedUserIds: [], memberCount: 2 });
    const nobody = await write((stores) =>
      stores.memberships.remove({ ...group, memberCount: 2 }, ['nobody']),
    );
    assert.deepEqual(nobody, { changedUserIds: [], memberCount: 2 });
  });

  it('replaces the set and says who joined or left', async () => {
    const group = await insertGroup(world, tenant, {}, some(0, 1, 2));
    const change = await write((stores) => stores.memberships.replace(group, some(2, 3, 3)));
    assert.deepEqual(changed(change), [...some(0, 1, 3)].sort());
    await check(group, some(2, 3), change);
    const same = await write((stores) => stores.memberships.replace(group, some(3, 2)));
    assert.deepEqual(same, { changedUserIds: [], memberCount: 2 });
    const empty = await write((stores) => stores.memberships.replace(group, []));
    assert.deepEqual(changed(empty), [...some(2, 3)].sort());
    await check(group, [], empty);
  });

  it('takes ids in any case', async () => {
    const group = await insertGroup(world, tenant);
    const upper = some(0, 1).map((id) => id.toUpperCase());
    const change = await write((stores) => stores.memberships.add(group, upper));
    assert.deepEqual(changed(change), [...some(0, 1)].sort());
  });

  it('refuses unknown ids before it writes anything, and names up to five', async () => {
    const group = await insertGroup(world, tenant, {}, some(0));
    const elsewhere = { ...tenant, connectionId: await addConnection(world.owner, tenant.organizationId) };
    const [stranger] = await insertUsers(world, elsewhere, [{}]);
    const [gone] = await insertUsers(world, tenant, [{}]);
    assert.ok(stranger && gone);
    await write((stores) => stores.users.save({ ...gone, deletedAt: now() }));
    for (const unknown of [uuidV7(), stranger.id, gone.id, 'not-a-uuid', `${uuidV7()}'; --`, '', 'a\0b']) {
      for (const step of ['add', 'replace'] as const) {
        await assert.rejects(
          write(async (stores) => {
            await stores.memberships.add(group, some(7));
            await stores.memberships[step](group, [...some(1, 2), unknown]);
          }),
          (error: Error & { kind?: string; reason?: string }) => {
            assert.deepEqual([error.kind, error.reason], ['invalid', 'value']);
            assert.ok(error.message.includes(JSON.stringify(unknown)), error.message);
            return true;
          },
        );
      }
    }
    const many = Array.from({ length: 9 }, () => uuidV7());
    await assert.rejects(
      write((stores) => stores.memberships.add(group, many)),
      (error: Error) => {
        assert.equal(many.filter((id) => error.message.includes(id)).length, 5);
        return true;
      },
    );
    await check(group, some(0));
  });

  it('counts a user once that two sources know, and lets it leave with the last', async () => {
    const group = await insertGroup(world, tenant, {}, some(0));
    await world.owner.query(
      `insert into memberships (organization_id, directory_group_id, directory_user_id, source)
        values ($1, $2, $3, 'graph'), ($1, $2, $4, 'graph')`,
      [tenant.organizationId, group.id, ids[0], ids[1]],
    );
    await world.owner.query('update directory_groups set member_count = 2 where directory_group_id = $1', [
      group.id,
    ]);
    const added = await write((stores) => stores.memberships.add(group, some(1)));
    assert.deepEqual(added, { changedUserIds: [], memberCount: 2 });
    const removed = await write((stores) => stores.memberships.remove(group, some(0)));
    assert.deepEqual(removed, { changedUserIds: [], memberCount: 2 });
    await check(group, some(0, 1));
    const members = await write((stores) => stores.memberships.membersOf([group.id]));
    assert.deepEqual(
      shown(members.get(group.id))?.map((member) => member.id),
      [...some(0, 1)].sort(),
    );
  });

  it('reads the members of a page of groups in id order, with names that follow the user', async () => {
    const one = await insertGroup(world, tenant, {}, some(3, 1, 2));
    const two = await insertGroup(world, tenant, {}, some(1));
    const empty = await insertGroup(world, tenant);
    const members = await write((stores) =>
      stores.memberships.membersOf([one.id, two.id, empty.id, 'nonsense']),
    );
    assert.deepEqual(shown(members.get(one.id)), [
      { id: ids[1], display: 'User 1' },
      { id: ids[2], display: 'user 2' },
      { id: ids[3], display: 'User 3' },
    ]);
    assert.deepEqual(shown(members.get(two.id)), [{ id: ids[1], display: 'User 1' }]);
    assert.equal(members.get(empty.id), undefined);
  });

  it('begin while their users are being decided, and wait for those that are being deleted', async () => {
    const group = await insertGroup(world, tenant);
    const [deciding, deleting] = await insertUsers(world, tenant, [{}, {}]);
    assert.ok(deciding && deleting);
    const add = (id: string) => write((stores) => stores.memberships.add(group, [id]));
    await write(async (stores) => {
      await stores.users.lockAlsoDeleted([deciding.id]);
      // Waiting would never end: the lock is given back when this is over.
      assert.deepEqual(await add(deciding.id), { changedUserIds: [deciding.id], memberCount: 1 });
    });
    let adding: Promise<unknown> = Promise.resolve();
    await write(async (stores) => {
      await stores.users.lock(tenant.connectionId, deleting.id);
      adding = assert.rejects(add(deleting.id), { kind: 'invalid' });
      await stores.users.save({ ...deleting, version: 2, deletedAt: now() });
    });
    await adding;
  });

  it('end with the user, and the group says that it changed', async () => {
    const [leaving, staying] = await insertUsers(world, tenant, [{}, {}]);
    assert.ok(leaving && staying);
    const one = await insertGroup(world, tenant, {}, [leaving.id, staying.id]);
    const two = await insertGroup(world, tenant, {}, [leaving.id]);
    const other = await insertGroup(world, tenant, {}, [staying.id]);
    const at = '2027-01-01T00:00:00.000Z';
    await write((stores) => stores.users.save({ ...leaving, version: 2, lastModifiedAt: at, deletedAt: at }));
    await check(one, [staying.id]);
    await check(two, []);
    const read = (group: DirectoryGroup) =>
      world.unitOfWork.read(tenant.context, (stores) => stores.groups.get(tenant.connectionId, group.id));
    const seen = await Promise.all([one, two, other].map(read));
    assert.deepEqual(
      seen.map((group) => [group?.memberCount, group?.version, group?.lastModifiedAt === at]),
      [
        [1, 2, true],
        [0, 2, true],
        [1, 1, false],
      ],
    );
  });

  it('end with the group', async () => {
    const group = await insertGroup(world, tenant, { displayName: 'Ending' }, some(0, 1));
    await write((stores) => stores.groups.save({ ...group, version: 2, deletedAt: now() }));
    await check(group, []);
    assert.equal(await write((stores) => stores.groups.get(tenant.connectionId, group.id)), null);
    assert.equal(await write((stores) => stores.groups.lock(tenant.connectionId, group.id)), null);
    await insertGroup(world, tenant, { displayName: 'ending' });
  });

  describe('at the same time', () => {
    const lockAnd = (group: DirectoryGroup, step: 'add' | 'remove' | 'replace', members: readonly string[]) =>
      write(async (stores) => {
        const locked = await stores.groups.lock(tenant.connectionId, group.id);
        assert.ok(locked);
        return stores.memberships[step](locked, members);
      });

    it('keep the count true when the same and other members are added and removed', async () => {
      const group = await insertGroup(world, tenant, {}, some(0, 1, 2));
      const steps: Promise<MembershipChange>[] = [];
      for (let round = 0; round < 8; round += 1) {
        steps.push(lockAnd(group, 'add', some(3, 4, round % 12)));
        steps.push(lockAnd(group, 'remove', some((round + 1) % 12, 4)));
        if (round % 3 === 0) steps.push(lockAnd(group, 'replace', some(round % 12, 5, 6)));
      }
      await Promise.all(steps);
      await check(group, await membersOf(group));
    });

    it('say of each user once that it joined', async () => {
      const group = await insertGroup(world, tenant);
      const changes = await Promise.all(
        Array.from({ length: 6 }, () => lockAnd(group, 'add', some(1, 2, 3))),
      );
      assert.deepEqual(changes.flatMap((change) => change.changedUserIds).sort(), [...some(1, 2, 3)].sort());
      await check(group, some(1, 2, 3));
    });

    it('never keep a member that was deleted meanwhile', async () => {
      for (let round = 0; round < 6; round += 1) {
        const [user] = await insertUsers(world, tenant, [{}]);
        assert.ok(user);
        const group = await insertGroup(world, tenant, {}, some(0));
        const remove = write(async (stores) => {
          assert.ok(await stores.users.lock(tenant.connectionId, user.id));
          await stores.users.save({ ...user, version: 2, deletedAt: now() });
        });
        const add = lockAnd(group, 'add', [user.id]).then(
          () => 'added',
          (error: { kind?: string }) => error.kind,
        );
        const [, outcome] = await Promise.all([remove, add]);
        assert.ok(outcome === 'added' || outcome === 'invalid', outcome);
        await check(group, some(0));
      }
    });

    it('do not deadlock when users that share groups are deleted together', async () => {
      const users = await insertUsers(world, tenant, [{}, {}, {}, {}]);
      const members = users.map((user) => user.id);
      const groups = [
        await insertGroup(world, tenant, {}, members),
        await insertGroup(world, tenant, {}, members.toReversed()),
        await insertGroup(world, tenant, {}, members),
      ];
      await Promise.all(
        users.map((user) => write((stores) => stores.users.save({ ...user, version: 2, deletedAt: now() }))),
      );
      for (const group of groups) await check(group, []);
    });
  });

  it('give the ids under the groups that rules name, in pages, each user once', async () => {
    const objectId = uuidV7();
    await insertGroup(world, tenant, { externalId: 'Rule-1' }, some(0, 1, 2, 3));
    await insertGroup(world, tenant, { objectId, externalId: 'ignored' }, some(2, 3, 4));
    await insertGroup(world, tenant, { externalId: 'other' }, some(5));
    const all: string[] = [];
    let after: string | null = null;
    for (;;) {
      const afterId: string | null = after;
      const page: readonly string[] = await write((stores) =>
        stores.users.idsUnderGroups(
          tenant.connectionId,
          ['RULE-1', objectId.toUpperCase(), 'nobody'],
          afterId,
          2,
        ),
      );
      all.push(...page);
      after = page.at(-1) ?? null;
      if (page.length < 2) break;
    }
    assert.deepEqual(all, [...some(0, 1, 2, 3, 4)].sort());
  });
});
