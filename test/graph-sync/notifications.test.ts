import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { makeLogger } from '../../src/observability/logger.ts';
import { assertFollows } from './expectations.ts';
import { assertSucceeded, startSyncWorld, until } from './sync-world.ts';

describe('change notifications', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  const lines: string[] = [];

  before(async () => {
    const logger = makeLogger('warn', { write: (line: string) => void lines.push(line) });
    world = await startSyncWorld({
      app: { logger },
      isNotified: true,
      seed: { users: 30, groups: 3, groupsPerUser: 1 },
    });
    await world.addRule(String(world.groupIds[0]));
    assertSucceeded(await world.sync());
  });
  after(() => world.stop());
  beforeEach(() => {
    lines.length = 0;
    world.emulator.clearRequests();
  });

  const kept = () =>
    world.sql('select resource, subscription_id, expires_at, renew_at from graph_subscriptions order by 1');
  const notify = (path: string, body: unknown) =>
    fetch(`${world.app.baseUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const readsOf = () => world.emulator.requests({ service: 'graph', path: '/v1.0/users/delta' }).length;

  it('are subscribed to for users and groups, and renewed at half of their life', async () => {
    const rows = await kept();
    assert.deepEqual(
      rows.map(({ resource }) => resource),
      ['/groups', '/users'],
    );
    for (const { expires_at, renew_at } of rows) {
      const [left, until] = [expires_at.getTime() - Date.now(), renew_at.getTime() - Date.now()];
      assert.ok(Math.abs(until - left / 2) < 60_000);
    }
    const [row] = await world.sql('select client_state_hash from graph_subscriptions limit 1');
    assert.equal(row.client_state_hash.length, 32, 'the client state itself is not kept');
  });

  it('bring a change to the person without a poll (REQ-12, REQ-13)', async () => {
    const groupId = String(world.groupIds[0]);
    const userId = world.tenant.addUser({ userPrincipalName: 'soon@mymsp.example' });
    world.tenant.addMembers(groupId, [userId]);
    await until('the newcomer has a login', async () => {
      const { items } = await world.expect(200, 'GET', '/employees?q=soon@mymsp.example');
      return items.length === 1 && items[0].loginEnabled;
    });
    await assertFollows(world, [groupId]);
  });

  it('cost one read, however many there are', async () => {
    await until(
      'nothing is being read',
      async () => (await world.sql('select claim_id from graph_syncs'))[0].claim_id === null,
    );
    world.emulator.clearRequests();
    const [first] = world.userIds;
    for (let turn = 0; turn < 20; turn += 1)
      world.tenant.updateUser(String(first), { jobTitle: `Title ${turn}` });
    await until('the last title has arrived', async () => {
      const { items } = await world.expect(200, 'GET', `/directory-users?q=${first}`);
      const { body } = await world.app.admin('GET', `/employees/${items[0].employeeId}`);
      return body.jobTitle === 'Title 19';
    });
    assert.ok(readsOf() <= 3, `${readsOf()} reads`);
  });

  it('shake hands as plain text', async () => {
    const answer = await notify(`/graph/notify/${world.connectionId}?validationToken=Hello%20%3Cb%3E`, '');
    assert.equal(answer.status, 200);
    assert.match(String(answer.headers.get('content-type')), /^text\/plain/);
    assert.equal(await answer.text(), 'Hello <b>');
  });

  it('with another client state are accepted, left out and told', async () => {
    const [row] = await kept();
    const value = [{ subscriptionId: row.subscription_id, clientState: 'forged', changeType: 'updated' }];
    const answer = await notify(`/graph/notify/${world.connectionId}`, { value });
    assert.equal(answer.status, 202);
    assert.ok(lines.some((line) => line.includes('graph.notification.rejected')));
    assert.ok(!lines.join('').includes('forged'));
    const [sync] = await world.sql('select next_at > now() as waits from graph_syncs');
    assert.equal(sync.waits, true);
  });

  it('of nobody, of nothing and of no shape are answered calmly', async () => {
    assert.equal((await notify('/graph/notify/nobody', { value: [] })).status, 202);
    assert.equal(
      (await notify(`/graph/notify/${crypto.randomUUID()}`, { value: [{ subscriptionId: 'x' }] })).status,
      202,
    );
    for (const body of ['{', '[]', '{}', '{"value":[{}]}', '{"value":"x"}', 'null']) {
      assert.equal((await notify(`/graph/notify/${world.connectionId}`, body)).status, 400, body);
    }
  });

  it('that are lost are made up for by the next read', async () => {
    world.emulator.setDelivery({ isSilent: true });
    const groupId = String(world.groupIds[0]);
    world.tenant.addMembers(groupId, [String(world.userIds[1])]);
    assertSucceeded(await world.sync());
    await assertFollows(world, [groupId]);
    world.emulator.setDelivery({ isSilent: false });
  });

  it('whose subscription Graph has lost without a word are subscribed to again, and the directory is read', async () => {
    const before = await kept();
    for (const { subscription_id } of before) world.emulator.loseSubscription(subscription_id);
    await world.sql('update graph_syncs set subscriptions_due_at = now()');
    await world.sync();
    const renewed = await kept();
    assert.equal(renewed.length, 2);
    for (const { subscription_id } of renewed) {
      assert.ok(!before.some((it) => it.subscription_id === subscription_id));
    }
  });

  it('that go to a former address of this server are ordered to the present one', async () => {
    const before = await kept();
    for (const subscription of world.emulator.subscriptions()) {
      Object.assign(subscription, { notificationUrl: 'https://former.example/graph/notify/1' });
    }
    await world.sql('update graph_syncs set subscriptions_due_at = now()');
    await world.sync();
    const present = world.emulator.subscriptions();
    assert.deepEqual(
      present.map(({ notificationUrl }) => new URL(notificationUrl).pathname),
      [1, 2].map(() => `/graph/notify/${world.connectionId}`),
    );
    for (const { subscription_id } of await kept()) {
      assert.ok(!before.some((it) => it.subscription_id === subscription_id));
    }
  });

  it('are renewed when Graph asks for it', async () => {
    await world.sql(`update graph_subscriptions set renew_at = now() + interval '1 day'`);
    world.emulator.clearRequests();
    for (const { subscription_id } of await kept()) world.emulator.requireReauthorization(subscription_id);
    await until('a subscription is renewed', async () => {
      const calls = world.emulator.requests({ service: 'graph', method: 'PATCH' });
      return calls.some(({ path }) => path.startsWith('/v1.0/subscriptions/'));
    });
  });

  it('give way to polls when there is no room for another subscription', async () => {
    for (const { subscription_id } of await kept()) world.emulator.loseSubscription(subscription_id);
    world.tenant.settings.subscriptionQuota = 0;
    await world.sql('update graph_syncs set subscriptions_due_at = now()');
    assertSucceeded(await world.sync());
    const connection = await world.expect(200, 'GET', `/connections/${world.connectionId}`);
    assert.equal(connection.status, 'connected');
  });
});
