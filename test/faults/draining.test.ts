import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import pg from 'pg';
import { createTestDatabase } from '../support/database.ts';
import { cleanUpLater, query, until } from '../support/embedded-scratch.ts';
import { openRawClient } from '../support/raw-client.ts';
import { makeConnection, sendScim, userBody } from './scim-push.ts';
import { runServer, startsMs } from './server-run.ts';

const adminKey = 'drained-and-stopped-drained-and-stopped';

const titlePatch = (title: string): string =>
  JSON.stringify({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'title', value: title }],
  });

async function isWaitingForLock(databaseUrl: string): Promise<boolean> {
  const rows = await query(
    databaseUrl,
    `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.length > 0;
}

describe('SIGTERM while requests are being answered', { timeout: startsMs }, () => {
  it('answers them, takes no new ones, and closes idle connections', async (t) => {
    const database = await createTestDatabase();
    cleanUpLater(t, () => database.drop());
    const owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    cleanUpLater(t, () => owner.end());
    const server = runServer(t, { DATABASE_URL: database.url, ADMIN_API_KEY: adminKey });
    const baseUrl = await server.ready();
    const target = await makeConnection(baseUrl, adminKey);
    const { id } = JSON.parse((await sendScim(target, 'POST', '/Users', userBody('slow@example.com'))).body);
    const idle = await openRawClient(Number(new URL(baseUrl).port));

    await owner.query('begin');
    await owner.query('select 1 from directory_users where directory_user_id = $1 for update', [id]);
    const running = sendScim(target, 'PATCH', `/Users/${id}`, titlePatch('In flight'));
    await until(() => isWaitingForLock(database.url));
    server.child.kill('SIGTERM');
    await idle.closed();
    await assert.rejects(fetch(`${baseUrl}/healthz`), 'nobody listens any more');
    await owner.query('commit');
    const { status, headers, body } = await running;
    assert.equal(status, 200);
    assert.equal(headers.get('connection'), 'close');
    assert.equal(JSON.parse(body).title, 'In flight');
    assert.equal(await server.ended(), 0);
    const { rows } = await owner.query(
      `select u.attributes ->> 'title' as "title" from directory_users u where u.directory_user_id = $1`,
      [id],
    );
    assert.deepEqual(rows, [{ title: 'In flight' }]);
  });

  it('cuts what outlasts the grace, and ends all the same', async (t) => {
    const database = await createTestDatabase();
    cleanUpLater(t, () => database.drop());
    const env = { DATABASE_URL: database.url, ADMIN_API_KEY: adminKey, SHUTDOWN_GRACE_SECONDS: '0' };
    const server = runServer(t, env);
    const target = await makeConnection(await server.ready(), adminKey);
    const { id } = JSON.parse((await sendScim(target, 'POST', '/Users', userBody('cut@example.com'))).body);
    const owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    cleanUpLater(t, () => owner.end());
    await owner.query('begin');
    await owner.query('select 1 from directory_users where directory_user_id = $1 for update', [id]);
    const cut = assert.rejects(sendScim(target, 'PATCH', `/Users/${id}`, titlePatch('Never')));
    await until(() => isWaitingForLock(database.url));
    server.child.kill('SIGTERM');
    await cut;
    assert.equal(await server.ended(), 0);
  });
});
