import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { isProcessAlive } from '../../src/postgres/embedded/process-identity.ts';
import { describeRun, RUN_IS_OVER, type TestRun } from './test-run.ts';

// A process of its own: cleans up after a run of the tests as soon as the run has ended, however it ended.

const GRACE_MS = 1_000;

async function cleanUp(run: TestRun): Promise<void> {
  const external = process.env.TEST_DATABASE_URL;
  if (external === undefined) await stopCluster(run.directory);
  else await dropDatabases(external, run.databasePrefix);
  await rm(run.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

async function stopCluster(directory: string): Promise<void> {
  const pidFile = join(directory, 'postgres', 'postmaster.pid');
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0]);
  if (!(pid > 0)) return;
  try {
    process.kill(pid, 'SIGQUIT'); // at once, without a checkpoint: the data goes away anyway
  } catch {
    return; // it has ended already
  }
  while (isProcessAlive(pid)) await sleep(20);
}

async function dropDatabases(url: string, prefix: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      'select datname as name from pg_catalog.pg_database where starts_with(datname, $1)',
      [prefix],
    );
    for (const { name } of rows) {
      await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`);
    }
  } finally {
    await client.end();
  }
}

const [, , directory] = process.argv;
if (directory === undefined) throw new TypeError('usage: test-run-reaper <directory>');
const run = describeRun(directory);
const farewell = await text(process.stdin);
await cleanUp(run);
if (farewell !== RUN_IS_OVER) {
  // The runner was killed: a test file may live on for a moment and create something after the first round.
  await sleep(GRACE_MS);
  await cleanUp(run);
}
