import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertSucceeded, startSyncWorld, until } from './sync-world.ts';

const roles = ['User.Read.All', 'Group.Read.All'];

/** The states of a connection that Microsoft refuses, how each comes about, and how it ends. */
describe('a connection that Microsoft refused', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  let appId: string;
  let groupId: string;
  let newcomers = 0;

  before(async () => {
    world = await startSyncWorld({
      seed: { users: 5, groups: 1, groupsPerUser: 1 },
      env: { GRAPH_POLL_SECONDS: '60' },
    });
    [groupId = ''] = world.groupIds;
    await world.addRule(groupId);
    assertSucceeded(await world.sync());
    ({ applicationId: appId } = await connection());
  });
  after(() => world.stop());

  const connection = (id = world.connectionId) => world.expect(200, 'GET', `/connections/${id}`);
  const statusOf = async (id?: string): Promise<string> => (await connection(id)).status;
  const allow = () => world.emulator.consent({ tenantId: world.tenant.id, appId, roles });
  const withdraw = (permissions?: readonly string[]) =>
    world.emulator.revokeConsent({
      tenantId: world.tenant.id,
      appId,
      existingTokens: 'reject',
      ...(permissions ? { permissions } : {}),
    });
  /** A poll, as it comes when its time has come. */
  const poll = () => world.sql('update graph_syncs set next_at = now()');
  const refused = async (): Promise<void> => {
    await poll();
    await until('the connection is refused', async () => (await statusOf()) !== 'connected');
  };
  const join = (): string => {
    newcomers++;
    const name = `newcomer${newcomers}@mymsp.example`;
    world.tenant.addMembers(groupId, [world.tenant.addUser({ userPrincipalName: name })]);
    return name;
  };
  const arrived = (name: string) =>
    until(`${name} has a login`, async () => {
      const { items } = await world.expect(200, 'GET', `/employees?email=${encodeURIComponent(name)}`);
      return items[0]?.loginEnabled === true;
    });

  it('is read again by itself once the consent is back', async () => {
    withdraw();
    await refused();
    const name = join();
    allow();
    await poll();
    await arrived(name);
    const { status, statusDetail } = await connection();
    assert.deepEqual({ status, statusDetail }, { status: 'connected', statusDetail: null });
  });

  it('is failed with the reason while its key cannot be opened, and goes on when it can', async () => {
    const [{ key }] = (await world.sql(
      'select application_key_encrypted as key from connections where connection_id = $1',
      [world.connectionId],
    )) as [{ key: Buffer }];
    const keep = (bytes: Buffer) =>
      world.sql('update connections set application_key_encrypted = $2 where connection_id = $1', [
        world.connectionId,
        bytes,
      ]);
    await keep(Buffer.alloc(key.length));
    await refused();
    assert.match((await connection()).statusDetail, /ENCRYPTION_KEY/);
    const name = join();
    await keep(key);
    await poll();
    await arrived(name);
    assert.equal(await statusOf(), 'connected');
  });

  it('is asked less and less often while nothing changes, and keeps everybody', async () => {
    withdraw();
    await refused();
    const pauses: number[] = [];
    for (let round = 0; round < 3; round++) {
      const [{ failures }] = (await world.sql('select failures from graph_syncs')) as [{ failures: number }];
      await poll();
      await until('it was asked', async () => {
        const [row] = await world.sql(
          `select extract(epoch from next_at - now())::float8 as pause from graph_syncs
            where failures > $1 and claimed_until is null`,
          [failures],
        );
        if (row) pauses.push(row.pause);
        return row !== undefined;
      });
    }
    const [first = 0, second = 0, third = 0] = pauses;
    assert.ok(second > first * 1.5 && third > second * 1.5, JSON.stringify(pauses));
    const { items } = await world.expect(200, 'GET', '/employees?limit=200');
    assert.ok(items.filter(({ loginEnabled }: { loginEnabled: boolean }) => loginEnabled).length >= 6);
    allow();
    assertSucceeded(await world.sync());
  });

  it('is read by Sync at once when a permission is back', async () => {
    withdraw(['User.Read.All']);
    await refused();
    const refusal = await world.expect(409, 'POST', `/connections/${world.connectionId}/sync`);
    assert.equal(refusal.detail, `The directory cannot be read yet: ${(await connection()).statusDetail}`);
    const name = join();
    allow();
    assertSucceeded(await world.sync());
    await arrived(name);
  });

  it('is connected again by the setup doctor', async () => {
    withdraw(['User.Read.All']);
    await refused();
    const doctor = () => world.expect(200, 'GET', `/connections/${world.connectionId}/doctor`);
    await doctor();
    assert.notEqual(await statusOf(), 'connected');
    const name = join();
    allow();
    const { checks } = await doctor();
    assert.equal(checks.find(({ id }: { id: string }) => id === 'signIn').status, 'pass');
    assert.equal(await statusOf(), 'connected');
    await arrived(name);
  });

  it('takes a new key by itself', async () => {
    const right = 'kQ8~the-value-of-the-client-secret';
    const enter = (applicationKey: string) =>
      world.expect(200, 'PATCH', `/connections/${world.connectionId}`, { applicationKey });
    await enter('kQ8~a-wrong-value-of-the-client-secret');
    await refused();
    const name = join();
    await enter(right);
    await arrived(name);
    assert.equal(await statusOf(), 'connected');
  });

  it('is connected by itself also before its first sync, and not read before that', async () => {
    const { appId: other } = world.emulator.registerApplication({
      secrets: ['kQ8~the-value-of-the-client-secret'],
    });
    const { id } = await world.expect(201, 'POST', '/connections', {
      name: 'Not yet',
      kind: 'entra',
      tenant: world.tenant.id,
      applicationId: other,
      applicationKey: 'kQ8~the-value-of-the-client-secret',
    });
    const tried = await world.expect(200, 'POST', `/connections/${id}/connect`, { mode: 'application' });
    assert.equal(tried.status, 'consentRequired');
    world.emulator.consent({ tenantId: world.tenant.id, appId: other, roles });
    await poll();
    await until('it is connected', async () => (await statusOf(id)) === 'connected');
    assert.equal((await connection(id)).lastSync, null);
    const { items } = await world.expect(200, 'GET', '/sync-runs');
    assert.ok(items.every(({ connectionId }: { connectionId: string }) => connectionId !== id));
  });

  it('stays disconnected when an administrator disconnected it', async () => {
    withdraw();
    await refused();
    await world.expect(200, 'POST', `/connections/${world.connectionId}/disconnect`);
    allow();
    world.emulator.clearRequests();
    await poll();
    await world.expect(409, 'POST', `/connections/${world.connectionId}/sync`);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(await statusOf(), 'created');
    assert.deepEqual(world.emulator.requests({ service: 'graph' }), []);
  });
});

describe('a permission that no token tells', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  before(async () => {
    world = await startSyncWorld();
  });
  after(() => world.stop());

  it('is missed by Azure Connect all the same, because nothing can be read', async () => {
    world.emulator.injectFault({
      match: { service: 'graph', path: '/v1.0/users/00000000-0000-0000-0000-000000000000' },
      effect: { kind: 'answer', status: 403, code: 'Authorization_RequestDenied' },
    });
    const tried = await world.expect(200, 'POST', `/connections/${world.connectionId}/connect`, {
      mode: 'application',
    });
    assert.equal(tried.status, 'permissionMissing');
    assert.match(tried.statusDetail, /User\.Read\.All/);
  });
});
