import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeRateLimit } from '../../src/http/rate-limit.ts';

/** A limit under a clock that only moves when told. */
function limitOf(perSecond: number, burstSeconds = 10) {
  let at = 1_000_000;
  const limit = makeRateLimit({ perSecond, burstSeconds, now: () => at });
  return {
    limit,
    pass: (ms: number) => {
      at += ms;
    },
    /** How many of `times` requests at this moment go through. */
    allowed: (key: string, times: number) =>
      Array.from({ length: times }, () => limit(key)).filter((wait) => wait === 0).length,
  };
}

describe('a rate limit', () => {
  it('never stops a steady stream at its own rate', () => {
    const { limit, pass } = limitOf(25);
    for (let request = 0; request < 5000; request += 1) {
      assert.equal(limit('a'), 0);
      pass(40);
    }
  });

  it('lets a burst through after a pause, then as many as the rate allows', () => {
    const { allowed, pass } = limitOf(5);
    assert.equal(allowed('a', 500), 50);
    pass(1000);
    assert.equal(allowed('a', 500), 5);
    pass(3_600_000);
    assert.equal(allowed('a', 500), 50);
  });

  it('names whole seconds after which the next request goes through', () => {
    const { limit, allowed, pass } = limitOf(0.25, 8);
    assert.equal(allowed('a', 10), 2);
    const wait = limit('a');
    assert.equal(wait, 4);
    pass(wait * 1000 - 1);
    assert.notEqual(limit('a'), 0);
    pass(1);
    assert.equal(limit('a'), 0);
  });

  it('keeps each key apart, however many there are', () => {
    const { allowed } = limitOf(1, 1);
    for (let key = 0; key < 25_000; key += 1) assert.equal(allowed(`connection ${key}`, 3), 1);
    assert.equal(allowed('connection 24999', 1), 0);
  });

  it('is off at 0', () => {
    assert.equal(limitOf(0).allowed('a', 100_000), 100_000);
  });
});
