import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { defaultTenantSettings } from '../support/entra/tenant-settings.ts';
import { type Row, useGraph } from './graph-harness.ts';

const SELECT = 'groups/delta?$select=id,displayName,members';

function membersOf(rows: readonly Row[], groupId: string): readonly Row[] {
  return rows.filter(({ id }) => id === groupId).flatMap((row) => row['members@delta'] ?? []);
}

describe('emulated groups delta', () => {
  const graph = useGraph();
  let count = 0;

  beforeEach(() => {
    Object.assign(graph().tenant.settings, defaultTenantSettings());
    graph().token = graph().freshToken();
  });

  function addUsers(amount: number): readonly string[] {
    return Array.from({ length: amount }, () => {
      count += 1;
      return graph().tenant.addUser({ userPrincipalName: `user${count}@mymsp.example` });
    });
  }

  it('tells direct members with their type, nested groups among them', async () => {
    const [user = ''] = addUsers(1);
    const inner = graph().tenant.addGroup({ displayName: 'Inner', members: [user] });
    const outer = graph().tenant.addGroup({ displayName: 'Outer', members: [inner] });
    const { rows } = await graph().round(SELECT);
    assert.deepEqual(membersOf(rows, inner), [{ '@odata.type': '#microsoft.graph.user', id: user }]);
    assert.deepEqual(membersOf(rows, outer), [{ '@odata.type': '#microsoft.graph.group', id: inner }]);
  });

  it('leaves members@delta out for a group without members, and when members are not selected', async () => {
    const [user = ''] = addUsers(1);
    const empty = graph().tenant.addGroup({ displayName: 'Empty' });
    const full = graph().tenant.addGroup({ displayName: 'Full', members: [user] });
    const { rows } = await graph().round(SELECT);
    assert.equal(rows.find(({ id }) => id === empty)?.['members@delta'], undefined);
    const unselected = await graph().round('groups/delta?$select=id,displayName');
    assert.deepEqual(membersOf(unselected.rows, full), []);
    const byDefault = await graph().round('groups/delta');
    assert.equal(membersOf(byDefault.rows, full).length, 1);
  });

  it('tells that somebody left with the reason deleted, which says nothing about the person', async () => {
    const [stays = '', leaves = '', joins = ''] = addUsers(3);
    const groupId = graph().tenant.addGroup({ displayName: 'Group', members: [stays, leaves] });
    const { deltaLink } = await graph().round(SELECT);
    graph().tenant.addMembers(groupId, [joins]);
    graph().tenant.removeMembers(groupId, [leaves]);
    const { rows } = await graph().round(deltaLink);
    assert.deepEqual(membersOf(rows, groupId), [
      { '@odata.type': '#microsoft.graph.user', id: joins },
      { '@odata.type': '#microsoft.graph.user', id: leaves, '@removed': { reason: 'deleted' } },
    ]);
    assert.equal((await graph().get(`users/${leaves}`)).status, 200);
  });

  it('tells somebody who joined and left within a round as gone', async () => {
    const [user = ''] = addUsers(1);
    const groupId = graph().tenant.addGroup({ displayName: 'Group' });
    const { deltaLink } = await graph().round(SELECT);
    graph().tenant.addMembers(groupId, [user]);
    graph().tenant.removeMembers(groupId, [user]);
    const [member] = membersOf((await graph().round(deltaLink)).rows, groupId);
    assert.deepEqual(member?.['@removed'], { reason: 'deleted' });
  });

  it('spreads a large group over pages with different members each', async () => {
    const users = addUsers(60);
    const groupId = graph().tenant.addGroup({ displayName: 'Large', members: users });
    graph().tenant.settings.deltaMembersPerPage = 25;
    const { pages, rows } = await graph().round(SELECT);
    const with_ = pages.filter(({ value }) => value.some(({ id }) => id === groupId));
    assert.ok(with_.length >= 3);
    const members = membersOf(rows, groupId).map(({ id }) => id);
    assert.equal(members.length, 60);
    assert.deepEqual(new Set(members), new Set(users));
  });

  it('loses nobody when others leave a large group while it is read', async () => {
    const users = addUsers(60);
    const groupId = graph().tenant.addGroup({ displayName: 'Shrinking', members: users });
    const filter = `${SELECT}&$filter=${encodeURIComponent(`id eq '${groupId}'`)}`;
    graph().tenant.settings.deltaMembersPerPage = 20;
    const first = await graph().get(filter);
    graph().tenant.removeMembers(groupId, users.slice(0, 10));
    const rest = await graph().round(first.body['@odata.nextLink'] ?? '');
    const told = new Set(
      [...membersOf(first.body.value, groupId), ...membersOf(rest.rows, groupId)].map(({ id }) => id),
    );
    assert.ok(users.slice(10).every((id) => told.has(id)));
    const later = await graph().round(rest.deltaLink);
    assert.equal(membersOf(later.rows, groupId).filter((row) => row['@removed']).length, 10);
  });

  it('tells the change of membership when a member is deleted or comes back', async () => {
    const [user = ''] = addUsers(1);
    const groupId = graph().tenant.addGroup({ displayName: 'Group', members: [user] });
    const first = await graph().round(SELECT);
    graph().tenant.softDeleteUser(user);
    const second = await graph().round(first.deltaLink);
    assert.deepEqual(membersOf(second.rows, groupId)[0]?.['@removed'], { reason: 'deleted' });
    graph().tenant.restoreUser(user);
    const third = await graph().round(second.deltaLink);
    assert.deepEqual(membersOf(third.rows, groupId), [{ '@odata.type': '#microsoft.graph.user', id: user }]);
  });

  it('says nothing of memberships of the deleted where the directory does not', async () => {
    const [user = ''] = addUsers(1);
    graph().tenant.settings.membershipFollowsDeletion = false;
    graph().tenant.addGroup({ displayName: 'Group', members: [user] });
    const { deltaLink } = await graph().round(SELECT);
    graph().tenant.softDeleteUser(user);
    assert.equal((await graph().round(deltaLink)).rows.length, 0);
  });

  it('deletes groups softly, or for good where security groups are', async () => {
    const soft = graph().tenant.addGroup({ displayName: 'Soft' });
    const hard = graph().tenant.addGroup({ displayName: 'Hard' });
    const unified = graph().tenant.addGroup({ displayName: 'Team', groupTypes: ['Unified'] });
    const { deltaLink } = await graph().round(SELECT);
    graph().tenant.deleteGroup(soft);
    graph().tenant.settings.purgeSecurityGroups = true;
    graph().tenant.deleteGroup(hard);
    graph().tenant.deleteGroup(unified);
    const { rows } = await graph().round(deltaLink);
    const reasons = Object.fromEntries(rows.map((row) => [row.id, row['@removed']?.reason]));
    assert.deepEqual(reasons, { [soft]: 'changed', [hard]: 'deleted', [unified]: 'changed' });
  });

  it('tells the recycle bin in the first round where it is asked to', async () => {
    const groupId = graph().tenant.addGroup({ displayName: 'Group' });
    graph().tenant.deleteGroup(groupId);
    assert.equal(
      (await graph().round(SELECT)).rows.find(({ id }) => id === groupId),
      undefined,
    );
    graph().tenant.settings.removedInFirstRound = true;
    const row = (await graph().round(SELECT)).rows.find(({ id }) => id === groupId);
    assert.deepEqual(row?.['@removed'], { reason: 'changed' });
  });

  it('leaves hidden members out for those who may not see them', async () => {
    const [user = ''] = addUsers(1);
    const groupId = graph().tenant.addGroup({
      displayName: 'Hidden',
      visibility: 'HiddenMembership',
      members: [user],
    });
    assert.deepEqual(membersOf((await graph().round(SELECT)).rows, groupId), []);
    graph().token = graph().freshToken(['Group.Read.All', 'Member.Read.Hidden']);
    assert.equal(membersOf((await graph().round(SELECT)).rows, groupId).length, 1);
  });
});
