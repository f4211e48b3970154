import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { databasePid, killAndWait, scratchDirectory } from '../support/embedded-scratch.ts';
import { type PushTarget, pushUsers, sendScim } from './scim-push.ts';
import { runServer } from './server-run.ts';

const adminKey = 'killed-and-started-again-killed-and-started-again';

/** The same moments in every run. */
function momentsFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function makeConnection(baseUrl: string): Promise<PushTarget> {
  const post = async (path: string, body: object) => {
    const response = await fetch(`${baseUrl}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 201);
    return JSON.parse(await response.text());
  };
  const connection = await post('/connections', { name: 'Directory', kind: 'scim' });
  const { token } = await post(`/connections/${connection.id}/scim-tokens`, { name: 'test' });
  return { scimBaseUrl: connection.scimBaseUrl, token };
}

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

describe('kill -9 while users are pushed', () => {
  it('loses nothing that was acknowledged, and the next start recovers by itself', async (t) => {
    const dataDir = await scratchDirectory(t);
    const env = { DATA_DIR: dataDir, ADMIN_API_KEY: adminKey };
    const random = momentsFrom(20_260_101);
    const acknowledged = new Map<string, string>();
    let target: PushTarget | null = null;
    for (let round = 0; round < 4; round += 1) {
      const server = runServer(t, env);
      const baseUrl = await server.ready();
      target = target ? at(target, baseUrl) : await makeConnection(baseUrl);
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
});
