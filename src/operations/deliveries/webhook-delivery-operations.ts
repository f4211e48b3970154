import { personEventTypes } from '../../provisioning/person-event.ts';
import type { OrganizationContext } from '../context.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import type { Identifiers, Stores } from '../ports.ts';
import { type DeliveryDependencies, sendOnce } from './deliver-events.ts';
import { attemptOf, healthy, isSuccess } from './delivery-schedule.ts';
import { foundWebhook } from './webhook-operations.ts';
import {
  type Delivery,
  type DeliveryState,
  type OutgoingEvent,
  testEventType,
  type Webhook,
} from './webhook-ports.ts';

export interface WebhookDeliveryDependencies extends DeliveryDependencies {
  readonly identifiers: Identifiers;
}

export interface ReplayInput {
  readonly since: string;
  /** The event where the replay before stopped. */
  readonly after?: string | null;
}

export interface Replay {
  readonly queued: number;
  /** Where to go on; null when everything is queued. */
  readonly nextAfter: string | null;
}

export interface WebhookDeliveryOperations {
  readonly list: (
    context: OrganizationContext,
    webhookId: string,
    state: DeliveryState | null,
    page: PageRequest,
  ) => Promise<Page<Delivery>>;
  readonly get: (context: OrganizationContext, webhookId: string, id: string) => Promise<Delivery>;
  /** Sends an event that means nothing, now and once; works for a webhook that is switched off too. */
  readonly test: (context: OrganizationContext, webhookId: string) => Promise<Delivery>;
  readonly redeliver: (context: OrganizationContext, webhookId: string, id: string) => Promise<Delivery>;
  readonly replay: (context: OrganizationContext, webhookId: string, input: ReplayInput) => Promise<Replay>;
}

/** So many events one replay makes pending; bounds the transaction. */
const replayLimit = 10_000;

export function makeWebhookDeliveryOperations(
  dependencies: WebhookDeliveryDependencies,
): WebhookDeliveryOperations {
  const { unitOfWork, clock, deliveriesWaiting } = dependencies;
  return {
    list: (context, webhookId, state, page) =>
      unitOfWork.read(context, async (stores) => {
        foundWebhook(await stores.webhooks.get(webhookId), webhookId);
        return stores.deliveries.list(webhookId, state, page);
      }),
    get: (context, webhookId, id) =>
      unitOfWork.read(context, async (stores) => found(await stores.deliveries.get(webhookId, id), id)),
    test: (context, webhookId) => test(context, webhookId, dependencies),
    redeliver: async (context, webhookId, id) => {
      const delivery = await unitOfWork.write(context, 'none', async (stores) => {
        await lockReady(stores, webhookId);
        await stores.deliveries.requeue(webhookId, id, clock.now());
        return found(await stores.deliveries.get(webhookId, id), id);
      });
      deliveriesWaiting(context.organizationId);
      return delivery;
    },
    replay: async (context, webhookId, { since, after = null }) => {
      const replay = await unitOfWork.write(context, 'none', async (stores) => {
        const { eventTypes } = await lockReady(stores, webhookId);
        const types = eventTypes.length === 0 ? personEventTypes : eventTypes;
        const request = { since, after, types, limit: replayLimit, at: clock.now() };
        const ids = await stores.deliveries.replay(webhookId, request);
        return { queued: ids.length, nextAfter: ids.length < replayLimit ? null : (ids.at(-1) ?? null) };
      });
      deliveriesWaiting(context.organizationId);
      return replay;
    },
  };
}

function found(delivery: Delivery | null, id: string): Delivery {
  if (delivery === null) throw new OperationError('not-found', `There is no delivery ${id}.`);
  return delivery;
}

/** Whoever asks for deliveries says that the target is well again: a pause is over. */
async function lockReady(stores: Stores, webhookId: string): Promise<Webhook> {
  const webhook = foundWebhook(await stores.webhooks.lock(webhookId), webhookId);
  if (!webhook.enabled) throw new OperationError('conflict', 'The webhook is switched off; enable it first.');
  if (webhook.pausedUntil !== null) {
    await stores.webhooks.save({ ...webhook, pausedUntil: null, overloads: 0 });
  }
  return webhook;
}

async function test(
  context: OrganizationContext,
  webhookId: string,
  dependencies: WebhookDeliveryDependencies,
): Promise<Delivery> {
  const { unitOfWork, clock, identifiers } = dependencies;
  const webhook = await unitOfWork.read(context, async (stores) =>
    foundWebhook(await stores.webhooks.get(webhookId), webhookId),
  );
  const at = clock.now();
  const id = identifiers.next();
  const data = { eventId: id, organizationId: context.organizationId, webhookId };
  const event: OutgoingEvent = { id, type: testEventType, at, data };
  const answer = await sendOnce(webhook, event, dependencies);
  const delivery: Delivery = {
    event,
    state: isSuccess(answer) ? 'succeeded' : 'failed',
    queuedAt: at,
    nextAttemptAt: null,
    tries: 1,
    attemptCount: 1,
    attempts: [attemptOf(answer, at)],
  };
  await unitOfWork.write(context, 'none', async (stores) => {
    const now = foundWebhook(await stores.webhooks.lock(webhookId), webhookId);
    await stores.deliveries.insert(webhookId, delivery);
    const isCured = delivery.state === 'succeeded' && now.enabled && now.failingSince !== null;
    if (isCured) await stores.webhooks.save({ ...now, ...healthy });
  });
  return delivery;
}
