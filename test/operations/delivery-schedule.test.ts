import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  healthy,
  judge,
  pauseAfter,
  postpone,
  settle,
} from '../../src/operations/deliveries/delivery-schedule.ts';
import type { Delivery, Webhook, WebhookAnswer } from '../../src/operations/deliveries/webhook-ports.ts';

const start = '2026-11-24T10:00:00.000Z';
const later = (milliseconds: number, from = start): string =>
  new Date(Date.parse(from) + milliseconds).toISOString();
const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;

const answer = (status: number | null, given: Partial<WebhookAnswer> = {}): WebhookAnswer => ({
  status,
  body: status === null ? null : '',
  fault: status === null ? 'The target refuses connections.' : null,
  retryAfterSeconds: null,
  durationMs: 12,
  ...given,
});

const delivery: Delivery = {
  event: { id: '0199c1a0-0000-7000-8000-000000000001', type: 'employee.created', at: start, data: {} },
  state: 'pending',
  queuedAt: start,
  nextAttemptAt: start,
  tries: 0,
  attemptCount: 0,
  attempts: [],
};

const webhook: Webhook = {
  ...healthy,
  id: '0199c1a0-0000-7000-8000-000000000002',
  url: 'https://psa.example.com/',
  description: null,
  eventTypes: [],
  enabled: true,
  secretEncrypted: Buffer.of(1),
  previousSecretEncrypted: null,
  previousSecretUntil: null,
  createdAt: start,
  updatedAt: start,
  revision: 1,
};

/** Every attempt fails and the next one is made when it is due. */
function failUntilGivenUp(jitter: number): readonly number[] {
  const waits: number[] = [];
  let current = delivery;
  let now = start;
  while (current.state === 'pending') {
    current = settle(current, answer(500), { now, jitter });
    if (current.nextAttemptAt === null) break;
    waits.push(Date.parse(current.nextAttemptAt) - Date.parse(now));
    now = current.nextAttemptAt;
  }
  assert.equal(current.state, 'failed');
  assert.equal(current.attemptCount, waits.length + 1);
  return waits;
}

describe('schedule of a delivery', () => {
  it('is over when the target takes the event, with any 2xx', () => {
    for (const status of [200, 201, 204, 299]) {
      const { state, nextAttemptAt, tries, attempts } = settle(delivery, answer(status), {
        now: start,
        jitter: 0.5,
      });
      assert.deepEqual([state, nextAttemptAt, tries], ['succeeded', null, 1]);
      assert.deepEqual(attempts, [
        { at: start, durationMs: 12, responseStatus: status, responseBody: '', error: null },
      ]);
    }
  });

  it('waits longer from try to try, up to eight hours, over three days', () => {
    const waits = failUntilGivenUp(0.5);
    assert.deepEqual(
      waits.slice(0, 8).map((wait) => wait / second),
      [5, 20, 80, 320, 1280, 5120, 20_480, 28_800],
    );
    assert.ok(waits.slice(8).every((wait) => wait === 8 * hour));
    const total = waits.reduce((sum, wait) => sum + wait, 0);
    assert.ok(total > 2.5 * day && total <= 3 * day, `${total / hour} hours`);
  });

  it('spreads the tries by a fifth either way', () => {
    assert.equal(failUntilGivenUp(0)[0], 4 * second);
    assert.equal(failUntilGivenUp(1)[0], 6 * second);
    assert.equal(failUntilGivenUp(1)[7], 9.6 * hour);
  });

  it('waits as long as the target asks for, up to a day, when that is longer', () => {
    const waitOf = (retryAfterSeconds: number) => {
      const settled = settle(delivery, answer(503, { retryAfterSeconds }), { now: start, jitter: 0.5 });
      return Date.parse(settled.nextAttemptAt ?? '') - Date.parse(start);
    };
    assert.equal(waitOf(2), 5 * second);
    assert.equal(waitOf(600), 600 * second);
    assert.equal(waitOf(9_999_999), day);
  });

  it('says why the target has not taken the event', () => {
    const errorOf = (given: WebhookAnswer) =>
      settle(delivery, given, { now: start, jitter: 0 }).attempts[0]?.error;
    assert.equal(errorOf(answer(404)), 'The target answered 404.');
    assert.equal(errorOf(answer(301)), 'The target answered 301; redirects are not followed.');
    assert.equal(errorOf(answer(null)), 'The target refuses connections.');
  });

  it('keeps the last 20 attempts and counts them all', () => {
    let current = delivery;
    for (let count = 0; count < 25; count += 1) {
      current = settle({ ...current, queuedAt: later(count) }, answer(500), { now: later(count), jitter: 0 });
    }
    assert.equal(current.attempts.length, 20);
    assert.equal(current.attemptCount, 25);
    assert.equal(current.attempts.at(-1)?.at, later(24));
  });

  it('is given up when it would be postponed beyond its time', () => {
    assert.equal(postpone(delivery, later(72 * hour)).state, 'pending');
    assert.deepEqual(postpone(delivery, later(72 * hour + 1)), {
      ...delivery,
      state: 'failed',
      nextAttemptAt: null,
    });
  });
});

