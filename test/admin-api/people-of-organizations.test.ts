import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Json, makeClient, pointersOf, startWorld, unique, type World } from './people-world.ts';

const operatorKey = 'operator-key-of-this-installation-0002';

describe('people, rules and mirror of another organization', () => {
  let world: World;
  let stranger: Record<string, string>;
  const ids: Record<string, string> = {};

  before(async () => {
    world = await startWorld({ OPERATOR_API_KEY: operatorKey });
    const asOperator = { authorization: `Bearer ${operatorKey}` };
    const other = await world.expect(201, 'POST', '/organizations', { name: 'Other' }, asOperator);
    stranger = { authorization: `Bearer ${other.key}` };

    const connection = await world.app.createScimConnection('Contoso');
    const client = makeClient(world, connection);
    const groupKey = unique('group');
    const user = await client.addUser(unique('user'));
    const group = await client.addGroup(groupKey, [user]);
    const rule = await world.expect(201, 'POST', '/mapping-rules', {
      connectionId: connection.connectionId,
      groupId: groupKey,
      order: 1,
      userType: 'employee',
      securityRoleId: world.roles.Technician,
    });
    const { employeeId } = await world.expect(200, 'GET', `/directory-users/${user}`);
    const contact = { accountId: world.account.id, firstName: 'C', lastName: 'D' };
    const contactId = (await world.expect(201, 'POST', '/contacts', contact)).id;
    const ticket = { kind: 'ticket', reference: 'T', employeeId };
    const relation = await world.expect(201, 'POST', '/relations', ticket);
    Object.assign(ids, {
      connection: connection.connectionId,
      user,
      group,
      rule: rule.id,
      employee: employeeId,
    });
    Object.assign(ids, { contact: contactId, relation: relation.id });
  });
  after(() => world?.app.stop());

  it('do not exist: 404, not 403', async () => {
    const paths = [
      `/mapping-rules/${ids.rule}`,
      `/employees/${ids.employee}`,
      `/contacts/${ids.contact}`,
      `/relations/${ids.relation}`,
      `/directory-users/${ids.user}`,
      `/directory-users/${ids.user}/explanation`,
      `/directory-groups/${ids.group}`,
    ];
    for (const path of paths) await world.expect(404, 'GET', path, undefined, stranger);
    for (const path of paths.slice(0, 4)) await world.expect(404, 'DELETE', path, undefined, stranger);
    await world.expect(404, 'PATCH', paths[0] ?? '', { order: 2 }, stranger);
    await world.expect(404, 'PATCH', paths[1] ?? '', { phone: '1' }, stranger);
    await world.expect(404, 'PATCH', paths[2] ?? '', { jobTitle: 'x' }, stranger);
    for (const path of paths) await world.expect(200, 'GET', path);
  });

  it('are in no list, whatever the filter', async () => {
    const lists = [
      '/mapping-rules',
      `/mapping-rules?connectionId=${ids.connection}`,
      '/contacts',
      `/employees?connectionId=${ids.connection}`,
      `/relations?employeeId=${ids.employee}`,
      '/directory-users',
      '/directory-groups',
      '/provisioning-events',
      `/provisioning-events?employeeId=${ids.employee}`,
    ];
    for (const path of lists) {
      assert.deepEqual((await world.expect(200, 'GET', path, undefined, stranger)).items, [], path);
    }
    const { items } = await world.expect(200, 'GET', '/employees', undefined, stranger);
    assert.deepEqual(
      items.map((it: Json) => it.isRoot),
      [true],
    );
  });

  it('cannot be pointed at', async () => {
    const employee = { username: 'x', firstName: 'X', lastName: 'Y', managerId: ids.employee };
    const refused = await world.expect(400, 'POST', '/employees', employee, stranger);
    assert.deepEqual(pointersOf(refused), ['/managerId']);
    const contact = { accountId: world.account.id, firstName: 'X', lastName: 'Y' };
    assert.deepEqual(pointersOf(await world.expect(400, 'POST', '/contacts', contact, stranger)), [
      '/accountId',
    ]);
    const ticket = { kind: 'ticket', reference: 'T', contactId: ids.contact };
    assert.deepEqual(pointersOf(await world.expect(400, 'POST', '/relations', ticket, stranger)), [
      '/contactId',
    ]);
    const roles = await world.expect(200, 'GET', '/security-roles?limit=200', undefined, stranger);
    const securityRoleId = roles.items.find((role: Json) => role.name === 'Technician').id;
    const rule = {
      connectionId: ids.connection,
      groupId: 'g',
      order: 1,
      userType: 'employee',
      securityRoleId,
    };
    assert.deepEqual(pointersOf(await world.expect(400, 'POST', '/mapping-rules', rule, stranger)), [
      '/connectionId',
    ]);
  });

  it('do not take usernames and emails away', async () => {
    const { username, email } = await world.expect(200, 'GET', `/employees/${ids.employee}`);
    const twin = { username, email, firstName: 'X', lastName: 'Y' };
    await world.expect(201, 'POST', '/employees', twin, stranger);
  });
});
