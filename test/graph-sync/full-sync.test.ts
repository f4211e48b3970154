import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Json } from '../admin-api/people-world.ts';
import { assertFollows, usersIn } from './expectations.ts';
import { assertSucceeded, startSyncWorld } from './sync-world.ts';

describe('first sync of a connected tenant', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  let run: Json;

  before(async () => {
    world = await startSyncWorld({
      seed: { users: 130, groups: 8, groupsPerUser: 2, nestedGroups: 3, guestEvery: 9, disabledEvery: 11 },
    });
    const [employees, portal] = world.groupIds;
    await world.addRule(String(employees), 2);
    await world.addRule(String(portal), 1, {
      userType: 'clientPortal',
      securityRoleId: world.roles['External User'],
      accountId: world.account.id,
    });
    run = await world.sync();
  });
  after(() => world.stop());

  it('is a full run that ends well and tells how far it came (REQ-61)', () => {
    assertSucceeded(run);
    assert.equal(run.kind, 'full');
    assert.equal(run.progress.done, run.progress.total);
    assert.ok(run.counts.created > 0, JSON.stringify(run.counts));
  });

  it('makes people of the users under rules, nested groups included (REQ-01, REQ-05, A-01)', async () => {
    await assertFollows(world, world.groupIds.slice(0, 2));
    const people = Object.values(await world.people());
    assert.ok(
      people.some((person) => person.hasPortalAccess) && people.some((person) => person.loginEnabled),
    );
  });

  it('tells the groups of a user with their source', async () => {
    const [groupId] = world.groupIds;
    const [userId] = usersIn(world.tenant, String(groupId));
    const found = await world.expect(200, 'GET', `/directory-users?q=${userId}`);
    const [user] = found.items;
    assert.equal(user.objectId, userId);
    const group = user.groups.find((it: Json) => it.objectId === groupId);
    assert.equal(group.source, 'graph');
    const { items } = await world.expect(200, 'GET', `/directory-groups?q=${groupId}`);
    assert.equal(items[0].memberCount, usersIn(world.tenant, String(groupId)).size);
  });

  it('tells rules their group: name, age and that it was found (A-02, A-25)', async () => {
    const { items } = await world.expect(200, 'GET', '/mapping-rules');
    for (const rule of items) {
      assert.equal(rule.groupState, 'found');
      assert.match(rule.groupName, /^Group \d$/);
      assert.ok(Date.parse(rule.groupCreatedAt) > 0);
    }
  });

  it('notes when the directory was read', async () => {
    const connection = await world.expect(200, 'GET', `/connections/${world.connectionId}`);
    assert.ok(Date.parse(connection.lastSync) > 0);
    assert.ok(Date.parse(connection.lastGraphSuccessAt) > 0);
    const metrics = await (await fetch(`${world.app.baseUrl}/metrics`)).text();
    assert.match(
      metrics,
      new RegExp(`rollcall_graph_age_seconds\\{connection="${world.connectionId}"\\} \\d`),
    );
  });

  it('sends guests to their home address (A-17, REQ-37)', async () => {
    const people = await world.expect(200, 'GET', '/employees?q=partner.example&limit=200');
    assert.ok(people.items.length > 0);
    for (const { email } of people.items) assert.match(email, /@partner\.example$/);
  });

  it('asks only for the groups that rules name and those nested in them', () => {
    const asked = world.emulator
      .requests({ service: 'graph' })
      .filter(({ path }) => path === '/v1.0/groups/delta')
      .map(({ query }) => decodeURIComponent(query))
      .join(' ');
    const [first, second, third, fourth, fifth] = world.groupIds;
    for (const id of [first, second, third, fourth]) assert.ok(asked.includes(String(id)));
    assert.ok(!asked.includes(String(fifth)));
  });

  it('leaves local edits alone when nothing has changed upstream (REQ-14, A-07)', async () => {
    const { items } = await world.expect(200, 'GET', '/employees?limit=200');
    const person = items.find((it: Json) => it.directoryUserId !== null && it.loginEnabled);
    await world.expect(200, 'PATCH', `/employees/${person.id}`, { firstName: 'Locally' });
    assertSucceeded(await world.sync());
    const after = await world.expect(200, 'GET', `/employees/${person.id}`);
    assert.equal(after.firstName, 'Locally');
  });
});
