import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Guard } from '../../src/provisioning/settings.ts';
import { type GuardWindow, judge, neededBase, type Tally } from '../../src/reconciliation/judge.ts';

const guard: Guard = {
  maxDeactivations: 20,
  maxDeactivationsPercent: 10,
  maxConversions: 5,
  windowMinutes: 60,
};

interface Row {
  readonly what: string;
  readonly guard?: Partial<Guard>;
  readonly window?: Partial<GuardWindow>;
  readonly asked: Partial<Tally>;
  readonly holds: readonly (keyof Tally)[];
}

const rows: readonly Row[] = [
  { what: 'nothing asked', asked: {}, holds: [] },
  { what: 'nothing asked although 0 holds everybody', guard: { maxDeactivations: 0 }, asked: {}, holds: [] },
  {
    what: 'as many as the limit',
    window: { peopleWithLogin: 1000 },
    asked: { deactivations: 20 },
    holds: [],
  },
  {
    what: 'one more than the limit',
    window: { peopleWithLogin: 1000 },
    asked: { deactivations: 21 },
    holds: ['deactivations'],
  },
  {
    what: 'the last one of the limit, after others in the window',
    window: { peopleWithLogin: 1000, deactivations: 19 },
    asked: { deactivations: 1 },
    holds: [],
  },
  {
    what: 'one too many, after others in the window',
    window: { peopleWithLogin: 1000, deactivations: 20 },
    asked: { deactivations: 1 },
    holds: ['deactivations'],
  },
  {
    what: 'the first one where the limit is 0',
    guard: { maxDeactivations: 0 },
    window: { peopleWithLogin: 3 },
    asked: { deactivations: 1 },
    holds: ['deactivations'],
  },
  { what: 'exactly ten percent', window: { peopleWithLogin: 20 }, asked: { deactivations: 2 }, holds: [] },
  {
    what: 'more than ten percent',
    window: { peopleWithLogin: 20 },
    asked: { deactivations: 3 },
    holds: ['deactivations'],
  },
  {
    what: 'ten percent of those at the start of the window, most of them gone since',
    window: { peopleWithLogin: 19, deactivations: 1 },
    asked: { deactivations: 1 },
    holds: [],
  },
  {
    what: 'everybody of nine people',
    window: { peopleWithLogin: 9 },
    asked: { deactivations: 9 },
    holds: [],
  },
  {
    what: 'two of ten people',
    window: { peopleWithLogin: 10 },
    asked: { deactivations: 2 },
    holds: ['deactivations'],
  },
  {
    what: 'everybody where the percentage is switched off',
    guard: { maxDeactivationsPercent: 100 },
    window: { peopleWithLogin: 20 },
    asked: { deactivations: 20 },
    holds: [],
  },
  {
    what: 'anybody of ten people at 0 percent',
    guard: { maxDeactivationsPercent: 0 },
    window: { peopleWithLogin: 10 },
    asked: { deactivations: 1 },
    holds: ['deactivations'],
  },
  { what: 'as many conversions as the limit', asked: { conversions: 5 }, holds: [] },
  { what: 'one conversion too many', asked: { conversions: 6 }, holds: ['conversions'] },
  {
    what: 'the kind alone that exceeds its limit',
    window: { peopleWithLogin: 1000 },
    asked: { deactivations: 1, conversions: 6 },
    holds: ['conversions'],
  },
];

describe('guard', () => {
  for (const row of rows) {
    it(`${row.holds.length === 0 ? 'lets pass' : `holds ${row.holds.join(' and ')}`}: ${row.what}`, () => {
      const window = { deactivations: 0, conversions: 0, peopleWithLogin: 0, ...row.window };
      const asked = { deactivations: 0, conversions: 0, ...row.asked };
      const verdict = judge({ ...guard, ...row.guard }, window, asked);
      const held = (['deactivations', 'conversions'] as const).filter((kind) => verdict[kind] !== null);
      assert.deepEqual(held, row.holds);
    });
  }

  it('says which limit would be exceeded', () => {
    const window = { deactivations: 20, conversions: 0, peopleWithLogin: 1000 };
    assert.equal(
      judge(guard, window, { deactivations: 1, conversions: 0 }).deactivations,
      '21 people would lose their login within 60 minutes; the guard lets 20 pass.',
    );
  });

  it('needs no more people counted than make a difference', () => {
    for (const asked of [1, 7, 20, 300]) {
      for (const maxDeactivationsPercent of [0, 1, 10, 99, 100]) {
        const settings = { ...guard, maxDeactivationsPercent };
        const tally = { deactivations: asked, conversions: 0 };
        const limit = neededBase(settings, tally);
        for (const deactivations of [0, 5, 10, 200]) {
          const verdictOf = (peopleWithLogin: number) =>
            judge(settings, { deactivations, conversions: 0, peopleWithLogin }, tally).deactivations;
          assert.equal(
            verdictOf(limit),
            verdictOf(1_000_000),
            `${asked} after ${deactivations} at ${maxDeactivationsPercent} percent`,
          );
        }
      }
    }
  });
});
