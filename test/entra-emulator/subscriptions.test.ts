import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { defaultDeliverySettings } from '../support/entra/delivery-settings.ts';
import { defaultTenantSettings } from '../support/entra/tenant-settings.ts';
import { useGraph } from './graph-harness.ts';
import { NotificationReceiver } from './notification-receiver.ts';

describe('emulated change notifications', () => {
  const graph = useGraph();
  const receiver = new NotificationReceiver();
  let user = '';

  before(async () => {
    await receiver.start();
    user = graph().tenant.addUser({ userPrincipalName: 'ada@mymsp.example' });
  });
  after(() => receiver.stop());
  beforeEach(() => {
    for (const { id } of graph().emulator.subscriptions()) graph().emulator.loseSubscription(id);
    graph().emulator.setDelivery({ ...defaultDeliverySettings(), retryMs: 1 });
    Object.assign(graph().tenant.settings, defaultTenantSettings());
    Object.assign(receiver, { statuses: [], echoes: true });
    receiver.received.length = 0;
    receiver.deliveries.length = 0;
    graph().token = graph().freshToken();
  });

  const inMinutes = (minutes: number) =>
    new Date(graph().emulator.clock.now() + minutes * 60_000).toISOString();

  async function subscribe(changes: Readonly<Record<string, unknown>> = {}) {
    return await graph().post('subscriptions', {
      changeType: 'updated,deleted',
      notificationUrl: `${receiver.url}/notify?key=a`,
      lifecycleNotificationUrl: `${receiver.url}/lifecycle`,
      resource: '/users',
      expirationDateTime: inMinutes(41_700),
      clientState: 'a secret state',
      ...changes,
    });
  }

  it('are subscribed to after both addresses have echoed the token', async () => {
    const { status, body } = await subscribe();
    assert.equal(status, 201);
    assert.equal(Date.parse(String(body['expirationDateTime'])) > Date.now(), true);
    receiver.echoes = false;
    const refused = await subscribe();
    assert.deepEqual([refused.status, refused.body.error?.code], [400, 'ValidationError']);
    const unreachable = await subscribe({ notificationUrl: 'http://127.0.0.1:9/notify' });
    assert.equal(unreachable.status, 400);
  });

  it('find a receiver behind its public name', async () => {
    graph().emulator.setDelivery({ origins: { 'https://psa.example': receiver.url } });
    const { status } = await subscribe({
      notificationUrl: 'https://psa.example/notify',
      lifecycleNotificationUrl: undefined,
    });
    assert.equal(status, 201);
    graph().tenant.updateUser(user, { jobTitle: 'Public' });
    await graph().emulator.notificationsSettled();
    assert.equal(receiver.received.length, 1);
  });

  it('are refused for what cannot be subscribed to', async () => {
    for (const changes of [
      { changeType: 'created' },
      { resource: '/shoes' },
      { notificationUrl: 'http://psa.example/notify' },
      { expirationDateTime: inMinutes(50_000) },
      { expirationDateTime: inMinutes(-1) },
      { clientState: 'x'.repeat(129) },
    ]) {
      assert.equal((await subscribe(changes)).status, 400, JSON.stringify(changes));
    }
    graph().tenant.settings.subscriptionQuota = 1;
    assert.equal((await subscribe()).status, 201);
    assert.equal((await subscribe()).status, 403);
  });

  it('need the permission of the resource, which for groups is more than their members need', async () => {
    graph().token = graph().freshToken(['User.Read.All', 'GroupMember.Read.All']);
    assert.equal((await subscribe()).status, 201);
    assert.equal((await subscribe({ resource: '/groups' })).status, 403);
  });

  it('raise a short life to 45 minutes, renew it, and end it without a word', async () => {
    const { body } = await subscribe({ expirationDateTime: inMinutes(5) });
    const path = `subscriptions/${body['id']}`;
    const minutesLeft = (text: unknown) => (Date.parse(String(text)) - graph().emulator.clock.now()) / 60_000;
    assert.ok(minutesLeft(body['expirationDateTime']) > 40);
    const renewed = await graph().post(path, { expirationDateTime: inMinutes(1000) }, 'PATCH');
    assert.ok(minutesLeft(renewed.body['expirationDateTime']) > 900);
    graph().emulator.advanceClock(1001 * 60_000);
    graph().token = graph().freshToken();
    assert.equal((await graph().get(path)).status, 404);
    assert.deepEqual((await graph().get('subscriptions')).body.value, []);
  });

  it('tell updates, recycling and restoring as updated, purging as deleted', async () => {
    await subscribe();
    const somebody = graph().tenant.addUser({ userPrincipalName: 'somebody@mymsp.example' });
    graph().tenant.softDeleteUser(somebody);
    graph().tenant.restoreUser(somebody);
    graph().tenant.purgeUser(somebody);
    await graph().emulator.notificationsSettled();
    assert.deepEqual(
      receiver.received.map(({ changeType, resourceData }) => [changeType, resourceData?.id]),
      ['updated', 'updated', 'updated', 'updated', 'deleted'].map((type) => [type, somebody]),
    );
    assert.ok(receiver.received.every(({ clientState }) => clientState === 'a secret state'));
    assert.equal(receiver.deliveries.length, 1);
  });

  it('tell changes of membership to those who watch groups', async () => {
    const groupId = graph().tenant.addGroup({ displayName: 'Group' });
    const other = graph().tenant.addGroup({ displayName: 'Other' });
    await subscribe({ resource: `groups/${groupId}/members` });
    graph().tenant.addMembers(groupId, [user]);
    graph().tenant.addMembers(other, [user]);
    graph().tenant.updateGroup(groupId, { displayName: 'Renamed' });
    await graph().emulator.notificationsSettled();
    assert.deepEqual(
      receiver.received.map(({ resourceData }) => resourceData?.id),
      [groupId],
    );
  });

  it('are repeated until somebody takes them', async () => {
    await subscribe();
    receiver.statuses = [503, 500];
    graph().tenant.updateUser(user, { jobTitle: 'Retried' });
    await graph().emulator.notificationsSettled();
    assert.deepEqual([receiver.deliveries.length, receiver.received.length], [3, 1]);
    assert.deepEqual(
      graph()
        .emulator.deliveries()
        .slice(-3)
        .map(({ status, attempt }) => [status, attempt]),
      [
        [503, 1],
        [500, 2],
        [202, 3],
      ],
    );
  });

  it('get lost, come twice, in another order, or with another client state', async () => {
    await subscribe();
    graph().emulator.setDelivery({ loseNext: 1 });
    graph().tenant.updateUser(user, { jobTitle: 'Lost' });
    await graph().emulator.notificationsSettled();
    assert.equal(receiver.received.length, 0);

    graph().emulator.setDelivery({ sendsTwice: true, clientState: 'forged' });
    graph().tenant.updateUser(user, { jobTitle: 'Twice' });
    await graph().emulator.notificationsSettled();
    assert.deepEqual(
      receiver.received.map(({ clientState }) => clientState),
      ['forged', 'forged'],
    );

    receiver.received.length = 0;
    graph().emulator.setDelivery({ ...defaultDeliverySettings(), shuffle: 3 });
    const ids = Array.from({ length: 8 }, (_none, index) =>
      graph().tenant.addUser({ userPrincipalName: `shuffled${index}@mymsp.example` }),
    );
    await graph().emulator.notificationsSettled();
    const order = receiver.received.map(({ resourceData }) => resourceData?.id);
    assert.notDeepEqual(order, ids);
    assert.deepEqual(new Set(order), new Set(ids));
  });

  it('stop when the subscription is silently lost, or waits for reauthorization', async () => {
    const { body } = await subscribe();
    const id = String(body['id']);
    graph().emulator.requireReauthorization(id);
    graph().tenant.updateUser(user, { jobTitle: 'Unseen' });
    await graph().emulator.notificationsSettled();
    assert.deepEqual(
      receiver.received.map(({ lifecycleEvent, subscriptionId }) => [lifecycleEvent, subscriptionId]),
      [['reauthorizationRequired', id]],
    );
    assert.equal((await graph().post(`subscriptions/${id}/reauthorize`, {})).status, 204);
    graph().tenant.updateUser(user, { jobTitle: 'Seen' });
    await graph().emulator.notificationsSettled();
    assert.equal(receiver.received.length, 2);
    graph().emulator.loseSubscription(id);
    graph().tenant.updateUser(user, { jobTitle: 'Unseen again' });
    await graph().emulator.notificationsSettled();
    assert.equal(receiver.received.length, 2);
  });

  it('end when they are deleted, and are nobody else’s business', async () => {
    const { body } = await subscribe();
    const path = `subscriptions/${body['id']}`;
    const other = graph().emulator.registerApplication({});
    const ids = { tenantId: graph().tenant.id, appId: other.appId };
    graph().emulator.consent({ ...ids, roles: ['User.Read.All'] });
    const stranger = { authorization: `Bearer ${graph().emulator.graphToken(ids)}` };
    assert.equal((await graph().get(path, stranger)).status, 404);
    assert.equal((await graph().send(path, { method: 'DELETE' })).status, 204);
    assert.equal((await graph().get(path)).status, 404);
  });
});
