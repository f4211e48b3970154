import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Json } from '../admin-api/people-world.ts';
import { assertFollows } from './expectations.ts';
import { assertSucceeded, startSyncWorld, until } from './sync-world.ts';

describe('runs of a connected tenant', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  let groupId: string;

  before(async () => {
    world = await startSyncWorld({
      env: { GRAPH_POLL_SECONDS: '1' },
      seed: { users: 120, groups: 2, groupsPerUser: 1 },
    });
    world.tenant.settings.deltaPageSize = 10;
    groupId = String(world.groupIds[0]);
    await world.addRule(groupId);
  });
  after(() => world.stop());
  beforeEach(() => {
    world.emulator.clearFaults();
    world.emulator.clearRequests();
  });

  const start = (): Promise<Json> => world.expect(202, 'POST', `/connections/${world.connectionId}/sync`);
  const slowly = () =>
    world.emulator.injectFault({
      match: { service: 'graph', path: '/v1.0/users/delta' },
      effect: { kind: 'delay', ms: 150 },
    });

  const readIsUnderWay = () =>
    until('the read has begun', async () => world.emulator.requests({ service: 'graph' }).length > 0);
  const assertNothingIsDue = async () => {
    await until('the claim ends and nothing is due', async () => {
      const [row] = await world.sql(
        `select claim_id is null and next_at = 'infinity' as waits from graph_syncs`,
      );
      return row.waits;
    });
    assert.deepEqual(await world.people(), {});
  };

  it('that are cancelled end, and a first read waits until somebody asks again', async () => {
    slowly();
    const { id } = await start();
    await readIsUnderWay();
    const cancelled = await world.expect(200, 'POST', `/sync-runs/${id}/cancel`);
    assert.equal(cancelled.state, 'cancelled');
    await assertNothingIsDue();
  });

  it('that are cancelled take along a read that does not know of its run, and that a read was wanted again', async () => {
    slowly();
    const { id } = await start();
    await readIsUnderWay();
    // As if the run had been started a moment after the read, which others asked for as well.
    await world.sql(`update graph_syncs set is_wanted = true`);
    await world.expect(200, 'POST', `/sync-runs/${id}/cancel`);
    await assertNothingIsDue();
    await setTimeout(1_500);
    await assertNothingIsDue();
    assert.equal((await world.expect(200, 'GET', `/sync-runs/${id}`)).state, 'cancelled');
  });

  it('can be watched as they go (REQ-61)', async () => {
    slowly();
    const { id } = await start();
    const response = await fetch(`${world.app.baseUrl}/api/v1/sync-runs/${id}/events`, {
      headers: { authorization: `Bearer ${world.app.adminKey}` },
    });
    assert.match(String(response.headers.get('content-type')), /^text\/event-stream/);
    const events = (await response.text()).split('\n\n').filter((text) => text.startsWith('event: '));
    assert.ok(events.length > 1, 'progress and the end');
    const last = /^event: ended\ndata: (.*)$/.exec(String(events.at(-1)));
    const run: Json = JSON.parse(String(last?.[1]));
    assertSucceeded(run);
    assert.equal(run.progress.done, run.progress.total);
    await assertFollows(world, [groupId]);
  });

  it('are not watched by anybody without a key, or where there are none', async () => {
    assert.equal((await fetch(`${world.app.baseUrl}/api/v1/sync-runs/x/events`)).status, 401);
    await world.expect(404, 'GET', `/sync-runs/${crypto.randomUUID()}/events`);
  });

  it('follow by themselves: a change arrives by polling alone (REQ-12, REQ-13)', async () => {
    const userId = world.tenant.addUser({ userPrincipalName: 'polled@mymsp.example' });
    world.tenant.addMembers(groupId, [userId]);
    await until('the newcomer has a login', async () => {
      const { items } = await world.expect(200, 'GET', '/employees?q=polled@mymsp.example');
      return items.length === 1;
    });
    const { items } = await world.expect(200, 'GET', '/sync-runs');
    assert.equal(items[0].kind, 'delta');
    await assertFollows(world, [groupId]);
  });

  it('end with the reason when consent is withdrawn, and go on once it is given again', async () => {
    const { applicationId } = await world.expect(200, 'GET', `/connections/${world.connectionId}`);
    world.emulator.revokeConsent({
      tenantId: world.tenant.id,
      appId: applicationId,
      existingTokens: 'reject',
    });
    const statusOf = async () => world.expect(200, 'GET', `/connections/${world.connectionId}`);
    await until('the connection says so', async () => (await statusOf()).status !== 'connected');
    const { status, statusDetail } = await statusOf();
    assert.ok(['consentRequired', 'failed', 'permissionMissing'].includes(status), status);
    assert.ok(statusDetail.length > 20);
    await world.expect(409, 'POST', `/connections/${world.connectionId}/sync`);
    const late = world.tenant.addUser({ userPrincipalName: 'late@mymsp.example' });
    world.tenant.addMembers(groupId, [late]);
    world.emulator.consent({
      tenantId: world.tenant.id,
      appId: applicationId,
      roles: ['User.Read.All', 'Group.Read.All'],
    });
    await world.expect(200, 'POST', `/connections/${world.connectionId}/connect`, { mode: 'application' });
    await until('the newcomer has a login', async () => {
      const { items } = await world.expect(200, 'GET', '/employees?q=late@mymsp.example');
      return items.length === 1;
    });
    await assertFollows(world, [groupId]);
  });
});
