import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { type Json, startWorld, unique, type World } from './people-world.ts';

describe('the last active administrator', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
    // The root user counts as an administrator and cannot be demoted by the API: only so can somebody be the last one.
    const client = new pg.Client({ connectionString: world.app.databaseUrl });
    await client.connect();
    await client.query('update employees set security_role_id = null where is_root');
    await client.end();
  });
  after(() => world?.app.stop());

  const administrator = async (): Promise<string> => {
    const name = unique('admin');
    const securityRoleId = world.roles.Administrator;
    const body = {
      username: name,
      email: `${name}@msp.example`,
      firstName: 'A',
      lastName: 'B',
      securityRoleId,
    };
    return (await world.expect(201, 'POST', '/employees', body)).id;
  };
  const ways: readonly (readonly [string, (id: string) => Promise<Json>])[] = [
    ['deactivated', (id) => world.call('PATCH', `/employees/${id}`, { status: 'inactive' })],
    ['demoted', (id) => world.call('PATCH', `/employees/${id}`, { securityRoleId: world.roles.Technician })],
    ['left without a role', (id) => world.call('PATCH', `/employees/${id}`, { securityRoleId: null })],
    ['locked out', (id) => world.call('PATCH', `/employees/${id}`, { loginEnabled: false })],
    ['deleted', (id) => world.call('DELETE', `/employees/${id}`)],
  ];

  it('is not deactivated, demoted, locked out or deleted, whatever else is changed (A-22)', async () => {
    const id = await administrator();
    for (const [way, attempt] of ways) {
      const { status, body } = await attempt(id);
      assert.equal(status, 409, way);
      assert.match(body.detail, /last active administrator/);
    }
    const { status, loginEnabled, securityRoleId } = await world.expect(200, 'GET', `/employees/${id}`);
    assert.deepEqual([status, loginEnabled, securityRoleId], ['active', true, world.roles.Administrator]);
    await world.expect(200, 'PATCH', `/employees/${id}`, { phone: '112' });
    await administrator();
    await world.expect(204, 'DELETE', `/employees/${id}`);
  });

  it('stays one of two that are taken away at the same time', async () => {
    const listed = await world.expect(200, 'GET', '/employees?status=active&limit=200');
    const isAdministrator = (it: Json): boolean => it.securityRoleId === world.roles.Administrator;
    const [present] = listed.items.filter(isAdministrator);
    for (const [way, attempt] of ways) {
      const other = await administrator();
      const answers = await Promise.all([attempt(present.id), attempt(other)]);
      const refused = answers.filter(({ status }) => status === 409).length;
      assert.equal(refused, 1, `${way}: ${answers.map(({ status }) => status)}`);
      const after = await world.expect(200, 'GET', '/employees?status=active&limit=200');
      const left = after.items.filter((it: Json) => isAdministrator(it) && it.loginEnabled);
      assert.equal(left.length, 1, way);
      present.id = left[0].id;
    }
  });
});
