import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { createTestDatabase, emptyTemplate } from '../support/database.ts';
import { cleanUpLater, databasePid, scratchDirectory } from '../support/embedded-scratch.ts';
import { executeSql } from '../support/execute-sql.ts';
import { runServer, startsMs } from './server-run.ts';

describe('a start that cannot succeed', { timeout: startsMs }, () => {
  const cases: readonly [what: string, env: Readonly<Record<string, string>>, message: RegExp][] = [
    ['a port that is no number', { PORT: 'http' }, /^PORT must be a whole number .*unset it to use 3000\.$/],
    [
      'an address of another machine',
      { HOST: '192.0.2.1' },
      /^192\.0\.2\.1 is not an address of this machine\. Set HOST/,
    ],
    [
      'a database that refuses connections',
      { DATABASE_URL: 'postgres://rollcall:secret@127.0.0.1:1/rollcall' },
      /^No PostgreSQL server answers at 127\.0\.0\.1:1\/rollcall: start it, or correct DATABASE_URL$/,
    ],
    [
      'a database host that does not exist',
      { DATABASE_URL: 'postgres://rollcall:secret@nowhere.invalid/rollcall' },
      /^The host name in DATABASE_URL \(nowhere\.invalid\/rollcall\) cannot be resolved: correct it/,
    ],
  ];
  for (const [what, env, message] of cases) {
    it(`says in one line what to do about ${what}, and ends with code 1`, async (t) => {
      const dataDir = await scratchDirectory(t);
      const server = runServer(t, { DATA_DIR: dataDir, ...env });
      assert.equal(await server.ended(), 1);
      assert.match(server.output(), /^[^\n]+\n$/, 'one line');
      assert.match(server.output().trim(), message);
      assert.doesNotMatch(server.output(), /secret|hunter2/);
      assert.equal(await databasePid(dataDir), undefined);
    });
  }

  it('names every wrong value, a line for each that says what to do, and no secret', async (t) => {
    const server = runServer(t, {
      PORT: 'x',
      PUBLIC_URL: 'scim.example.com',
      DATABASE_URL: 'mysql://db/x',
      ADMIN_API_KEY: 'hunter2',
      ENCRYPTION_KEY: 'abc',
      LOG_LEVEL: 'loud',
      DATA_DIR: await scratchDirectory(t),
    });
    assert.equal(await server.ended(), 1);
    const lines = server.output().trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => line.split(' ')[0]),
      ['PORT', 'PUBLIC_URL', 'DATABASE_URL', 'ADMIN_API_KEY', 'ENCRYPTION_KEY', 'LOG_LEVEL'],
    );
    for (const line of lines) assert.match(line, / must .*\.$/);
    assert.doesNotMatch(server.output(), /hunter2/);
  });

  it('says which port is taken, and stops the database it had started', async (t) => {
    const dataDir = await scratchDirectory(t);
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    cleanUpLater(t, () => other.close());
    const { port } = other.address() as AddressInfo;
    const server = runServer(t, { DATA_DIR: dataDir, PORT: String(port) });
    assert.equal(await server.ended(), 1);
    assert.match(
      server.output(),
      new RegExp(`^Port ${port} on 127.0.0.1 is already in use. [^\n]*set PORT[^\n]*\n$`),
    );
    assert.equal(await databasePid(dataDir), undefined);
  });

  it('refuses a data directory that another server is using', async (t) => {
    const dataDir = await scratchDirectory(t);
    const first = runServer(t, { DATA_DIR: dataDir });
    const baseUrl = await first.ready();
    const second = runServer(t, { DATA_DIR: dataDir });
    assert.equal(await second.ended(), 1);
    assert.match(second.output(), /^another server \(pid \d+\) is using this data directory [^\n]+\n$/i);
    assert.equal((await fetch(`${baseUrl}/readyz`)).status, 200);
    first.child.kill('SIGTERM');
    assert.equal(await first.ended(), 0);
  });

  it('refuses the cluster of another PostgreSQL version', async (t) => {
    const dataDir = await scratchDirectory(t);
    await mkdir(join(dataDir, 'postgres'));
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '15\n');
    const server = runServer(t, { DATA_DIR: dataDir });
    assert.equal(await server.ended(), 1);
    assert.match(server.output(), /^[^\n]+written by PostgreSQL 15[^\n]+pg_dump[^\n]+\n$/);
  });

  it('refuses a data directory that it may not write to', async (t) => {
    const dataDir = await scratchDirectory(t);
    await chmod(dataDir, 0o500);
    const path = process.getuid?.() === 0 ? '/proc/rollcall' : dataDir;
    const server = runServer(t, { DATA_DIR: path });
    assert.equal(await server.ended(), 1);
    assert.match(server.output(), /^[^\n]+set DATA_DIR[^\n]*\n$/);
  });

  it('refuses an encryption key file that is damaged, and does not replace it', async (t) => {
    const dataDir = await scratchDirectory(t);
    await mkdir(join(dataDir, 'secrets'), { mode: 0o700 });
    await writeFile(join(dataDir, 'secrets', 'encryption-key'), '');
    const server = runServer(t, { DATA_DIR: dataDir });
    assert.equal(await server.ended(), 1);
    assert.match(server.output(), /^[^\n]*encryption-key[^\n]*restore[^\n]*\n$/);
  });
});

describe('a database of the operator', () => {
  let isOwner = false;
  before(() => {
    isOwner = process.env.TEST_DATABASE_URL === undefined;
  });

  it('is migrated and served by a user with no more than the documented rights', async (t) => {
    if (!isOwner) return t.skip('makes roles, which belong to the whole database server');
    const database = await createTestDatabase(emptyTemplate);
    cleanUpLater(t, () => database.drop());
    const url = new URL(database.url);
    const name = url.pathname.slice(1);
    const role = `${name}_login`;
    url.username = role;
    url.password = 'local';
    await executeSql(
      database.url,
      `create role ${role} login password 'local'; alter database ${name} owner to ${role}`,
    );
    // Roles belong to the whole server, and another test file may make this one at any moment.
    await executeSql(
      database.url,
      'do $$ begin create role rollcall_app nologin; exception when duplicate_object then null; end $$',
    );
    const refused = runServer(t, { DATABASE_URL: url.href });
    assert.equal(await refused.ended(), 1);
    assert.match(refused.output(), /^The database user \S+ lacks a right: run as administrator: [^\n]+\n$/);

    const grant = /run as administrator: (.*)/.exec(refused.output())?.[1] ?? '';
    await executeSql(database.url, grant);
    const server = runServer(t, { DATABASE_URL: url.href });
    const baseUrl = await server.ready();
    assert.equal((await fetch(`${baseUrl}/readyz`)).status, 200);
    server.child.kill('SIGTERM');
    assert.equal(await server.ended(), 0);
  });
});
