import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { type Json, makeClient, startWorld, unique, type World } from '../../admin-api/people-world.ts';

type Policy = 'deactivateAndHide' | 'purge';

describe('a user that the provisioning client deletes', () => {
  let world: World;
  let database: pg.Client;
  before(async () => {
    world = await startWorld();
    database = new pg.Client({ connectionString: world.app.databaseUrl });
    await database.connect();
  });
  after(async () => {
    await database.end();
    await world.app.stop();
  });

  /** A connection with the policy, a rule that makes employees, and one employee of it. */
  async function withEmployee(deletePolicy: Policy) {
    const connection = await world.app.createScimConnection(unique('connection'));
    await world.expect(200, 'PATCH', `/connections/${connection.connectionId}`, { deletePolicy });
    const client = makeClient(world, connection);
    const name = unique('ada');
    const id = await client.addUser(name);
    const engineers = unique('engineers');
    const groupId = await client.addGroup(engineers, [id]);
    await world.expect(201, 'POST', '/mapping-rules', {
      connectionId: connection.connectionId,
      groupId: engineers,
      order: 1,
      userType: 'employee',
      securityRoleId: world.roles.Technician,
    });
    const employeeId: string = (await world.expect(200, 'GET', `/directory-users/${id}`)).employeeId;
    return { connection, client, name, id, groupId, employeeId };
  }

  const employee = (id: string): Promise<Json> => world.expect(200, 'GET', `/employees/${id}`);
  const mirrorRows = async (id: string): Promise<number> => {
    const { rows } = await database.query(
      `select (select count(*) from directory_users where directory_user_id = $1)
        + (select count(*) from directory_user_emails where directory_user_id = $1)
        + (select count(*) from memberships where directory_user_id = $1) as "count"`,
      [id],
    );
    return Number(rows[0].count);
  };

  for (const policy of ['deactivateAndHide', 'purge'] as const) {
    test(`REQ-16 is gone for the client and leaves its group, and the person stays inactive (${policy})`, async () => {
      const { connection, id, groupId, name, employeeId } = await withEmployee(policy);
      assert.equal((await employee(employeeId)).status, 'active');
      await world.scim(204, connection, 'DELETE', `/Users/${id}`);
      for (const method of ['GET', 'DELETE'] as const)
        await world.scim(404, connection, method, `/Users/${id}`);
      const filter = encodeURIComponent(`userName eq "${name}@contoso.example"`);
      assert.equal((await world.scim(200, connection, 'GET', `/Users?filter=${filter}`)).totalResults, 0);
      const { members } = await world.scim(200, connection, 'GET', `/Groups/${groupId}`);
      assert.deepEqual(members, []);
      const person = await employee(employeeId);
      assert.equal(person.status, 'inactive');
    });

    test(`is created again under its userName and finds its person again (${policy})`, async () => {
      const { connection, client, id, groupId, name, employeeId } = await withEmployee(policy);
      await world.scim(204, connection, 'DELETE', `/Users/${id}`);
      const again = await client.addUser(name);
      assert.notEqual(again, id);
      await world.scim(200, connection, 'PATCH', `/Groups/${groupId}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'add', path: 'members', value: [{ value: again }] }],
      });
      const person = await employee(employeeId);
      assert.equal(person.status, 'active');
      assert.equal((await world.expect(200, 'GET', `/directory-users/${again}`)).employeeId, employeeId);
    });
  }

  test('is kept for administrators by default, and removed where the connection purges', async () => {
    const kept = await withEmployee('deactivateAndHide');
    await world.scim(204, kept.connection, 'DELETE', `/Users/${kept.id}`);
    assert.equal((await world.expect(200, 'GET', `/directory-users/${kept.id}`)).deleted, true);

    const purged = await withEmployee('purge');
    await world.scim(204, purged.connection, 'DELETE', `/Users/${purged.id}`);
    assert.equal(await mirrorRows(purged.id), 0);
    await world.expect(404, 'GET', `/directory-users/${purged.id}`);
    assert.equal((await employee(purged.employeeId)).directoryUserId, null);
  });

  test('is not removed while somebody can still sign in by it', async () => {
    const { connection, id } = await withEmployee('purge');
    // What a guard that holds the deactivation leaves behind.
    await database.query(
      'create function keep_enabled() returns trigger language plpgsql as $$ begin new.enabled := true; return new; end $$',
    );
    await database.query(
      'create trigger keep_enabled before update on logins for each row execute function keep_enabled()',
    );
    try {
      await world.scim(204, connection, 'DELETE', `/Users/${id}`);
    } finally {
      await database.query('drop trigger keep_enabled on logins');
      await database.query('drop function keep_enabled()');
    }
    await world.scim(404, connection, 'GET', `/Users/${id}`);
    assert.equal((await world.expect(200, 'GET', `/directory-users/${id}`)).deleted, true);
  });

  test('of a policy that does not exist is refused', async () => {
    const { connectionId } = await world.app.createScimConnection(unique('connection'));
    const { status, body } = await world.call('PATCH', `/connections/${connectionId}`, {
      deletePolicy: 'shred',
    });
    assert.equal(status, 400);
    assert.equal(body.errors[0].pointer, '/deletePolicy');
  });
});
