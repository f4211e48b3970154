import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { databasePid, killAndWait, scratchDirectory, until } from '../support/embedded-scratch.ts';
import { momentsFrom } from './moments.ts';
import { makeConnection, type PushTarget, pushUsers, sendScim } from './scim-push.ts';
import { runServer, startsMs } from './server-run.ts';

const adminKey = 'killed-and-started-again-killed-and-started-again';

const at = (target: PushTarget, baseUrl: string): PushTarget => ({
  ...target,
  scimBaseUrl: `${baseUrl}${new URL(target.scimBaseUrl).pathname}`,
});

async function assertAllThere(target: PushTarget, acknowledged: ReadonlyMap<string, string>): Promise<void> {
  for (const [userName, id] of acknowledged) {
    const { status, body } = await sendScim(target, 'GET', `/Users/${id}`);
    assert.equal(status, 200, `${userName} was acknowledged`);
    assert.equal(JSON.parse(body).userName, userName);
  }
}

describe('kill -9 while users are pushed', { timeout: startsMs }, () => {
  it('loses nothing that was acknowledged, and the next start recovers by itself', async (t) => {
    const dataDir = await scratchDirectory(t);
    const env = { DATA_DIR: dataDir, ADMIN_API_KEY: adminKey };
    const random = momentsFrom(20_260_101);
    const acknowledged = new Map<string, string>();
    let target: PushTarget | null = null;
    for (let round = 0; round < 3; round += 1) {
      const server = runServer(t, env);
      const baseUrl = await server.ready();
      target = target ? at(target, baseUrl) : await makeConnection(baseUrl, adminKey);
      await assertAllThere(target, acknowledged);
      const push = pushUsers(target, `r${round}-`);
      while (push.acknowledged.size < 20) await sleep(5);
      await sleep(random() * 400);
      const database = (await databasePid(dataDir)) ?? 0;
      server.child.kill('SIGKILL');
      // Every other time the machine is lost, and with it the database.
      if (round % 2 === 1) await killAndWait(database);
      if (server.child.signalCode === null) await once(server.child, 'exit');
      await push.stop();
      for (const [userName, id] of push.acknowledged) acknowledged.set(userName, id);
      assert.deepEqual(push.refused, []);
    }
    const last = runServer(t, env);
    assert.ok(target);
    await assertAllThere(at(target, await last.ready()), acknowledged);
    last.child.kill('SIGTERM');
    assert.equal(await last.ended(), 0);
  });

  it('of the database alone is survived by the server, which starts it again and loses nothing', async (t) => {
    const dataDir = await scratchDirectory(t);
    const server = runServer(t, { DATA_DIR: dataDir, ADMIN_API_KEY: adminKey });
    const target = await makeConnection(await server.ready(), adminKey);
    const push = pushUsers(target, 'd');
    for (const kill of ['SIGKILL', 'SIGINT'] as const) {
      const soFar = push.acknowledged.size;
      while (push.acknowledged.size < soFar + 20) await sleep(5);
      const database = (await databasePid(dataDir)) ?? 0;
      process.kill(database, kill);
      await until(async () => ![database, undefined].includes(await databasePid(dataDir)));
    }
    const soFar = push.acknowledged.size;
    while (push.acknowledged.size < soFar + 20) await sleep(5);
    await push.stop();
    for (const { status } of push.refused) assert.equal(status, 503);
    await assertAllThere(target, push.acknowledged);
    server.child.kill('SIGTERM');
    assert.equal(await server.ended(), 0);
  });
});
