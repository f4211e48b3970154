import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ScimConnection } from '../support/app.ts';
import {
  type Json,
  makeClient,
  pointersOf,
  startWorld,
  unique,
  unknownId,
  type World,
} from './people-world.ts';

describe('employees', () => {
  let world: World;
  let connection: ScimConnection;
  let client: ReturnType<typeof makeClient>;
  let groupId: string;

  before(async () => {
    world = await startWorld();
    connection = await world.app.createScimConnection('Contoso');
    client = makeClient(world, connection);
    groupId = unique('engineers');
    await world.expect(201, 'POST', '/mapping-rules', {
      connectionId: connection.connectionId,
      groupId,
      order: 1,
      userType: 'employee',
      securityRoleId: world.roles['Technician'],
    });
  });
  after(() => world?.app.stop());

  const body = (more: object = {}): Json => {
    const name = unique('jane');
    return { username: name, email: `${name}@msp.example`, firstName: 'Jane', lastName: 'Doe', ...more };
  };
  const created = (more: object = {}): Promise<Json> => world.expect(201, 'POST', '/employees', body(more));
  const patch = (id: string, change: object, status = 200): Promise<Json> =>
    world.expect(status, 'PATCH', `/employees/${id}`, change);
  const eventsOf = async (id: string): Promise<Json[]> =>
    (await world.expect(200, 'GET', `/provisioning-events?employeeId=${id}`)).items;

  /** An employee that the directory made, with its directory user. */
  const synced = async (name = unique('sync')): Promise<{ employee: Json; userId: string; name: string }> => {
    const userId = await client.addUser(name);
    await client.addGroup(unique('extra'), [userId]);
    const groups = await world.expect(
      200,
      'GET',
      `/directory-groups?q=Group ${groupId}`.replaceAll(' ', '%20'),
    );
    if (groups.items.length === 0) await client.addGroup(groupId, [userId]);
    else await addMember(groups.items[0].id, userId);
    const [employee] = (await world.expect(200, 'GET', `/employees?email=${name}@contoso.example`)).items;
    return { employee, userId, name };
  };
  const addMember = async (group: string, userId: string): Promise<void> => {
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
    const Operations = [{ op: 'add', path: 'members', value: [{ value: userId }] }];
    const answer = await world.app.scim(connection, 'PATCH', `/Groups/${group}`, { schemas, Operations });
    assert.ok([200, 204].includes(answer.status));
  };

  it('fills what is not given from the employee defaults, and leaves empty what is given as null (REQ-46, REQ-47)', async () => {
    const { defaults } = world;
    const employee = await created({ departmentId: null });
    assert.equal(employee.departmentId, null);
    for (const field of [
      'locationId',
      'managerId',
      'jobTitleId',
      'employmentType',
      'securityRoleId',
      'employeeRoleId',
    ]) {
      assert.equal(employee[field], defaults[field], field);
    }
    assert.deepEqual(
      [employee.jobTitle, employee.loginEnabled, employee.status, employee.isRoot, employee.directoryUserId],
      ['Engineer', true, 'active', false, null],
    );
    const [event] = await eventsOf(employee.id);
    assert.deepEqual([event.action, event.trigger], ['created', 'manual']);
    const origins = new Map(event.changes.map((change: Json) => [change.field, change.origin]));
    assert.deepEqual([origins.get('email'), origins.get('locationId')], ['local', 'default']);
  });

  it('answers a created employee with Location and reads the same again', async () => {
    const answer = await world.call('POST', '/employees', body());
    assert.match(answer.header('location') ?? '', new RegExp(`/api/v1/employees/${answer.body.id}$`));
    assert.deepEqual(await world.expect(200, 'GET', `/employees/${answer.body.id}`), answer.body);
  });

  it('takes a username with a domain as it is: that is the choice of the administrator', async () => {
    const { username } = await created({ username: 'Jane@Home.example' });
    assert.equal(username, 'Jane@Home.example');
  });

  it('makes a username from the email when none is given, and another one when that is taken (A-12)', async () => {
    const name = unique('kim');
    const first = await created({ username: undefined, email: `${name}@one.example` });
    const second = await created({ username: undefined, email: `${name}@two.example` });
    assert.deepEqual([first.username, second.username], [name, `${name}.two`]);
    const problem = await world.expect(400, 'POST', '/employees', { firstName: 'No', lastName: 'Name' });
    assert.deepEqual(pointersOf(problem), ['/username']);
  });

  it('refuses a username or email that somebody else logs in with, without regard to case (REQ-33)', async () => {
    const first = await created();
    const upper = { username: first.username.toUpperCase(), email: first.email.toUpperCase() };
    const problem = await world.expect(409, 'POST', '/employees', body(upper));
    assert.deepEqual(pointersOf(problem), ['/username', '/email']);
    const second = await created();
    assert.deepEqual(pointersOf(await patch(second.id, { email: first.email }, 409)), ['/email']);
    assert.equal((await patch(first.id, { username: upper.username })).username, upper.username);
  });

  it('refuses a username that a portal user has', async () => {
    const name = unique('portal');
    await world.expect(201, 'POST', '/contacts', {
      accountId: world.account.id,
      firstName: 'Pat',
      lastName: 'Doe',
      emails: [{ address: `${name}@fabrikam.example` }],
      hasPortalAccess: true,
      securityRoleId: world.roles['External User'],
    });
    const problem = await world.expect(
      409,
      'POST',
      '/employees',
      body({ username: name, email: `${name}@fabrikam.example` }),
    );
    assert.deepEqual(pointersOf(problem), ['/username', '/email']);
  });

  it('lets one of two that ask for the same username at the same time have it', async () => {
    const same = unique('twin');
    const answers = await Promise.all(
      [1, 2, 3].map(() => world.call('POST', '/employees', body({ username: same }))),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409]);
  });

  it('checks references with a pointer', async () => {
    const fields = [
      'departmentId',
      'locationId',
      'jobTitleId',
      'employeeRoleId',
      'securityRoleId',
      'managerId',
    ];
    const unknown = Object.fromEntries(fields.map((field) => [field, unknownId]));
    const problem = await world.expect(400, 'POST', '/employees', body(unknown));
    assert.deepEqual([...pointersOf(problem)].sort(), fields.map((field) => `/${field}`).sort());
    const external = await world.expect(
      400,
      'POST',
      '/employees',
      body({ securityRoleId: world.roles['External User'] }),
    );
    assert.deepEqual(pointersOf(external), ['/securityRoleId']);
  });

  it('wants an active manager who is somebody else', async () => {
    const gone = await created({ status: 'inactive' });
    const employee = await created();
    for (const managerId of [gone.id, employee.id]) {
      assert.deepEqual(pointersOf(await patch(employee.id, { managerId }, 400)), ['/managerId']);
    }
  });

  it('refuses fields that cannot be written', async () => {
    const { id } = await created();
    for (const change of [
      { status: 'archived' },
      { jobTitle: 'Boss' },
      { isRoot: true },
      { directoryUserId: unknownId },
    ]) {
      await patch(id, change, 400);
    }
    for (const change of [
      { username: null },
      { firstName: '   ' },
      { username: 'a b' },
      { email: 'nowhere' },
    ]) {
      await patch(id, change, 400);
    }
  });

  it('is left as it is by an empty patch', async () => {
    const employee = await created();
    assert.deepEqual(await patch(employee.id, {}), employee);
    assert.equal((await eventsOf(employee.id)).length, 1);
  });

  it('logs each kind of local change under its own name', async () => {
    const { id } = await created();
    await patch(id, { phone: '+49 30 1', securityRoleId: world.roles['Technician'] });
    await patch(id, { loginEnabled: false });
    await patch(id, { loginEnabled: true });
    await patch(id, { phone: '+49 30 1' });
    const events = await eventsOf(id);
    assert.deepEqual(events.map((event) => event.action).reverse(), [
      'created',
      'roleChanged',
      'updated',
      'accessRevoked',
      'accessGranted',
    ]);
    const updated = events.find((event) => event.action === 'updated');
    assert.deepEqual(updated.changes, [{ field: 'phone', before: null, after: '+49 30 1', origin: 'local' }]);
    assert.ok(events.every((event) => event.trigger === 'manual' && event.requestId !== null));
  });

  it('takes the login of an employee that is deactivated, and gives it back on activation', async () => {
    const { id } = await created();
    const gone = await patch(id, { status: 'inactive' });
    assert.deepEqual([gone.status, gone.loginEnabled], ['inactive', false]);
    assert.deepEqual(pointersOf(await patch(id, { loginEnabled: true }, 400)), ['/loginEnabled']);
    const back = await patch(id, { status: 'active' });
    assert.deepEqual([back.status, back.loginEnabled], ['active', true]);
    assert.deepEqual((await eventsOf(id)).map((event) => event.action).slice(0, 2), [
      'reactivated',
      'deactivated',
    ]);
  });

  it('keeps an employee inactive by hand against the sync, until set to active by hand', async () => {
    const { employee, userId } = await synced();
    await patch(employee.id, { status: 'inactive' });
    await client.patchUser(userId, { title: 'Nothing else' });
    const kept = await world.expect(200, 'GET', `/employees/${employee.id}`);
    assert.deepEqual([kept.status, kept.loginEnabled], ['inactive', false]);
    const back = await patch(employee.id, { status: 'active' });
    assert.deepEqual(
      [back.status, back.loginEnabled, back.securityRoleId],
      ['active', true, world.roles['Technician']],
    );
  });

  it('makes a deactivation by the sync sticky when an administrator confirms it', async () => {
    const { employee, userId } = await synced();
    await client.patchUser(userId, { active: false });
    assert.equal((await patch(employee.id, { status: 'inactive' })).status, 'inactive');
    await client.patchUser(userId, { active: true });
    assert.equal((await world.expect(200, 'GET', `/employees/${employee.id}`)).status, 'inactive');
  });

  it('gives no login back to a person that comes under no rule by activating it (REQ-57)', async () => {
    const { employee, userId } = await synced();
    await patch(employee.id, { status: 'inactive' });
    const { groups } = await world.expect(200, 'GET', `/directory-users/${userId}`);
    for (const group of groups) {
      const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
      const Operations = [{ op: 'remove', path: `members[value eq "${userId}"]` }];
      await world.app.scim(connection, 'PATCH', `/Groups/${group.id}`, { schemas, Operations });
    }
    const back = await patch(employee.id, { status: 'active' });
    assert.deepEqual([back.status, back.loginEnabled, back.winningRuleId], ['active', false, null]);
  });

  it('keeps a local edit until the directory changes the person, and then overwrites it (REQ-14, REQ-15)', async () => {
    const { employee, userId } = await synced();
    await patch(employee.id, { firstName: 'Local' });
    assert.equal((await world.expect(200, 'GET', `/employees/${employee.id}`)).firstName, 'Local');
    await client.patchUser(userId, { title: 'Architect' });
    const after = await world.expect(200, 'GET', `/employees/${employee.id}`);
    assert.deepEqual([after.firstName, after.jobTitle], [employee.firstName, 'Architect']);
  });

  it('protects the root user: not deactivated, demoted, locked out or deleted (REQ-58, A-22)', async () => {
    const changes = [
      { status: 'inactive' },
      { loginEnabled: false },
      { securityRoleId: world.roles['Technician'] },
      { securityRoleId: null },
    ];
    for (const change of changes) await patch(world.rootId, change, 409);
    await world.expect(409, 'DELETE', `/employees/${world.rootId}`);
    const root = await world.expect(200, 'GET', `/employees/${world.rootId}`);
    assert.deepEqual([root.status, root.securityRoleId], ['active', world.roles['Administrator']]);
    assert.equal((await patch(world.rootId, { phone: '112' })).phone, '112');
  });

  it('lets an administrator go while another one is there (REQ-55)', async () => {
    const administrator = await created({ securityRoleId: world.roles['Administrator'] });
    assert.equal(
      (await patch(administrator.id, { securityRoleId: world.roles['Technician'] })).status,
      'active',
    );
    await world.expect(204, 'DELETE', `/employees/${administrator.id}`);
  });

  it('deletes nobody that tickets hang on, and lists what does', async () => {
    const { id } = await created();
    const relation = await world.expect(201, 'POST', '/relations', {
      kind: 'ticket',
      reference: 'T-1',
      employeeId: id,
    });
    const summary = { id: relation.id, kind: 'ticket', reference: 'T-1' };
    assert.deepEqual((await world.expect(200, 'GET', `/employees/${id}`)).relations, [summary]);
    assert.deepEqual((await world.expect(409, 'DELETE', `/employees/${id}`)).relations, [summary]);
    await world.expect(204, 'DELETE', `/relations/${relation.id}`);
    await world.expect(204, 'DELETE', `/employees/${id}`);
    await world.expect(404, 'GET', `/employees/${id}`);
    assert.equal((await eventsOf(id))[0]?.action, 'deactivated');
  });

  it('does not delete the manager of somebody', async () => {
    const manager = await created();
    const employee = await created({ managerId: manager.id });
    const refused = await world.expect(409, 'DELETE', `/employees/${manager.id}`);
    assert.match(refused.detail, /it is the manager named by 1 employee\. Name another one/);
    assert.deepEqual(refused.usedBy, [{ kind: 'employees', count: 1 }]);
    await patch(employee.id, { managerId: null });
    await world.expect(204, 'DELETE', `/employees/${manager.id}`);
  });

  it('creates a person anew at the next directory change after its record was deleted', async () => {
    const { employee, userId, name } = await synced();
    await world.expect(204, 'DELETE', `/employees/${employee.id}`);
    assert.equal((await world.expect(200, 'GET', `/directory-users/${userId}`)).employeeId, null);
    await client.patchUser(userId, { title: 'Again' });
    const [again] = (await world.expect(200, 'GET', `/employees?email=${name}@contoso.example`)).items;
    assert.notEqual(again.id, employee.id);
    assert.equal(again.directoryUserId, userId);
  });

  it('neither renames nor deletes an archived employee with relations (REQ-36)', async () => {
    const { employee, userId } = await synced();
    const ticket = { kind: 'ticket', reference: 'T-2', employeeId: employee.id };
    const relation = await world.expect(201, 'POST', '/relations', ticket);
    const portal = unique('portal');
    await client.addGroup(portal, [userId]);
    await world.expect(201, 'POST', '/mapping-rules', {
      connectionId: connection.connectionId,
      groupId: portal,
      order: 0,
      userType: 'clientPortal',
      securityRoleId: world.roles['External User'],
      accountId: world.account.id,
    });
    const archived = await world.expect(200, 'GET', `/employees/${employee.id}`);
    assert.deepEqual([archived.status, archived.username], ['archived', `${employee.username}_Archived`]);
    for (const change of [{ username: unique('new') }, { email: 'new@msp.example' }, { lastName: 'New' }]) {
      assert.deepEqual((await patch(employee.id, change, 409)).relations, archived.relations);
    }
    await world.expect(409, 'DELETE', `/employees/${employee.id}`);
    await patch(employee.id, { status: 'active' }, 409);
    await world.expect(204, 'DELETE', `/relations/${relation.id}`);
    assert.equal((await patch(employee.id, { lastName: 'New' })).lastName, 'New');
    await world.expect(204, 'DELETE', `/employees/${employee.id}`);
  });

  it('forgets a predecessor that is deleted', async () => {
    const { employee, userId, name } = await synced();
    const ticket = { kind: 'ticket', reference: 'T-3', employeeId: employee.id };
    const relation = await world.expect(201, 'POST', '/relations', ticket);
    const portal = unique('portal');
    await client.addGroup(portal, [userId]);
    const rule = await world.expect(201, 'POST', '/mapping-rules', {
      connectionId: connection.connectionId,
      groupId: portal,
      order: 0,
      userType: 'clientPortal',
      securityRoleId: world.roles['External User'],
      accountId: world.account.id,
    });
    await world.expect(204, 'DELETE', `/mapping-rules/${rule.id}`);
    await client.patchUser(userId, { title: 'Back' });
    const [successor] = (await world.expect(200, 'GET', `/employees?email=${name}@contoso.example`)).items;
    assert.equal(successor.predecessorId, employee.id);
    await world.expect(204, 'DELETE', `/relations/${relation.id}`);
    await world.expect(204, 'DELETE', `/employees/${employee.id}`);
    assert.equal((await world.expect(200, 'GET', `/employees/${successor.id}`)).predecessorId, null);
  });

  it('lists page by page in a stable order and finds by text, email, status and connection', async () => {
    const word = unique('needle');
    const ids = [];
    for (const n of [1, 2, 3]) ids.push((await created({ lastName: `${word} ${n}` })).id);
    const path = `/employees?q=JANE%20${word.toUpperCase()}&limit=2`;
    const first = await world.expect(200, 'GET', path);
    const second = await world.expect(200, 'GET', `${path}&cursor=${first.nextCursor}`);
    assert.deepEqual(
      [...first.items, ...second.items].map((item: Json) => item.id),
      ids,
    );
    assert.equal(second.nextCursor, null);

    const { employee } = await synced();
    const find = async (query: string): Promise<string[]> =>
      (await world.expect(200, 'GET', `/employees?limit=200&${query}`)).items.map((item: Json) => item.id);
    assert.deepEqual(await find(`email=${employee.email.toUpperCase()}`), [employee.id]);
    const ofConnection = await find(`connectionId=${connection.connectionId}`);
    assert.ok(ofConnection.includes(employee.id));
    assert.ok(ids.every((id) => !ofConnection.includes(id)));
    await patch(employee.id, { status: 'inactive' });
    assert.ok((await find('status=inactive')).includes(employee.id));
    assert.ok(!(await find('status=active')).includes(employee.id));
    assert.deepEqual(await find(`connectionId=${unknownId}`), []);
    assert.deepEqual(await find('q=%25'), []);
  });

  it('refuses a limit out of range, an unknown status and a foreign cursor', async () => {
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'status=gone', 'cursor=abc', 'connectionId=7']) {
      await world.expect(400, 'GET', `/employees?${query}`);
    }
  });

  it('answers 404 for an employee that does not exist', async () => {
    await world.expect(404, 'GET', `/employees/${unknownId}`);
    await patch(unknownId, { phone: '1' }, 404);
    await world.expect(404, 'DELETE', `/employees/${unknownId}`);
  });
});
