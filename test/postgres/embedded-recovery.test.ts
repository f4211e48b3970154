import assert from 'node:assert/strict';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { EmbeddedServerError } from '../../src/postgres/embedded/embedded-server-error.ts';
import { isProcessAlive } from '../../src/postgres/embedded/process-identity.ts';
import {
  databasePid,
  endOf,
  killAndWait,
  query,
  scratchDirectory,
  spawnServerProcess,
  startHere,
  until,
} from '../support/embedded-scratch.ts';

/** A server process that has committed one row and was then killed, its database still running. */
async function killedServer(t: TestContext): Promise<{ dataDir: string; orphan: number }> {
  const dataDir = await scratchDirectory(t);
  const server = spawnServerProcess(t, dataDir);
  await query(await server.hear('ready'), 'create table committed as select 42 as answer');
  const orphan = await databasePid(dataDir);
  server.child.kill('SIGKILL');
  assert.equal(await endOf(server), 'SIGKILL');
  assert.ok(orphan !== undefined && isProcessAlive(orphan));
  return { dataDir, orphan };
}

async function assertCommittedRow(url: string): Promise<void> {
  assert.deepEqual(await query(url, 'select answer from committed'), [{ answer: 42 }]);
}

test('After kill -9 of the server the next start takes the place of the orphaned database process', async (t) => {
  const { dataDir, orphan } = await killedServer(t);
  const { url } = await startHere(t, dataDir);
  assert.ok(!isProcessAlive(orphan));
  await assertCommittedRow(url);
});

test('After kill -9 of server and database the next start recovers what was committed', async (t) => {
  const { dataDir, orphan } = await killedServer(t);
  await killAndWait(orphan);
  const { url } = await startHere(t, dataDir);
  await assertCommittedRow(url);
});

test('Stale pids that now belong to another process do not hinder the start', async (t) => {
  const { dataDir, orphan } = await killedServer(t);
  await killAndWait(orphan);
  const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
  await writeFile(pidFile, (await readFile(pidFile, 'utf8')).replace(/^\d+/, String(process.pid)));
  const lockFile = join(dataDir, 'server.lock');
  await writeFile(lockFile, (await readFile(lockFile, 'utf8')).replace(/"pid":\d+/, `"pid":${process.pid}`));
  const { url } = await startHere(t, dataDir);
  await assertCommittedRow(url);
});

test('After kill -9 of the database alone the server starts it again at the same address', async (t) => {
  const dataDir = await scratchDirectory(t);
  const { url } = await startHere(t, dataDir);
  await query(url, 'create table committed as select 42 as answer');
  const first = await databasePid(dataDir);
  assert.ok(first !== undefined);
  await killAndWait(first);
  await until(() =>
    query(url, 'select 1').then(
      () => true,
      () => false,
    ),
  );
  assert.notEqual(await databasePid(dataDir), first);
  await assertCommittedRow(url);
});

test('A database that cannot be brought back is reported', async (t) => {
  const dataDir = await scratchDirectory(t);
  const reported = Promise.withResolvers<Error>();
  await startHere(t, dataDir, { onUnexpectedExit: reported.resolve });
  const pid = await databasePid(dataDir);
  assert.ok(pid !== undefined);
  await rename(join(dataDir, 'postgres'), join(dataDir, 'moved'));
  await killAndWait(pid);
  const error = await reported.promise;
  assert.ok(error instanceof EmbeddedServerError);
  assert.match(error.message, /did not start .*postgres\.log/);
});

test('An initialisation cut off by kill -9 is started over', async (t) => {
  const dataDir = await scratchDirectory(t);
  const server = spawnServerProcess(t, dataDir);
  const drafts = async () => (await readdir(dataDir)).filter((name) => name.includes('initializing'));
  await until(async () => (await drafts()).length > 0);
  server.child.kill('SIGKILL');
  await endOf(server);
  assert.ok(!(await readdir(dataDir)).includes('postgres'));

  const { url } = await startHere(t, dataDir);
  assert.deepEqual(await query(url, 'select 1 as one'), [{ one: 1 }]);
  assert.deepEqual(await drafts(), []);
});
