import type { Delivery, Webhook, WebhookAnswer, WebhookAttempt, WebhookHealth } from './webhook-ports.ts';

const second = 1_000;
const hour = 3_600 * second;

/** 5 s, 20 s, 80 s, 5 min, 21 min, 85 min, 6 h, then every 8 h. */
const firstRetryMs = 5 * second;
const retryFactor = 4;
const longestRetryMs = 8 * hour;
/** A target that does not keep up is left alone as a whole: 5 s, 10 s, 20 s … 10 min. */
const firstPauseMs = 5 * second;
const longestPauseMs = 600 * second;
/** The longest wait that a target may ask for with Retry-After. */
const longestWishMs = 24 * hour;
/** After so long a delivery is given up. */
const lifetimeMs = 72 * hour;
/** A webhook that lets a delivery die and has taken nothing for so long is switched off. */
const failingLimitMs = 120 * hour;
const keptAttempts = 20;

/** Moments of one round of attempts; `jitter` is from 0 to 1 and spreads what would otherwise come back at once. */
export interface Round {
  readonly now: string;
  readonly jitter: number;
}

const after = (moment: string, milliseconds: number): string =>
  new Date(Date.parse(moment) + milliseconds).toISOString();

const elapsed = (from: string, to: string): number => Date.parse(to) - Date.parse(from);

/** 80 to 120 percent. */
const spread = (milliseconds: number, jitter: number): number =>
  Math.round(milliseconds * (0.8 + 0.4 * jitter));

const wishOf = ({ retryAfterSeconds }: WebhookAnswer): number =>
  Math.min((retryAfterSeconds ?? 0) * second, longestWishMs);

export const isSuccess = ({ status }: WebhookAnswer): boolean =>
  status !== null && status >= 200 && status <= 299;

/** The target wants to hear no more. */
const isGone = ({ status }: WebhookAnswer): boolean => status === 410;

const overloadStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** The target is away or cannot keep up: another event would fare no better. */
export const isOverload = ({ status }: WebhookAnswer): boolean =>
  status === null || overloadStatuses.has(status);

/** Why the target has not taken the event, as a sentence. */
function errorOf(answer: WebhookAnswer): string | null {
  if (isSuccess(answer)) return null;
  if (answer.status === null) return answer.fault;
  const isRedirect = answer.status >= 300 && answer.status <= 399;
  return isRedirect
    ? `The target answered ${answer.status}; redirects are not followed.`
    : `The target answered ${answer.status}.`;
}

export const attemptOf = (answer: WebhookAnswer, at: string): WebhookAttempt => ({
  at,
  durationMs: answer.durationMs,
  responseStatus: answer.status,
  responseBody: answer.body,
  error: errorOf(answer),
});

/** The delivery after an attempt: taken, to be tried again, or given up. */
export function settle(delivery: Delivery, answer: WebhookAnswer, { now, jitter }: Round): Delivery {
  const tries = delivery.tries + 1;
  const attempted: Delivery = {
    ...delivery,
    tries,
    attemptCount: delivery.attemptCount + 1,
    attempts: [...delivery.attempts, attemptOf(answer, now)].slice(-keptAttempts),
  };
  if (isSuccess(answer)) return { ...attempted, state: 'succeeded', nextAttemptAt: null };
  const delay = Math.min(firstRetryMs * retryFactor ** (tries - 1), longestRetryMs);
  return postpone(attempted, after(now, Math.max(spread(delay, jitter), wishOf(answer))));
}

/** Pending until the moment given; given up when that is too late. */
export function postpone(delivery: Delivery, until: string): Delivery {
  return elapsed(delivery.queuedAt, until) > lifetimeMs
    ? { ...delivery, state: 'failed', nextAttemptAt: null }
    : { ...delivery, state: 'pending', nextAttemptAt: until };
}

/** How long the target is left alone after these answers; null when there is no need. */
export function pauseAfter(
  { overloads }: WebhookHealth,
  answers: readonly WebhookAnswer[],
  { now, jitter }: Round,
): string | null {
  const overloaded = answers.filter(isOverload);
  if (overloaded.length === 0) return null;
  const pause = Math.min(firstPauseMs * 2 ** Math.min(overloads, 16), longestPauseMs);
  return after(now, Math.max(spread(pause, jitter), ...overloaded.map(wishOf)));
}

export interface RoundResult {
  readonly answers: readonly WebhookAnswer[];
  readonly pausedUntil: string | null;
  /** Whether a delivery was given up. */
  readonly gaveUp: boolean;
}

export const healthy: WebhookHealth = {
  disabledReason: null,
  failingSince: null,
  pausedUntil: null,
  overloads: 0,
};

/** The webhook after a round of attempts. */
export function judge(webhook: Webhook, { answers, pausedUntil, gaveUp }: RoundResult, now: string): Webhook {
  const pausing = { pausedUntil, overloads: pausedUntil === null ? 0 : webhook.overloads + 1 };
  if (answers.some(isGone)) return switchOff(webhook, 'The target answered 410 Gone.', now);
  if (answers.some(isSuccess)) return { ...webhook, ...pausing, failingSince: null };
  if (answers.length === 0 && !gaveUp) return webhook;
  const failingSince = webhook.failingSince ?? now;
  if (gaveUp && elapsed(failingSince, now) >= failingLimitMs) {
    return switchOff(webhook, `The target has taken nothing since ${failingSince}.`, now);
  }
  return answers.length === 0 ? webhook : { ...webhook, ...pausing, failingSince };
}

const switchOff = (webhook: Webhook, disabledReason: string, now: string): Webhook => ({
  ...webhook,
  ...healthy,
  enabled: false,
  disabledReason,
  failingSince: webhook.failingSince ?? now,
  updatedAt: now,
  revision: webhook.revision + 1,
});
