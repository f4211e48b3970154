import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { uuidV7 } from '../../src/uuid-v7.ts';
import { addTenant, insertGroup, insertUsers, openWorld, type Tenant, type World } from './world.ts';

/** What hangs on a row without a foreign key that is checked row by row. */
describe('rows that depend on others', () => {
  let world: World;
  let tenant: Tenant;
  before(async () => {
    world = await openWorld();
    tenant = await addTenant(world);
  });
  after(() => world.close());

  const join = (client: pg.Client, groupId: string, userId: string) =>
    client.query(
      'insert into memberships (organization_id, directory_group_id, directory_user_id) values ($1, $2, $3)',
      [tenant.organizationId, groupId, userId],
    );
  const countOf = async (table: string, column: string, id: string): Promise<number> => {
    const { rows } = await world.owner.query(`select 1 from ${table} where ${column} = $1`, [id]);
    return rows.length;
  };

  it('memberships need their group and their user', async () => {
    const [user] = await insertUsers(world, tenant, [{}]);
    const group = await insertGroup(world, tenant);
    const fails = (constraint: string) => (error: unknown) =>
      error instanceof pg.DatabaseError && error.code === '23503' && error.constraint === constraint;
    await assert.rejects(join(world.owner, uuidV7(), String(user?.id)), fails('memberships__group'));
    await assert.rejects(join(world.owner, group.id, uuidV7()), fails('memberships__user'));
  });

  it('memberships go with their group and with their user', async () => {
    const users = await insertUsers(world, tenant, [{}, {}]);
    const [first, second] = users.map(({ id }) => id);
    const members = [String(first), String(second)];
    const kept = await insertGroup(world, tenant, {}, members);
    const gone = await insertGroup(world, tenant, {}, members);
    await world.owner.query('delete from directory_users where directory_user_id = $1', [first]);
    assert.equal(await countOf('memberships', 'directory_user_id', String(first)), 0);
    await world.owner.query('delete from directory_groups where directory_group_id = $1', [gone.id]);
    assert.equal(await countOf('memberships', 'directory_group_id', gone.id), 0);
    assert.equal(await countOf('memberships', 'directory_group_id', kept.id), 1);
  });

  it('a user that is being deleted gets no membership any more', async () => {
    const [user] = await insertUsers(world, tenant, [{}]);
    const group = await insertGroup(world, tenant);
    const other = new pg.Client({ connectionString: world.url });
    await other.connect();
    try {
      await other.query('begin');
      await other.query('delete from directory_users where directory_user_id = $1', [user?.id]);
      const joining = assert.rejects(join(world.owner, group.id, String(user?.id)));
      await other.query('commit');
      await joining;
    } finally {
      await other.end();
    }
    assert.equal(await countOf('memberships', 'directory_user_id', String(user?.id)), 0);
  });

  it('what Graph said of a connection goes with it', async () => {
    const { connectionId, organizationId } = await addTenant(world, 'Gone');
    const values = [organizationId, connectionId, uuidV7()];
    const tables = {
      graph_users: `(organization_id, connection_id, object_id, fields) values ($1, $2, $3, '{}')`,
      graph_groups: `(organization_id, connection_id, object_id, fields) values ($1, $2, $3, '{}')`,
      graph_members: `(organization_id, connection_id, group_object_id, member_object_id, is_group)
        values ($1, $2, $3, $3, true)`,
      graph_staged_users: `(organization_id, connection_id, object_id, fields, is_whole, is_contested)
        values ($1, $2, $3, '{}', true, false)`,
      graph_staged_groups: `(organization_id, connection_id, object_id, graph_stream_id, fields, is_whole, is_contested)
        values ($1, $2, $3, $3, '{}', true, false)`,
      graph_staged_members: `(organization_id, connection_id, group_object_id, member_object_id, type, present,
        is_contested) values ($1, $2, $3, $3, 'user', true, false)`,
    };
    for (const [table, row] of Object.entries(tables)) {
      await world.owner.query(`insert into ${table} ${row}`, values);
    }
    await world.owner.query('delete from connections where connection_id = $1', [connectionId]);
    for (const table of Object.keys(tables)) {
      assert.equal(await countOf(table, 'connection_id', connectionId), 0, table);
    }
  });
});
