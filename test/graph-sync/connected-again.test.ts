import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Json } from '../admin-api/people-world.ts';
import { startSyncWorld } from './sync-world.ts';

const SECRET = 'kQ8~the-value-of-the-client-secret';

describe('a tenant whose connection was deleted and made again', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  let connectionId: string;
  let groups: { readonly employees: string; readonly portal: string };

  before(async () => {
    world = await startSyncWorld({ isNotified: true });
    connectionId = world.connectionId;
    groups = {
      employees: world.tenant.addGroup({ displayName: 'Technicians' }),
      portal: world.tenant.addGroup({ displayName: 'Customers' }),
    };
  });
  after(() => world.stop());

  const expect = (...args: Parameters<typeof world.expect>) => world.expect(...args);
  const addRules = async (): Promise<void> => {
    const rule = { connectionId, securityRoleId: world.roles['Technician'] };
    await expect(201, 'POST', '/mapping-rules', {
      ...rule,
      groupId: groups.employees,
      order: 1,
      userType: 'employee',
    });
    await expect(201, 'POST', '/mapping-rules', {
      ...rule,
      groupId: groups.portal,
      order: 2,
      userType: 'clientPortal',
      securityRoleId: world.roles['External User'],
      accountId: world.account.id,
    });
  };
  const sync = async (): Promise<Json> => {
    const run = await world.ended((await expect(202, 'POST', `/connections/${connectionId}/sync`)).id);
    assert.equal(run.state, 'succeeded', JSON.stringify(run));
    return run;
  };
  const add = (name: string, groupId: string): string => {
    const userId = world.tenant.addUser({ userPrincipalName: `${name}@mymsp.example`, givenName: name });
    world.tenant.addMembers(groupId, [userId]);
    return userId;
  };
  const rename = (userId: string, name: string) =>
    world.tenant.updateUser(userId, { userPrincipalName: `${name}@mymsp.example`, mail: null });
  const find = async (kind: 'employees' | 'contacts', email: string): Promise<Json> => {
    const { items } = await expect(200, 'GET', `/${kind}?email=${encodeURIComponent(email)}`);
    assert.equal(items.length, 1, `${email} among the ${kind}`);
    return items[0];
  };
  const orphans = async (kind: 'employees' | 'contacts'): Promise<readonly Json[]> =>
    (await expect(200, 'GET', `/${kind}?orphaned=true&limit=200`)).items;

  /** Gone with its rules, and there again. */
  const makeAgain = async (between: () => Promise<void>): Promise<void> => {
    const { applicationId } = await expect(200, 'GET', `/connections/${connectionId}`);
    await expect(204, 'DELETE', `/connections/${connectionId}?unlink=true`);
    await between();
    const made = await expect(201, 'POST', '/connections', {
      name: 'Once more',
      kind: 'entra',
      tenant: world.tenant.id,
      applicationId,
      applicationKey: SECRET,
    });
    connectionId = made.id;
    await expect(200, 'POST', `/connections/${connectionId}/connect`, { mode: 'application' });
  };

  it('gives its users their records back by tenant and object id, before anybody looks for an email', async () => {
    const [ann, bob] = [add('ann', groups.employees), add('bob', groups.portal)];
    await addRules();
    await sync();
    const [employee, contact] = [
      await find('employees', 'ann@mymsp.example'),
      await find('contacts', 'bob@mymsp.example'),
    ];
    assert.equal(employee.formerIdentity, null, 'it is linked');
    assert.deepEqual(await orphans('employees'), []);

    await makeAgain(async () => {
      const [lost] = await orphans('employees');
      assert.equal(lost.id, employee.id);
      assert.deepEqual(lost.formerIdentity, { tenantId: world.tenant.id, objectId: ann });
      assert.equal(lost.loginEnabled, true, 'the record stays as it is');
      assert.deepEqual(
        (await orphans('contacts')).map(({ id, formerIdentity }) => [id, formerIdentity.objectId]),
        [[contact.id, bob]],
      );
      rename(ann, 'ann.married');
      rename(bob, 'robert');
      // Whoever has the address now is not the person.
      await expect(201, 'POST', '/employees', {
        firstName: 'Other',
        lastName: 'Ann',
        email: 'other@mymsp.example',
        securityRoleId: world.roles['Technician'],
      });
    });
    await sync();
    const untouched = await expect(200, 'GET', `/employees/${employee.id}`);
    assert.ok(untouched.directoryUserId, 'linked before there is any rule');
    assert.equal(untouched.loginEnabled, true, 'and not cut off by the lack of rules');
    await addRules();
    await sync();
    const [again, portal] = [
      await expect(200, 'GET', `/employees/${employee.id}`),
      await expect(200, 'GET', `/contacts/${contact.id}`),
    ];
    assert.equal(again.email, 'ann.married@mymsp.example');
    assert.ok(again.winningRuleId);
    console.log(portal);
    assert.ok(portal.emails.some(({ address }: Json) => address === 'robert@mymsp.example'));
    assert.ok(portal.directoryUserId && portal.hasPortalAccess);
    assert.deepEqual([...(await orphans('employees')), ...(await orphans('contacts'))], []);
    const { items } = await expect(
      200,
      'GET',
      `/provisioning-events?employeeId=${employee.id}&action=merged`,
    );
    assert.match(items[0].reason, /connected again/);
    const created = await expect(200, 'GET', '/provisioning-events?action=created&limit=200');
    const bySync = created.items.filter(({ trigger }: Json) => trigger === 'graph');
    assert.equal(bySync.length, 2, 'nobody was made a second time');
  });

  it('gives a converted person both records back', async () => {
    const cy = add('cy', groups.employees);
    await sync();
    const { id } = await find('employees', 'cy@mymsp.example');
    world.tenant.removeMembers(groups.employees, [cy]);
    world.tenant.addMembers(groups.portal, [cy]);
    await sync();
    const contact = await find('contacts', 'cy@mymsp.example');
    assert.equal((await expect(200, 'GET', `/employees/${id}`)).status, 'archived');
    await makeAgain(async () => rename(cy, 'cyrus'));
    await addRules();
    await sync();
    assert.ok((await expect(200, 'GET', `/contacts/${contact.id}`)).directoryUserId);
    const archived = await expect(200, 'GET', `/employees/${id}`);
    assert.equal(archived.status, 'archived');
    assert.ok(archived.directoryUserId);
    world.tenant.removeMembers(groups.portal, [cy]);
    world.tenant.addMembers(groups.employees, [cy]);
    await sync();
    const back = await expect(200, 'GET', `/employees/${id}`);
    assert.deepEqual([back.status, back.email], ['active', 'cyrus@mymsp.example'], 'restored in place');
  });

  it('leaves a record alone that has another directory user by then', async () => {
    const dora = add('dora', groups.employees);
    await sync();
    const { id } = await find('employees', 'dora@mymsp.example');
    await makeAgain(async () => {
      const scim = await world.app.createScimConnection('Somebody else');
      const user = await world.app.scim(scim, 'POST', '/Users', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: 'dora@mymsp.example',
        active: true,
      });
      await world.sql('update employees set directory_user_id = $1 where employee_id = $2', [
        user.body.id,
        id,
      ]);
      rename(dora, 'dorothea');
    });
    await addRules();
    await sync();
    assert.equal((await find('employees', 'dora@mymsp.example')).id, id, 'not renamed');
    assert.notEqual((await find('employees', 'dorothea@mymsp.example')).id, id);
  });

  it('ends its subscriptions with it, and is deleted all the same where Microsoft refuses', async () => {
    await sync();
    const notified = () =>
      world.emulator.subscriptions().filter(({ notificationUrl }) => notificationUrl.includes(connectionId));
    assert.equal(notified().length, 2);
    world.emulator.injectFault({
      match: { service: 'graph', method: 'DELETE' },
      effect: { kind: 'answer', status: 403 },
      times: 1,
    });
    await expect(409, 'DELETE', `/connections/${connectionId}`);
    assert.equal(notified().length, 2, 'nothing ends before the connection does');
    await expect(204, 'DELETE', `/connections/${connectionId}?unlink=true`);
    assert.equal(notified().length, 1, 'one was refused');
    assert.deepEqual(
      (await expect(200, 'GET', '/connections')).items.map(({ kind }: Json) => kind),
      ['scim'],
    );
  });
});
