import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { openDataDirectory, readOrCreatePassword } from '../../src/postgres/embedded/data-directory.ts';
import { isProcessAlive } from '../../src/postgres/embedded/process-identity.ts';
import { type EmbeddedServer, startEmbeddedServer } from '../../src/postgres/embedded-server.ts';
import {
  cleanUpLater,
  databasePid,
  endOf,
  query,
  scratchDirectory,
  spawnServerProcess,
  startHere,
  until,
} from '../support/embedded-scratch.ts';

suite('A first start', () => {
  let server: EmbeddedServer;
  let dataDir: string;
  before(async () => {
    process.env.ROLLCALL_TEST_KEY = 'not-for-others';
    dataDir = join(await mkdtemp(join(tmpdir(), 'rollcall-embedded-')), 'not', 'there', 'yet');
    server = await startEmbeddedServer({ dataDir });
  });
  after(async () => {
    delete process.env.ROLLCALL_TEST_KEY;
    await server.stop();
    await rm(join(dataDir, '..', '..', '..'), { recursive: true });
  });

  test('makes a durable UTF-8 database that only this machine reaches', async () => {
    const [settings] = await query(
      server.url,
      `select current_database() as database, current_setting('fsync') as fsync,
              current_setting('synchronous_commit') as commit, current_setting('full_page_writes') as pages,
              current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets,
              current_setting('server_encoding') as encoding, current_setting('data_checksums') as checksums,
              lower('ÄÉΣ') as lowered, 'a' > 'B' as by_code_point`,
    );
    assert.deepEqual(settings, {
      database: 'rollcall',
      fsync: 'on',
      commit: 'on',
      pages: 'on',
      addresses: '127.0.0.1',
      sockets: '',
      encoding: 'UTF8',
      checksums: 'on',
      lowered: 'äéσ',
      by_code_point: true,
    });
  });

  test('keeps a password that only its owner may read, and the database asks for it', async () => {
    const passwordFile = join(dataDir, 'secrets', 'database-password');
    assert.equal((await readFile(passwordFile, 'utf8')).trim(), new URL(server.url).password);
    assert.equal((await stat(passwordFile)).mode & 0o777, 0o600);
    assert.equal((await stat(join(dataDir, 'secrets'))).mode & 0o777, 0o700);
    for (const credentials of ['rollcall:wrong', 'rollcall', 'postgres:']) {
      const url = `postgres://${credentials}@127.0.0.1:${server.port}/rollcall`;
      await assert.rejects(query(url, 'select 1'), credentials);
    }
  });

  test('gives the database process none of our environment, which may hold keys', async (t) => {
    if (process.platform !== 'linux') return t.skip('reads /proc');
    const environment = await readFile(`/proc/${await databasePid(dataDir)}/environ`, 'utf8');
    assert.match(environment, /PATH=/);
    assert.doesNotMatch(environment, /not-for-others/);
  });

  test('keeps what a failed statement says about persons out of the database log', async () => {
    await query(server.url, 'create table logins (email text primary key)');
    await query(server.url, `insert into logins values ('ada@example.com')`);
    const again = query(server.url, `insert into logins values ('ada@example.com')`);
    await assert.rejects(again, { code: '23505' });
    await assert.rejects(query(server.url, `select 'ada@example.com'::uuid`), { code: '22P02' });

    const log = await readFile(join(dataDir, 'postgres-log', 'postgres.log'), 'utf8');
    assert.match(log, /ready to accept connections/);
    assert.doesNotMatch(log, /ada@example/);
  });
});

test('Two data directories get different passwords', async (t) => {
  const directories = [await scratchDirectory(t), await scratchDirectory(t)];
  const passwords = directories.map(async (path) => readOrCreatePassword(await openDataDirectory(path)));
  const [first, second] = await Promise.all(passwords);
  assert.ok(first !== undefined && first.length >= 32);
  assert.notEqual(first, second);
});

test('A restart keeps data, password and port', async (t) => {
  const dataDir = await scratchDirectory(t);
  const first = await startHere(t, dataDir);
  await query(first.url, 'create table kept as select 42 as answer');
  await first.stop();

  const second = await startHere(t, dataDir);
  assert.equal(second.url, first.url);
  assert.deepEqual(await query(second.url, 'select answer from kept'), [{ answer: 42 }]);
});

test('Stopping twice ends the database once and gives the data directory free', async (t) => {
  const dataDir = await scratchDirectory(t);
  const server = await startEmbeddedServer({ dataDir });
  const pid = await databasePid(dataDir);
  await Promise.all([server.stop(), server.stop()]);
  await server.stop();
  assert.ok(pid !== undefined && !isProcessAlive(pid));
  assert.deepEqual((await readdir(dataDir)).toSorted(), [
    'postgres',
    'postgres-log',
    'postgres-port',
    'secrets',
  ]);
});

test('A port that was taken meanwhile is replaced by a free one', async (t) => {
  const dataDir = await scratchDirectory(t);
  const first = await startHere(t, dataDir);
  await first.stop();
  const occupant = createServer();
  await new Promise<void>((resolve) => occupant.listen({ port: first.port, host: '127.0.0.1' }, resolve));
  cleanUpLater(t, () => occupant.close());

  const second = await startHere(t, dataDir);
  assert.notEqual(second.port, first.port);
  assert.deepEqual(await query(second.url, 'select 1 as one'), [{ one: 1 }]);
});

test('A lost password file is replaced, and the data is still there', async (t) => {
  const dataDir = await scratchDirectory(t);
  const first = await startHere(t, dataDir);
  await query(first.url, 'create table kept as select 42 as answer');
  await first.stop();
  await rm(join(dataDir, 'secrets', 'database-password'));

  const second = await startHere(t, dataDir);
  assert.notEqual(second.url, first.url);
  assert.deepEqual(await query(second.url, 'select answer from kept'), [{ answer: 42 }]);
});

test('Ctrl-C in the terminal leaves the database to the drain of the server', async (t) => {
  const dataDir = await scratchDirectory(t);
  const server = spawnServerProcess(t, dataDir);
  const url = await server.hear('ready');
  process.kill(-server.pid, 'SIGINT'); // the terminal signals the whole process group
  await server.hear('interrupted');
  assert.deepEqual(await query(url, 'select 1 as one'), [{ one: 1 }]);

  const pid = await databasePid(dataDir);
  server.child.kill('SIGTERM');
  assert.equal(await endOf(server), 0);
  assert.ok(pid !== undefined && !isProcessAlive(pid));
});

test('A server that exits without stopping its database takes it along', async (t) => {
  const dataDir = await scratchDirectory(t);
  const server = spawnServerProcess(t, dataDir);
  await server.hear('ready');
  const pid = await databasePid(dataDir);
  server.child.stdin?.write('exit');
  assert.equal(await endOf(server), 1);
  await until(() => pid !== undefined && !isProcessAlive(pid));
});
