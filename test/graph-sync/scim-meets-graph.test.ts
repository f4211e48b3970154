import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Json } from '../admin-api/people-world.ts';
import type { ScimConnection } from '../support/app.ts';
import { assertSucceeded, startSyncWorld, until } from './sync-world.ts';

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

describe('a provisioning client beside Graph', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  let connection: ScimConnection;
  let groupId: string;

  before(async () => {
    world = await startSyncWorld({ seed: { users: 10, groups: 30, groupsPerUser: 1 } });
    groupId = String(world.groupIds[0]);
    for (const id of world.groupIds) await world.addRule(id);
    await world.expect(200, 'PATCH', '/settings', {
      guard: {
        maxDeactivations: 1000,
        maxDeactivationsPercent: 100,
        maxConversions: 1000,
        windowMinutes: 60,
      },
    });
    assertSucceeded(await world.sync());
    const path = `/connections/${world.connectionId}`;
    const { scimBaseUrl } = await world.expect(200, 'GET', path);
    const { token } = await world.expect(201, 'POST', `${path}/scim-tokens`, { name: 'test' });
    connection = { connectionId: world.connectionId, scimBaseUrl, token };
  });
  after(() => world.stop());
  beforeEach(() => {
    world.emulator.clearFaults();
    world.emulator.clearRequests();
  });

  let serial = 0;
  const invite = (groups: readonly string[]): { id: string; userName: string } => {
    const userName = `person.${++serial}@mymsp.example`;
    const id = world.tenant.addUser({
      userPrincipalName: userName,
      givenName: 'Person',
      surname: `No ${serial}`,
    });
    for (const group of groups) world.tenant.addMembers(group, [id]);
    return { id, userName };
  };
  const push = (userName: string, more: object = {}): Promise<Json> =>
    world.scim(201, connection, 'POST', '/Users', { schemas: [userSchema], userName, active: true, ...more });
  const employeeOf = async (id: string): Promise<Json> => {
    const { employeeId } = await world.expect(200, 'GET', `/directory-users/${id}`);
    return employeeId === null ? null : world.expect(200, 'GET', `/employees/${employeeId}`);
  };
  const checks = () =>
    world.emulator
      .requests({ service: 'graph' })
      .filter(({ path }) => path.endsWith('/checkMemberGroups') || path.endsWith('/$batch'));

  it('gives access with the answer to the creation, by the object id or by the name', async () => {
    for (const isNamed of [true, false]) {
      const { id, userName } = invite([groupId]);
      const user = await push(userName, isNamed ? { externalId: id } : { externalId: userName });
      const employee = await employeeOf(user.id);
      assert.equal(employee?.loginEnabled, true);
      assert.ok(user.groups.length === 1);
    }
    assert.ok(checks().length > 0);
  });

  it('gives and takes access with an update', async () => {
    const { id, userName } = invite([]);
    const user = await push(userName, { externalId: id });
    assert.equal(await employeeOf(user.id), null);
    world.tenant.addMembers(groupId, [id]);
    const patch = (title: string) =>
      world.scim(200, connection, 'PATCH', `/Users/${user.id}`, {
        schemas: [patchSchema],
        Operations: [{ op: 'replace', value: { title } }],
      });
    await until('the answer from before is forgotten', async () => {
      await patch(`Title ${Date.now()}`);
      return (await employeeOf(user.id)) !== null;
    });
    assert.equal((await employeeOf(user.id)).loginEnabled, true);
  });

  it('takes over a user of whom Graph has told already, under its id', async () => {
    const { id, userName } = invite([groupId]);
    await world.sync();
    const known = await world.expect(200, 'GET', `/directory-users?q=${id}`);
    const before = await employeeOf(known.items[0].id);
    const user = await push(userName, { externalId: id, title: 'From the client' });
    assert.equal(user.id, known.items[0].id);
    const employee = await employeeOf(user.id);
    assert.equal(employee.id, before.id);
    assert.equal(employee.jobTitle, 'From the client');
    await world.scim(409, connection, 'POST', '/Users', { schemas: [userSchema], userName });
  });

  it('is joined by Graph when it came first, guests too (A-17)', async () => {
    const name = 'guest.one_home.example#EXT#@mymsp.example';
    const id = world.tenant.addUser({ userPrincipalName: name, userType: 'Guest', displayName: 'Guest One' });
    world.tenant.addMembers(groupId, [id]);
    const user = await push('guest.one_home.example@mymsp.example', { externalId: 'not a GUID' });
    await world.sync();
    const found = await world.expect(200, 'GET', `/directory-users?q=${id}`);
    assert.deepEqual(
      found.items.map((it: Json) => [it.id, it.objectId]),
      [[user.id, id]],
    );
    assert.equal((await employeeOf(user.id)).loginEnabled, true);
  });

  it('takes over a group of which Graph has told, with its members and its age', async () => {
    const second = String(world.groupIds[1]);
    const before = await world.expect(200, 'GET', `/directory-groups?q=${second}`);
    const group = await world.scim(201, connection, 'POST', '/Groups', {
      schemas: [groupSchema],
      displayName: 'Named by the client',
      externalId: second,
    });
    assert.equal(group.id, before.items[0].id);
    const after = await world.expect(200, 'GET', `/directory-groups?q=${second}`);
    assert.equal(after.items.length, 1);
    assert.equal(after.items[0].memberCount, before.items[0].memberCount);
    const rules = await world.expect(200, 'GET', '/mapping-rules');
    const rule = rules.items.find((it: Json) => it.groupId === second);
    assert.notEqual(rule.groupCreatedAt, null);
  });

  it('that gives up a group takes nothing from those whom Graph knows in it', async () => {
    const third = String(world.groupIds[2]);
    const group = await world.scim(201, connection, 'POST', '/Groups', {
      schemas: [groupSchema],
      displayName: 'For a while',
      externalId: third,
    });
    const memberCount = async () =>
      (await world.expect(200, 'GET', `/directory-groups?q=${third}`)).items.filter(
        (it: Json) => !it.deleted,
      );
    const [before] = await memberCount();
    await world.app.scim(connection, 'DELETE', `/Groups/${group.id}`);
    await world.scim(404, connection, 'GET', `/Groups/${group.id}`);
    const [after] = await memberCount();
    assert.equal(after.memberCount, before.memberCount);
    const rules = await world.expect(200, 'GET', '/mapping-rules');
    assert.equal(rules.items.find((it: Json) => it.groupId === third).groupState, 'found');
  });

  it('keeps what the mirror knows while Graph is away, and gives a new person no access yet (A-06)', async () => {
    const { id, userName } = invite([groupId]);
    const { id: otherId, userName: otherName } = invite([groupId]);
    const known = await push(otherName, { externalId: otherId });
    world.emulator.injectFault({
      match: { service: 'graph', path: '/v1.0/*' },
      effect: { kind: 'answer', status: 503 },
    });
    const user = await push(userName, { externalId: id });
    assert.equal(await employeeOf(user.id), null);
    const { items } = await world.expect(200, 'GET', `/provisioning-events?directoryUserId=${user.id}`);
    assert.match(items[0].reason, /did not tell the groups of the user in time: no access yet/);
    await world.scim(200, connection, 'PATCH', `/Users/${known.id}`, {
      schemas: [patchSchema],
      Operations: [{ op: 'replace', value: { title: 'Still here' } }],
    });
    assert.equal((await employeeOf(known.id)).loginEnabled, true);
    world.emulator.clearFaults();
    await until('the directory was read and the person has access', async () => {
      const employee = await employeeOf(user.id);
      return employee?.loginEnabled === true;
    });
  });

  it('and Graph have to agree before somebody is active: the more restrictive counts', async () => {
    const { id, userName } = invite([groupId]);
    const user = await push(userName, { externalId: id });
    world.tenant.disableUser(id);
    await world.sync();
    assert.equal((await employeeOf(user.id)).status, 'inactive');
    await world.scim(200, connection, 'PATCH', `/Users/${user.id}`, {
      schemas: [patchSchema],
      Operations: [{ op: 'replace', value: { active: true, title: 'Awake' } }],
    });
    assert.equal((await employeeOf(user.id)).status, 'inactive');
    world.tenant.enableUser(id);
    await world.sync();
    assert.equal((await employeeOf(user.id)).status, 'active');
  });

  for (const deletePolicy of ['deactivateAndHide', 'purge']) {
    it(`that takes a user away is believed: Graph does not bring it back (${deletePolicy})`, async () => {
      await world.expect(200, 'PATCH', `/connections/${world.connectionId}`, { deletePolicy });
      await takeAway();
    });
  }
  const takeAway = async (): Promise<void> => {
    const { id, userName } = invite([groupId]);
    const user = await push(userName, { externalId: id });
    const { id: employeeId } = await employeeOf(user.id);
    await world.sync();
    await world.app.scim(connection, 'DELETE', `/Users/${user.id}`);
    world.tenant.updateUser(id, { jobTitle: 'Changed' });
    await world.sync();
    const employee = await world.expect(200, 'GET', `/employees/${employeeId}`);
    assert.equal(employee.status, 'inactive');
    const { items } = await world.expect(200, 'GET', `/employees?q=${userName}`);
    assert.ok(items.every((it: Json) => !it.loginEnabled));
  };
});
