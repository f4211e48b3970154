import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Json, unique } from '../admin-api/people-world.ts';
import { assertSucceeded, startSyncWorld } from '../graph-sync/sync-world.ts';

describe('people read from Microsoft Graph', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  before(async () => {
    world = await startSyncWorld();
  });
  after(() => world.stop());

  const invite = (more: object = {}): string =>
    world.tenant.addUser({
      userPrincipalName: `${unique('person')}@mymsp.example`,
      givenName: 'Per',
      surname: 'Son',
      ...more,
    });
  const ruledGroup = async (members: readonly string[], order = 1, more: object = {}): Promise<string> => {
    const id = world.tenant.addGroup({ displayName: unique('Group'), securityEnabled: true, ...more });
    world.tenant.addMembers(id, members);
    await world.addRule(id, order);
    return id;
  };
  const synced = async (): Promise<void> => assertSucceeded(await world.sync());
  const directoryUser = async (objectId: string): Promise<Json> => {
    const { items } = await world.expect(200, 'GET', `/directory-users?q=${objectId}`);
    assert.equal(items.length, 1, objectId);
    return items[0];
  };
  const employeeOf = async (objectId: string): Promise<Json> =>
    world.expect(200, 'GET', `/employees/${(await directoryUser(objectId)).employeeId}`);

  it('REQ-03 REQ-27 an on-premises user is provisioned like any other', async () => {
    const [cloud, premises] = [invite(), invite({ onPremisesSyncEnabled: true })];
    await ruledGroup([cloud, premises]);
    await synced();
    const [one, other] = [await employeeOf(cloud), await employeeOf(premises)];
    const differing = { id: '', username: '', email: '', directoryUserId: '', createdAt: '', updatedAt: '' };
    assert.deepEqual({ ...one, ...differing }, { ...other, ...differing });
    assert.equal(one.loginEnabled, true);
  });

  it('REQ-06 A-02 at the same Order the group that the directory made first wins, whenever it was seen', async () => {
    const id = invite();
    await ruledGroup([id], 2, { createdDateTime: '2024-05-01T00:00:00Z' });
    await synced();
    const older = await ruledGroup([id], 2, { createdDateTime: '2019-05-01T00:00:00Z' });
    await synced();
    const employee = await employeeOf(id);
    const rule = await world.expect(200, 'GET', `/mapping-rules/${employee.winningRuleId}`);
    assert.equal(rule.groupId, older);
    assert.match(rule.groupCreatedAt, /^2019-05-01T00:00:00/);
  });

  it('REQ-16 D-03 a soft-deleted user is deactivated under its own names, and restored it works again', async () => {
    const id = invite();
    await ruledGroup([id]);
    await synced();
    const before = await employeeOf(id);
    world.tenant.softDeleteUser(id);
    await synced();
    const gone = await world.expect(200, 'GET', `/employees/${before.id}`);
    assert.deepEqual(
      [gone.status, gone.loginEnabled, gone.username, gone.email],
      ['inactive', false, before.username, before.email],
    );
    world.tenant.restoreUser(id);
    await synced();
    const back = await employeeOf(id);
    assert.deepEqual([back.id, back.status, back.loginEnabled], [before.id, 'active', true]);
  });

  it('D-05 a user made anew with the same name and another object id is the same person once the first is gone', async () => {
    const userPrincipalName = `${unique('again')}@mymsp.example`;
    const first = invite({ userPrincipalName });
    const group = await ruledGroup([first]);
    await synced();
    const before = await employeeOf(first);
    world.tenant.purgeUser(first);
    await synced();
    const second = invite({ userPrincipalName });
    world.tenant.addMembers(group, [second]);
    await synced();
    const back = await employeeOf(second);
    assert.deepEqual([back.id, back.status, back.loginEnabled], [before.id, 'active', true]);
  });

  it('A-17 REQ-37 REQ-22 a guest of another tenant has the names of its home', async () => {
    const name = unique('guest');
    const id = invite({
      userPrincipalName: `${name}_child.example#EXT#@mymsp.onmicrosoft.com`,
      mail: `${name}@child.example`,
      userType: 'Guest',
    });
    await world.expect(200, 'PATCH', `/connections/${world.connectionId}`, {
      allowedExternalDomains: ['child.example'],
    });
    await ruledGroup([id]);
    await synced();
    const employee = await employeeOf(id);
    assert.deepEqual([employee.username, employee.email], [name, `${name}@child.example`]);
  });

  it('REQ-44 REQ-45 REQ-52 a connection has application id and key of its own, and never shows the key', async () => {
    const { body } = await world.call('GET', `/connections/${world.connectionId}`);
    assert.equal(body.hasApplicationKey, true);
    assert.ok(typeof body.applicationId === 'string' && !('applicationKey' in body));
  });

  it('people of a connection that is removed are taken over by a new one to the same tenant', async () => {
    const id = invite();
    const group = await ruledGroup([id]);
    await synced();
    const before = await employeeOf(id);
    const old = await world.expect(200, 'GET', `/connections/${world.connectionId}`);
    await world.expect(204, 'DELETE', `/connections/${old.id}?unlink=true`);
    const orphan = await world.expect(200, 'GET', `/employees/${before.id}`);
    assert.deepEqual([orphan.directoryUserId, orphan.status], [null, 'active']);
    const { id: again } = await world.expect(201, 'POST', '/connections', {
      name: 'Again',
      kind: 'entra',
      tenant: old.tenantId,
      applicationId: old.applicationId,
      applicationKey: 'kQ8~the-value-of-the-client-secret',
    });
    await world.expect(200, 'POST', `/connections/${again}/connect`, { mode: 'application' });
    await world.expect(201, 'POST', '/mapping-rules', {
      connectionId: again,
      groupId: group,
      order: 1,
      userType: 'employee',
      securityRoleId: world.roles['Technician'],
    });
    const run = await world.expect(202, 'POST', `/connections/${again}/sync`);
    assertSucceeded(await world.ended(run.id));
    assert.equal((await employeeOf(id)).id, before.id);
  });
});
