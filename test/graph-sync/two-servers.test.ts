import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { assertFollows } from './expectations.ts';
import { startSyncWorld, until } from './sync-world.ts';

describe('two servers on one database', () => {
  let database: TestDatabase;
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  let other: ServerProcess | null = null;
  let rules: readonly string[];
  const encryptionKey = randomBytes(32);

  before(async () => {
    database = await createTestDatabase();
    world = await startSyncWorld({
      app: { database, encryptionKey },
      seed: { users: 400, groups: 4, groupsPerUser: 1, nestedGroups: 1 },
    });
    world.tenant.settings.deltaPageSize = 20;
    rules = world.groupIds.slice(0, 2);
    for (const groupId of rules) await world.addRule(groupId);
  });
  after(async () => {
    await other?.kill();
    await world.stop();
    await database.drop();
  });

  const startOther = async (): Promise<ServerProcess> => {
    other ??= await startServerProcess({
      DATABASE_URL: database.url,
      PORT: '0',
      ADMIN_API_KEY: world.app.adminKey,
      ENCRYPTION_KEY: encryptionKey.toString('hex'),
      GRAPH_POLL_SECONDS: '3600',
      LOG_LEVEL: 'silent',
      ENTRA_LOGIN_URL_GLOBAL: world.emulator.loginUrl,
      GRAPH_URL_GLOBAL: world.emulator.graphUrl,
    });
    return other;
  };
  const readsAtOnce = (): number =>
    world.emulator.requests({ service: 'graph' }).filter(({ path }) => path === '/v1.0/users/delta').length;

  it('read a connection one at a time', async () => {
    await startOther();
    const started = await Promise.all(
      [1, 2, 3].map(() => world.expect(202, 'POST', `/connections/${world.connectionId}/sync`)),
    );
    assert.equal(new Set(started.map(({ id }) => id)).size, 1, 'one run for all who ask');
    const run = await world.ended(started[0].id);
    assert.equal(run.state, 'succeeded', JSON.stringify(run));
    await assertFollows(world, rules);
    // 400 users in pages of 20, once; and a poll that was asked for meanwhile.
    assert.ok(readsAtOnce() <= 24, `${readsAtOnce()} pages were read`);
  });

  for (const moment of ['reading', 'applying'] as const) {
    it(`leave nothing undone when the one that is ${moment} is killed`, async () => {
      const server = await startOther();
      // The other server has to get it: this one does not look by itself while it is told to be slow.
      world.emulator.clearFaults();
      await world.sql('delete from graph_streams');
      await world.sql(
        moment === 'reading'
          ? `update directory_users set attributes = '{}' where object_id is not null`
          : `update graph_users set fields = fields || '{"jobTitle": "Another"}'`,
      );
      world.emulator.injectFault({
        match: { service: 'graph', path: '/v1.0/users/delta' },
        effect: { kind: 'delay', ms: 50 },
      });
      const run = await world.expect(202, 'POST', `/connections/${world.connectionId}/sync`);
      await until(`it is ${moment}`, async () => {
        const [row] = await world.sql(
          `select s.phase, (select count(*) from graph_staged_users) as staged,
              (select state from sync_runs order by sync_run_id desc limit 1) as state
            from graph_syncs s`,
        );
        if (row.state === 'succeeded') return true;
        return moment === 'reading' ? Number(row.staged) > 0 : row.phase === 'applying';
      });
      await server.kill();
      other = null;
      // As if the lease were over: nobody has to wait for that here.
      await world.sql(`update graph_syncs set claimed_until = now() - interval '1 second', next_at = now()
        where claim_id is not null and claimed_until > now()`);
      const ended = await world.ended(run.id);
      assert.equal(ended.state, 'succeeded', JSON.stringify(ended));
      await assertFollows(world, rules);
      const [left] = await world.sql(
        'select (select count(*) from graph_staged_users) + (select count(*) from graph_affected_users) as n',
      );
      assert.equal(Number(left.n), 0);
    });
  }
});
