import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { OrganizationContext } from '../../src/operations/context.ts';
import type { Webhook } from '../../src/operations/deliveries/webhook-ports.ts';
import type { EventContext } from '../../src/operations/ports.ts';
import { makeStores } from '../../src/postgres/stores.ts';
import { makeUnitOfWork } from '../../src/postgres/unit-of-work.ts';
import type { EventAction, EventDraft } from '../../src/provisioning/provisioning-event.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import { addTenant, now, openWorld, type Tenant, type World } from './world.ts';

const draft = (given: Partial<EventDraft> = {}): EventDraft => ({
  directoryUserId: null,
  employeeId: uuidV7(),
  contactId: null,
  action: 'updated',
  reason: 'Because.',
  winningRuleId: null,
  changes: [{ field: 'firstName', before: 'Ada', after: 'Anna', origin: 'directory' }],
  ...given,
});

const log: EventContext = { connectionId: null, trigger: 'scim', runId: null, requestId: 'request-1' };

const webhookOf = (given: Partial<Webhook> = {}): Webhook => ({
  id: uuidV7(),
  url: 'https://psa.example.com/',
  description: null,
  eventTypes: [],
  enabled: true,
  disabledReason: null,
  failingSince: null,
  pausedUntil: null,
  overloads: 0,
  secretEncrypted: Buffer.of(1, 2, 3),
  previousSecretEncrypted: null,
  previousSecretUntil: null,
  createdAt: now(),
  updatedAt: now(),
  revision: 1,
  ...given,
});

describe('outbox of changes of people', () => {
  let world: World;
  const statements: string[] = [];
  before(async () => {
    world = await openWorld({ onStatement: (text) => statements.push(text) });
  });
  after(() => world.close());

  const addWebhook = async ({ context }: Tenant, given: Partial<Webhook> = {}): Promise<Webhook> => {
    const webhook = webhookOf(given);
    await world.unitOfWork.write(context, 'none', (stores) => stores.webhooks.insert(webhook));
    return webhook;
  };
  const append = ({ context }: Tenant, ...events: EventDraft[]) =>
    world.unitOfWork.write(context, 'none', (stores) => stores.events.append(log, now(), events));
  const published = async ({ organizationId }: Tenant) => {
    const { rows } = await world.owner.query<{ id: string; type: string; webhooks: number }>(
      `select e.webhook_event_id as id, e.type,
          (select count(*)::integer from webhook_deliveries d where d.webhook_event_id = e.webhook_event_id) as webhooks
        from webhook_events e where e.organization_id = $1 order by e.webhook_event_id`,
      [organizationId],
    );
    return rows;
  };
  const logged = async ({ organizationId }: Tenant) => {
    const { rows } = await world.owner.query<{ id: string }>(
      `select provisioning_event_id as id from provisioning_events where organization_id = $1 order by 1`,
      [organizationId],
    );
    return rows.map(({ id }) => id);
  };

  it('costs no statement beyond that of the log, with and without webhooks', async () => {
    const tenant = await addTenant(world);
    const costs: number[] = [];
    for (const count of [0, 2]) {
      for (let made = 0; made < count; made += 1) await addWebhook(tenant);
      statements.length = 0;
      await append(tenant, draft(), draft(), draft());
      costs.push(statements.length);
    }
    assert.equal(costs[0], costs[1]);
    assert.equal(statements.filter((text) => text.includes('provisioning_events')).length, 1);
  });

  it('stays empty while the organization has no webhook, whatever others have', async () => {
    const tenant = await addTenant(world);
    await addWebhook(await addTenant(world, 'Others'));
    await append(tenant, draft());
    assert.equal((await logged(tenant)).length, 1);
    assert.deepEqual(await published(tenant), []);
  });

  it('is written with the change and disappears with its rollback', async () => {
    const tenant = await addTenant(world);
    await addWebhook(tenant);
    const failure = new Error('the change does not come about');
    const work = world.unitOfWork.write(tenant.context, 'none', async (stores) => {
      await stores.events.append(log, now(), [draft()]);
      throw failure;
    });
    await assert.rejects(work, failure);
    assert.deepEqual(await logged(tenant), []);
    assert.deepEqual(await published(tenant), []);
    const { rowCount } = await world.owner.query(
      'select 1 from webhook_deliveries where organization_id = $1',
      [tenant.organizationId],
    );
    assert.equal(rowCount, 0);
  });

  it('names an event like the log entry and leaves out what changed no person', async () => {
    const tenant = await addTenant(world);
    await addWebhook(tenant);
    const nobody = { employeeId: null, contactId: null };
    const silent: EventAction[] = ['unchanged', 'held', 'conflict', 'failed'];
    await append(
      tenant,
      draft(),
      ...silent.map((action) => draft({ action })),
      draft({ ...nobody, action: 'updated' }),
      draft({ employeeId: null, contactId: uuidV7(), action: 'accessRevoked' }),
    );
    const ids = await logged(tenant);
    assert.deepEqual(
      (await published(tenant)).map(({ id, type }) => [id, type]),
      [
        [ids[0], 'employee.updated'],
        [ids.at(-1), 'contact.accessRevoked'],
      ],
    );
  });

  it('delivers to webhooks that are on and want the type, and keeps what nobody is sent', async () => {
    const tenant = await addTenant(world);
    await addWebhook(tenant, { enabled: false });
    await addWebhook(tenant, { eventTypes: ['employee.updated'] });
    await addWebhook(tenant);
    await append(tenant, draft({ action: 'created' }), draft());
    assert.deepEqual(
      (await published(tenant)).map(({ type, webhooks }) => [type, webhooks]),
      [
        ['employee.created', 1],
        ['employee.updated', 2],
      ],
    );
    const paused = await addTenant(world, 'Paused');
    await addWebhook(paused, { enabled: false });
    await append(paused, draft());
    assert.deepEqual(
      (await published(paused)).map(({ webhooks }) => webhooks),
      [0],
    );
  });

  it('tells when deliveries wait, and only then', async () => {
    const tenant = await addTenant(world);
    const noted: OrganizationContext[] = [];
    const noJob = () => Promise.reject(new Error('no job is written with the change'));
    const unitOfWork = makeUnitOfWork(world.database, (connection) =>
      makeStores(connection, {
        jobs: () => ({
          enqueueReconcile: noJob,
          enqueueReplan: noJob,
          enqueueSync: noJob,
          enqueueDeliveries: noJob,
        }),
        identifiers: { next: uuidV7 },
        noteDeliveries: (context) => void noted.push(context),
      }),
    );
    const appendNow = (given: Partial<EventDraft> = {}) =>
      unitOfWork.write(tenant.context, 'none', (stores) => stores.events.append(log, now(), [draft(given)]));
    await appendNow();
    await addWebhook(tenant, { eventTypes: ['employee.created'] });
    await appendNow();
    assert.deepEqual(noted, [], 'nobody is sent this');
    await appendNow({ action: 'created' });
    assert.deepEqual(noted, [tenant.context]);
  });
});
