import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { uuidV7 } from '../src/uuid-v7.ts';

const timeOf = (id: string) => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);

describe('UUID version 7', () => {
  afterEach(() => mock.timers.reset());

  it('has the layout of RFC 9562 §5.7 and carries the time', () => {
    const before = Date.now();
    const id = uuidV7();
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.ok(timeOf(id) >= before);
  });

  it('sorts in the order of making, far beyond one counter run within a millisecond', () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 10_000 });
    const ids = Array.from({ length: 20_000 }, () => uuidV7());
    assert.deepEqual(ids, [...ids].sort());
    assert.equal(new Set(ids).size, ids.length);
  });

  it('keeps the order when the clock is set back', () => {
    const later = Date.now() + 3_600_000;
    mock.timers.enable({ apis: ['Date'], now: later });
    const before = uuidV7();
    mock.timers.setTime(later - 1_800_000);
    assert.ok(uuidV7() > before);
  });

  it('follows the clock again once it has moved on', () => {
    const later = Date.now() + 7_200_000;
    mock.timers.enable({ apis: ['Date'], now: later });
    assert.equal(timeOf(uuidV7()), later);
  });
});
