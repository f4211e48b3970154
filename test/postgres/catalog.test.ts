import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { uuidV7 } from '../../src/uuid-v7.ts';
import { addTenant, insertUsers, openWorld, type Tenant, userOf, type World } from './world.ts';

/** Tables of the tools that migrate and queue; they hold no tenant's data in columns. */
const toolTables = ['knex_migrations', 'knex_migrations_lock'];

describe('catalogue of the database', () => {
  let world: World;
  let tables: readonly string[];

  before(async () => {
    world = await openWorld();
    const { rows } = await world.owner.query<{ table: string }>(
      `select c.relname as "table" from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`,
    );
    tables = rows.map((row) => row.table).filter((table) => !toolTables.includes(table));
  });
  after(() => world.close());

  it('has tables to look at', () => {
    assert.ok(tables.length >= 20, `only ${tables.length} tables`);
    assert.ok(tables.includes('organizations') && tables.includes('directory_users'));
  });

  it('starts every primary, unique and foreign key with organization_id', async () => {
    const { rows } = await world.owner.query<{ constraint: string; column: string; kind: string }>(
      `select k.conname as "constraint", a.attname as "column", k.contype as "kind"
        from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
        where k.conrelid = any($1::regclass[]) and k.contype in ('p', 'u', 'f')`,
      [tables],
    );
    assert.ok(rows.length > tables.length);
    assert.deepEqual(
      rows.filter((row) => row.column !== 'organization_id'),
      [],
    );
    const withKey = await world.owner.query(
      `select conrelid from pg_constraint where contype = 'p' and conrelid = any($1::regclass[])`,
      [tables],
    );
    assert.equal(withKey.rowCount, tables.length, 'every table has a primary key');
  });

  it('starts every index with organization_id, except those that find a credential before its organization', async () => {
    const { rows } = await world.owner.query<{ index: string; column: string }>(
      `select i.relname as "index", a.attname as "column"
        from pg_index x join pg_class i on i.oid = x.indexrelid
        join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]
        where x.indrelid = any($1::regclass[])`,
      [tables],
    );
    const others = rows.filter((row) => row.column !== 'organization_id').map((row) => row.index);
    assert.deepEqual(others.sort(), [
      'api_keys__lookup',
      'connections__lookup',
      'graph_subscriptions__lookup',
      'graph_syncs__due',
      'scim_credentials__lookup',
      'scim_tokens__lookup',
    ]);
  });

  it('puts row-level security on every table, for its owner too', async () => {
    const { rows } = await world.owner.query<{ table: string; policies: string[] }>(
      `select c.relname as "table", array(select p.polname::text from pg_policy p where p.polrelid = c.oid order by 1)
          as policies
        from pg_class c where c.oid = any($1::regclass[]) and c.relrowsecurity and c.relforcerowsecurity`,
      [tables],
    );
    assert.deepEqual(rows.map((row) => row.table).sort(), [...tables].sort());
    for (const { table, policies } of rows) {
      assert.ok(policies.includes('organization_isolation'), `${table} is not isolated`);
      const looked = [
        'organizations',
        'api_keys',
        'connections',
        'graph_subscriptions',
        'graph_syncs',
        'scim_credentials',
        'scim_tokens',
      ].includes(table);
      assert.equal(policies.length, looked ? 2 : 1, `${table} has policies ${policies}`);
    }
  });

  it('gives the application a role that owns nothing, cannot log in and does not bypass row-level security', async () => {
    const { rows } = await world.owner.query(
      `select rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb,
          exists (select from pg_class c where c.relowner = r.oid) as owns
        from pg_roles r where rolname = 'rollcall_app'`,
    );
    assert.deepEqual(rows, [
      {
        rolsuper: false,
        rolbypassrls: false,
        rolcanlogin: false,
        rolcreaterole: false,
        rolcreatedb: false,
        owns: false,
      },
    ]);
  });

  it('acts as that role on every connection, although the login is the owner', async () => {
    const rows = await world.database.systemRows<{ user: string }>({
      text: 'select current_user::text as "user"',
    });
    assert.deepEqual(rows, [{ user: 'rollcall_app' }]);
  });

  describe('seen by the application', () => {
    let app: pg.Client;
    let mine: Tenant;
    let others: Tenant;

    before(async () => {
      mine = await addTenant(world, 'Mine');
      others = await addTenant(world, 'Others');
      await insertUsers(world, mine, [{ userName: 'mine' }]);
      await insertUsers(world, others, [{ userName: 'others' }]);
      app = new pg.Client({ connectionString: world.url });
      await app.connect();
      await app.query('set role rollcall_app');
    });
    after(() => app.end());
    const bind = (organizationId: string) =>
      app.query(`select set_config('app.organization_id', $1, false)`, [organizationId]);

    it('has no row in any table without an organization', async () => {
      await app.query('reset app.organization_id');
      for (const table of tables) {
        const { rowCount } = await app.query(`select 1 from ${table} limit 1`);
        assert.equal(rowCount, 0, table);
      }
      await bind('');
      assert.equal(
        (await app.query('select 1 from directory_users')).rowCount,
        0,
        'an empty setting is none',
      );
    });

    it('has rows of its organization only', async () => {
      await bind(mine.organizationId);
      const { rows } = await app.query('select user_name from directory_users');
      assert.deepEqual(rows, [{ user_name: 'mine' }]);
      for (const table of ['organizations', 'settings', 'connections', 'directory_users']) {
        const { rows: ids } = await app.query(`select distinct organization_id as id from ${table}`);
        assert.deepEqual(ids, [{ id: mine.organizationId }], table);
      }
    });

    it('cannot write into, change or delete from another organization', async () => {
      await bind(mine.organizationId);
      await assert.rejects(
        app.query(
          `insert into directory_users (organization_id, directory_user_id, connection_id, user_name)
            values ($1, $2, $3, 'intruder')`,
          [others.organizationId, uuidV7(), others.connectionId],
        ),
        /row-level security/,
      );
      await assert.rejects(
        app.query('update directory_users set organization_id = $1', [others.organizationId]),
        /row-level security/,
      );
      assert.equal(
        (await app.query(`update directory_users set user_name = 'x' where user_name = 'others'`)).rowCount,
        0,
      );
      const gone = await app.query('delete from connections where organization_id = $1', [
        others.organizationId,
      ]);
      assert.equal(gone.rowCount, 0);
    });

    it('finds nothing of another organization through the stores, and cannot refer to it', async () => {
      const [theirs] = await insertUsers(world, others, [{}]);
      assert.ok(theirs);
      const found = await world.unitOfWork.read(mine.context, (stores) =>
        stores.users.get(others.connectionId, theirs.id, true),
      );
      assert.equal(found, null);
      const intruder = userOf(mine, { connectionId: others.connectionId });
      await assert.rejects(
        world.unitOfWork.write(mine.context, 'none', (stores) => stores.users.insert(intruder)),
        { kind: 'invalid' },
      );
    });

    it('may read nothing of the credentials but what the exact hash finds', async () => {
      await app.query('reset app.organization_id');
      assert.equal((await app.query('select 1 from scim_tokens')).rowCount, 0);
      const found = await app.query('select * from find_api_key($1::bytea)', [Buffer.alloc(32)]);
      assert.equal(found.rowCount, 0);
    });
  });
});
