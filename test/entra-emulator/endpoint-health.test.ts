import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EndpointHealth } from '../support/entra/endpoint-health.ts';

describe('how the emulator treats slow receivers', () => {
  function after(slow: number, total: number): EndpointHealth {
    const health = new EndpointHealth();
    for (let turn = 0; turn < total; turn += 1) health.note('url', turn < slow ? 2901 : 10);
    return health;
  }
  const treatment = (health: EndpointHealth) => [health.pauseFor('url') > 0, health.isDropped('url')];

  it('says nothing before a hundred answers', () => {
    assert.deepEqual(treatment(after(50, 99)), [false, false]);
  });

  it('delays from a tenth of slow answers on, and drops from fifteen of a hundred', () => {
    assert.deepEqual(treatment(after(9, 100)), [false, false]);
    assert.deepEqual(treatment(after(10, 100)), [true, false]);
    assert.deepEqual(treatment(after(15, 100)), [true, true]);
  });

  it('forgives what is long past', () => {
    const health = after(20, 100);
    for (let turn = 0; turn < 20; turn += 1) health.note('url', 10);
    assert.deepEqual(treatment(health), [false, false]);
  });
});
