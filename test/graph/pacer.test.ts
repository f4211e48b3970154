import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePacer, type TurnRequest } from '../../src/graph/pacer.ts';
import { GraphError } from '../../src/operations/tenants/graph-ports.ts';
import { makeManualTiming, neverAborted } from './graph-fixtures.ts';

const soon = (fields: Partial<TurnRequest> = {}): TurnRequest => ({
  units: 1,
  isUrgent: false,
  deadline: Number.MAX_SAFE_INTEGER,
  signal: neverAborted(),
  ...fields,
});

/** Lets everything happen that needs no time. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('pacer', () => {
  it('stays below the resource units of the smallest tenants: 3,500 in any 10 seconds after the first', async () => {
    const timing = makeManualTiming();
    const pacer = makePacer(timing);
    const start = timing.now();
    const at: number[] = [];
    for (let calls = 0; calls < 3000; calls += 1) {
      const turn = await pacer.begin('lane', soon({ units: 4 }));
      at.push(timing.now() - start);
      turn.end({});
    }
    for (const from of at) {
      const inWindow = at.filter((time) => time >= from && time < from + 10_000).length * 4;
      // A burst may come on top once, when nothing was asked before.
      assert.ok(inWindow <= (from === 0 ? 6_300 : 3_500), `${inWindow} units from ${from} ms`);
    }
    assert.ok(timing.sleeps.length > 0);
  });

  it('counts what a call really cost', async () => {
    const timing = makeManualTiming();
    const pacer = makePacer(timing);
    const turn = await pacer.begin('lane', soon());
    turn.end({ units: 5_000 });
    const next = await pacer.begin('lane', soon());
    next.end({});
    assert.ok(timing.sleeps.length > 0, 'it did not wait');
  });

  it('halves the calls at a time when the limit is near, never below one, and wins them back slowly', async () => {
    const pacer = makePacer(makeManualTiming());
    const call = async (limitShare: number | null) => (await pacer.begin('lane', soon())).end({ limitShare });
    const full = pacer.concurrencyOf('lane');
    await call(0.79);
    assert.equal(pacer.concurrencyOf('lane'), full);
    await call(0.8);
    assert.equal(pacer.concurrencyOf('lane'), full / 2);
    for (let times = 0; times < 10; times += 1) await call(1.8);
    assert.equal(pacer.concurrencyOf('lane'), 1);
    await call(null);
    assert.equal(pacer.concurrencyOf('lane'), 2);
    for (let times = 0; times < 100; times += 1) await call(null);
    assert.equal(pacer.concurrencyOf('lane'), full);
  });

  it('lets those who somebody waits for go first', async () => {
    const pacer = makePacer(makeManualTiming());
    const running = await Promise.all(Array.from({ length: 8 }, () => pacer.begin('lane', soon())));
    const order: string[] = [];
    const take = async (name: string, isUrgent: boolean) => {
      const turn = await pacer.begin('lane', soon({ isUrgent }));
      order.push(name);
      turn.end({});
    };
    const waiting = [take('background', false), take('urgent', true)];
    await settle();
    running[0]?.end({});
    await Promise.all(waiting);
    assert.deepEqual(order, ['urgent', 'background']);
  });

  it('gives a place on when whoever waited for it has left', async () => {
    const pacer = makePacer(makeManualTiming());
    const running = await Promise.all(Array.from({ length: 8 }, () => pacer.begin('lane', soon())));
    const leave = new AbortController();
    const reason = new Error('left');
    const left = assert.rejects(
      pacer.begin('lane', soon({ signal: leave.signal })),
      (error) => error === reason,
    );
    const next = pacer.begin('lane', soon());
    leave.abort(reason);
    await left;
    running[0]?.end({});
    (await next).end({});
    for (const turn of running.slice(1)) turn.end({});
    // All places are free again.
    const again = await Promise.all(Array.from({ length: 8 }, () => pacer.begin('lane', soon())));
    assert.equal(again.length, 8);
  });

  it('gives a place on when whoever got it left at the same moment', async () => {
    const pacer = makePacer(makeManualTiming());
    const running = await Promise.all(Array.from({ length: 8 }, () => pacer.begin('lane', soon())));
    const leave = new AbortController();
    const waiting = pacer.begin('lane', soon({ signal: leave.signal })).catch(() => null);
    await settle();
    leave.abort(new Error('left'));
    running[0]?.end({});
    assert.equal(await waiting, null);
    const next = await pacer.begin('lane', soon());
    next.end({});
  });

  it('keeps everybody of a lane waiting through a pause, and nobody else', async () => {
    const timing = makeManualTiming();
    const pacer = makePacer(timing);
    (await pacer.begin('lane', soon())).end({ pauseMs: 30_000, wasThrottled: true });
    (await pacer.begin('other', soon())).end({});
    assert.deepEqual(timing.sleeps, []);
    (await pacer.begin('lane', soon())).end({});
    assert.deepEqual(timing.sleeps, [30_000]);
  });

  it('begins no wait that goes beyond the deadline, and gives the place back', async () => {
    const timing = makeManualTiming();
    const pacer = makePacer(timing);
    (await pacer.begin('lane', soon())).end({ pauseMs: 30_000, wasThrottled: true });
    for (let times = 0; times < 20; times += 1) {
      await assert.rejects(pacer.begin('lane', soon({ deadline: timing.now() + 29_000 })), (error) => {
        assert.ok(error instanceof GraphError);
        assert.deepEqual([error.kind, error.retryAfterSeconds], ['throttled', 30]);
        return true;
      });
    }
    (await pacer.begin('lane', soon())).end({});
  });
});
