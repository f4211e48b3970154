import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type DatabaseTemplate, emptyTemplate } from './database.ts';
import { query } from './embedded-scratch.ts';

suite('Test databases', () => {
  let prepared = 0;
  const template: DatabaseTemplate = {
    name: 'one_table',
    async prepare(url) {
      prepared++;
      await query(url, 'create table things (name text)');
    },
  };

  test('are copies of a template that is prepared once', async (t) => {
    const first = await createTestDatabase(template);
    t.after(() => first.drop());
    const second = await createTestDatabase(template);
    t.after(() => second.drop());
    await query(first.url, `insert into things values ('mine')`);
    assert.deepEqual(await query(second.url, 'select name from things'), []);
    assert.equal(prepared, 1);
  });

  test('can be dropped while connections are open', async () => {
    const database = await createTestDatabase(emptyTemplate);
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => undefined); // the server ends it, which is the point
    await client.connect();
    await database.drop();
    await assert.rejects(query(database.url, 'select 1'), { code: '3D000' });
    await client.end().catch(() => undefined);
  });

  test('of a template that cannot be prepared are refused, and the next attempt starts over', async (t) => {
    const broken = {
      name: 'fragile',
      prepare: (url: string) => query(url, 'create table').then(() => undefined),
    };
    await assert.rejects(createTestDatabase(broken), /template fragile could not be prepared/);
    const mended = {
      ...broken,
      prepare: (url: string) => query(url, 'create table t ()').then(() => undefined),
    };
    const database = await createTestDatabase(mended);
    t.after(() => database.drop());
    assert.deepEqual(await query(database.url, 'select from t'), []);
  });
});
