import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Json, startWorld, unique, type World } from '../admin-api/people-world.ts';
import { type GuardWorld, startGuardWorld } from '../held-changes/guard-world.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world?.app.stop());

/** What the request did is the change set of its id. */
const changed = async (method: 'PUT' | 'PATCH', path: string, body: Json): Promise<string> => {
  const answer = await world.call(method, path, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.header('x-request-id') ?? assert.fail('no X-Request-Id');
};
const undo = (set: string): Promise<Json> => world.expect(200, 'POST', `/change-sets/${set}/undo`);

describe('undoing a change of employee defaults (REQ-46)', () => {
  const replace = (more: object) => changed('PUT', '/employee-defaults', { ...world.defaults, ...more });
  const defaults = async (): Promise<Json> => world.expect(200, 'GET', '/employee-defaults');
  const department = async (): Promise<string> =>
    (await world.expect(201, 'POST', '/departments', { name: unique('Department') })).id;

  it('lists it among the change sets and restores what it set; its own undo brings the change back', async () => {
    const departmentId = await department();
    const set = await replace({ departmentId, employmentType: 'Part-time' });
    const applied = await defaults();
    const { items } = await world.expect(200, 'GET', '/change-sets?limit=1');
    assert.deepEqual(
      [items[0].id, items[0].trigger, items[0].configurationChanges, items[0].counts],
      [set, 'manual', 1, {}],
    );
    const restored = { kind: 'employeeDefault', result: 'restored', reason: null };
    const expected = [
      { ...restored, id: 'departmentId' },
      { ...restored, id: 'employmentType' },
    ];
    const preview = await world.expect(200, 'POST', `/change-sets/${set}/undo/preview`);
    assert.deepEqual(preview.configuration, expected);
    assert.deepEqual(await defaults(), applied, 'a preview writes nothing');
    const report = await undo(set);
    assert.deepEqual(report.configuration, expected);
    assert.deepEqual(await defaults(), world.defaults);
    assert.equal((await world.expect(200, 'GET', `/change-sets/${set}`)).state, 'undone');
    await undo(report.undoId);
    assert.deepEqual(await defaults(), applied);
    await replace({});
  });

  it('leaves alone what was edited since, what is gone, and what provisioning cannot be without', async () => {
    const [gone, later] = [await department(), await department()];
    await replace({ departmentId: gone, accountId: null });
    const set = await replace({ departmentId: later, accountId: world.account.id, employmentType: 'Intern' });
    await world.expect(204, 'DELETE', `/departments/${gone}`);
    await replace({ departmentId: later, accountId: world.account.id, employmentType: 'Trainee' });
    const { configuration } = await undo(set);
    assert.deepEqual(
      configuration.map(({ id, result, reason }: Json) => [id, result, reason]),
      [
        ['accountId', 'restored', null],
        ['departmentId', 'leftAlone', `There is no department ${gone}.`],
        ['employmentType', 'leftAlone', 'It was changed since.'],
      ],
    );
    assert.equal((await defaults()).accountId, null);

    await world.expect(200, 'PATCH', '/settings', { provisioningMode: 'off' });
    await replace({ departmentId: null });
    const filled = await replace({});
    await world.expect(200, 'PATCH', '/settings', { provisioningMode: 'azureAdSync' });
    const needed = (await undo(filled)).configuration;
    assert.deepEqual(
      needed.map(({ id, result, reason }: Json) => [id, result, reason]),
      [['departmentId', 'leftAlone', 'Provisioning is on and needs a value.']],
    );
    assert.deepEqual(await defaults(), world.defaults);
  });
});

describe('undoing a rule change that the guard holds (A-24)', () => {
  /** Held as a whole; answers the change set. */
  const heldChange = async (at: GuardWorld, count: number): Promise<string> => {
    await at.setGuard({ maxDeactivations: 0 });
    const set = await changed('PATCH', `/mapping-rules/${at.staffRuleId}`, { enabled: false });
    for (let held = 0; held < count; ) held = (await at.waiting()).length;
    return set;
  };

  it('dissolves what waits for it at once, and nothing else', async () => {
    const at = await startGuardWorld(world);
    const ids = await at.hire(4);
    const [disabled = '', ...others] = ids;
    await at.setGuard({ maxDeactivations: 0 });
    await at.client.patchUser(disabled, { active: false });
    const set = await heldChange(at, 4);
    await undo(set);
    const left = await at.waiting();
    assert.deepEqual(
      left.map(({ directoryUserId, effect }: Json) => [directoryUserId, effect]),
      [[disabled, 'deactivate']],
    );
    const dissolved = await at.waiting('&state=dissolved');
    assert.deepEqual(new Set(dissolved.map((it: Json) => it.directoryUserId)), new Set(others));
    for (const id of ids) assert.equal(await at.loginOf(id), true);
  });

  it('dissolves the holds of a change that was left to jobs', { timeout: 110_000 }, async () => {
    const at = await startGuardWorld(world);
    await at.hire(205);
    const set = await heldChange(at, 200);
    await undo(set);
    for (let waits = 205; waits > 0; ) waits = (await at.waiting()).length;
    assert.equal((await at.waiting('&state=dissolved')).length, 200, 'a full page of them');
  });
});

describe('undoing a rule change that more people have come under since (REQ-57)', () => {
  const employeeOf = async (userId: string): Promise<Json> => {
    const { employeeId } = await world.expect(200, 'GET', `/directory-users/${userId}`);
    return world.expect(200, 'GET', `/employees/${employeeId}`);
  };
  const join = (at: GuardWorld, groupId: string, id: string) =>
    at.patchGroup(groupId, [{ op: 'add', path: 'members', value: [{ value: id }] }]);

  it('takes the access of a new rule also from those who came after it', async () => {
    const at = await startGuardWorld(world);
    await at.setGuard({});
    const groupId = unique('mistake');
    const group = await at.client.addGroup(groupId);
    const { connectionId } = at.connection;
    const rule = { connectionId, groupId, order: 9, userType: 'employee' };
    const made = await world.call('POST', '/mapping-rules', {
      ...rule,
      securityRoleId: world.roles['Technician'],
    });
    const newcomer = await at.client.addUser(unique('newcomer'));
    await join(at, group, newcomer);
    assert.equal(await at.loginOf(newcomer), true);
    const { followers } = await world.expect(
      200,
      'POST',
      `/change-sets/${made.header('x-request-id')}/undo/preview`,
    );
    assert.deepEqual(
      followers.items.map(({ directoryUserId, effects }: Json) => [directoryUserId, effects]),
      [[newcomer, ['revokeAccess']]],
      'the preview says so',
    );
    assert.equal(followers.counts.revokeAccess, 1);
    await undo(made.header('x-request-id') ?? '');
    const { loginEnabled, securityRoleId, winningRuleId } = await employeeOf(newcomer);
    assert.deepEqual([loginEnabled, securityRoleId, winningRuleId], [false, null, null]);
  });

  it('gives them the role of the rule as it was, and leaves alone who was edited since', async () => {
    const at = await startGuardWorld(world);
    await at.setGuard({});
    const [edited = ''] = await at.hire(1);
    const [former, mistaken, own] = ['Technician', 'Read Only', 'Administrator'].map((it) => world.roles[it]);
    const set = await changed('PATCH', `/mapping-rules/${at.staffRuleId}`, { securityRoleId: mistaken });
    const [newcomer = ''] = await at.hire(1);
    assert.equal((await employeeOf(newcomer)).securityRoleId, mistaken);
    const { id } = await employeeOf(edited);
    await world.expect(200, 'PATCH', `/employees/${id}`, { securityRoleId: own });
    const { followers } = await world.expect(200, 'POST', `/change-sets/${set}/undo/preview`);
    assert.deepEqual(
      followers.items.map(({ directoryUserId, after }: Json) => [directoryUserId, after.securityRoleId]),
      [[newcomer, former]],
      'neither those whom the undo puts back nor those whom it leaves alone',
    );
    const report = await undo(set);
    assert.equal(report.followers, null);
    assert.deepEqual(
      report.leftAlone.map(({ field }: Json) => field),
      ['securityRoleId'],
    );
    assert.equal((await employeeOf(newcomer)).securityRoleId, former);
    assert.equal((await employeeOf(edited)).securityRoleId, own);
  });

  it('gives the login back to those from whom an approval has taken it meanwhile (A-24)', async () => {
    const at = await startGuardWorld(world);
    const [moved = ''] = await at.hire(1);
    await at.setGuard({ maxDeactivations: 0 });
    const set = await changed('PATCH', `/mapping-rules/${at.staffRuleId}`, { enabled: false });
    const [held] = await at.waiting();
    await world.expect(200, 'POST', '/held-changes/approve', { ids: [held.id] });
    assert.equal(await at.loginOf(moved), false);
    await undo(set);
    assert.equal(await at.loginOf(moved), true);
  });
});
