import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import pg from 'pg';
import { makeLogger } from '../../src/observability/logger.ts';
import { openDatabase } from '../../src/postgres/database.ts';
import { isMigrated, migrateToLatest } from '../../src/postgres/migrate.ts';
import { makeMigrationSource } from '../../src/postgres/migration-source.ts';
import { createTestDatabase, emptyTemplate, type TestDatabase } from '../support/database.ts';

async function inDatabase<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const namesIn = (url: string) =>
  inDatabase(url, async (client) => {
    const { rows } = await client.query<{ name: string }>('select name from knex_migrations order by id');
    return rows.map((row) => row.name);
  });

const as = (url: string, user: string, password: string): string => {
  const other = new URL(url);
  other.username = user;
  other.password = password;
  return other.href;
};

async function emptyDatabase(t: TestContext): Promise<TestDatabase> {
  const database = await createTestDatabase(emptyTemplate);
  t.after(() => database.drop());
  return database;
}

describe('migrations', () => {
  const roles: string[] = [];
  after(async () => {
    const database = await createTestDatabase(emptyTemplate);
    await inDatabase(database.url, async (client) => {
      for (const role of roles) await client.query(`drop role if exists ${role}`);
    });
    await database.drop();
  });

  /** A login without any right beyond its own database, which it owns or not. */
  async function addLogin(url: string, options: string): Promise<string> {
    const role = `login_${Math.random().toString(36).slice(2, 10)}`;
    roles.push(role);
    await inDatabase(url, (client) => client.query(`create role ${role} login password 'secret' ${options}`));
    return role;
  }

  it('are stored by names without extension, so that sources and compiled files agree', async (t) => {
    const { url } = await emptyDatabase(t);
    await migrateToLatest(url);
    const files = (await readdir(new URL('../../migrations/', import.meta.url))).map((file) =>
      file.replace(/\.ts$/, ''),
    );
    assert.deepEqual(await namesIn(url), files.sort());

    const compiled = await mkdtemp(join(tmpdir(), 'rollcall-migrations-'));
    t.after(() => rm(compiled, { recursive: true }));
    const nothing = 'export async function up() {}\nexport async function down() {}\n';
    await writeFile(join(compiled, 'package.json'), '{"type":"module"}');
    for (const name of files) {
      await writeFile(join(compiled, `${name}.js`), nothing);
      await writeFile(join(compiled, `${name}.js.map`), '{}');
      await writeFile(join(compiled, `${name}.d.ts`), 'export {};');
    }
    assert.deepEqual(await makeMigrationSource(compiled).getMigrations([]), files);
    await migrateToLatest(url, compiled);
    assert.deepEqual(await namesIn(url), files);
  });

  it('wait for each other when servers start at once, also on two databases of one cluster', async (t) => {
    const first = await emptyDatabase(t);
    const second = await emptyDatabase(t);
    const urls = [first.url, second.url, first.url, second.url, first.url];
    await Promise.all(urls.map((url) => migrateToLatest(url)));
    assert.deepEqual(await namesIn(first.url), await namesIn(second.url));
  });

  it('can be undone one by one', async (t) => {
    const { url } = await emptyDatabase(t);
    await migrateToLatest(url);
    const { default: knex } = await import('knex');
    const migrator = knex({
      client: 'pg',
      connection: url,
      migrations: { migrationSource: makeMigrationSource() },
    });
    t.after(() => migrator.destroy());
    await migrator.migrate.rollback(undefined, true);
    const left = await migrator.raw(
      `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
          and relname not like 'knex_%'`,
    );
    assert.deepEqual(left.rows, []);
    await migrateToLatest(url);
  });

  it('tell a database that lacks them from one that has them', async (t) => {
    const { url } = await emptyDatabase(t);
    await migrateToLatest(url);
    const database = openDatabase({ url, poolSize: 1 });
    t.after(() => database.close());
    assert.equal(await isMigrated(database), true);
    await inDatabase(url, (client) =>
      client.query('delete from knex_migrations where id = (select max(id) from knex_migrations)'),
    );
    assert.equal(await isMigrated(database), false);
  });

  it('refuse a database of a newer release', async (t) => {
    const { url } = await emptyDatabase(t);
    await migrateToLatest(url);
    await inDatabase(url, (client) =>
      client.query(`insert into knex_migrations (name, batch) values ('29991231000000_future', 9)`),
    );
    await assert.rejects(migrateToLatest(url), /newer release \(29991231000000_future\)/);
  });

  it('name the grant that the user lacks', async (t) => {
    const { url } = await emptyDatabase(t);
    await migrateToLatest((await emptyDatabase(t)).url); // the role exists in the cluster
    const login = await addLogin(url, '');
    await assert.rejects(migrateToLatest(as(url, login, 'secret')), {
      name: 'DatabaseSetupError',
      message: new RegExp(`user ${login} lacks a right.*GRANT rollcall_app TO "${login}"`),
    });
    await inDatabase(url, (client) => client.query(`grant rollcall_app to ${login}`));
    await assert.rejects(
      migrateToLatest(as(url, login, 'secret')),
      /GRANT CREATE, USAGE ON SCHEMA public TO/,
    );
    await inDatabase(url, (client) => client.query(`grant create on schema public to ${login}`));
    await assert.rejects(migrateToLatest(as(url, login, 'secret')), /GRANT CREATE ON DATABASE/);
  });

  it('work for an ordinary user that may create roles, and the server then runs as that user', async (t) => {
    const { url } = await emptyDatabase(t);
    const login = await addLogin(url, 'createrole');
    await inDatabase(url, async (client) => {
      const { rows } = await client.query<{ name: string }>('select current_database() as name');
      await client.query(`alter database "${rows[0]?.name}" owner to ${login}`);
      // Granted by somebody else, so that the migration has nothing to add.
      await client.query(
        `do $$ begin create role rollcall_app; exception when duplicate_object then null; end $$`,
      );
      await client.query(`grant rollcall_app to ${login}`);
    });
    const own = as(url, login, 'secret');
    await migrateToLatest(own);
    await migrateToLatest(own);
    const database = openDatabase({ url: own, poolSize: 1 });
    await database.ping();
    const rows = await database.systemRows<{ user: string }>({ text: 'select current_user::text as "user"' });
    assert.deepEqual(rows, [{ user: 'rollcall_app' }]);
    await database.close();
  });

  it('refuse a database that cannot hold or compare every letter', async (t) => {
    const { url } = await emptyDatabase(t);
    for (const [options, message] of [
      [`encoding 'UTF8' locale_provider libc locale 'C'`, /does not know the case of letters/],
      [`encoding 'SQL_ASCII' locale_provider libc locale 'C'`, /encoded in SQL_ASCII/],
      [`encoding 'LATIN1' locale_provider libc locale 'C'`, /encoded in LATIN1/],
    ] as const) {
      const name = `plain_${Math.random().toString(36).slice(2, 10)}`;
      await inDatabase(url, (client) =>
        client.query(`create database ${name} template template0 ${options}`),
      );
      const other = new URL(url);
      other.pathname = `/${name}`;
      try {
        await assert.rejects(migrateToLatest(other.href), { name: 'DatabaseSetupError', message });
      } finally {
        await inDatabase(url, (client) => client.query(`drop database ${name} with (force)`));
      }
    }
  });

  it('fail without telling anybody the values of the statement that failed', async (t) => {
    const { url } = await emptyDatabase(t);
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-migrations-'));
    t.after(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, 'package.json'), '{"type":"module"}');
    await writeFile(
      join(directory, '20990101000000_broken.js'),
      `export const up = (knex) => knex('nowhere').insert({ email: 'jane.doe@example.com' });
       export const down = async () => undefined;`,
    );
    const printed = t.mock.method(console, 'log', () => undefined);
    const logged: string[] = [];
    const logger = makeLogger('info', { write: (line) => void logged.push(line) });
    await assert.rejects(migrateToLatest(url, directory), (error: Error) => {
      logger.error({ err: error });
      assert.equal(error.message, 'The database could not be migrated: relation "nowhere" does not exist');
      return true;
    });
    assert.ok(logged.join().includes('insert into'), 'the cause is logged, with its statement');
    assert.doesNotMatch(logged.join(), /jane/);
    assert.equal(printed.mock.callCount(), 0, 'the caller alone decides what is printed');
  });

  it('say in one line what is wrong with the address, and never the password', async (t) => {
    const { url } = await emptyDatabase(t);
    const wrong: readonly (readonly [(address: URL) => void, RegExp])[] = [
      [(address) => (address.port = '1'), /^No PostgreSQL server answers at .*:1\//],
      [(address) => (address.pathname = '/nowhere'), /^There is no such database at .*\/nowhere/],
      [(address) => (address.password = 'hunter2'), /^PostgreSQL at .* refuses the user or password/],
      [(address) => (address.hostname = 'nowhere.invalid'), /cannot be resolved|No PostgreSQL server/],
    ];
    for (const [spoil, message] of wrong) {
      const address = new URL(url);
      address.password = 'hunter2-secret';
      if (!message.source.includes('refuses')) address.password = new URL(url).password;
      spoil(address);
      await assert.rejects(migrateToLatest(address.href), (error: Error) => {
        assert.equal(error.name, 'DatabaseSetupError');
        assert.match(error.message, message);
        assert.ok(
          !error.message.includes(decodeURIComponent(address.password)),
          'the password is in the message',
        );
        assert.ok(!error.message.includes('\n'));
        return true;
      });
    }
  });
});
