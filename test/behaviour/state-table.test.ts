import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Json, unique } from '../admin-api/people-world.ts';
import { type Behaviour, startBehaviour } from './behaviour-world.ts';

describe('existing record by winning rule', () => {
  let world: Behaviour;
  let employees: string;
  let portal: string;
  before(async () => {
    world = await startBehaviour();
    employees = (await world.employeeGroup([], { order: 5 })).id;
    portal = (await world.portalGroup([], { order: 6 })).id;
  });
  after(() => world.app.stop());

  const address = (name: string): string => `${name}@contoso.example`;
  const localEmployee = (name: string, more: object = {}): Promise<Json> =>
    world.localEmployee(name, { securityRoleId: world.roles['Read Only'], ...more });
  const withPortal = () => ({ hasPortalAccess: true, securityRoleId: world.roles['External Manager'] });
  const read = (kind: 'employees' | 'contacts', id: string): Promise<Json> =>
    world.expect(200, 'GET', `/${kind}/${id}`);
  const enabledLogins = async (name: string): Promise<number> => {
    const found = [
      ...(await world.found('employees', address(name))).map((it: Json) => it.loginEnabled),
      ...(await world.found('contacts', address(name))).map(
        (it: Json) => it.hasPortalAccess && it.status === 'active',
      ),
    ];
    return found.filter(Boolean).length;
  };
  const enters = async (name: string, groupId: string | null): Promise<string> => {
    const id = await world.client.addUser(name);
    if (groupId !== null) await world.join(groupId, id);
    return id;
  };
  const convert = async (id: string, from: string, to: string): Promise<void> => {
    await world.leave(from, id);
    await world.join(to, id);
  };

  it('nobody yet and no rule: only the mirror knows the user', async () => {
    const name = unique('none');
    const id = await enters(name, null);
    const { employeeId, contactId } = await world.directoryUser(id);
    assert.deepEqual([employeeId, contactId], [null, null]);
    assert.equal(await enabledLogins(name), 0);
    assert.equal((await world.explain(id)).decision.outcome, 'noRule');
  });

  it('REQ-29 REQ-30 REQ-31 REQ-32 REQ-33 REQ-34 an active employee under a portal rule is archived and a portal user takes its names', async () => {
    const name = unique('convert');
    const local = await localEmployee(name);
    const id = await enters(name, portal);
    const archived = await read('employees', local.id);
    assert.equal(archived.status, 'archived');
    assert.deepEqual(
      [archived.username, archived.email, archived.loginEnabled],
      [`${name}_Archived`, `${address(name)}_Archived`, false],
    );
    assert.equal(typeof archived.archivedAt, 'string');
    const contact = await world.contactOf(id);
    assert.deepEqual([contact.username, contact.hasPortalAccess], [name, true]);
    assert.notEqual(contact.id, local.id);
    assert.equal(await enabledLogins(name), 1);
    const actions = async (query: string) => (await world.events(query)).map((it: Json) => it.action);
    assert.ok((await actions(`employeeId=${local.id}`)).includes('archived'));
    assert.ok((await actions(`contactId=${contact.id}`)).includes('converted'));
  });

  it('an employee that was never under a rule stays exactly as it is while no rule applies', async () => {
    const name = unique('stays');
    const local = await localEmployee(name, { securityRoleId: world.roles['Administrator'] });
    const id = await enters(name, null);
    await world.client.patchUser(id, { title: 'Changed' });
    assert.deepEqual(await read('employees', local.id), local);
    await world.client.patchUser(id, { active: false });
    assert.deepEqual(await read('employees', local.id), local);
  });

  it('a contact without portal access stays a CRM person beside the new employee', async () => {
    const name = unique('crm');
    const local = await world.localContact(name);
    const id = await enters(name, employees);
    assert.equal((await world.employeeOf(id)).email, address(name));
    const contact = await read('contacts', local.id);
    assert.deepEqual([contact.hasPortalAccess, contact.status, contact.username], [false, 'active', null]);
    assert.equal(await enabledLogins(name), 1);
  });

  it('a contact without portal access is merged under a portal rule, keeping its id', async () => {
    const name = unique('grant');
    const local = await world.localContact(name);
    const contact = await world.contactOf(await enters(name, portal));
    assert.deepEqual([contact.id, contact.hasPortalAccess, contact.username], [local.id, true, name]);
  });

  it('a contact with portal access gives login and username to the new employee and keeps its tickets', async () => {
    const name = unique('mirror');
    const local = await world.localContact(name, withPortal());
    const ticket = { kind: 'ticket', reference: unique('T'), contactId: local.id };
    await world.expect(201, 'POST', '/relations', ticket);
    const employee = await world.employeeOf(await enters(name, employees));
    assert.deepEqual([employee.username, employee.email], [name, address(name)]);
    const contact = await read('contacts', local.id);
    assert.deepEqual([contact.hasPortalAccess, contact.username], [false, null]);
    assert.equal((await world.expect(200, 'GET', `/relations?contactId=${local.id}`)).items.length, 1);
    assert.equal(await enabledLogins(name), 1);
  });

  it('REQ-55 a contact with portal access takes the role of its portal rule', async () => {
    const name = unique('role');
    const local = await world.localContact(name, withPortal());
    const contact = await world.contactOf(await enters(name, portal));
    assert.deepEqual([contact.id, contact.securityRoleId], [local.id, world.roles['External User']]);
  });

  it('an employee and a contact with the same email: the employee rule merges the one and leaves the other without a login', async () => {
    const name = unique('both');
    const [contact, local] = [await world.localContact(name), await localEmployee(name)];
    const id = await enters(name, employees);
    assert.equal((await world.employeeOf(id)).id, local.id);
    assert.equal((await read('contacts', contact.id)).hasPortalAccess, false);
    await convert(id, employees, portal);
    assert.equal((await read('employees', local.id)).status, 'archived');
    assert.equal((await world.contactOf(id)).id, contact.id);
    assert.equal(await enabledLogins(name), 1);
    await world.leave(portal, id);
    assert.equal(await enabledLogins(name), 0);
  });

  it('REQ-57 A-21 D-07 D-08 an employee that leaves its last group has no login and no role at once, and stays', async () => {
    const name = unique('revoked');
    const id = await enters(name, employees);
    await world.leave(employees, id);
    const employee = await world.employeeOf(id);
    assert.deepEqual(
      [employee.loginEnabled, employee.winningRuleId, employee.securityRoleId, employee.status],
      [false, null, null, 'active'],
    );
    const [event] = await world.events(`employeeId=${employee.id}`);
    assert.equal(event.action, 'accessRevoked');
    await world.join(employees, id);
    const back = await world.employeeOf(id);
    assert.deepEqual([back.id, back.loginEnabled], [employee.id, true]);
  });

  it('REQ-57 a portal user that leaves its last group has no portal access, and gets it back with its group', async () => {
    const name = unique('revoked');
    const id = await enters(name, portal);
    await world.leave(portal, id);
    const contact = await world.contactOf(id);
    assert.deepEqual(
      [contact.hasPortalAccess, contact.winningRuleId, contact.status],
      [false, null, 'active'],
    );
    await world.join(portal, id);
    const back = await world.contactOf(id);
    assert.deepEqual([back.id, back.hasPortalAccess, back.username], [contact.id, true, name]);
  });

  it('A-15 REQ-35 a reverted conversion restores the archived employee when nothing hangs on it', async () => {
    const name = unique('revert');
    const id = await enters(name, employees);
    const before = await world.employeeOf(id);
    await convert(id, employees, portal);
    const contact = await world.contactOf(id);
    await convert(id, portal, employees);
    await world.client.patchUser(id, { nickName: 'touched' });
    const restored = await world.employeeOf(id);
    assert.deepEqual(
      [restored.id, restored.username, restored.email, restored.status, restored.archivedAt],
      [before.id, name, address(name), 'active', null],
    );
    assert.equal((await read('contacts', contact.id)).hasPortalAccess, false);
    assert.equal(await enabledLogins(name), 1);
    const actions = (await world.events(`employeeId=${before.id}`)).map((it: Json) => it.action);
    assert.ok(actions.includes('restored'));
  });

  it('A-15 A-14 with history a new employee succeeds the archived one, and the second archive has a number', async () => {
    const name = unique('history');
    const id = await enters(name, employees);
    const first = await world.employeeOf(id);
    const ticket = { kind: 'ticket', reference: unique('T'), employeeId: first.id };
    await world.expect(201, 'POST', '/relations', ticket);
    await convert(id, employees, portal);
    await convert(id, portal, employees);
    const second = await world.employeeOf(id);
    assert.notEqual(second.id, first.id);
    assert.equal(second.predecessorId, first.id);
    assert.equal((await read('employees', first.id)).successorId, second.id);
    await convert(id, employees, portal);
    const archived = await read('employees', second.id);
    assert.deepEqual(
      [archived.username, archived.email],
      [`${name}_Archived_2`, `${address(name)}_Archived_2`],
    );
  });

  it('A-15 restoreArchived always restores in place although there is history', async () => {
    await world.expect(200, 'PATCH', '/settings', { restoreArchived: 'always' });
    const id = await enters(unique('always'), employees);
    const first = await world.employeeOf(id);
    const ticket = { kind: 'invoice', reference: unique('I'), employeeId: first.id };
    await world.expect(201, 'POST', '/relations', ticket);
    await convert(id, employees, portal);
    await convert(id, portal, employees);
    assert.equal((await world.employeeOf(id)).id, first.id);
    await world.expect(200, 'PATCH', '/settings', { restoreArchived: 'whenNoHistory' });
  });

  it('A-16 REQ-36 an archived employee with relations is neither renamed nor deleted, without them it is', async () => {
    const name = unique('kept');
    const id = await enters(name, employees);
    const { id: employeeId } = await world.employeeOf(id);
    const ticket = { kind: 'ticket', reference: unique('T'), employeeId };
    const relation = await world.expect(201, 'POST', '/relations', ticket);
    await convert(id, employees, portal);
    const path = `/employees/${employeeId}`;
    const refused = await world.expect(409, 'PATCH', path, { username: unique('renamed') });
    assert.equal(refused.relations[0].id, relation.id);
    assert.equal((await world.expect(409, 'DELETE', path)).relations[0].reference, ticket.reference);
    await world.expect(204, 'DELETE', `/relations/${relation.id}`);
    await world.expect(200, 'PATCH', path, { username: unique('renamed') });
    await world.expect(204, 'DELETE', path);
  });

  it('A-04 an archived address is never matched', async () => {
    const name = unique('archived');
    const id = await enters(name, employees);
    const { id: archivedId } = await world.employeeOf(id);
    await convert(id, employees, portal);
    const other = await world.client.addUser(unique('x'), { userName: `${address(name)}_Archived` });
    await world.join(employees, other);
    assert.notEqual((await world.employeeOf(other)).id, archivedId);
  });

  it('inactive by hand is sticky under every rule until set to active by hand', async () => {
    const name = unique('sticky');
    const id = await enters(name, employees);
    const { id: employeeId } = await world.employeeOf(id);
    await world.expect(200, 'PATCH', `/employees/${employeeId}`, { status: 'inactive' });
    await world.client.patchUser(id, { title: 'Engineer' });
    await world.client.patchUser(id, { active: false });
    await world.client.patchUser(id, { active: true });
    await world.leave(employees, id);
    await world.join(employees, id);
    const still = await world.employeeOf(id);
    assert.deepEqual([still.status, still.loginEnabled], ['inactive', false]);
    await world.expect(200, 'PATCH', `/employees/${employeeId}`, { status: 'active' });
    const back = await world.employeeOf(id);
    assert.deepEqual([back.status, back.loginEnabled], ['active', true]);
  });

  it('REQ-33 an employee that a human deactivated stays inactive under a portal rule, linked or not, and no portal user is made', async () => {
    for (const isLinked of [true, false]) {
      const name = unique('left');
      const local = await localEmployee(name);
      const id = await enters(name, isLinked ? employees : null);
      const path = `/employees/${local.id}`;
      await world.expect(200, 'PATCH', path, { status: 'inactive' });
      if (isLinked) await world.leave(employees, id);
      await world.join(portal, id);
      await world.client.patchUser(id, { active: false });
      await world.client.patchUser(id, { active: true });
      const still = await read('employees', local.id);
      assert.deepEqual([still.status, still.username, still.loginEnabled], ['inactive', name, false]);
      assert.deepEqual(await world.found('contacts', address(name)), []);
      const [event] = await world.events(`directoryUserId=${id}&action=unchanged`);
      assert.match(event.reason, /an administrator deactivated this record/);
      await world.expect(200, 'PATCH', path, { status: 'active' });
      await world.client.patchUser(id, { nickName: 'touched' });
      assert.equal((await read('employees', local.id)).status, 'archived');
      assert.equal((await world.contactOf(id)).hasPortalAccess, true);
      assert.equal(await enabledLogins(name), 1);
    }
  });

  it('REQ-33 a portal user that a human deactivated stays inactive under an employee rule, linked or not, and no employee is made', async () => {
    for (const isLinked of [true, false]) {
      const name = unique('left');
      const local = await world.localContact(name, withPortal());
      const id = await enters(name, isLinked ? portal : null);
      const path = `/contacts/${local.id}`;
      await world.expect(200, 'PATCH', path, { status: 'inactive' });
      if (isLinked) await world.leave(portal, id);
      await world.join(employees, id);
      await world.client.patchUser(id, { title: 'Engineer' });
      assert.equal((await read('contacts', local.id)).status, 'inactive');
      assert.deepEqual(await world.found('employees', address(name)), []);
      await world.expect(200, 'PATCH', path, { status: 'active' });
      await world.client.patchUser(id, { nickName: 'touched' });
      assert.equal((await world.employeeOf(id)).loginEnabled, true);
      assert.equal(await enabledLogins(name), 1);
    }
  });

  it('an inactive contact that never was a portal user stays a CRM person beside the new employee', async () => {
    const name = unique('crm');
    const local = await world.localContact(name, { status: 'inactive' });
    const employee = await world.employeeOf(await enters(name, employees));
    assert.deepEqual([employee.email, employee.loginEnabled], [address(name), true]);
    assert.equal((await read('contacts', local.id)).status, 'inactive');
  });

  it('several contacts with the email are a conflict: nothing is written', async () => {
    const name = unique('double');
    const [one, other] = [await world.localContact(name), await world.localContact(name)];
    const id = await enters(name, portal);
    assert.equal((await world.explain(id)).decision.outcome, 'conflict');
    assert.deepEqual([await read('contacts', one.id), await read('contacts', other.id)], [one, other]);
    assert.equal((await world.events(`directoryUserId=${id}&action=conflict`)).length, 1);
    const held = await world.expect(200, 'GET', `/held-changes?directoryUserId=${id}`);
    assert.deepEqual(
      held.items.map(({ effect, cause, state }: Json) => [effect, cause, state]),
      [['merge', 'conflict', 'waiting']],
    );
  });

  it('REQ-33 D-05 a second identity with the same email is a conflict', async () => {
    const name = unique('second');
    const first = await enters(name, employees);
    const second = await world.client.addUser(unique('x'), {
      userName: unique('other'),
      emails: [{ type: 'work', value: address(name) }],
    });
    await world.join(employees, second);
    assert.equal((await world.explain(second)).decision.outcome, 'conflict');
    assert.equal((await world.employeeOf(first)).directoryUserId, first);
    assert.equal(await enabledLogins(name), 1);
  });

  it('REQ-58 A-22 the root user keeps login, role and names under every rule and under none', async () => {
    const root = await read('employees', world.rootId);
    const name = unique('root');
    await world.expect(200, 'PATCH', `/employees/${world.rootId}`, { email: address(name) });
    const id = await enters(name, portal);
    const unchanged = async () => {
      const now = await read('employees', world.rootId);
      assert.deepEqual(
        [now.status, now.loginEnabled, now.securityRoleId],
        ['active', true, root.securityRoleId],
      );
    };
    await unchanged();
    await convert(id, portal, employees);
    await unchanged();
    assert.equal((await world.employeeOf(id)).id, world.rootId);
    await world.leave(employees, id);
    await unchanged();
    assert.equal((await world.employeeOf(id)).winningRuleId, null);
    await world.client.patchUser(id, { active: false });
    await unchanged();
    await world.client.deleteUser(id);
    await unchanged();
  });
});
