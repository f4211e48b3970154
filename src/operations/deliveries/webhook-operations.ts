import { type PersonEventType, personEventTypes } from '../../provisioning/person-event.ts';
import type { Encryption } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import { FieldFaults, patched, patchedText, tidy } from '../field-faults.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import type { Clock, Identifiers, Stores, UnitOfWork } from '../ports.ts';
import { requireVersion } from '../precondition.ts';
import type { ChangeOptions } from '../resources/scim-operations.ts';
import { isSameRecord } from '../same-record.ts';
import { healthy } from './delivery-schedule.ts';
import type { Webhook, WebhookSender } from './webhook-ports.ts';

export interface WebhookDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly encryption: Encryption;
  readonly webhookSender: WebhookSender;
}

/** Fields of a request; an absent one stays as it is. */
export interface WebhookInput {
  readonly url?: string;
  readonly description?: string | null;
  readonly eventTypes?: readonly PersonEventType[];
  readonly enabled?: boolean;
}

export interface NewWebhook extends WebhookInput {
  readonly url: string;
}

export interface RotationInput {
  /** How long the secret before goes on signing; a day when absent. */
  readonly graceHours?: number;
}

export interface WebhookWithSecret {
  readonly webhook: Webhook;
  /** Shown to the administrator now and never again. */
  readonly secret: string;
}

export interface WebhookOperations {
  readonly list: (context: OrganizationContext, page: PageRequest) => Promise<Page<Webhook>>;
  readonly get: (context: OrganizationContext, id: string) => Promise<Webhook>;
  readonly create: (context: OrganizationContext, input: NewWebhook) => Promise<WebhookWithSecret>;
  readonly change: (
    context: OrganizationContext,
    id: string,
    input: WebhookInput,
    options: ChangeOptions,
  ) => Promise<Webhook>;
  readonly delete: (context: OrganizationContext, id: string, options: ChangeOptions) => Promise<void>;
  /** A new secret; the one before signs beside it for a while. One that was still signing before that ends at once. */
  readonly rotateSecret: (
    context: OrganizationContext,
    id: string,
    input: RotationInput,
    options: ChangeOptions,
  ) => Promise<WebhookWithSecret>;
}

/** Each event is written once for every webhook of the organization. */
const maxWebhooks = 20;
const defaultGraceHours = 24;
const hourMs = 3_600_000;

export function makeWebhookOperations(dependencies: WebhookDependencies): WebhookOperations {
  const { unitOfWork, clock } = dependencies;
  return {
    list: (context, page) => unitOfWork.read(context, (stores) => stores.webhooks.list(page)),
    get: (context, id) =>
      unitOfWork.read(context, async (stores) => foundWebhook(await stores.webhooks.get(id), id)),
    create: async (context, input) => {
      const created = newWebhook(input, dependencies);
      // What counts the webhooks must not meet another one that does.
      await unitOfWork.write(context, 'exclusive', (stores) => insert(stores, created.webhook));
      return created;
    },
    change: (context, id, input, options) =>
      unitOfWork.write(context, 'none', async (stores) => {
        const before = await lock(stores, id, options);
        const wanted = withInput(before, input, dependencies.webhookSender);
        return isSameRecord(before, wanted) ? before : save(stores, wanted, clock.now());
      }),
    delete: (context, id, options) =>
      unitOfWork.write(context, 'none', async (stores) => {
        await lock(stores, id, options);
        await stores.webhooks.delete(id);
      }),
    rotateSecret: (context, id, { graceHours = defaultGraceHours }, options) => {
      const secret = dependencies.webhookSender.makeSecret();
      const now = clock.now();
      return unitOfWork.write(context, 'none', async (stores) => {
        const before = await lock(stores, id, options);
        const graceEnd = new Date(Date.parse(now) + graceHours * hourMs).toISOString();
        const webhook = await save(
          stores,
          {
            ...before,
            secretEncrypted: dependencies.encryption.encrypt(secret, id),
            previousSecretEncrypted: graceHours === 0 ? null : before.secretEncrypted,
            previousSecretUntil: graceHours === 0 ? null : graceEnd,
          },
          now,
        );
        return { webhook, secret };
      });
    },
  };
}

export function foundWebhook(webhook: Webhook | null, id: string): Webhook {
  if (webhook === null) throw new OperationError('not-found', `There is no webhook ${id}.`);
  return webhook;
}

async function lock(stores: Stores, id: string, { ifMatch }: ChangeOptions): Promise<Webhook> {
  const webhook = foundWebhook(await stores.webhooks.lock(id), id);
  requireVersion(ifMatch, webhook.revision);
  return webhook;
}

async function save(stores: Stores, wanted: Webhook, now: string): Promise<Webhook> {
  const webhook = { ...wanted, updatedAt: now, revision: wanted.revision + 1 };
  await stores.webhooks.save(webhook);
  if (!webhook.enabled) await stores.deliveries.endPending(webhook.id);
  return webhook;
}

async function insert(stores: Stores, webhook: Webhook): Promise<void> {
  if ((await stores.webhooks.count()) >= maxWebhooks) {
    const detail = `There are ${maxWebhooks} webhooks already; delete one that is not needed any more.`;
    throw new OperationError('conflict', detail);
  }
  await stores.webhooks.insert(webhook);
}

function newWebhook(
  input: NewWebhook,
  { clock, identifiers, encryption, webhookSender }: WebhookDependencies,
): WebhookWithSecret {
  const now = clock.now();
  const id = identifiers.next();
  const secret = webhookSender.makeSecret();
  const webhook: Webhook = {
    ...healthy,
    id,
    url: readUrl(input.url, webhookSender),
    description: tidy(input.description ?? null),
    eventTypes: inOrder(input.eventTypes ?? []),
    enabled: input.enabled ?? true,
    secretEncrypted: encryption.encrypt(secret, id),
    previousSecretEncrypted: null,
    previousSecretUntil: null,
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
  return { webhook, secret };
}

/** A new target, or one that is switched on again, starts with a clean record. */
function withInput(before: Webhook, input: WebhookInput, sender: WebhookSender): Webhook {
  const wanted: Webhook = {
    ...before,
    url: input.url === undefined ? before.url : readUrl(input.url, sender),
    description: patchedText(input.description, before.description),
    eventTypes: input.eventTypes === undefined ? before.eventTypes : inOrder(input.eventTypes),
    enabled: patched(input.enabled, before.enabled),
  };
  const isFresh = wanted.url !== before.url || wanted.enabled !== before.enabled;
  return isFresh ? { ...wanted, ...healthy } : wanted;
}

function readUrl(given: string, sender: WebhookSender): string {
  const url = given.trim();
  const refusal = sender.refusalOf(url);
  const faults = new FieldFaults();
  if (refusal !== null) faults.add('/url', refusal);
  faults.raise();
  return url;
}

const inOrder = (types: readonly PersonEventType[]): readonly PersonEventType[] =>
  personEventTypes.filter((type) => types.includes(type));
