import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Json, unique, type World } from '../admin-api/people-world.ts';
import { executeSql } from '../support/execute-sql.ts';
import { type GuardWorld, startGuardWorld, startWorld } from './guard-world.ts';

let world: World;
let at: GuardWorld;
before(async () => {
  world = await startWorld();
});
after(() => world?.app.stop());

describe('the role of the root user (A-22)', () => {
  it('stays an administrator role, also one that was made by hand', async () => {
    const body = { name: unique('Owners'), isAdministrator: true };
    const role = await world.expect(201, 'POST', '/security-roles', body);
    const demote = { isAdministrator: false };
    await world.expect(200, 'PATCH', `/employees/${world.rootId}`, { securityRoleId: role.id });
    const refused = await world.call('PATCH', `/security-roles/${role.id}`, demote);
    assert.equal(refused.status, 409);
    assert.match(refused.body.detail, /root user/);
    const back = { securityRoleId: world.roles.Administrator };
    await world.expect(200, 'PATCH', `/employees/${world.rootId}`, back);
    await world.expect(200, 'PATCH', `/security-roles/${role.id}`, demote);
  });

  it('makes it an administrator, so that others may lose their role to a rule (REQ-55)', async () => {
    at = await startGuardWorld(world);
    const id = await at.client.addUser(unique('admin'));
    const body = { firstName: 'A', lastName: 'B', securityRoleId: world.roles.Administrator };
    const { userName } = await world.expect(200, 'GET', `/directory-users/${id}`);
    const local = await world.expect(201, 'POST', '/employees', { ...body, email: userName });
    await at.patchGroup(at.staffId, [{ op: 'add', path: 'members', value: [{ value: id }] }]);
    const { securityRoleId } = await world.expect(200, 'GET', `/employees/${local.id}`);
    assert.equal(securityRoleId, world.roles.Technician);
  });
});

/** The API keeps the root user an administrator, so only the database itself can make somebody else the last one. */
describe('the last active administrator, where the root user is none (A-22)', () => {
  before(() =>
    executeSql(world.app.databaseUrl, 'update employees set security_role_id = null where is_root'),
  );
  beforeEach(async () => {
    await executeSql(
      world.app.databaseUrl,
      'update employees set security_role_id = null where security_role_id is not null and not is_root',
    );
    at = await startGuardWorld(world);
    await at.setGuard({});
    await change({ securityRoleId: world.roles.Administrator });
  });

  const change = (rule: object) => world.expect(200, 'PATCH', `/mapping-rules/${at.staffRuleId}`, rule);
  const removal = (id: string) => [{ op: 'remove', path: `members[value eq "${id}"]` }];
  const employeeOf = async (id: string): Promise<Json> => {
    const { employeeId } = await world.expect(200, 'GET', `/directory-users/${id}`);
    return world.expect(200, 'GET', `/employees/${employeeId}`);
  };
  const isAdministrator = (it: Json): boolean =>
    it.status === 'active' && it.loginEnabled && it.securityRoleId === world.roles.Administrator;
  const heldAs = async (id: string): Promise<readonly Json[]> =>
    (await at.waiting(`&directoryUserId=${id}`)).map((it) => [it.effect, it.cause]);

  const portal = () => ({
    userType: 'clientPortal',
    securityRoleId: world.roles['External User'],
    accountId: world.account.id,
  });
  const ways: readonly (readonly [string, string, (id: string) => Promise<unknown>])[] = [
    ['disabled', 'deactivate', (id) => at.client.patchUser(id, { active: false })],
    ['deleted', 'deactivate', (id) => at.client.deleteUser(id)],
    ['taken out of the group', 'revokeAccess', (id) => at.patchGroup(at.staffId, removal(id))],
    ['demoted by a rule', 'changeRole', () => change({ securityRoleId: world.roles.Technician })],
    ['left without a rule', 'revokeAccess', () => change({ enabled: false })],
    ['converted by a rule', 'convert', () => change(portal())],
  ];
  for (const [way, effect, attempt] of ways) {
    it(`waits when it is ${way}, and no approval helps while there is no other`, async () => {
      const [id = ''] = await at.hire(1);
      const { id: employeeId } = await employeeOf(id);
      await attempt(id);
      assert.ok(isAdministrator(await employeeOf(id)));
      assert.deepEqual(await heldAs(id), [[effect, 'lastAdministrator']]);
      const [held] = await at.waiting();
      const approval = { ids: [held.id] };
      const stuck = await world.expect(200, 'POST', '/held-changes/approve', approval);
      assert.equal(stuck.items[0].result, 'stillBlocked');
      const { items } = await world.expect(200, 'GET', `/provisioning-events?directoryUserId=${id}`);
      assert.deepEqual([items[0].action, items[0].reason], ['held', held.reason]);

      const body = { firstName: 'A', lastName: 'B', email: `${unique('other')}@contoso.example` };
      const securityRoleId = world.roles.Administrator;
      await world.expect(201, 'POST', '/employees', { ...body, securityRoleId });
      await world.expect(200, 'POST', '/held-changes/approve', approval);
      assert.ok(!isAdministrator(await world.expect(200, 'GET', `/employees/${employeeId}`)));
      assert.deepEqual(await at.waiting(), []);
    });
  }

  it('is shown as held by the preview of the rule change', async () => {
    const [id = ''] = await at.hire(1);
    const rule = { securityRoleId: world.roles.Technician };
    const changes = [{ op: 'update', id: at.staffRuleId, rule }];
    const preview = await world.expect(200, 'POST', '/mapping-rules/preview', { changes });
    assert.deepEqual(
      preview.items.map((it: Json) => [it.directoryUserId, it.after.outcome, it.effects]),
      [[id, 'held', []]],
    );
    const { digest } = preview;
    await world.expect(200, 'POST', '/mapping-rules/apply', { changes, digest });
    assert.deepEqual(await heldAs(id), [['changeRole', 'lastAdministrator']]);
  });

  it('stays when two are taken away at once, in one request or in two', async () => {
    const together = await at.hire(2);
    await change({ enabled: false });
    for (const id of together) assert.ok(isAdministrator(await employeeOf(id)));
    await change({ enabled: true });
    assert.deepEqual(await at.waiting(), []);

    for (let round = 0; round < 5; round += 1) {
      const [one = '', other = ''] = round === 0 ? together : await at.hire(2);
      await Promise.all([
        at.client.patchUser(one, { active: false }),
        at.client.patchUser(other, { active: false }),
      ]);
      await assertOneStays([one, other]);
    }
  });

  it('stays when one is taken away by the directory and the other one by hand at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [one = '', other = ''] = await at.hire(2);
      const { id } = await employeeOf(other);
      await Promise.all([
        at.client.patchUser(one, { active: false }),
        world.call('PATCH', `/employees/${id}`, { status: 'inactive' }),
      ]);
      await assertOneStays([one, other]);
    }
  });

  /** And goes now, so that the next round begins without an administrator. */
  async function assertOneStays(ids: readonly string[]): Promise<void> {
    const people = await Promise.all(ids.map(employeeOf));
    assert.equal(people.filter(isAdministrator).length, 1, JSON.stringify(people.map((it) => it.status)));
    await executeSql(world.app.databaseUrl, "update employees set status = 'inactive' where not is_root");
  }
});
