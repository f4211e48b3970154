import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Json, makeClient, unique } from '../admin-api/people-world.ts';
import { type Behaviour, startBehaviour } from './behaviour-world.ts';

describe('people of the directory in the PSA', () => {
  let world: Behaviour;
  let employees: string;
  let portal: string;
  before(async () => {
    world = await startBehaviour();
    employees = (await world.employeeGroup([], { order: 5 })).id;
    portal = (await world.portalGroup([], { order: 6 })).id;
  });
  after(() => world.app.stop());

  const employee = async (name: string, more: object = {}): Promise<{ id: string; person: Json }> => {
    const id = await world.client.addUser(name, more);
    await world.join(employees, id);
    return { id, person: await world.employeeOf(id) };
  };
  const portalUser = async (name: string, more: object = {}): Promise<{ id: string; person: Json }> => {
    const id = await world.client.addUser(name, more);
    await world.join(portal, id);
    return { id, person: await world.contactOf(id) };
  };
  const localEmployee = (name: string, more: object = {}): Promise<Json> =>
    world.localEmployee(name, { securityRoleId: world.roles['Administrator'], ...more });

  it('REQ-01 an employee rule makes one employee, a portal rule one contact with portal access', async () => {
    const [one, other] = [unique('req01'), unique('req01')];
    const { person } = await employee(one);
    assert.equal(person.status, 'active');
    assert.equal(person.loginEnabled, true);
    assert.equal((await world.found('contacts', `${one}@contoso.example`)).length, 0);
    const { person: contact } = await portalUser(other);
    assert.equal(contact.hasPortalAccess, true);
    assert.equal(contact.accountId, world.account.id);
    assert.equal((await world.found('employees', `${other}@contoso.example`)).length, 0);
    assert.equal((await world.found('contacts', `${other}@contoso.example`)).length, 1);
  });

  it('REQ-02 the same group id in two connections selects only people of its own connection', async () => {
    const second = await world.app.createScimConnection('Second');
    const there = makeClient(world, second);
    const groupId = unique('shared');
    const [mine, theirs] = [
      await world.client.addUser(unique('req02')),
      await there.addUser(unique('req02')),
    ];
    await world.client.addGroup(groupId, [mine]);
    await there.addGroup(groupId, [theirs]);
    const rule = { groupId, order: 1, userType: 'employee', securityRoleId: world.roles['Technician'] };
    await world.expect(201, 'POST', '/mapping-rules', { connectionId: second.connectionId, ...rule });
    assert.equal((await world.directoryUser(mine)).employeeId, null);
    assert.equal((await world.employeeOf(theirs)).loginEnabled, true);
  });

  it('REQ-04 attributes select no rule and a group without a rule has no effect', async () => {
    const id = await world.client.addUser(unique('req04'), { title: 'Group PSA', userType: 'employee' });
    await world.client.addGroup(unique('no-rule'), [id]);
    assert.deepEqual(
      [(await world.directoryUser(id)).employeeId, (await world.explain(id)).decision.outcome],
      [null, 'noRule'],
    );
  });

  it('REQ-05 the lowest Order wins and applies whole', async () => {
    const low = await world.portalGroup([], { order: 1, securityRoleId: world.roles['External Manager'] });
    const { id } = await portalUser(unique('req05'));
    await world.join(employees, id);
    await world.join(low.id, id);
    const contact = await world.contactOf(id);
    assert.equal(contact.winningRuleId, low.rule.id);
    assert.equal(contact.securityRoleId, world.roles['External Manager']);
    assert.equal(contact.hasPortalAccess, true);
  });

  it('REQ-06 A-02 at the same Order the older group wins, and coming and going of it flips the result', async () => {
    const older = await world.employeeGroup([], { order: 3 });
    const younger = await world.employeeGroup([], { order: 3, securityRoleId: world.roles['Read Only'] });
    const id = await world.client.addUser(unique('req06'));
    await world.join(younger.id, id);
    assert.equal((await world.employeeOf(id)).winningRuleId, younger.rule.id);
    await world.join(older.id, id);
    assert.equal((await world.employeeOf(id)).winningRuleId, older.rule.id);
    assert.equal((await world.employeeOf(id)).securityRoleId, world.roles['Technician']);
    const { candidates } = (await world.explain(id)).decision;
    const lost = candidates.find((it: Json) => it.ruleId === younger.rule.id);
    assert.equal(lost.verdict, 'lostOnGroupAge');
    assert.match(lost.reason, /older/);
    await world.leave(older.id, id);
    assert.equal((await world.employeeOf(id)).winningRuleId, younger.rule.id);
  });

  it('REQ-07 people are matched by email, without regard to case and white space around it', async () => {
    const name = unique('req07');
    const local = await localEmployee(name, { email: `${name.toUpperCase()}@Contoso.Example` });
    const { person } = await employee(name);
    assert.equal(person.id, local.id);
  });

  it('REQ-08 REQ-55 A-19 a merge makes no second record: mapped fields and role follow, other local fields stay', async () => {
    const name = unique('req08');
    const departmentId = (await world.expect(201, 'POST', '/departments', { name: unique('Own') })).id;
    const local = await localEmployee(name, { departmentId, managerId: null });
    const { person } = await employee(name, { phoneNumbers: [{ type: 'work', value: '+49 30 1' }] });
    assert.equal(person.id, local.id);
    assert.equal((await world.found('employees', `${name}@contoso.example`)).length, 1);
    assert.deepEqual([person.firstName, person.lastName, person.phone], [name, 'Doe', '+49 30 1']);
    assert.equal(person.departmentId, departmentId);
    assert.equal(person.managerId, world.rootId);
    assert.equal(person.securityRoleId, world.roles['Technician']);
    assert.equal((await world.events(`employeeId=${local.id}&action=merged`)).length, 1);
  });

  it('REQ-09 a repeated push makes no second record, and no event says updated', async () => {
    const name = unique('req09');
    const { id, person } = await employee(name);
    await world.client.patchUser(id, { displayName: `${name} Doe` });
    await world.client.patchUser(id, { active: true });
    assert.deepEqual(await world.found('employees', `${name}@contoso.example`), [person]);
    assert.equal((await world.events(`employeeId=${person.id}&action=updated`)).length, 0);
  });

  it('REQ-10 REQ-11 A-13 a contact keeps its id and what hangs on it when the directory takes it over', async () => {
    const name = unique('req10');
    const local = await world.localContact(name, { jobTitle: 'Buyer' });
    const ticket = await world.expect(201, 'POST', '/relations', {
      kind: 'ticket',
      reference: unique('T'),
      contactId: local.id,
    });
    const { person } = await portalUser(name);
    assert.equal(person.id, local.id);
    assert.equal(person.jobTitle, 'Buyer');
    const { items } = await world.expect(200, 'GET', `/relations?contactId=${local.id}`);
    assert.deepEqual(
      items.map(({ id }: Json) => id),
      [ticket.id],
    );
  });

  it('REQ-13 REQ-12 what the client pushes is in the PSA as soon as the request is answered', async () => {
    const { id } = await employee(unique('req13'));
    await world.client.patchUser(id, { title: 'Architect' });
    assert.equal((await world.employeeOf(id)).jobTitle, 'Architect');
  });

  it('REQ-14 REQ-15 REQ-17 A-07 a local edit lasts through syncs until any change of the user upstream', async () => {
    const { id, person } = await employee(unique('req14'), { nickName: 'one' });
    await world.expect(200, 'PATCH', `/employees/${person.id}`, { firstName: 'Edited', phone: '1' });
    await world.expect(202, 'POST', `/connections/${world.connection.connectionId}/sync`);
    await world.client.patchUser(id, { nickName: 'one' });
    assert.equal((await world.employeeOf(id)).firstName, 'Edited');
    await world.client.patchUser(id, { nickName: 'two' });
    assert.equal((await world.employeeOf(id)).firstName, person.firstName);
  });

  it('REQ-18 A-08 what is not mapped changes nothing of the person', async () => {
    const { id, person } = await employee(unique('req18'));
    await world.client.patchUser(id, {
      locale: 'de-DE',
      timezone: 'Europe/Berlin',
      addresses: [{ type: 'work', locality: 'Berlin' }],
      phoneNumbers: [{ type: 'mobile', value: '+49 170' }],
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Sales' },
    });
    assert.deepEqual(await world.employeeOf(id), person);
  });

  it('REQ-19 REQ-20 REQ-21 REQ-23 REQ-25 REQ-26 names, username without domain, phone and title follow the directory', async () => {
    const name = unique('Req19');
    const { id, person } = await employee(name, {
      title: 'Engineer',
      phoneNumbers: [
        { type: 'work', value: '+1 555' },
        { type: 'mobile', value: '+1 777' },
      ],
    });
    assert.equal(person.username, name);
    assert.deepEqual([person.phone, person.jobTitle], ['+1 555', 'Engineer']);
    assert.equal(person.jobTitleId, world.defaults.jobTitleId);
    await world.client.patchUser(id, { name: { givenName: 'Ada', familyName: 'King' } });
    const changed = await world.employeeOf(id);
    assert.deepEqual([changed.firstName, changed.lastName], ['Ada', 'King']);
  });

  it('REQ-22 A-09 the email is the user name, the mail, or the first that is an address, as the connection says', async () => {
    const emails = [{ type: 'work', value: `${unique('mail')}@fabrikam.example`, primary: true }];
    const connectionPath = `/connections/${world.connection.connectionId}`;
    const { person: byUserName } = await employee(unique('req22'), { emails });
    assert.match(byUserName.email, /@contoso\.example$/);
    const { person: noAddress } = await employee(unique('req22'), { userName: unique('plain'), emails });
    assert.equal(noAddress.email, emails[0]?.value);
    await world.expect(200, 'PATCH', connectionPath, { emailSource: 'mail' });
    const other = [{ type: 'work', value: `${unique('mail')}@fabrikam.example` }];
    const { person: byMail } = await employee(unique('req22'), { emails: other });
    assert.equal(byMail.email, other[0]?.value);
    await world.expect(200, 'PATCH', connectionPath, { emailSource: 'auto' });
  });

  it('REQ-24 A-10 the office phone is filed under the default type; other phones stay; only an explicit empty clears', async () => {
    const name = unique('req24');
    await world.localContact(name, { phones: [{ number: '1', type: 'Mobile' }] });
    const { id, person } = await portalUser(name, { phoneNumbers: [{ type: 'work', value: '2' }] });
    assert.deepEqual(person.phones, [
      { number: '1', type: 'Mobile', isDefault: true },
      { number: '2', type: 'Work', isDefault: false },
    ]);
    await world.client.patchUser(id, { phoneNumbers: [{ type: 'work', value: '3' }] });
    assert.deepEqual(
      (await world.contactOf(id)).phones.map((it: Json) => it.number),
      ['1', '3'],
    );
    await world.client.patchUser(id, { nickName: 'silent about phones' });
    assert.equal((await world.contactOf(id)).phones.length, 2);
    await world.client.patchUser(id, { phoneNumbers: [] });
    assert.deepEqual(
      (await world.contactOf(id)).phones.map((it: Json) => it.number),
      ['1'],
    );
  });

  it('REQ-24 a number under a former default type moves with the next change of the user; one of another type stays', async () => {
    const setType = (defaultPhoneType: string) =>
      world.expect(200, 'PATCH', '/settings', { defaultPhoneType });
    const work = (value: string) => ({ phoneNumbers: [{ type: 'work', value }] });
    const { id, person } = await portalUser(unique('req24'), work('2'));
    const { id: cleared } = await portalUser(unique('req24'), work('4'));
    const mobile = { number: '1', type: 'Mobile', isDefault: true };
    await world.expect(200, 'PATCH', `/contacts/${person.id}`, {
      phones: [mobile, { ...person.phones[0], isDefault: false }],
    });
    await setType('Office');
    await world.client.patchUser(id, work('3'));
    assert.deepEqual((await world.contactOf(id)).phones, [
      mobile,
      { number: '3', type: 'Office', isDefault: false },
    ]);
    await world.client.patchUser(cleared, { phoneNumbers: [] });
    assert.deepEqual((await world.contactOf(cleared)).phones, []);
    await setType('Work');
  });

  it('A-11 an unknown title is created, replaced by the default, or left as it is, by setting', async () => {
    const create = await employee(unique('a11'), { title: unique('Title') });
    assert.match(create.person.jobTitle, /^Title/);
    const set = (unknownJobTitle: string) => world.expect(200, 'PATCH', '/settings', { unknownJobTitle });
    await set('useDefault');
    const { person } = await employee(unique('a11'), { title: unique('Title') });
    assert.equal(person.jobTitleId, world.defaults.jobTitleId);
    await set('keep');
    await world.client.patchUser(create.id, { title: unique('Other') });
    assert.equal((await world.employeeOf(create.id)).jobTitle, create.person.jobTitle);
    await world.client.patchUser(create.id, { title: 'ENGINEER' });
    assert.equal((await world.employeeOf(create.id)).jobTitle, 'Engineer');
    await set('create');
    const contact = await portalUser(unique('a11'), { title: 'Anything at all' });
    assert.equal(contact.person.jobTitle, 'Anything at all');
  });

  it('A-12 a taken username falls back to the first domain label, then to numbers, and stays when the plain one is free', async () => {
    const name = unique('jane');
    const first = await employee(name);
    const second = await employee(unique('x'), { userName: `${name}@fabrikam.example` });
    const third = await employee(unique('x'), { userName: `${name}@fabrikam.test` });
    assert.equal(first.person.username, name);
    assert.equal(second.person.username, `${name}.fabrikam`);
    assert.notEqual(third.person.username, second.person.username);
    await world.expect(204, 'DELETE', `/employees/${first.person.id}`);
    await world.client.patchUser(second.id, { title: 'Engineer' });
    assert.equal((await world.employeeOf(second.id)).username, `${name}.fabrikam`);
  });

  it('A-12 the username follows a change of the local part only', async () => {
    const name = unique('follow');
    const { id } = await employee(name);
    await world.client.patchUser(id, { userName: `${name}@other.example` });
    const moved = await world.employeeOf(id);
    assert.deepEqual([moved.username, moved.email], [name, `${name}@other.example`]);
    await world.client.patchUser(id, { userName: `${name}x@other.example` });
    assert.equal((await world.employeeOf(id)).username, `${name}x`);
  });

  it('A-17 REQ-37 a guest gets the username and email of the home address', async () => {
    const name = unique('guest');
    const { person } = await employee(name, {
      userName: `${name}_home.example#EXT#@contoso.onmicrosoft.com`,
    });
    assert.deepEqual([person.username, person.email], [name, `${name}@home.example`]);
  });

  it('A-03 A-04 an inactive or second address of a contact matches too, and an active contact comes first', async () => {
    const name = unique('a04');
    const address = `${name}@contoso.example`;
    await world.localContact(name, { status: 'inactive' });
    const active = await world.localContact(unique('a04'), {
      emails: [{ address: `${unique('main')}@x.example` }, { address }],
    });
    assert.equal((await portalUser(name)).person.id, active.id);
  });

  it('REQ-46 REQ-47 defaults fill what the directory lacks, and a rule may name its own', async () => {
    const { person } = await employee(unique('req46'));
    const { departmentId, locationId, managerId, jobTitleId, employmentType, employeeRoleId } =
      world.defaults;
    const expected = { departmentId, locationId, managerId, jobTitleId, employmentType, employeeRoleId };
    assert.deepEqual({ ...expected, ...pick(person, Object.keys(expected)) }, expected);
    const own = (await world.expect(201, 'POST', '/departments', { name: unique('Rule') })).id;
    const group = await world.employeeGroup([], {
      order: 1,
      overrides: { departmentId: own, employmentType: 'Contractor' },
    });
    const id = await world.client.addUser(unique('req46'), { title: 'Designer' });
    await world.join(group.id, id);
    const overridden = await world.employeeOf(id);
    assert.deepEqual(
      [overridden.departmentId, overridden.employmentType, overridden.locationId, overridden.jobTitle],
      [own, 'Contractor', locationId, 'Designer'],
    );
  });

  it('a merged contact stays under its account, and a rule that names another one is a warning', async () => {
    const name = unique('account');
    const other = await world.expect(201, 'POST', '/accounts', { name: unique('Other') });
    const local = await world.localContact(name, { accountId: other.id });
    const { person } = await portalUser(name);
    assert.deepEqual([person.id, person.accountId], [local.id, other.id]);
    const [merged] = await world.events(`contactId=${local.id}&action=merged`);
    assert.match(merged.reason, /Warning/);
  });

  it('REQ-62 synced people are listed under employees or contacts by connection', async () => {
    const [one, other] = [await employee(unique('req62')), await portalUser(unique('req62'))];
    const { connectionId } = world.connection;
    const listed = async (kind: string, q: string) =>
      (await world.expect(200, 'GET', `/${kind}?connectionId=${connectionId}&q=${q}`)).items;
    assert.equal((await listed('employees', one.person.username))[0].id, one.person.id);
    assert.equal((await listed('contacts', other.person.username))[0].id, other.person.id);
    assert.equal((await listed('employees', other.person.username)).length, 0);
  });

  it('a contact that the directory deactivated gives up its portal login to the employee that the person becomes', async () => {
    const name = unique('inactive');
    const { id, person: contact } = await portalUser(name);
    await world.client.patchUser(id, { active: false });
    await world.leave(portal, id);
    await world.join(employees, id);
    await world.client.patchUser(id, { active: true });
    const person = await world.employeeOf(id);
    assert.deepEqual([person.email, person.username], [`${name}@contoso.example`, name]);
    const after = await world.expect(200, 'GET', `/contacts/${contact.id}`);
    assert.deepEqual([after.hasPortalAccess, after.username], [false, null]);
  });
});

const pick = (source: Json, names: readonly string[]): Json =>
  Object.fromEntries(names.map((name) => [name, source[name]]));