describe('pause of a webhook', () => {
  const pauseOf = (overloads: number, ...answers: WebhookAnswer[]) => {
    const until = pauseAfter({ ...healthy, overloads }, answers, { now: start, jitter: 0.5 });
    return until === null ? null : (Date.parse(until) - Date.parse(start)) / second;
  };

  it('follows a target that is away or cannot keep up, and nothing else', () => {
    for (const status of [null, 429, 502, 503, 504]) assert.equal(pauseOf(0, answer(200), answer(status)), 5);
    for (const status of [200, 301, 400, 404, 410, 500]) assert.equal(pauseOf(3, answer(status)), null);
  });

  it('doubles from time to time up to ten minutes', () => {
    const pauses = [0, 1, 2, 6, 7, 50].map((overloads) => pauseOf(overloads, answer(503)));
    assert.deepEqual(pauses, [5, 10, 20, 320, 600, 600]);
  });

  it('is as long as the target asks for', () => {
    assert.equal(pauseOf(0, answer(429, { retryAfterSeconds: 3600 })), 3600);
  });
});

describe('health of a webhook', () => {
  const round = { answers: [answer(500)], pausedUntil: null, gaveUp: false };

  it('remembers since when nothing got through, and forgets it with the first success', () => {
    const failing = judge(webhook, round, start);
    assert.equal(failing.failingSince, start);
    assert.equal(judge(failing, round, later(hour)).failingSince, start);
    const cured = judge(failing, { ...round, answers: [answer(500), answer(200)] }, later(hour));
    assert.equal(cured.failingSince, null);
    assert.equal(cured.revision, webhook.revision, 'no change that an administrator must know of');
  });

  it('counts pauses in a row', () => {
    const paused = judge(
      webhook,
      { ...round, answers: [answer(503)], pausedUntil: later(5 * second) },
      start,
    );
    assert.deepEqual([paused.overloads, paused.pausedUntil], [1, later(5 * second)]);
    const recovered = judge(paused, { ...round, answers: [answer(200)] }, later(hour));
    assert.deepEqual([recovered.overloads, recovered.pausedUntil], [0, null]);
  });

  it('ends when a delivery is given up and nothing has got through for five days', () => {
    const failing = { ...webhook, failingSince: start };
    const gaveUp = { ...round, gaveUp: true };
    assert.equal(judge(failing, gaveUp, later(5 * day - 1)).enabled, true);
    assert.equal(judge(failing, round, later(6 * day)).enabled, true, 'one more failure is not the end');
    const ended = judge(failing, gaveUp, later(5 * day));
    assert.equal(ended.enabled, false);
    assert.equal(ended.disabledReason, `The target has taken nothing since ${start}.`);
    assert.equal(ended.revision, 2);
    assert.equal(judge(failing, { ...gaveUp, answers: [] }, later(6 * day)).enabled, false);
  });

  it('ends at once with 410 Gone', () => {
    const ended = judge(webhook, { ...round, answers: [answer(200), answer(410)] }, start);
    assert.deepEqual([ended.enabled, ended.disabledReason], [false, 'The target answered 410 Gone.']);
  });

  it('does not change while nothing was sent', () => {
    const paused = { ...webhook, overloads: 3, pausedUntil: later(hour), failingSince: start };
    assert.equal(judge(paused, { answers: [], pausedUntil: null, gaveUp: false }, later(second)), paused);
  });
});
