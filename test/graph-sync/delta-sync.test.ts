import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Json } from '../admin-api/people-world.ts';
import { assertFollows } from './expectations.ts';
import { assertSucceeded, startSyncWorld, until } from './sync-world.ts';

describe('changes in the directory', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  let rules: string[];

  before(async () => {
    world = await startSyncWorld({ seed: { users: 60, groups: 6, groupsPerUser: 1, nestedGroups: 2 } });
    rules = world.groupIds.slice(0, 3);
    for (const [index, groupId] of rules.entries()) await world.addRule(groupId, index);
    await world.expect(200, 'PATCH', '/settings', {
      guard: {
        maxDeactivations: 1000,
        maxDeactivationsPercent: 100,
        maxConversions: 1000,
        windowMinutes: 60,
      },
    });
    assertSucceeded(await world.sync());
  });
  after(() => world.stop());
  beforeEach(() => world.emulator.clearRequests());

  const employeeOf = async (userId: string): Promise<Json> => {
    const { items } = await world.expect(200, 'GET', `/directory-users?q=${userId}`);
    assert.equal(items.length, 1, userId);
    return world.expect(200, 'GET', `/employees/${items[0].employeeId}`);
  };
  const memberOf = (index: number): string => {
    const [id] = world.tenant.memberships.membersOf(String(world.groupIds[index]));
    return String(id);
  };

  it('reach the person, with a run of kind delta (REQ-12, REQ-17)', async () => {
    const userId = memberOf(0);
    world.tenant.updateUser(userId, { jobTitle: 'Director', surname: 'Renamed' });
    const run = await world.sync();
    assertSucceeded(run);
    assert.equal(run.kind, 'delta');
    assert.equal(run.counts.updated, 1);
    const employee = await employeeOf(userId);
    assert.equal(employee.lastName, 'Renamed');
    assert.equal(employee.jobTitle, 'Director');
    const { items } = await world.expect(200, 'GET', `/provisioning-events?employeeId=${employee.id}`);
    assert.equal(items[0].trigger, 'graph');
    assert.equal(items[0].runId, run.id);
  });

  it('of which local edits were overwritten bring all mapped fields back (REQ-15)', async () => {
    const userId = memberOf(1);
    const before = await employeeOf(userId);
    await world.expect(200, 'PATCH', `/employees/${before.id}`, { lastName: 'Local' });
    world.tenant.updateUser(userId, { businessPhones: ['+1 555 9999999'] });
    await world.sync();
    const after = await employeeOf(userId);
    assert.equal(after.phone, '+1 555 9999999');
    assert.equal(after.lastName, before.lastName);
  });

  it('that clear a value clear it here', async () => {
    const userId = memberOf(2);
    world.tenant.updateUser(userId, { businessPhones: [] });
    await world.sync();
    assert.equal((await employeeOf(userId)).phone, null);
  });

  it('of a group move people in and out (REQ-57, D-07)', async () => {
    const [first, second] = rules;
    const leaving = memberOf(0);
    world.tenant.removeMembers(String(first), [leaving]);
    const newcomer = world.tenant.addUser({
      userPrincipalName: 'new.comer@mymsp.example',
      displayName: 'New',
    });
    world.tenant.addMembers(String(second), [newcomer]);
    assertSucceeded(await world.sync());
    await assertFollows(world, rules);
    assert.equal((await employeeOf(newcomer)).username, 'new.comer');
  });

  it('of nested groups reach everybody below, and a group that becomes nested is followed', async () => {
    const [first] = rules;
    const nested = String(world.groupIds[5]);
    world.tenant.addMembers(String(first), [nested]);
    assertSucceeded(await world.sync());
    await assertFollows(world, rules);
    const late = world.tenant.addUser({ userPrincipalName: 'late@mymsp.example' });
    world.tenant.addMembers(nested, [late]);
    await world.sync();
    await assertFollows(world, rules);
    world.tenant.removeMembers(String(first), [nested]);
    await world.sync();
    await assertFollows(world, rules);
  });

  it('survive groups nested in a circle', async () => {
    const [first, second] = rules;
    world.tenant.addMembers(String(first), [String(second)]);
    world.tenant.addMembers(String(second), [String(first)]);
    assertSucceeded(await world.sync());
    await assertFollows(world, rules);
    world.tenant.removeMembers(String(first), [String(second)]);
    world.tenant.removeMembers(String(second), [String(first)]);
    await world.sync();
    await assertFollows(world, rules);
  });

  it('to the account: blocked, deleted and restored (REQ-16, D-03)', async () => {
    const [blocked, deleted] = [memberOf(0), memberOf(1)];
    world.tenant.disableUser(blocked);
    world.tenant.softDeleteUser(deleted);
    assertSucceeded(await world.sync());
    assert.equal((await employeeOf(blocked)).status, 'inactive');
    const { username, status } = await employeeOf(deleted);
    assert.equal(status, 'inactive');
    assert.doesNotMatch(username, /^[0-9a-f]{32}/);
    await assertFollows(world, rules);
    world.tenant.enableUser(blocked);
    world.tenant.restoreUser(deleted);
    await world.sync();
    assert.equal((await employeeOf(blocked)).status, 'active');
    assert.equal((await employeeOf(deleted)).status, 'active');
    await assertFollows(world, rules);
  });

  it('for good take the user out of the mirror, not the person out of the PSA (REQ-16)', async () => {
    const userId = memberOf(2);
    const before = await employeeOf(userId);
    world.tenant.softDeleteUser(userId);
    world.tenant.purgeUser(userId);
    await world.sync();
    const after = await world.expect(200, 'GET', `/employees/${before.id}`);
    assert.equal(after.status, 'inactive');
    const { items } = await world.expect(200, 'GET', `/directory-users?q=${userId}`);
    assert.equal(items[0].deleted, true);
    await assertFollows(world, rules);
  });

  it('of a name give it to the one who has it now (D-04)', async () => {
    const [one, other] = [memberOf(0), memberOf(1)];
    const nameOf = (id: string) => String(world.tenant.users.get(id)?.properties['userPrincipalName']);
    const [first, second] = [nameOf(one), nameOf(other)];
    world.tenant.updateUser(one, { userPrincipalName: 'in.between@mymsp.example' });
    world.tenant.updateUser(other, { userPrincipalName: first });
    world.tenant.updateUser(one, { userPrincipalName: second });
    assertSucceeded(await world.sync());
    const { items } = await world.expect(200, 'GET', `/directory-users?q=${one}`);
    assert.equal(items[0].userName, second);
    await assertFollows(world, rules);
  });

  it('of a name are no hindrance for a new user who has it now (D-04)', async () => {
    const one = memberOf(0);
    const name = String(world.tenant.users.get(one)?.properties['userPrincipalName']);
    world.tenant.updateUser(one, { userPrincipalName: 'moved.on@mymsp.example' });
    const successor = world.tenant.addUser({
      displayName: 'Her Successor',
      userPrincipalName: name,
      accountEnabled: true,
    });
    assertSucceeded(await world.sync());
    for (const [id, expected] of [
      [one, 'moved.on@mymsp.example'],
      [successor, name],
    ]) {
      const { items } = await world.expect(200, 'GET', `/directory-users?q=${id}`);
      assert.equal(items[0].userName, expected);
    }
    await assertFollows(world, rules);
  });

  it('that delete a group leave its rule without one, and its members without access (A-25)', async () => {
    const third = String(rules[2]);
    world.tenant.deleteGroup(third);
    assertSucceeded(await world.sync());
    const stateOf = async () => {
      const { items } = await world.expect(200, 'GET', '/mapping-rules');
      return items.find((rule: Json) => rule.groupId === third).groupState;
    };
    assert.equal(await stateOf(), 'missing');
    await assertFollows(world, rules);
    world.tenant.restoreGroup(third);
    await world.sync();
    assert.equal(await stateOf(), 'found');
    await assertFollows(world, rules);
  });

  it('are read from the beginning after the cursors have expired, and nobody loses anything', async () => {
    const people = await world.people();
    world.tenant.removeMembers(String(rules[0]), [memberOf(0)]);
    world.tenant.softDeleteUser(memberOf(1));
    world.emulator.advanceClock(8 * 24 * 3_600_000);
    assertSucceeded(await world.sync());
    await assertFollows(world, rules);
    assert.equal(Object.keys(await world.people()).length, Object.keys(people).length);
  });

  it('of rules start the read of their groups by themselves', async () => {
    const fifth = String(world.groupIds[4]);
    await world.addRule(fifth, 9);
    rules.push(fifth);
    await until('the group of the rule is read', async () => {
      const { items } = await world.expect(200, 'GET', '/mapping-rules');
      return items.find((rule: Json) => rule.groupId === fifth).groupState === 'found';
    });
    await until('the claim ends', async () => {
      const [row] = await world.sql('select claim_id from graph_syncs');
      return row.claim_id === null;
    });
    await assertFollows(world, rules);
  });
});
