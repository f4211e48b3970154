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

  const fails = (constraint: string) => (error: unknown) =>
    error instanceof pg.DatabaseError && error.code === '23503' && error.constraint === constraint;
  const addDepartment = async (): Promise<string> => {
    const id = uuidV7();
    await world.owner.query(
      'insert into departments (organization_id, department_id, name) values ($1, $2, $3)',
      [tenant.organizationId, id, id],
    );
    return id;
  };
  /** Each in a department and under a manager; answers their ids. */
  const hire = async (client: pg.Client, places: readonly (readonly [string | null, string | null])[]) => {
    const ids = places.map(() => uuidV7());
    await client.query(
      `insert into employees (organization_id, employee_id, first_name, last_name, department_id, manager_id)
        select $1, x.id, 'Ada', 'Lovelace', x.department_id, x.manager_id
        from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as x(id, department_id, manager_id)`,
      [
        tenant.organizationId,
        ids,
        places.map(([department]) => department),
        places.map(([, manager]) => manager),
      ],
    );
    return ids;
  };
  const leave = (table: string, key: string, id: string | undefined) =>
    world.owner.query(`delete from ${table} where ${key} = $1`, [id]);

  it('employees need what they refer to, one by one and many at once', async () => {
    const department = await addDepartment();
    const [manager] = await hire(world.owner, [[department, null]]);
    const right = [department, String(manager)] as const;
    await hire(world.owner, [right, [null, null], right]);
    for (const [wrong, constraint] of [
      [[uuidV7(), null], 'employees__department'],
      [[null, uuidV7()], 'employees__manager'],
    ] as const) {
      await assert.rejects(hire(world.owner, [wrong]), fails(constraint));
      await assert.rejects(hire(world.owner, [right, wrong, right]), fails(constraint));
    }
  });

  it('employees are moved only to what is there', async () => {
    const [from, into] = [await addDepartment(), await addDepartment()];
    const [first] = await hire(world.owner, [[from, null]]);
    const move = (department: string) =>
      world.owner.query('update employees set department_id = $1 where employee_id = $2', [
        department,
        first,
      ]);
    await move(into);
    await assert.rejects(move(uuidV7()), fails('employees__department'));
    await leave('departments', 'department_id', from);
    await assert.rejects(leave('departments', 'department_id', into), fails('employees__department'));
  });

  it('what employees refer to stays, and goes when nobody refers to it any more', async () => {
    const department = await addDepartment();
    const [manager] = await hire(world.owner, [[null, null]]);
    const [report] = await hire(world.owner, [[department, String(manager)]]);
    await assert.rejects(leave('departments', 'department_id', department), fails('employees__department'));
    await assert.rejects(leave('employees', 'employee_id', manager), fails('employees__manager'));
    await leave('employees', 'employee_id', report);
    await leave('employees', 'employee_id', manager);
    await leave('departments', 'department_id', department);
  });

  it('a department is not deleted while somebody is being hired into it, nor hired into while it is deleted', async () => {
    const other = new pg.Client({ connectionString: world.url });
    await other.connect();
    try {
      const hiring = await addDepartment();
      await other.query('begin');
      await hire(other, [[hiring, null]]);
      const deleting = assert.rejects(
        leave('departments', 'department_id', hiring),
        fails('employees__department'),
      );
      await other.query('commit');
      await deleting;
      const gone = await addDepartment();
      await other.query('begin');
      await other.query('delete from departments where department_id = $1', [gone]);
      const late = assert.rejects(hire(world.owner, [[gone, null]]), fails('employees__department'));
      await other.query('commit');
      await late;
    } finally {
      await other.end();
    }
  });

  it('contacts need their account and role, and keep them', async () => {
    const contact = (account: string, role: string | null) =>
      world.owner.query(
        `insert into contacts (organization_id, contact_id, account_id, account_location_id, first_name, last_name,
          security_role_id) values ($1, $2, $3, $4, 'Ada', 'Lovelace', $5)`,
        [tenant.organizationId, uuidV7(), account, uuidV7(), role],
      );
    await assert.rejects(contact(uuidV7(), null), fails('contacts__account'));
    const account = uuidV7();
    await world.owner.query(
      `insert into accounts (organization_id, account_id, name) values ($1, $2, 'Contoso')`,
      [tenant.organizationId, account],
    );
    await assert.rejects(contact(account, null), fails('contacts__account_location'));
  });

  it('whom a read concerns is a user, and goes with it', async () => {
    const [user] = await insertUsers(world, tenant, [{}]);
    const concern = (id: string) =>
      world.owner.query(
        `insert into graph_affected_users (organization_id, connection_id, directory_user_id, is_changed)
          values ($1, $2, $3, true)`,
        [tenant.organizationId, tenant.connectionId, id],
      );
    await concern(String(user?.id));
    await assert.rejects(concern(uuidV7()), fails('graph_affected_users__user'));
    await leave('directory_users', 'directory_user_id', user?.id);
    assert.equal(await countOf('graph_affected_users', 'directory_user_id', String(user?.id)), 0);
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
