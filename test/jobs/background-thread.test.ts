import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeStartBackgroundThread } from '../../src/background-thread.ts';
import { readConfig } from '../../src/config.ts';
import { makeWaitingClients } from '../../src/http/waiting-clients.ts';
import { makeLogger } from '../../src/observability/logger.ts';
import { switchProvisioningOn } from '../bench/switch-provisioning-on.ts';
import { makeAdminClient } from '../demo/admin-client.ts';
import { createTestDatabase } from '../support/database.ts';
import { startServerProcess } from '../support/server-process.ts';

const logger = makeLogger('silent');

function startThread(databaseUrl: string) {
  const failures: unknown[] = [];
  const start = makeStartBackgroundThread((error) => failures.push(error));
  const config = { ...readConfig({}), logLevel: 'silent' } as const;
  const parts = { config, databaseUrl, publicUrl: 'http://localhost', encryptionKey: null, logger };
  const started = start(parts, { clients: makeWaitingClients(), onJob: () => undefined });
  return { started, failures };
}

it('a running server leaves its jobs to a thread of their own, and tells in its metrics how they went', async (t) => {
  const database = await createTestDatabase();
  t.after(() => database.drop());
  const adminKey = randomBytes(24).toString('base64url');
  const server = await startServerProcess({
    DATABASE_URL: database.url,
    PORT: '0',
    ADMIN_API_KEY: adminKey,
    LOG_LEVEL: 'warn',
  });
  t.after(() => server.kill());
  const admin = makeAdminClient(server.baseUrl, adminKey);
  await switchProvisioningOn(admin);
  const { id } = await admin.post<{ id: string }>('/connections', { name: 'HR', kind: 'scim' });
  await admin.post(`/connections/${id}/sync`, {});
  const done = /rollcall_job_duration_seconds_count\{job="replan",outcome="completed"\} 1/;
  let metrics = '';
  for (let tries = 0; tries < 200 && !done.test(metrics); tries += 1) {
    await sleep(100);
    metrics = await (await fetch(`${server.baseUrl}/metrics`)).text();
  }
  assert.ok(done.test(metrics), 'the job was done and counted');
  assert.equal(await server.stop(), 0);
});

/** Of each thread of a process, the first of them being the one that answers clients; see proc(5). */
async function niceOfThreads(pid: number): Promise<readonly number[]> {
  const ids = (await readdir(`/proc/${pid}/task`)).map(Number).sort((left, right) => left - right);
  return Promise.all(
    ids.map(async (id) => {
      const stat = await readFile(`/proc/${pid}/task/${id}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
    }),
  );
}

it('the thread that does the jobs comes after the one that answers clients', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const database = await createTestDatabase();
  t.after(() => database.drop());
  const server = await startServerProcess({ DATABASE_URL: database.url, PORT: '0', LOG_LEVEL: 'warn' });
  t.after(() => server.kill());
  const nice = await niceOfThreads(server.pid);
  const own = (await niceOfThreads(process.pid))[0];
  assert.equal(nice[0], own);
  assert.ok(own !== undefined && nice.includes(Math.max(own, 10)), `one of ${nice}`);
});

it('the thread ends when it is told to, which is no failure', async (t) => {
  const database = await createTestDatabase();
  t.after(() => database.drop());
  const { started, failures } = startThread(database.url);
  const background = await started;
  background.kick();
  await background.stop(1_000);
  background.kick();
  assert.deepEqual(failures, []);
});

it('a failure while the thread is stopped is told, and the thread has ended all the same', async (t) => {
  const database = await createTestDatabase();
  t.after(() => database.drop());
  const { started, failures } = startThread(database.url);
  const background = await started;
  // No grace that anything could be counted with: the thread cannot stop in order.
  await background.stop(1n as unknown as number);
  assert.equal(failures.length, 1);
  assert.match(String(failures[0]), /BigInt/);
});

it('a thread that cannot reach the database says so to whoever starts it', async () => {
  const { started, failures } = startThread('postgres://nobody@127.0.0.1:1/none');
  await assert.rejects(started, /ECONNREFUSED|connect/);
  assert.deepEqual(failures, []);
});
