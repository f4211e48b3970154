import assert from 'node:assert/strict';
import { createSecretKey, randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { makeEncryption } from '../../src/http/encryption.ts';
import { type DeliverEvents, makeDeliverEvents } from '../../src/operations/deliveries/deliver-events.ts';
import { type DeliveryRelay, makeDeliveryRelay } from '../../src/operations/deliveries/relay-deliveries.ts';
import {
  makeWebhookDeliveryOperations,
  type WebhookDeliveryOperations,
} from '../../src/operations/deliveries/webhook-delivery-operations.ts';
import {
  makeWebhookOperations,
  type WebhookOperations,
} from '../../src/operations/deliveries/webhook-operations.ts';
import type {
  Delivery,
  DeliveryState,
  Webhook,
  WebhookAnswer,
  WebhookRequest,
  WebhookSender,
} from '../../src/operations/deliveries/webhook-ports.ts';
import type { DeliveryJob, UnitOfWork } from '../../src/operations/ports.ts';
import { makeStores } from '../../src/postgres/stores.ts';
import { makeUnitOfWork } from '../../src/postgres/unit-of-work.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import { addTenant, openWorld, type Tenant, type World } from '../postgres/world.ts';

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;
const anyVersion = { ifMatch: null };
const wholeLog = { after: null, limit: 200 };

/** A target that answers as the test says. */
class Target implements WebhookSender {
  readonly requests: WebhookRequest[] = [];
  answer: (request: WebhookRequest) => Partial<WebhookAnswer> = () => ({ status: 204 });
  refusalOf = () => null;
  makeSecret = () => `whsec_${randomBytes(32).toString('base64')}`;
  post = async (request: WebhookRequest): Promise<WebhookAnswer> => {
    this.requests.push(request);
    const silent = { status: null, body: null, fault: null, retryAfterSeconds: null, durationMs: 1 };
    return { ...silent, ...this.answer(request) };
  };
}

describe('deliveries to webhooks', () => {
  let world: World;
  let tenant: Tenant;
  let target: Target;
  let time: number;
  let jobs: DeliveryJob[];
  let unitOfWork: UnitOfWork;
  let webhooks: WebhookOperations;
  let log: WebhookDeliveryOperations;
  let deliver: DeliverEvents;
  let relay: DeliveryRelay;
  const now = () => new Date(time).toISOString();
  const at = (milliseconds: number) => new Date(time + milliseconds).toISOString();

  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  beforeEach(async () => {
    tenant = await addTenant(world);
    target = new Target();
    // Ids are made by the real clock, so the time of the test starts there.
    time = Date.now();
    jobs = [];
    const never = () => Promise.reject(new Error('no such job here'));
    unitOfWork = makeUnitOfWork(world.database, (connection) =>
      makeStores(connection, {
        jobs: () => ({
          enqueueReconcile: never,
          enqueueReplan: never,
          enqueueSync: never,
          enqueueDeliveries: async (added) => void jobs.push(...added),
        }),
        identifiers: { next: uuidV7 },
      }),
    );
    const parts = {
      unitOfWork,
      clock: { now },
      identifiers: { next: uuidV7 },
      encryption: makeEncryption(createSecretKey(randomBytes(32))),
      webhookSender: target,
      jitter: () => 0.5,
      deliveriesWaiting: () => undefined,
      sendingJobsWaiting: () => undefined,
    };
    webhooks = makeWebhookOperations(parts);
    log = makeWebhookDeliveryOperations(parts);
    deliver = makeDeliverEvents(parts);
    relay = makeDeliveryRelay(parts);
  });

  const create = async (): Promise<Webhook> =>
    (await webhooks.create(tenant.context, { url: 'https://psa.example.com/' })).webhook;
  const change = (count = 1) =>
    unitOfWork.write(tenant.context, 'none', (stores) =>
      stores.events.append(
        { connectionId: null, trigger: 'scim', runId: null, requestId: null },
        now(),
        Array.from({ length: count }, () => ({
          directoryUserId: null,
          employeeId: uuidV7(),
          contactId: null,
          action: 'updated' as const,
          reason: 'Because.',
          winningRuleId: null,
          changes: [],
        })),
      ),
    );
  /** What the servers do by themselves: relay what is due, run the jobs. Answers when there is something to do again. */
  const work = async (): Promise<string | null> => {
    await relay.relay(tenant.organizationId);
    for (const job of jobs.splice(0)) await deliver(job);
    return relay.relay(tenant.organizationId).finally(() => assert.deepEqual(jobs, []));
  };
  const deliveriesOf = async ({ id }: Webhook, state: DeliveryState | null = null) =>
    (await log.list(tenant.context, id, state, wholeLog)).items;
  const only = async (webhook: Webhook): Promise<Delivery> => {
    const [delivery, ...others] = await deliveriesOf(webhook);
    assert.ok(delivery);
    assert.deepEqual(others, []);
    return delivery;
  };
  const stateOf = (webhook: Webhook) => webhooks.get(tenant.context, webhook.id);

  it('are sent once when the target takes them', async () => {
    const webhook = await create();
    await change(3);
    assert.equal(await work(), null);
    assert.equal(await work(), null);
    assert.equal(target.requests.length, 3);
    assert.deepEqual(
      (await deliveriesOf(webhook)).map(({ state, attemptCount }) => [state, attemptCount]),
      Array.from({ length: 3 }, () => ['succeeded', 1]),
    );
  });

  it('are tried again when the clock says so, with the same id and a new time', async () => {
    const webhook = await create();
    target.answer = () => ({ status: 500 });
    await change();
    const due = await work();
    assert.equal(due, at(5 * second));
    assert.deepEqual((await only(webhook)).nextAttemptAt, due);
    time += 5 * second - 1;
    await work();
    assert.equal(target.requests.length, 1, 'too early');
    time += 1;
    assert.equal(await work(), at(20 * second));
    time += 20 * second;
    target.answer = () => ({ status: 200 });
    assert.equal(await work(), null);
    assert.equal(new Set(target.requests.map(({ id }) => id)).size, 1);
    assert.equal(new Set(target.requests.map(({ body }) => body)).size, 1);
    assert.equal(new Set(target.requests.map(({ at: moment }) => moment)).size, 3);
    const { state, attempts } = await only(webhook);
    assert.equal(state, 'succeeded');
    assert.deepEqual(
      attempts.map(({ responseStatus }) => responseStatus),
      [500, 500, 200],
    );
  });

  it('are given up after three days, and switch the webhook off after five without a success', async () => {
    const webhook = await create();
    target.answer = () => ({ status: 500 });
    await change();
    const begin = time;
    for (let due = await work(); due !== null; due = await work()) time = Date.parse(due);
    assert.equal((await only(webhook)).state, 'failed');
    assert.ok(time - begin > 2 * day && time - begin <= 3 * day);
    const { enabled, failingSince } = await stateOf(webhook);
    assert.deepEqual([enabled, failingSince], [true, new Date(begin).toISOString()]);
    await change();
    for (let due = await work(); due !== null; due = await work()) time = Date.parse(due);
    const off = await stateOf(webhook);
    assert.equal(off.enabled, false);
    assert.match(off.disabledReason ?? '', /^The target has taken nothing since /);
    target.requests.length = 0;
    await change();
    assert.equal(await work(), null);
    assert.equal(target.requests.length, 0);
    assert.equal((await deliveriesOf(webhook)).length, 2);
    const on = await webhooks.change(tenant.context, webhook.id, { enabled: true }, anyVersion);
    assert.deepEqual([on.enabled, on.disabledReason, on.failingSince], [true, null, null]);
    const since = new Date(begin - 1).toISOString();
    assert.equal((await log.replay(tenant.context, webhook.id, { since })).queued, 3);
    target.answer = () => ({ status: 200 });
    await work();
    assert.equal((await deliveriesOf(webhook, 'succeeded')).length, 3);
  });

  it('leave a target alone that is away: a probe now and then, whatever the number of events', async () => {
    const webhook = await create();
    target.answer = () => ({ status: null, fault: 'The target refuses connections.' });
    await change(300);
    await work();
    assert.equal(target.requests.length, 5, 'one handful, then no more');
    const { pausedUntil, overloads } = await stateOf(webhook);
    assert.deepEqual([pausedUntil, overloads], [at(5 * second), 1]);
    const begin = time;
    for (let due = await work(); due !== null && time < begin + hour; due = await work()) {
      time = Date.parse(due);
    }
    assert.ok(target.requests.length < 150, `${target.requests.length} requests in an hour`);
    target.answer = () => ({ status: 204 });
    for (let due = await work(); due !== null; due = await work()) time = Date.parse(due);
    assert.equal((await deliveriesOf(webhook, 'succeeded')).length, 200, 'as many as a page takes');
    assert.deepEqual(await deliveriesOf(webhook, 'failed'), []);
    assert.equal((await stateOf(webhook)).pausedUntil, null);
  });

  it('to one webhook do not wait for another that is away', async () => {
    const away = await create();
    const { secretEncrypted } = away;
    assert.ok(secretEncrypted.length > 0);
    const well = (await webhooks.create(tenant.context, { url: 'https://well.example.com/' })).webhook;
    target.answer = ({ url }) => (url === away.url ? { status: 503 } : { status: 200 });
    await change(10);
    await work();
    assert.equal((await deliveriesOf(well, 'succeeded')).length, 10);
    assert.equal((await deliveriesOf(away, 'pending')).length, 10);
  });

  it('are sent again at once when somebody asks, pause or not', async () => {
    const webhook = await create();
    target.answer = () => ({ status: 503, retryAfterSeconds: 3600 });
    await change();
    assert.equal(await work(), at(hour));
    target.answer = () => ({ status: 200 });
    await log.redeliver(tenant.context, webhook.id, (await only(webhook)).event.id);
    await work();
    const { state, attemptCount } = await only(webhook);
    assert.deepEqual([state, attemptCount], ['succeeded', 2]);
  });

  it('asked for anew while they are under way are not overtaken by the answer that comes late', async () => {
    const webhook = await create();
    await change();
    const { event } = await only(webhook);
    await relay.relay(tenant.organizationId);
    const [job] = jobs.splice(0);
    assert.ok(job);
    const post = target.post;
    target.post = async (request) => {
      time += 1;
      await log.redeliver(tenant.context, webhook.id, event.id);
      return post(request);
    };
    await deliver(job);
    assert.equal((await only(webhook)).state, 'pending');
    target.post = post;
    await work();
    assert.equal(target.requests.length, 2);
    assert.equal((await only(webhook)).state, 'succeeded');
  });

  it('are taken over when the server that claimed them is lost', async () => {
    const webhook = await create();
    await change();
    await relay.relay(tenant.organizationId);
    assert.equal(jobs.splice(0).length, 1);
    assert.equal(await work(), at(30 * 60 * second), 'claimed by the lost server');
    time += 30 * 60 * second;
    await work();
    assert.equal((await only(webhook)).state, 'succeeded');
  });

  it('are claimed by one of several servers only', async () => {
    await create();
    await change(40);
    await Promise.all([1, 2, 3, 4].map(() => relay.relay(tenant.organizationId)));
    const claimed = jobs.flatMap(({ eventIds }) => eventIds);
    assert.equal(claimed.length, 40);
    assert.equal(new Set(claimed).size, 40);
  });

  it('end when the webhook is switched off, and vanish with it', async () => {
    const webhook = await create();
    await change();
    await relay.relay(tenant.organizationId);
    await webhooks.change(tenant.context, webhook.id, { enabled: false }, anyVersion);
    for (const job of jobs.splice(0)) await deliver(job);
    assert.equal(target.requests.length, 0);
    assert.equal((await only(webhook)).state, 'failed');
    await assert.rejects(log.redeliver(tenant.context, webhook.id, uuidV7()), { kind: 'conflict' });
    await webhooks.change(tenant.context, webhook.id, { enabled: true }, anyVersion);
    await change();
    await relay.relay(tenant.organizationId);
    await webhooks.delete(tenant.context, webhook.id, anyVersion);
    for (const job of jobs.splice(0)) await deliver(job);
    assert.equal(target.requests.length, 0);
    const { rowCount } = await world.owner.query('select 1 from webhook_deliveries where webhook_id = $1', [
      webhook.id,
    ]);
    assert.equal(rowCount, 0);
  });

  it('are signed with both secrets until the one before runs out', async () => {
    const { webhook, secret } = await webhooks.create(tenant.context, { url: 'https://psa.example.com/' });
    const next = await webhooks.rotateSecret(tenant.context, webhook.id, { graceHours: 2 }, anyVersion);
    await change();
    await work();
    time += 2 * hour;
    await change();
    await work();
    assert.deepEqual(
      target.requests.map(({ secrets }) => secrets),
      [[next.secret, secret], [next.secret]],
    );
  });

  it('keep secrets unreadable in the database, and readable for their webhook only', async () => {
    const { webhook, secret } = await webhooks.create(tenant.context, { url: 'https://psa.example.com/' });
    const other = await create();
    const { rows } = await world.owner.query('select to_jsonb(w)::text as row from webhooks w');
    assert.ok(!JSON.stringify(rows).includes(secret.replace('whsec_', '')));
    await world.owner.query(
      `update webhooks set secret_encrypted = (select secret_encrypted from webhooks where webhook_id = $1)
        where webhook_id = $2`,
      [webhook.id, other.id],
    );
    await assert.rejects(log.test(tenant.context, other.id));
    assert.equal(target.requests.length, 0);
  });

  it('that failed are forgiven when a test gets through', async () => {
    const webhook = await create();
    target.answer = () => ({ status: 500 });
    await change();
    await work();
    assert.notEqual((await stateOf(webhook)).failingSince, null);
    await log.test(tenant.context, webhook.id);
    assert.notEqual((await stateOf(webhook)).failingSince, null);
    target.answer = () => ({ status: 200 });
    await log.test(tenant.context, webhook.id);
    assert.equal((await stateOf(webhook)).failingSince, null);
  });

  it('are kept for 30 days with their events', async () => {
    const webhook = await create();
    await change(3);
    await work();
    time += 30 * day - hour;
    await relay.forget(tenant.organizationId);
    assert.equal((await deliveriesOf(webhook)).length, 3);
    time += 2 * hour;
    await relay.forget(tenant.organizationId);
    assert.deepEqual(await deliveriesOf(webhook), []);
    const { rowCount } = await world.owner.query('select 1 from webhook_events where organization_id = $1', [
      tenant.organizationId,
    ]);
    assert.equal(rowCount, 0);
  });
});
