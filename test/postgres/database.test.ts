import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import pg from 'pg';
import { type Database, type DatabaseOptions, openDatabase } from '../../src/postgres/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { openCutOff } from './cut-off.ts';
import { addTenant, insertUsers, openUnitOfWork, openWorld, userOf } from './world.ts';

describe('database', () => {
  let shared: TestDatabase;
  before(async () => {
    shared = await createTestDatabase();
  });
  after(() => shared.drop());

  function open(t: TestContext, options: Partial<DatabaseOptions> = {}): Database {
    const database = openDatabase({ url: shared.url, poolSize: 2, ...options });
    t.after(() => database.close());
    return database;
  }
  /** Ends all server connections of the application but the one that asks. */
  async function killAll(): Promise<void> {
    const owner = new pg.Client({ connectionString: shared.url });
    await owner.connect();
    await owner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'rollcall'`,
    );
    await owner.end();
  }

  it('reads times as RFC 3339 with milliseconds, bigint as number and jsonb parsed', async (t) => {
    const [row] = await open(t).systemRows({
      text: `select '2026-02-03 04:05:06.789+02'::timestamptz as "some", '2026-02-03 04:05:06Z'::timestamptz as "whole",
          '2026-02-03 04:05:06.1Z'::timestamptz as "tenth", '2026-02-03 04:05:06.123456Z'::timestamptz as "micro",
          9007199254740991::bigint as "big", '{"a":[1,null]}'::jsonb as "json", null::timestamptz as "none"`,
    });
    assert.deepEqual(row, {
      some: '2026-02-03T02:05:06.789Z',
      whole: '2026-02-03T04:05:06.000Z',
      tenth: '2026-02-03T04:05:06.100Z',
      micro: '2026-02-03T04:05:06.123Z',
      big: 9007199254740991,
      json: { a: [1, null] },
      none: null,
    });
  });

  it('leaves the types of other users of the driver alone', async (t) => {
    await open(t).ping();
    const client = new pg.Client({ connectionString: shared.url });
    await client.connect();
    const { rows } = await client.query(`select now() as "now", 1::bigint as "big"`);
    await client.end();
    assert.ok(rows[0].now instanceof Date);
    assert.equal(rows[0].big, '1');
  });

  it('has its own settings whatever those of the database are', async (t) => {
    const owner = new pg.Client({ connectionString: shared.url });
    await owner.connect();
    const { rows } = await owner.query<{ name: string }>('select current_database() as name');
    await owner.query(`alter database "${rows[0]?.name}" set timezone = 'Asia/Tokyo'`);
    await owner.query(`alter database "${rows[0]?.name}" set datestyle = 'German'`);
    await owner.end();
    const [row] = await open(t, { statementTimeoutMs: 1234 }).systemRows<Record<string, string>>({
      text: `select current_setting('statement_timeout') as "timeout", '2026-02-03 04:05:06Z'::timestamptz as "at",
          current_setting('idle_in_transaction_session_timeout') as "idle"`,
    });
    assert.deepEqual(row, { timeout: '1234ms', at: '2026-02-03T04:05:06.000Z', idle: '1min' });
  });

  it('survives the end of idle connections and opens new ones', async (t) => {
    const database = open(t);
    await Promise.all([database.ping(), database.ping()]);
    assert.equal(database.poolState().total, 2);
    await killAll();
    while (database.poolState().total > 0) await new Promise(setImmediate);
    await database.ping();
  });

  it('is unavailable, not broken, when a connection is killed in the middle of a statement', async (t) => {
    const database = open(t);
    const sleeping = database.systemRows({ text: 'select pg_sleep(30)' });
    const refused = assert.rejects(sleeping, { name: 'OperationError', kind: 'unavailable' });
    while (database.poolState().idle === database.poolState().total) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await killAll();
    await refused;
    await database.ping();
  });

  it('survives a connection that dies while it is taken out and idle', async (t) => {
    const database = open(t);
    await assert.rejects(
      database.withSession(async (session) => {
        await session.run({ text: 'select 1' });
        await killAll();
        await new Promise((resolve) => setTimeout(resolve, 100));
        await session.run({ text: 'select 1' });
      }),
    );
    await database.ping();
  });

  it('is unavailable when every connection stays in use', async (t) => {
    const database = open(t, { poolSize: 1, acquireTimeoutMs: 50 });
    await database.withSession(async () => {
      await assert.rejects(database.ping(), { name: 'OperationError', kind: 'unavailable' });
    });
    await database.ping();
  });

  it('is unavailable when a statement takes too long, and goes on with the next', async (t) => {
    const database = open(t, { poolSize: 1, statementTimeoutMs: 50 });
    await assert.rejects(database.systemRows({ text: 'select pg_sleep(10)' }), { kind: 'unavailable' });
    await database.ping();
  });

  it('is unavailable while the database is away and recovers by itself', async (t) => {
    const between = await openCutOff(shared.url);
    t.after(() => between.close());
    const database = open(t, { url: between.url, acquireTimeoutMs: 500 });
    await database.ping();
    await between.cut();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await assert.rejects(database.ping(), { name: 'OperationError', kind: 'unavailable' });
    }
    await between.restore();
    await database.ping();
  });

  it('gives up on a server that went away without a word', async (t) => {
    const between = await openCutOff(shared.url);
    t.after(() => between.close());
    const database = open(t, {
      url: between.url,
      poolSize: 1,
      acquireTimeoutMs: 300,
      statementTimeoutMs: 10,
    });
    await database.ping();
    between.freeze();
    await assert.rejects(database.ping(), { kind: 'unavailable' });
    await assert.rejects(database.ping(), { kind: 'unavailable' });
    await between.cut();
    await between.restore();
    await database.ping();
  });

  it('keeps what was committed when the database goes away during a unit of work, and nothing else', async (t) => {
    const world = await openWorld();
    t.after(() => world.close());
    const tenant = await addTenant(world);
    const [kept] = await insertUsers(world, tenant, [{}]);
    const between = await openCutOff(world.url);
    t.after(() => between.close());
    const database = open(t, { url: between.url, acquireTimeoutMs: 500 });
    const unitOfWork = openUnitOfWork(database);
    const lost = userOf(tenant);
    let runs = 0;
    await assert.rejects(
      unitOfWork.write(tenant.context, 'shared', async (stores) => {
        runs += 1;
        await stores.users.insert(lost);
        await between.cut();
        await stores.users.insert(userOf(tenant));
      }),
      { kind: 'unavailable' },
    );
    assert.equal(runs, 1, 'a lost connection is not retried: what became of a commit would not be known');
    await between.restore();
    const ids = await unitOfWork.read(tenant.context, (stores) =>
      stores.users.idsAfter(tenant.connectionId, null, 10),
    );
    assert.deepEqual(ids, [kept?.id]);
  });

  it('closes once, however often it is asked', async () => {
    const database = openDatabase({ url: shared.url, poolSize: 1 });
    await database.ping();
    await Promise.all([database.close(), database.close()]);
    await assert.rejects(database.ping(), { kind: 'unavailable' });
  });

  it('waits at close for what is still running', async () => {
    const database = openDatabase({ url: shared.url, poolSize: 1 });
    const running = database.systemRows<{ done: boolean }>({ text: 'select pg_sleep(0.2), true as "done"' });
    while (database.poolState().total === 0) await new Promise(setImmediate);
    await database.close();
    assert.equal((await running)[0]?.done, true);
  });
});
