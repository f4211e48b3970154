import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SECRET, useGraphWorld } from './graph-world.ts';

const world = useGraphWorld();

const create = (fields: object) =>
  world.app.admin('POST', '/connections', { name: 'Tenant', kind: 'entra', ...fields });

describe('the tenant of a connection (REQ-40, REQ-51)', () => {
  for (const tenant of ['mymsp.example', 'mymsp.onmicrosoft.com', 'MyMSP.Example']) {
    it(`is found by the name ${tenant}`, async () => {
      const { status, body } = await create({ tenant });
      assert.equal(status, 201);
      assert.equal(body.tenant, tenant);
      assert.equal(body.tenantId, world.tenant.id);
      assert.equal(body.status, 'created');
      assert.equal(body.statusDetail, null);
    });
  }

  it('is taken as it is when it is a GUID, without asking anybody', async () => {
    const { status, body } = await create({ tenant: crypto.randomUUID().toUpperCase() });
    assert.equal(status, 201);
    assert.equal(body.tenantId, body.tenant.toLowerCase());
    assert.deepEqual(world.emulator.requests({ service: 'login' }), []);
  });

  it('is refused with a pointer when the name is unknown', async () => {
    const { status, body } = await create({ tenant: 'nobody.example' });
    assert.equal(status, 400);
    assert.equal(body.errors[0].pointer, '/tenant');
    assert.match(body.detail, /onmicrosoft\.com name or its id/);
  });

  it('is not asked for when another field is wrong', async () => {
    const { status } = await create({ tenant: 'nobody.example', applicationKey: crypto.randomUUID() });
    assert.equal(status, 400);
    assert.deepEqual(world.emulator.requests({ service: 'login' }), []);
  });

  it('is asked for without any credential', async () => {
    await create({ tenant: 'mymsp.example', applicationKey: SECRET, applicationId: crypto.randomUUID() });
    const asked = world.emulator.requests({ service: 'login' });
    assert.ok(asked.length > 0);
    for (const { headers, body } of asked) {
      assert.equal(headers['authorization'], undefined);
      assert.ok(!JSON.stringify(body ?? null).includes(SECRET));
    }
  });

  it('stays unknown while the identity platform is away, and provisioning by SCIM works', async () => {
    world.emulator.injectFault({ match: { service: 'login' }, effect: { kind: 'reset' } });
    const connection = await create({ tenant: 'mymsp.example' });
    assert.equal(connection.status, 201);
    assert.equal(connection.body.tenantId, null);
    assert.match(connection.body.statusDetail, /could not be asked/);
    const { id, scimBaseUrl } = connection.body;
    const token = await world.app.admin('POST', `/connections/${id}/scim-tokens`, { name: 't' });
    const scim = { connectionId: id, scimBaseUrl, token: token.body.token };
    const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'jo@mymsp.example' };
    assert.equal((await world.app.scim(scim, 'POST', '/Users', user)).status, 201);
    const connect = () => world.app.admin('POST', `/connections/${id}/connect`, { mode: 'delegated' });
    const incomplete = await connect();
    assert.deepEqual(
      [incomplete.status, incomplete.body.missing],
      [409, ['applicationId', 'applicationKey']],
    );
    const application = { applicationId: crypto.randomUUID(), applicationKey: SECRET };
    assert.equal((await world.app.admin('PATCH', `/connections/${id}`, application)).status, 200);
    assert.equal((await connect()).status, 503);

    world.emulator.clearFaults();
    const asked = await world.app.admin('PATCH', `/connections/${id}`, { tenant: 'mymsp.example' });
    assert.equal(asked.body.tenantId, world.tenant.id);
    assert.equal(asked.body.statusDetail, null);
  });

  it('is found by Azure Connect when it could not be before', async () => {
    world.emulator.injectFault({ match: { service: 'login' }, effect: { kind: 'reset' } });
    const { id } = await world.createConnection({ tenant: 'mymsp.example' });
    world.emulator.clearFaults();
    assert.equal((await world.connect(id)).status, 200);
    const { body } = await world.connection(id);
    assert.equal(body.tenantId, world.tenant.id);
    assert.equal(body.status, 'connected');
  });

  it('is another one after a change of the name', async () => {
    const other = world.emulator.addTenant({ domains: [`${crypto.randomUUID()}.example`] });
    const { body } = await create({ tenant: 'mymsp.example' });
    const domain = [...other.domains][0];
    const changed = await world.app.admin('PATCH', `/connections/${body.id}`, { tenant: domain });
    assert.equal(changed.status, 200);
    assert.equal(changed.body.tenantId, other.id);
    const unknown = await world.app.admin('PATCH', `/connections/${body.id}`, { tenant: 'nobody.example' });
    assert.equal(unknown.status, 400);
    assert.equal((await world.connection(body.id)).body.tenantId, other.id);
  });

  it('lives in one cloud: another one is refused with the right one named', async () => {
    const domain = `${crypto.randomUUID()}.example`;
    world.emulator.addTenant({ domains: [domain], cloud: 'usGov' });
    const { status, body } = await create({ tenant: domain });
    assert.equal(status, 400);
    assert.match(JSON.stringify(body.errors), /cloud|tenant/);
  });

  it('REQ-59: is suggested by its id when a mapping rule names it by its domain', async () => {
    await create({ tenant: 'mymsp.example' });
    const roles = await world.app.admin('GET', '/security-roles');
    const { status, body } = await world.app.admin('POST', '/mapping-rules', {
      tenantId: 'mymsp.example',
      groupId: crypto.randomUUID(),
      order: 1,
      userType: 'employee',
      securityRoleId: roles.body.items[0].id,
    });
    assert.equal(status, 400);
    assert.equal(body.errors[0].pointer, '/tenantId');
    assert.ok(body.errors[0].detail.includes(world.tenant.id));
  });
});
