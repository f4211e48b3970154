import type { PersonEventType } from '../../provisioning/person-event.ts';
import type { Page, PageRequest } from '../keyset-page.ts';

/** What only a test of a webhook sends. */
export const testEventType = 'webhook.test';

export type OutgoingEventType = PersonEventType | typeof testEventType;

/** One fact for other systems. Ids sort by time, so that a receiver can tell which of two facts is newer. */
export interface OutgoingEvent {
  readonly id: string;
  readonly type: OutgoingEventType;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What an administrator sets of a webhook. */
export interface WebhookConfiguration {
  readonly url: string;
  readonly description: string | null;
  /** Empty: all of them. */
  readonly eventTypes: readonly PersonEventType[];
  readonly enabled: boolean;
}

/** How the target has been answering lately. */
export interface WebhookHealth {
  /** Why deliveries stopped by themselves; null while enabled and when an administrator switched it off. */
  readonly disabledReason: string | null;
  /** Since when nothing has got through; null when the last attempt did. */
  readonly failingSince: string | null;
  /** No attempt before this moment: the target is away or asks for patience. */
  readonly pausedUntil: string | null;
  /** Pauses in a row. */
  readonly overloads: number;
}

export interface WebhookSecrets {
  readonly secretEncrypted: Uint8Array;
  /** Signs beside the current one until the moment given. */
  readonly previousSecretEncrypted: Uint8Array | null;
  readonly previousSecretUntil: string | null;
}

export interface Webhook extends WebhookConfiguration, WebhookHealth, WebhookSecrets {
  readonly id: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Moves by one with every change that an administrator sees as one; the ETag. */
  readonly revision: number;
}

export interface WebhookStore {
  readonly list: (page: PageRequest) => Promise<Page<Webhook>>;
  readonly get: (id: string) => Promise<Webhook | null>;
  /** The webhook, row locked, or null. Locked before any of its deliveries. */
  readonly lock: (id: string) => Promise<Webhook | null>;
  readonly count: () => Promise<number>;
  readonly insert: (webhook: Webhook) => Promise<void>;
  /** Writes everything, the revision as given. */
  readonly save: (webhook: Webhook) => Promise<void>;
  /** Deletes it with its deliveries. */
  readonly delete: (id: string) => Promise<void>;
}

export interface WebhookAttempt {
  readonly at: string;
  readonly durationMs: number;
  /** Null when there was no answer. */
  readonly responseStatus: number | null;
  /** How the answer began. */
  readonly responseBody: string | null;
  /** A sentence for the administrator; null when the target took the event. */
  readonly error: string | null;
}

export type DeliveryState = 'pending' | 'succeeded' | 'failed';

/** One event on its way to one webhook. It has the id of the event. */
export interface Delivery {
  readonly event: OutgoingEvent;
  readonly state: DeliveryState;
  /** When it was asked for, by the change itself or by an administrator. */
  readonly queuedAt: string;
  /** Null unless pending; while it is being sent, when another attempt would be made should the server be lost. */
  readonly nextAttemptAt: string | null;
  /** Attempts since it was asked for. */
  readonly tries: number;
  /** Attempts ever. */
  readonly attemptCount: number;
  /** The last of them, oldest first. */
  readonly attempts: readonly WebhookAttempt[];
}

export interface ReplayRequest {
  /** Events at or after this moment. */
  readonly since: string;
  /** Only events after this one: where a replay before stopped. */
  readonly after: string | null;
  readonly types: readonly PersonEventType[];
  readonly limit: number;
  readonly at: string;
}

export interface DeliveryClaim {
  /** Those due at this moment. */
  readonly at: string;
  readonly until: string;
  readonly limit: number;
}

export interface ClaimedDeliveries {
  readonly webhookId: string;
  readonly eventIds: readonly string[];
}

export interface DeliveryStore {
  /** Newest event first. */
  readonly list: (
    webhookId: string,
    state: DeliveryState | null,
    page: PageRequest,
  ) => Promise<Page<Delivery>>;
  readonly get: (webhookId: string, eventId: string) => Promise<Delivery | null>;
  /** Takes deliveries whose time has come out of the way of others; none waits for another that takes some too. */
  readonly claim: (claim: DeliveryClaim) => Promise<readonly ClaimedDeliveries[]>;
  /** When the next pending one is due, claimed ones included; null when nothing is pending. */
  readonly nextDue: () => Promise<string | null>;
  /** Those that are still claimed until then, oldest event first. */
  readonly claimed: (
    webhookId: string,
    eventIds: readonly string[],
    claimedUntil: string,
  ) => Promise<readonly Delivery[]>;
  /** Writes how deliveries stand. One that has ended or was asked for anew meanwhile stays as it is. */
  readonly record: (webhookId: string, deliveries: readonly Delivery[]) => Promise<void>;
  /** An event for one webhook alone, with what came of it. */
  readonly insert: (webhookId: string, delivery: Delivery) => Promise<void>;
  /** Makes it pending again; its attempts stay. False when there is no such delivery. */
  readonly requeue: (webhookId: string, eventId: string, at: string) => Promise<boolean>;
  /** Makes the oldest events of the kind pending, whatever came of them before; answers their ids, oldest first. */
  readonly replay: (webhookId: string, replay: ReplayRequest) => Promise<readonly string[]>;
  /** Ends what is pending, unsent. */
  readonly endPending: (webhookId: string) => Promise<void>;
  /** Removes events older than the moment, and their deliveries. At most `limit` of each; answers whether there are more. */
  readonly forget: (before: string, limit: number) => Promise<boolean>;
}

export interface WebhookRequest {
  readonly url: string;
  /** The id of the event: the same for every attempt. */
  readonly id: string;
  /** When the attempt is made; it is signed. */
  readonly at: string;
  readonly body: string;
  /** Each signs; the target needs to know one of them. */
  readonly secrets: readonly string[];
}

export interface WebhookAnswer {
  /** Null when there was none. */
  readonly status: number | null;
  /** How the body began. */
  readonly body: string | null;
  /** Why there was no answer, as a sentence; null when there was one. */
  readonly fault: string | null;
  readonly retryAfterSeconds: number | null;
  readonly durationMs: number;
}

export interface WebhookSender {
  /** Why this URL cannot be a target, to be read after the name of the field; null when it can. Looks nothing up. */
  readonly refusalOf: (url: string) => string | null;
  readonly makeSecret: () => string;
  /** Sends once, signed. Whatever the target does is an answer and no error. */
  readonly post: (request: WebhookRequest) => Promise<WebhookAnswer>;
}
