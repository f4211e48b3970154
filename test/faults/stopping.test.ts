import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProcessAlive } from '../../src/postgres/embedded/process-identity.ts';
import { databasePid, scratchDirectory, until } from '../support/embedded-scratch.ts';
import { runServer, startsMs } from './server-run.ts';

/** Nothing of the server is left: neither its database process nor the lock on its data directory. */
async function assertNothingRuns(dataDir: string): Promise<void> {
  assert.equal(await databasePid(dataDir), undefined, 'the database has removed its pid file');
  assert.deepEqual(
    (await readdir(dataDir)).filter((name) => name.includes('initializing') || name === 'server.lock'),
    [],
  );
}

/** A module that is loaded before the server and fails it at SIGUSR2. */
const failingBy = (statement: string) => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => { ${statement} })`)}`,
});

describe('stopping the server', { timeout: startsMs }, () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`${signal}, also when repeated, stops server and database and ends with code 0`, async (t) => {
      const dataDir = await scratchDirectory(t);
      const server = runServer(t, { DATA_DIR: dataDir });
      await server.ready();
      const database = (await databasePid(dataDir)) ?? 0;
      assert.ok(isProcessAlive(database));
      for (let times = 0; times < 3; times += 1) server.child.kill(signal);
      assert.equal(await server.ended(), 0);
      assert.equal(isProcessAlive(database), false);
      await assertNothingRuns(dataDir);
      assert.doesNotMatch(server.output(), /"level":"(error|fatal)"/);
    });
  }

  it('SIGTERM to npm reaches the server, and npm waits for it', async (t) => {
    const dataDir = await scratchDirectory(t);
    const npm = runServer(t, { DATA_DIR: dataDir }, { through: 'npm' });
    await npm.ready();
    npm.child.kill('SIGTERM');
    assert.equal(await npm.ended(), 0);
    await assertNothingRuns(dataDir);
  });

  it('a signal at any moment of the first start leaves nothing behind, and the next start works', async (t) => {
    const dataDir = await scratchDirectory(t);
    for (const delay of [300, 700, 1100, 1500]) {
      const server = runServer(t, { DATA_DIR: dataDir });
      await sleep(delay);
      server.child.kill('SIGTERM');
      // Before the handler is set the signal itself ends the process.
      assert.ok([0, 'SIGTERM'].includes((await server.ended()) ?? ''), server.output());
      await assertNothingRuns(dataDir);
    }
    const server = runServer(t, { DATA_DIR: dataDir });
    const baseUrl = await server.ready();
    assert.equal((await fetch(`${baseUrl}/readyz`)).status, 200);
  });

  for (const [what, statement] of [
    ['an exception that nobody catches', `throw new Error('unforeseen')`],
    ['a rejection that nobody handles', `Promise.reject(new Error('unforeseen'))`],
  ] as const) {
    it(`${what} is logged once and ends the server in order, with code 1`, async (t) => {
      const dataDir = await scratchDirectory(t);
      const server = runServer(t, { DATA_DIR: dataDir, ...failingBy(statement) });
      await server.ready();
      server.child.kill('SIGUSR2');
      assert.equal(await server.ended(), 1);
      await assertNothingRuns(dataDir);
      const lines = server
        .output()
        .split('\n')
        .filter((line) => line.includes('unforeseen'));
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? '', /"level":"fatal".*"message":"unforeseen"/);
    });
  }

  it('goes on serving when nobody reads its output any more', async (t) => {
    const dataDir = await scratchDirectory(t);
    const server = runServer(t, { DATA_DIR: dataDir, LOG_LEVEL: 'trace' });
    const baseUrl = await server.ready();
    server.child.stdout?.destroy();
    server.child.stderr?.destroy();
    for (let times = 0; times < 5; times += 1) {
      assert.equal((await fetch(`${baseUrl}/readyz`)).status, 200);
    }
    assert.equal(server.child.exitCode, null);
    server.child.kill('SIGTERM');
    await until(() => server.child.exitCode !== null || server.child.signalCode !== null);
    assert.equal(server.child.exitCode, 0);
    await assertNothingRuns(dataDir);
  });
});
