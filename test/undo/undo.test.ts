import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Json,
  makeClient,
  pointersOf,
  startWorld,
  unique,
  unknownId,
  type World,
} from '../admin-api/people-world.ts';
import { portalFields, technicianRule } from '../rule-preview/rules.ts';
import type { ScimConnection } from '../support/app.ts';

const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

describe('undoing what was done to people', () => {
  let world: World;
  let connection: ScimConnection;
  let client: ReturnType<typeof makeClient>;

  before(async () => {
    world = await startWorld();
    const guard = { maxDeactivations: 1000, maxDeactivationsPercent: 100, maxConversions: 1000 };
    await world.expect(200, 'PATCH', '/settings', { guard });
  });
  beforeEach(async () => {
    connection = await world.app.createScimConnection(unique('Contoso'));
    client = makeClient(world, connection);
  });
  after(() => world?.app.stop());

  const requestIdOf = (header: string | null): string => header ?? assert.fail('no X-Request-Id');
  /** An administrator's change; answers its change set. */
  const change = async (status: number, method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: Json) => {
    const answer = await world.call(method, path, body);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    return { set: requestIdOf(answer.header('x-request-id')), body: answer.body };
  };
  /** A push of the directory; answers its change set. */
  const push = async (method: string, path: string, body?: Json): Promise<string> => {
    const answer = await world.app.scim(connection, method, path, body);
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
    return requestIdOf(answer.headers.get('x-request-id'));
  };
  const members = (op: 'add' | 'remove', groupId: string, ids: readonly string[]): Promise<string> =>
    push('PATCH', `/Groups/${groupId}`, {
      schemas: [patchSchema],
      Operations: [{ op, path: 'members', value: ids.map((value) => ({ value })) }],
    });
  const patchUser = (id: string, value: object): Promise<string> =>
    push('PATCH', `/Users/${id}`, { schemas: [patchSchema], Operations: [{ op: 'replace', value }] });
  const undo = (set: string, body?: Json): Promise<Json> =>
    world.expect(200, 'POST', `/change-sets/${set}/undo`, body);
  const rule = (groupId: string, more: object = {}): Json => technicianRule(world, connection, groupId, more);
  const portal = (): Json => portalFields(world);
  const employees = async (): Promise<Json[]> =>
    (await world.expect(200, 'GET', `/employees?connectionId=${connection.connectionId}&limit=200`)).items;
  const contacts = async (): Promise<Json[]> =>
    (await world.expect(200, 'GET', `/contacts?connectionId=${connection.connectionId}&limit=200`)).items;
  const lasting = ({ updatedAt: _at, ...record }: Json): Json => record;
  /** A member of a group under an employee rule. */
  const makeEmployee = async (name = unique('ada')) => {
    const user = await client.addUser(name, {
      title: 'Engineer',
      phoneNumbers: [{ type: 'work', value: '1' }],
    });
    const group = unique('group');
    const groupId = await client.addGroup(group, [user]);
    const { id: ruleId } = await world.expect(201, 'POST', '/mapping-rules', rule(group));
    const employee = (await employees()).find((it) => it.directoryUserId === user);
    return { user, group, groupId, ruleId, employee };
  };

  it('deactivates a created employee instead of deleting it, and frees its names', async () => {
    const group = unique('group');
    await world.expect(201, 'POST', '/mapping-rules', rule(group));
    const name = unique('ada');
    const user = await client.addUser(name);
    const groupId = await client.addGroup(group);
    const set = await members('add', groupId, [user]);
    const [created] = await employees();
    assert.equal(created.username, name);
    const report = await undo(set);
    assert.equal(report.records, 1);
    assert.deepEqual(report.leftAlone, []);
    const [now] = await employees();
    assert.equal(now.id, created.id);
    assert.deepEqual(
      [now.status, now.loginEnabled, now.username, now.email, now.securityRoleId, now.winningRuleId],
      ['inactive', false, null, null, null, null],
    );
    await world.expect(201, 'POST', '/employees', { username: name, firstName: 'Ada', lastName: 'Other' });
    const read = await world.expect(200, 'GET', `/change-sets/${set}`);
    assert.equal(read.state, 'undone');
    assert.equal(read.trigger, 'scim');
  });

  it('brings an archived employee back with its username and email, and takes the login from the contact', async () => {
    const { ruleId, employee } = await makeEmployee();
    const { set } = await change(200, 'PATCH', `/mapping-rules/${ruleId}`, portal());
    const [contact] = await contacts();
    assert.equal(contact.hasPortalAccess, true);
    assert.equal((await employees())[0].username, `${employee.username}_Archived`);
    const report = await undo(set);
    assert.deepEqual(report.configuration, [
      { kind: 'mappingRule', id: ruleId, result: 'restored', reason: null },
    ]);
    const [back] = await employees();
    assert.deepEqual(lasting(back), lasting(employee));
    const [closed] = await contacts();
    assert.deepEqual(
      [closed.id, closed.status, closed.hasPortalAccess, closed.username],
      [contact.id, 'inactive', false, null],
    );
    const restored = await world.expect(200, 'GET', `/mapping-rules/${ruleId}`);
    assert.equal(restored.userType, 'employee');
    const again = await world.expect(200, 'POST', '/mapping-rules/preview', {
      changes: [{ op: 'update', id: ruleId, rule: { order: 11 } }],
    });
    assert.deepEqual(again.items, [], 'people and rules agree');
  });

  it('gives the portal login back when the rule had made an employee of a contact', async () => {
    const { ruleId } = await makeEmployee();
    await change(200, 'PATCH', `/mapping-rules/${ruleId}`, portal());
    const [contact] = await contacts();
    const back = { userType: 'employee', securityRoleId: world.roles['Technician'] };
    const { set } = await change(200, 'PATCH', `/mapping-rules/${ruleId}`, back);
    assert.equal((await contacts())[0].hasPortalAccess, false);
    await undo(set);
    assert.deepEqual(lasting((await contacts())[0]), lasting(contact));
    assert.equal((await employees())[0].status, 'archived');
  });

  it('leaves alone what was edited since, and says so field by field', async () => {
    const { user, employee } = await makeEmployee();
    const set = await patchUser(user, {
      phoneNumbers: [{ type: 'work', value: '2' }],
      'name.familyName': 'Newname',
    });
    await world.expect(200, 'PATCH', `/employees/${employee.id}`, { phone: '3' });
    const preview = await world.expect(200, 'POST', `/change-sets/${set}/undo/preview`);
    const report = await undo(set);
    assert.deepEqual(report.leftAlone, [
      {
        directoryUserId: user,
        employeeId: employee.id,
        contactId: null,
        field: 'phone',
        value: '3',
        formerValue: '1',
        reason: 'It was changed since, by hand or by a later change.',
      },
    ]);
    assert.deepEqual(preview, { ...report, undoId: null, followers: preview.followers });
    const now = await world.expect(200, 'GET', `/employees/${employee.id}`);
    assert.deepEqual([now.phone, now.lastName], ['3', 'Doe']);
  });

  it('is not done again by the same facts, and gives way to the next change of the user (REQ-15)', async () => {
    const { user, employee } = await makeEmployee();
    const set = await patchUser(user, { active: false });
    await undo(set);
    const read = () => world.expect(200, 'GET', `/employees/${employee.id}`);
    assert.equal((await read()).status, 'active');
    await patchUser(user, { active: false });
    assert.equal((await read()).status, 'active', 'a push that changes nothing');
    const run = await world.expect(202, 'POST', `/connections/${connection.connectionId}/sync`);
    while ((await world.expect(200, 'GET', `/sync-runs/${run.id}`)).state !== 'succeeded') await sleep(20);
    assert.equal((await read()).status, 'active', 'a re-plan');
    await patchUser(user, { title: 'Manager' });
    assert.equal((await read()).status, 'inactive', 'the next change');
  });

  it('undoes single people, with all of their records, and leaves the rule and the others', async () => {
    const [ada, bob] = [await client.addUser(unique('ada')), await client.addUser(unique('bob'))];
    const group = unique('group');
    await client.addGroup(group, [ada, bob]);
    const { id } = await world.expect(201, 'POST', '/mapping-rules', rule(group));
    const former = (await employees()).find((it) => it.directoryUserId === ada);
    const { set } = await change(200, 'PATCH', `/mapping-rules/${id}`, portal());
    const report = await undo(set, { personIds: [former.id] });
    assert.equal(report.records, 2);
    assert.deepEqual(report.configuration, []);
    const found = new Map((await employees()).map((it) => [it.directoryUserId, it]));
    assert.deepEqual(lasting(found.get(ada)), lasting(former));
    assert.equal(found.get(bob).status, 'archived');
    assert.equal((await world.expect(200, 'GET', `/mapping-rules/${id}`)).userType, 'clientPortal');
    assert.equal((await world.expect(200, 'GET', `/change-sets/${set}`)).state, 'partlyUndone');
    const nobody = await world.call('POST', `/change-sets/${set}/undo`, { personIds: [unknownId] });
    assert.equal(nobody.status, 400);
    assert.deepEqual(pointersOf(nobody.body), ['/personIds']);
  });

  it('is a change set itself: undone in turn, everything is as it was after the change', async () => {
    const { ruleId } = await makeEmployee();
    const { set } = await change(200, 'PATCH', `/mapping-rules/${ruleId}`, portal());
    const applied = {
      employees: (await employees()).map(lasting),
      contacts: (await contacts()).map(lasting),
    };
    const { undoId } = await undo(set);
    const of = await world.expect(200, 'GET', `/change-sets/${undoId}`);
    assert.deepEqual([of.undoOf, of.trigger, of.state], [set, 'ruleChange', 'applied']);
    await undo(undoId);
    assert.deepEqual((await employees()).map(lasting), applied.employees);
    assert.deepEqual((await contacts()).map(lasting), applied.contacts);
    assert.equal((await world.expect(200, 'GET', `/mapping-rules/${ruleId}`)).userType, 'clientPortal');
    assert.equal((await world.expect(200, 'GET', `/change-sets/${set}`)).state, 'applied');
    assert.equal((await world.expect(200, 'GET', `/change-sets/${undoId}`)).state, 'undone');
  });

  it('logs what it does by hand, quoting what it takes back', async () => {
    const { user } = await makeEmployee();
    const set = await patchUser(user, { active: false });
    const { undoId } = await undo(set);
    const { items } = await world.expect(200, 'GET', `/provisioning-events?requestId=${undoId}`);
    assert.equal(items.length, 1);
    const [event] = items;
    assert.deepEqual([event.trigger, event.action, event.directoryUserId], ['manual', 'reactivated', user]);
    assert.ok(event.reason.includes(set));
    assert.ok(event.changes.some((it: Json) => it.field === 'status' && it.after === 'active'));
    assert.equal('records' in event, false);
  });

  it('takes a created rule away and brings a deleted one back with its id', async () => {
    const user = await client.addUser(unique('ada'));
    const group = unique('group');
    await client.addGroup(group, [user]);
    const made = await change(201, 'POST', '/mapping-rules', rule(group));
    await undo(made.set);
    await world.expect(404, 'GET', `/mapping-rules/${made.body.id}`);
    const second = await change(201, 'POST', '/mapping-rules', rule(group));
    const gone = await change(204, 'DELETE', `/mapping-rules/${second.body.id}`);
    assert.equal((await employees()).filter((it) => it.loginEnabled).length, 0);
    await undo(gone.set);
    const { updatedAt: _at, ...back } = await world.expect(200, 'GET', `/mapping-rules/${second.body.id}`);
    const { updatedAt: _was, ...was } = second.body;
    assert.deepEqual(back, was);
    assert.equal((await employees()).filter((it) => it.loginEnabled).length, 1);
  });

  it('leaves a rule alone that was edited since, or whose group another rule has by now', async () => {
    const group = unique('group');
    const made = await change(201, 'POST', '/mapping-rules', rule(group));
    await change(200, 'PATCH', `/mapping-rules/${made.body.id}`, { order: 77 });
    const [edited] = (await undo(made.set)).configuration;
    assert.equal(edited.result, 'leftAlone');
    const gone = await change(204, 'DELETE', `/mapping-rules/${made.body.id}`);
    await change(201, 'POST', '/mapping-rules', rule(group));
    const [taken] = (await undo(gone.set)).configuration;
    assert.equal(taken.result, 'leftAlone');
    assert.match(taken.reason, /names its group by now/);
  });

  it('leaves a username to whoever has it by now', async () => {
    const { ruleId, employee } = await makeEmployee();
    const { set } = await change(200, 'PATCH', `/mapping-rules/${ruleId}`, portal());
    const [contact] = await contacts();
    await world.expect(200, 'PATCH', `/contacts/${contact.id}`, {
      hasPortalAccess: false,
      status: 'inactive',
    });
    await patchUser(contact.directoryUserId, { userName: `${unique('renamed')}@contoso.example` });
    const other = { firstName: 'Some', lastName: 'Body', username: employee.username };
    const thief = await world.call('POST', '/employees', other);
    assert.equal(thief.status, 201, JSON.stringify(thief.body));
    const report = await undo(set);
    const left = report.leftAlone.find(
      (it: Json) => it.field === 'username' && it.employeeId === employee.id,
    );
    assert.match(left.reason, /Somebody else has this username/);
    assert.equal((await world.expect(200, 'GET', `/employees/${employee.id}`)).status, 'active');
  });

  it('does not bring back what does not exist any more: a record or a value of a list', async () => {
    const { user, employee } = await makeEmployee();
    const department = await world.expect(201, 'POST', '/departments', { name: unique('Former') });
    await world.expect(200, 'PATCH', `/employees/${employee.id}`, { departmentId: department.id });
    const path = `/employees/${employee.id}`;
    const moved = await change(200, 'PATCH', path, { departmentId: world.defaults.departmentId });
    await world.expect(204, 'DELETE', `/departments/${department.id}`);
    const [gone] = (await undo(moved.set)).leftAlone;
    assert.deepEqual([gone.field, gone.formerValue], ['departmentId', department.id]);
    assert.match(gone.reason, /does not exist any more/);
    const set = await patchUser(user, { title: 'Manager' });
    await world.expect(204, 'DELETE', path);
    const [deleted] = (await undo(set)).leftAlone;
    assert.deepEqual([deleted.field, deleted.employeeId, deleted.value], ['id', employee.id, null]);
    await world.expect(404, 'GET', path);
  });

  it('says that a deletion by hand cannot be taken back', async () => {
    const { employee } = await makeEmployee();
    const contact = await world.expect(201, 'POST', '/contacts', {
      accountId: world.account.id,
      firstName: 'Ada',
      lastName: 'Byron',
    });
    for (const [path, key, id] of [
      ['/employees', 'employeeId', employee.id],
      ['/contacts', 'contactId', contact.id],
    ] as const) {
      const { set } = await change(204, 'DELETE', `${path}/${id}`);
      const report = await undo(set);
      const [left] = report.leftAlone;
      assert.deepEqual([left[key], left.field, left.value, left.formerValue], [id, 'id', null, id]);
      assert.match(left.reason, /deleted by hand/);
      assert.deepEqual([report.records, report.undoId], [0, null]);
    }
  });

  it('names no change set of its own when there is nothing to do', async () => {
    const { employee } = await makeEmployee();
    const { set } = await change(200, 'PATCH', `/employees/${employee.id}`, { phone: '7' });
    const { undoId } = await undo(set);
    await world.expect(200, 'GET', `/change-sets/${undoId}`);
    const again = await undo(set);
    assert.deepEqual([again.records, again.undoId], [0, null]);
  });

  it('undoes an edit by hand', async () => {
    const { employee } = await makeEmployee();
    const { set } = await change(200, 'PATCH', `/employees/${employee.id}`, {
      phone: '7',
      securityRoleId: world.roles['Read Only'],
      status: 'inactive',
    });
    assert.equal((await undo(set)).records, 1);
    assert.deepEqual(lasting((await employees())[0]), lasting(employee));
  });

  it('never takes the last administrator away', async () => {
    const group = unique('group');
    const user = await client.addUser(unique('ada'));
    await client.addGroup(group, [user]);
    const made = await change(
      201,
      'POST',
      '/mapping-rules',
      rule(group, { securityRoleId: world.roles['Administrator'] }),
    );
    const [ada] = await employees();
    await undo(made.set);
    assert.equal((await world.expect(200, 'GET', `/employees/${ada.id}`)).loginEnabled, false);
    assert.equal((await world.expect(200, 'GET', `/employees/${world.rootId}`)).loginEnabled, true);
  });

  it('lists change sets, newest first, by what caused them and page by page', async () => {
    const { user, ruleId } = await makeEmployee();
    const disabled = await patchUser(user, { active: false });
    const edited = await change(200, 'PATCH', `/mapping-rules/${ruleId}`, { order: 4 });
    const path = `/change-sets?connectionId=${connection.connectionId}`;
    const { items } = await world.expect(200, 'GET', path);
    assert.deepEqual(
      items.slice(0, 2).map((it: Json) => [it.id, it.trigger, it.counts, it.configurationChanges]),
      [
        [edited.set, 'ruleChange', {}, 1],
        [disabled, 'scim', { deactivated: 1 }, 0],
      ],
    );
    const paged: string[] = [];
    let cursor = '';
    do {
      const page = await world.expect(200, 'GET', `${path}&limit=1${cursor}`);
      paged.push(...page.items.map((it: Json) => it.id));
      cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
    } while (cursor !== '');
    assert.deepEqual(
      paged,
      items.map((it: Json) => it.id),
    );
    const scim = await world.expect(200, 'GET', `${path}&trigger=scim`);
    assert.ok(scim.items.length > 0 && scim.items.every((it: Json) => it.trigger === 'scim'));
  });

  it('knows only change sets of the log, and asks for the admin role', async () => {
    for (const id of [unknownId, 'no-such-request'])
      await world.expect(404, 'POST', `/change-sets/${id}/undo`);
    assert.equal((await world.call('GET', '/change-sets/%2e%2e')).status, 404);
    assert.equal((await world.call('POST', `/change-sets/${unknownId}/undo`, { people: [] })).status, 400);
    assert.equal(
      (await world.call('POST', `/change-sets/${unknownId}/undo`, { personIds: ['x'] })).status,
      400,
    );
    const { user } = await makeEmployee();
    const set = await patchUser(user, { active: false });
    const key = await world.expect(201, 'POST', '/api-keys', { name: unique('reader'), role: 'readOnly' });
    const authorization = { authorization: `Bearer ${key.key}` };
    assert.equal(
      (await world.call('POST', `/change-sets/${set}/undo`, undefined, authorization)).status,
      403,
    );
    assert.equal((await world.call('GET', `/change-sets/${set}`, undefined, authorization)).status, 200);
  });

  it('goes batch by batch through a large change set', async () => {
    const word = unique('crowd');
    const ids: string[] = [];
    for (let from = 0; from < 260; from += 10) {
      const some = Array.from({ length: 10 }, (_, index) => `${word}-${from + index}`);
      ids.push(...(await Promise.all(some.map((name) => client.addUser(name)))));
    }
    const group = unique('group');
    // Few enough at a time to be decided at once: nothing but the rule is left to a job.
    const groupId = await client.addGroup(group, ids.slice(0, 150));
    await members('add', groupId, ids.slice(150));
    const enabled = async () => {
      const page = await world.expect(200, 'GET', `/employees?q=${word}&status=active&limit=200`);
      return page.items.length + (page.nextCursor === null ? 0 : 1000);
    };
    const made = await change(201, 'POST', '/mapping-rules', rule(group));
    const done = async () => (await world.expect(200, 'GET', `/change-sets/${made.set}`)).counts.created;
    while ((await done()) !== 260) await sleep(50);
    const preview = await world.expect(200, 'POST', `/change-sets/${made.set}/undo/preview`);
    assert.equal(preview.records, 260);
    assert.ok((await enabled()) > 0);
    const report = await undo(made.set);
    assert.equal(report.records, 260);
    assert.equal(await enabled(), 0);
    assert.equal((await world.expect(200, 'GET', `/change-sets/${made.set}`)).state, 'undone');
  });

  it('undoes the switch of the mode with everything that followed from it (REQ-48)', async () => {
    await world.expect(200, 'PATCH', '/settings', { provisioningMode: 'off' });
    const user = await client.addUser(unique('ada'));
    const group = unique('group');
    await client.addGroup(group, [user]);
    await world.expect(201, 'POST', '/mapping-rules', rule(group));
    assert.deepEqual(await employees(), []);
    const { set } = await change(200, 'PATCH', '/settings', { provisioningMode: 'azureAdSync' });
    assert.equal((await employees())[0].loginEnabled, true);
    const report = await undo(set);
    assert.deepEqual(report.configuration, [
      { kind: 'setting', id: 'provisioningMode', result: 'restored', reason: null },
    ]);
    assert.equal((await world.expect(200, 'GET', '/settings')).provisioningMode, 'off');
    assert.equal((await employees())[0].loginEnabled, false);
    await world.expect(200, 'PATCH', '/settings', { provisioningMode: 'azureAdSync' });
    assert.equal((await employees())[0].loginEnabled, true);
  });
});
