import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Json, makeClient, unique } from '../admin-api/people-world.ts';
import { type Behaviour, startBehaviour } from './behaviour-world.ts';

describe('people that leave the directory and come back', () => {
  let world: Behaviour;
  let employees: string;
  let portal: string;
  before(async () => {
    world = await startBehaviour();
    employees = (await world.employeeGroup([], { order: 5 })).id;
    portal = (await world.portalGroup([], { order: 6 })).id;
  });
  after(() => world.app.stop());

  const enters = async (name: string, group: string, more: object = {}): Promise<string> => {
    const id = await world.client.addUser(name, more);
    await world.join(group, id);
    return id;
  };
  const readEmployee = (id: string): Promise<Json> => world.expect(200, 'GET', `/employees/${id}`);
  const accessOf = ({ status, loginEnabled }: Json) => [status, loginEnabled];

  it('D-03 D-08 a disabled employee is inactive and keeps its groups; enabled again, the same record works', async () => {
    const id = await enters(unique('disabled'), employees);
    const before = await world.employeeOf(id);
    await world.client.patchUser(id, { active: false });
    assert.deepEqual(accessOf(await world.employeeOf(id)), ['inactive', false]);
    assert.equal((await world.explain(id)).decision.outcome, 'inactive');
    assert.equal((await world.directoryUser(id)).groups.length, 1);
    await world.client.patchUser(id, { active: true });
    const back = await world.employeeOf(id);
    assert.deepEqual({ ...back, updatedAt: before.updatedAt }, before);
    const actions = (await world.events(`employeeId=${before.id}`)).map((it: Json) => it.action);
    assert.deepEqual(actions, ['reactivated', 'deactivated', 'created']);
  });

  it('a disabled portal user is inactive; enabled again, the same contact has portal access', async () => {
    const id = await enters(unique('disabled'), portal);
    const before = await world.contactOf(id);
    await world.client.patchUser(id, { active: false });
    assert.equal((await world.contactOf(id)).status, 'inactive');
    await world.client.patchUser(id, { active: true });
    const back = await world.contactOf(id);
    assert.deepEqual({ ...back, updatedAt: before.updatedAt }, before);
  });

  it('a user that lost its group while it was disabled comes back without access, and with it once it is in the group', async () => {
    const id = await enters(unique('meanwhile'), employees);
    await world.client.patchUser(id, { active: false });
    await world.leave(employees, id);
    await world.client.patchUser(id, { active: true });
    const out = await world.employeeOf(id);
    assert.deepEqual([out.loginEnabled, out.winningRuleId], [false, null]);
    await world.join(employees, id);
    assert.deepEqual(accessOf(await world.employeeOf(id)), ['active', true]);
  });

  it('D-04 the name of a soft-deleted user never reaches username and email', async () => {
    const name = unique('tombstone');
    const id = await enters(name, employees);
    const prefix = crypto.randomUUID().replaceAll('-', '');
    await world.client.patchUser(id, { active: false, userName: `${prefix}${name}@contoso.example` });
    const gone = await world.employeeOf(id);
    assert.deepEqual([gone.username, gone.email], [name, `${name}@contoso.example`]);
    await world.client.patchUser(id, { active: true, userName: `${name}@contoso.example` });
    const back = await world.employeeOf(id);
    assert.deepEqual([back.id, back.username, ...accessOf(back)], [gone.id, name, 'active', true]);
  });

  it('REQ-16 REQ-11 a deleted user leaves its record inactive, with what hangs on it', async () => {
    const id = await enters(unique('deleted'), employees);
    const { id: employeeId } = await world.employeeOf(id);
    const ticket = { kind: 'ticket', reference: unique('T'), employeeId };
    await world.expect(201, 'POST', '/relations', ticket);
    await world.client.deleteUser(id);
    const employee = await readEmployee(employeeId);
    assert.deepEqual(accessOf(employee), ['inactive', false]);
    assert.equal(employee.relations.length, 1);
    assert.equal((await world.directoryUser(id)).deleted, true);
    await world.scim(404, world.connection, 'GET', `/Users/${id}`);
  });

  it('a user made anew with the same name and another object id is the same person', async () => {
    const name = unique('again');
    const id = await enters(name, employees, { externalId: crypto.randomUUID() });
    const { id: employeeId } = await world.employeeOf(id);
    await world.client.deleteUser(id);
    const again = await enters(name, employees, { externalId: crypto.randomUUID() });
    assert.notEqual(again, id);
    const employee = await world.employeeOf(again);
    assert.deepEqual([employee.id, ...accessOf(employee)], [employeeId, 'active', true]);
    assert.equal((await world.found('employees', employee.email)).length, 1);
  });

  it('D-02 a person that is in the PSA is merged with 201; the same directory user twice is 409 uniqueness', async () => {
    const name = unique('twice');
    const email = `${name}@contoso.example`;
    await world.expect(201, 'POST', '/employees', { firstName: 'A', lastName: 'B', email });
    await world.client.addUser(name);
    const body = {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: email.toUpperCase(),
      active: true,
    };
    const refused = await world.scim(409, world.connection, 'POST', '/Users', body);
    assert.equal(refused.scimType, 'uniqueness');
    const filter = encodeURIComponent(`userName eq "${email}"`);
    const found = await world.scim(200, world.connection, 'GET', `/Users?filter=${filter}`);
    assert.equal(found.totalResults, 1);
  });

  it('D-05 a change of the email upstream moves no link', async () => {
    const [name, victim] = [unique('moves'), unique('victim')];
    const id = await enters(name, employees);
    const { id: employeeId } = await world.employeeOf(id);
    const email = `${victim}@contoso.example`;
    const other = await world.expect(201, 'POST', '/employees', { firstName: 'A', lastName: 'B', email });
    await world.client.patchUser(id, { userName: email });
    assert.equal((await world.employeeOf(id)).id, employeeId);
    assert.deepEqual(await readEmployee(other.id), other);
  });

  it('D-06 users are listed by startIndex and count, however they stand', async () => {
    const connection = await world.app.createScimConnection('Counted');
    const client = makeClient(world, connection);
    const ids = [await client.addUser(unique('c')), await client.addUser(unique('c'), { active: false })];
    const page = async (startIndex: number) =>
      world.scim(200, connection, 'GET', `/Users?startIndex=${startIndex}&count=1`);
    const [first, second] = [await page(1), await page(2)];
    assert.deepEqual([first.totalResults, first.itemsPerPage, second.startIndex], [2, 1, 2]);
    const seen = [...first.Resources, ...second.Resources].map(({ id }: Json) => id);
    assert.deepEqual(seen.sort(), ids.sort());
  });

  it('D-09 a rule may come before its group, and a group before its members', async () => {
    const groupId = unique('later');
    const rule = await world.expect(201, 'POST', '/mapping-rules', {
      connectionId: world.connection.connectionId,
      groupId,
      order: 4,
      userType: 'employee',
      securityRoleId: world.roles['Technician'],
    });
    assert.equal(rule.groupState, 'unknown');
    const group = await world.client.addGroup(groupId);
    assert.equal((await world.expect(200, 'GET', `/mapping-rules/${rule.id}`)).groupState, 'found');
    const id = await world.client.addUser(unique('later'));
    await world.join(group, id);
    assert.equal((await world.employeeOf(id)).winningRuleId, rule.id);
    const stranger = { op: 'add', path: 'members', value: [{ value: crypto.randomUUID() }] };
    const body = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [stranger],
    };
    await world.scim(400, world.connection, 'PATCH', `/Groups/${group}`, body);
  });

  it('A-25 a group that is deleted upstream is missing for its rule, and its members lose access', async () => {
    const group = await world.employeeGroup([], { order: 4 });
    const id = await enters(unique('member'), group.id);
    await world.client.deleteGroup(group.id);
    const rule = await world.expect(200, 'GET', `/mapping-rules/${group.rule.id}`);
    assert.equal(rule.groupState, 'missing');
    assert.equal((await world.employeeOf(id)).loginEnabled, false);
    const again = await world.client.addGroup(group.externalId, [id]);
    assert.notEqual(again, group.id);
    const found = await world.expect(200, 'GET', `/mapping-rules/${group.rule.id}`);
    assert.equal(found.groupState, 'found');
    assert.equal((await world.employeeOf(id)).loginEnabled, true);
  });

  it('people of a connection that is removed stay, and a new connection takes them over by email', async () => {
    const connection = await world.app.createScimConnection('First');
    const client = makeClient(world, connection);
    const groupId = unique('adopted');
    const name = unique('adopted');
    const rule = { groupId, order: 1, userType: 'employee', securityRoleId: world.roles['Technician'] };
    const on = async ({ connectionId }: Json) =>
      world.expect(201, 'POST', '/mapping-rules', { ...rule, connectionId });
    await on(connection);
    const id = await client.addUser(name);
    await client.addGroup(groupId, [id]);
    const before = await world.employeeOf(id);
    const path = `/connections/${connection.connectionId}`;
    await world.expect(409, 'DELETE', path);
    await world.expect(204, 'DELETE', `${path}?unlink=true`);
    const orphan = await readEmployee(before.id);
    assert.deepEqual([orphan.directoryUserId, orphan.winningRuleId, orphan.status], [null, null, 'active']);
    const second = await world.app.createScimConnection('Second');
    const there = makeClient(world, second);
    await on(second);
    const again = await there.addUser(name);
    await there.addGroup(groupId, [again]);
    assert.equal((await world.employeeOf(again)).id, before.id);
  });
});
