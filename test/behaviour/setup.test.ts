import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Json, makeClient, pointersOf, unique } from '../admin-api/people-world.ts';
import { type Behaviour, startBehaviour } from './behaviour-world.ts';

const patience = 200;

describe('what an administrator sets up', () => {
  let world: Behaviour;
  before(async () => {
    world = await startBehaviour();
  });
  after(() => world.app.stop());

  const setMode = (provisioningMode: string) => world.expect(200, 'PATCH', '/settings', { provisioningMode });
  const employeeRule = () => ({ userType: 'employee', securityRoleId: world.roles['Technician'] });

  it('REQ-48 A-20 with the mode off changes are mirrored and the PSA is untouched; switching on plans everybody', async () => {
    const { id: group } = await world.employeeGroup();
    const known = await world.client.addUser(unique('off'));
    await world.join(group, known);
    const before = await world.employeeOf(known);
    await setMode('off');
    const added = await world.client.addUser(unique('off'));
    await world.join(group, added);
    await world.client.patchUser(known, { active: false });
    assert.deepEqual(await world.employeeOf(known), before);
    assert.equal((await world.directoryUser(known)).active, false);
    assert.equal((await world.directoryUser(added)).employeeId, null);
    await setMode('azureAdSync');
    assert.equal((await world.employeeOf(known)).status, 'inactive');
    assert.equal((await world.employeeOf(added)).loginEnabled, true);
  });

  it('REQ-48 REQ-15 what was changed, cleared and renamed while it was off is applied when it is switched on', async () => {
    const { id: group } = await world.employeeGroup();
    const name = unique('changing');
    const [changed, untouched] = [
      await world.client.addUser(name, { phoneNumbers: [{ type: 'work', value: '+49 30 1' }] }),
      await world.client.addUser(unique('untouched')),
    ];
    for (const id of [changed, untouched]) await world.join(group, id);
    await setMode('off');
    const family = unique('Married');
    await world.client.patchUser(changed, { name: { familyName: family }, phoneNumbers: [] });
    const renamed = unique('renamed');
    await world.client.patchUser(changed, { userName: `${renamed}@contoso.example` });
    const { id: local } = await world.employeeOf(untouched);
    await world.expect(200, 'PATCH', `/employees/${local}`, { lastName: 'By hand' });
    await setMode('azureAdSync');
    const { lastName, phone, username } = await world.employeeOf(changed);
    assert.deepEqual([lastName, phone, username], [family, null, renamed]);
    assert.equal((await world.employeeOf(untouched)).lastName, 'By hand', 'nothing was changed upstream');
    const { id } = await world.employeeOf(changed);
    await world.expect(200, 'PATCH', `/employees/${id}`, { lastName: 'By hand' });
    await setMode('off');
    await setMode('azureAdSync');
    assert.equal((await world.employeeOf(changed)).lastName, 'By hand', 'a change is applied once');
  });

  it('REQ-48 switching on with many people leaves a run per connection that ends in the same state', async () => {
    await setMode('off');
    const connection = await world.app.createScimConnection('Many');
    const client = makeClient(world, connection);
    const ids: string[] = [];
    for (let count = 0; count < 205; count += 1) ids.push(await client.addUser(unique('many')));
    const groupId = unique('many');
    await client.addGroup(groupId, ids);
    const { connectionId } = connection;
    await world.expect(201, 'POST', '/mapping-rules', { connectionId, groupId, order: 1, ...employeeRule() });
    await setMode('azureAdSync');
    const runs = async () =>
      (await world.expect(200, 'GET', `/sync-runs?connectionId=${connectionId}`)).items;
    const [run] = await runs();
    assert.ok(run, 'the switch and its run are committed together');
    for (let tries = 0; tries < patience; tries += 1) {
      const [{ state }] = await runs();
      if (!['queued', 'running'].includes(state)) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const [ended] = await runs();
    assert.deepEqual([ended.id, ended.state, ended.progress.done], [run.id, 'succeeded', 205]);
    for (const id of [ids[0], ids[204]])
      assert.equal((await world.employeeOf(String(id))).loginEnabled, true);
    const metrics = await (await fetch(`${world.app.baseUrl}/metrics`)).text();
    assert.match(metrics, /rollcall_job_duration_seconds_count\{job="replan",outcome="completed"\} \d/);
  });

  it('REQ-49 incomplete defaults are refused while the sync is on, with each missing field', async () => {
    const refused = await world.expect(409, 'PUT', '/employee-defaults', {
      ...world.defaults,
      departmentId: null,
      employeeRoleId: null,
    });
    assert.deepEqual([...refused.missing].sort(), ['departmentId', 'employeeRoleId']);
    await setMode('off');
    await world.expect(200, 'PUT', '/employee-defaults', { ...world.defaults, locationId: null });
    const switching = await world.expect(409, 'PATCH', '/settings', { provisioningMode: 'azureAdSync' });
    assert.deepEqual(switching.missing, ['locationId']);
    const path = `/connections/${world.connection.connectionId}/sync`;
    assert.deepEqual((await world.expect(409, 'POST', path)).missing, ['locationId']);
    await world.expect(200, 'PUT', '/employee-defaults', world.defaults);
    await setMode('azureAdSync');
  });

  it('REQ-46 a default manager whom the directory deactivates is reported, and new people have none until then', async () => {
    const { id: group } = await world.employeeGroup();
    const boss = await world.client.addUser(unique('boss'));
    await world.join(group, boss);
    const { id: managerId } = await world.employeeOf(boss);
    await world.expect(200, 'PUT', '/employee-defaults', { ...world.defaults, managerId });
    const ruled = await world.employeeGroup([], { overrides: { managerId } });
    const check = async (): Promise<Json> => {
      const { checks } = await world.expect(
        200,
        'GET',
        `/connections/${world.connection.connectionId}/doctor`,
      );
      return checks.find(({ id }: Json) => id === 'employeeDefaults');
    };
    const hired = async (groupId: string): Promise<Json> => {
      const id = await world.client.addUser(unique('hired'));
      await world.join(groupId, id);
      return world.employeeOf(id);
    };
    assert.equal((await check()).status, 'pass');
    assert.equal((await hired(group)).managerId, managerId);
    await world.client.patchUser(boss, { active: false });
    const { status, detail, fix } = await check();
    assert.equal(status, 'warn');
    assert.match(detail, /manager is not active/);
    assert.match(fix, /employee defaults \(managerId\) and of the mapping rules for /);
    for (const groupId of [group, ruled.id]) {
      const person = await hired(groupId);
      assert.deepEqual([person.managerId, person.loginEnabled], [null, true]);
    }
    const local = { firstName: 'Local', lastName: 'Person', email: `${unique('local')}@contoso.example` };
    const made = await world.expect(201, 'POST', '/employees', local);
    assert.equal(made.managerId, null);
    await world.expect(200, 'PATCH', `/mapping-rules/${ruled.rule.id}`, {
      overrides: { managerId: null },
    });
    await world.expect(200, 'PUT', '/employee-defaults', world.defaults);
    assert.equal((await check()).status, 'pass');
  });

  it('defaults want an internal role and an active manager, with a pointer', async () => {
    const put = async (more: object) =>
      pointersOf(await world.expect(400, 'PUT', '/employee-defaults', { ...world.defaults, ...more }));
    assert.deepEqual(await put({ securityRoleId: world.roles['External User'] }), ['/securityRoleId']);
    assert.deepEqual(await put({ managerId: crypto.randomUUID() }), ['/managerId']);
    const email = `${unique('manager')}@contoso.example`;
    const person = { firstName: 'A', lastName: 'B', email, status: 'inactive' };
    const { id } = await world.expect(201, 'POST', '/employees', person);
    assert.deepEqual(await put({ managerId: id }), ['/managerId']);
    assert.deepEqual(await put({ employmentType: 'x'.repeat(61) }), ['/employmentType']);
    assert.deepEqual(await put({ surprise: 1 }), ['/surprise']);
  });

  it('REQ-54 REQ-56 a person shows its rule and the role of it', async () => {
    const { id: group, rule, externalId } = await world.employeeGroup();
    const id = await world.client.addUser(unique('shown'));
    await world.join(group, id);
    const employee = await world.employeeOf(id);
    assert.deepEqual([employee.winningRuleId, employee.securityRoleId], [rule.id, rule.securityRoleId]);
    const shown = await world.expect(200, 'GET', `/mapping-rules/${rule.id}`);
    assert.deepEqual([shown.groupId, shown.groupName], [externalId, `Group ${externalId}`]);
  });

  it('REQ-60 A-23 a rule is made, changed and deleted, and takes effect for its members each time', async () => {
    const { id: group, rule } = await world.employeeGroup();
    const id = await world.client.addUser(unique('rule'));
    await world.join(group, id);
    const path = `/mapping-rules/${rule.id}`;
    await world.expect(200, 'PATCH', path, { securityRoleId: world.roles['Read Only'] });
    assert.equal((await world.employeeOf(id)).securityRoleId, world.roles['Read Only']);
    await world.expect(200, 'PATCH', path, { enabled: false });
    assert.equal((await world.employeeOf(id)).loginEnabled, false);
    const { candidates } = (await world.explain(id)).decision;
    const verdict = candidates.find(({ ruleId }: Json) => ruleId === rule.id)?.verdict;
    assert.equal(verdict, 'disabled');
    await world.expect(200, 'PATCH', path, { enabled: true });
    assert.equal((await world.employeeOf(id)).loginEnabled, true);
    await world.expect(204, 'DELETE', path);
    assert.equal((await world.employeeOf(id)).winningRuleId, null);
    const events = await world.events(`directoryUserId=${id}`);
    assert.deepEqual(new Set(events.slice(0, 4).map(({ trigger }) => trigger)), new Set(['ruleChange']));
  });

  it('a local change of the role lasts until the next change of the directory or the rule', async () => {
    const { id: group, rule } = await world.employeeGroup();
    const id = await world.client.addUser(unique('role'));
    await world.join(group, id);
    const { id: employeeId } = await world.employeeOf(id);
    const demote = () =>
      world.expect(200, 'PATCH', `/employees/${employeeId}`, { securityRoleId: world.roles['Read Only'] });
    const role = async () => (await world.employeeOf(id)).securityRoleId;
    await demote();
    const run = await world.expect(202, 'POST', `/connections/${world.connection.connectionId}/sync`);
    for (let tries = 0; tries < patience; tries += 1) {
      const { state } = await world.expect(200, 'GET', `/sync-runs/${run.id}`);
      if (state === 'succeeded') break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(await role(), world.roles['Read Only']);
    await world.client.patchUser(id, { title: 'Engineer' });
    assert.equal(await role(), world.roles['Technician']);
    await demote();
    await world.expect(200, 'PATCH', `/mapping-rules/${rule.id}`, { note: 'only a note' });
    await world.expect(200, 'PATCH', `/mapping-rules/${rule.id}`, { order: 11 });
    assert.equal(await role(), world.roles['Technician']);
  });

  it('defaults and overrides never move an existing person', async () => {
    const { id: group, rule } = await world.employeeGroup();
    const id = await world.client.addUser(unique('stay'));
    await world.join(group, id);
    const before = await world.employeeOf(id);
    const departmentId = (await world.expect(201, 'POST', '/departments', { name: unique('New') })).id;
    await world.expect(200, 'PATCH', `/mapping-rules/${rule.id}`, { overrides: { departmentId } });
    await world.expect(200, 'PUT', '/employee-defaults', { ...world.defaults, departmentId });
    await world.client.patchUser(id, { nickName: 'touched' });
    assert.equal((await world.employeeOf(id)).departmentId, before.departmentId);
    await world.expect(200, 'PUT', '/employee-defaults', world.defaults);
  });

  it('local edits are events with trigger manual and the id of their request', async () => {
    const email = `${unique('edit')}@contoso.example`;
    const { id } = await world.expect(201, 'POST', '/employees', { firstName: 'A', lastName: 'B', email });
    const requestId = unique('request');
    await world.expect(200, 'PATCH', `/employees/${id}`, { phone: '7' }, { 'x-request-id': requestId });
    const [event] = await world.events(`employeeId=${id}`);
    assert.deepEqual(
      [event.action, event.trigger, event.requestId, event.changes],
      ['updated', 'manual', requestId, [{ field: 'phone', before: null, after: '7', origin: 'local' }]],
    );
  });
});
