import type { Encryption } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import type { Clock, DeliveryJob, Stores, UnitOfWork } from '../ports.ts';
import { isSameRecord } from '../same-record.ts';
import {
  isOverload,
  judge,
  pauseAfter,
  postpone,
  type Round,
  type RoundResult,
  settle,
} from './delivery-schedule.ts';
import type { Delivery, Webhook, WebhookAnswer, WebhookSender } from './webhook-ports.ts';

/** So many requests are under way to one target at the same time, for each job. */
const atOnce = 5;

export interface DeliveryDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly encryption: Encryption;
  readonly webhookSender: WebhookSender;
  /** From 0 to 1. */
  readonly jitter: () => number;
  /** Called after a commit that left deliveries for now or later. */
  readonly deliveriesWaiting: (organizationId: string) => void;
}

export type DeliverEvents = (job: DeliveryJob) => Promise<void>;

/**
 * Sends events to one webhook and notes what came of it. At least once: a server that is lost in between leaves the
 * events to another one, and receivers know a repetition by its id.
 */
export function makeDeliverEvents(dependencies: DeliveryDependencies): DeliverEvents {
  const { unitOfWork, clock, jitter, deliveriesWaiting } = dependencies;
  return async (job) => {
    const context: OrganizationContext = {
      organizationId: job.organizationId,
      actor: { kind: 'system' },
      requestId: null,
    };
    const loaded = await unitOfWork.read(context, (stores) => load(stores, job));
    if (loaded === null) return;
    const { webhook, deliveries } = loaded;
    const answers = await sendInTurn(webhook, deliveries, dependencies);
    const round: Round = { now: clock.now(), jitter: jitter() };
    await unitOfWork.write(context, 'none', (stores) => note(stores, loaded, answers, round));
    deliveriesWaiting(job.organizationId);
  };
}

interface Loaded {
  readonly webhook: Webhook;
  readonly deliveries: readonly Delivery[];
}

async function load(stores: Stores, job: DeliveryJob): Promise<Loaded | null> {
  const webhook = await stores.webhooks.get(job.webhookId);
  if (webhook === null) return null;
  const deliveries = await stores.deliveries.claimed(job.webhookId, job.eventIds, job.claimedUntil);
  return deliveries.length === 0 ? null : { webhook, deliveries };
}

/** The answers in the order of the deliveries. After one that says that the target cannot, the rest is not sent. */
async function sendInTurn(
  webhook: Webhook,
  deliveries: readonly Delivery[],
  dependencies: DeliveryDependencies,
): Promise<readonly WebhookAnswer[]> {
  const now = dependencies.clock.now();
  const isPaused = webhook.pausedUntil !== null && webhook.pausedUntil > now;
  const answers: WebhookAnswer[] = [];
  if (!webhook.enabled || isPaused) return answers;
  while (answers.length < deliveries.length && !answers.some(isOverload)) {
    const next = deliveries.slice(answers.length, answers.length + atOnce);
    answers.push(
      ...(await Promise.all(next.map((delivery) => sendOnce(webhook, delivery.event, dependencies)))),
    );
  }
  return answers;
}

type SendingParts = Pick<DeliveryDependencies, 'clock' | 'encryption' | 'webhookSender'>;

/** One signed request. */
export function sendOnce(
  webhook: Webhook,
  { id, type, at, data }: Delivery['event'],
  { clock, encryption, webhookSender }: SendingParts,
): Promise<WebhookAnswer> {
  const now = clock.now();
  const { secretEncrypted, previousSecretEncrypted, previousSecretUntil } = webhook;
  const isPreviousValid = previousSecretUntil !== null && previousSecretUntil > now;
  const encrypted =
    previousSecretEncrypted !== null && isPreviousValid
      ? [secretEncrypted, previousSecretEncrypted]
      : [secretEncrypted];
  return webhookSender.post({
    url: webhook.url,
    id,
    at: now,
    body: JSON.stringify({ type, timestamp: at, data }),
    secrets: encrypted.map((secret) => encryption.decrypt(secret, webhook.id)),
  });
}

async function note(
  stores: Stores,
  { webhook: sent, deliveries }: Loaded,
  answers: readonly WebhookAnswer[],
  round: Round,
): Promise<void> {
  const webhook = await stores.webhooks.lock(sent.id);
  if (webhook === null) return;
  if (!webhook.enabled) return stores.deliveries.endPending(webhook.id);
  const pausedUntil = pauseAfter(webhook, answers, round) ?? webhook.pausedUntil;
  const settled = deliveries.map((delivery, index) => {
    const answer = answers[index];
    return answer === undefined
      ? postpone(delivery, pausedUntil ?? round.now)
      : settle(delivery, answer, round);
  });
  await stores.deliveries.record(webhook.id, settled);
  const result: RoundResult = {
    answers,
    pausedUntil: answers.some(isOverload) ? pausedUntil : null,
    gaveUp: settled.some(({ state }) => state === 'failed'),
  };
  const judged = judge(webhook, result, round.now);
  if (isSameRecord(judged, webhook)) return;
  await stores.webhooks.save(judged);
  if (!judged.enabled) await stores.deliveries.endPending(webhook.id);
}
