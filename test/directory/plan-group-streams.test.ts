import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type GroupStream, planGroupStreams } from '../../src/directory/plan-group-streams.ts';

const ids = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `g-${String(from + index).padStart(4, '0')}`);
const stream = (id: string, groupIds: readonly string[] | null): GroupStream => ({ id, groupIds });

describe('streams of groups', () => {
  it('are none when no group is followed', () => {
    assert.deepEqual(planGroupStreams([], new Set()), { keep: [], start: [], drop: [] });
  });

  it('hold at most 50 groups each (graph-delta-010)', () => {
    const plan = planGroupStreams([], new Set(ids(120)));
    assert.deepEqual(
      plan.start.map((filter) => filter?.length),
      [50, 50, 20],
    );
  });

  it('are one of all groups above 200', () => {
    assert.equal(planGroupStreams([], new Set(ids(200))).start.length, 4);
    assert.deepEqual(planGroupStreams([], new Set(ids(201))).start, [null]);
  });

  it('keep running when nothing changes', () => {
    const streams = [stream('a', ids(50)), stream('b', ids(30, 50))];
    assert.deepEqual(planGroupStreams(streams, new Set(ids(80))), { keep: streams, start: [], drop: [] });
  });

  it('read only the new group when one is added', () => {
    const running = stream('a', ids(50));
    assert.deepEqual(planGroupStreams([running], new Set(ids(51))), {
      keep: [running],
      start: [['g-0050']],
      drop: [],
    });
  });

  it('keep a stream that names a group nobody follows any more', () => {
    const running = stream('a', ids(50));
    assert.deepEqual(planGroupStreams([running], new Set(ids(40))).keep, [running]);
  });

  it('end when nobody follows any of their groups', () => {
    const streams = [stream('a', ids(10)), stream('b', ids(10, 10))];
    const plan = planGroupStreams(streams, new Set(ids(10, 10)));
    assert.deepEqual([plan.keep, plan.start, plan.drop], [[streams[1]], [], [streams[0]]]);
  });

  it('are joined when groups were added one by one', () => {
    const streams = ids(6).map((id, index) => stream(String(index), [id]));
    const plan = planGroupStreams(streams, new Set(ids(7)));
    assert.ok(plan.keep.length + plan.start.length <= 2, JSON.stringify(plan));
  });

  it('do not change to and fro around the limit', () => {
    const everything = stream('all', null);
    assert.deepEqual(planGroupStreams([everything], new Set(ids(150))).keep, [everything]);
    const back = planGroupStreams([everything], new Set(ids(100)));
    assert.deepEqual([back.start.length, back.drop], [2, [everything]]);
  });

  it('follow every group that is followed, with few streams, whatever ran before', () => {
    const someIds = fc.uniqueArray(fc.nat({ max: 260 }), { maxLength: 260, size: 'max' });
    fc.assert(
      fc.property(
        someIds,
        fc.array(fc.option(fc.uniqueArray(fc.nat({ max: 260 }), { minLength: 1, maxLength: 50 })), {
          maxLength: 8,
        }),
        (followedNumbers, runningNumbers) => {
          const followed = new Set(followedNumbers.map(String));
          const running = runningNumbers.map((numbers, index) =>
            stream(String(index), numbers?.map(String) ?? null),
          );
          const plan = planGroupStreams(running, followed);
          const filters = [...plan.keep.map(({ groupIds }) => groupIds), ...plan.start];
          const covered = filters.includes(null)
            ? followed
            : new Set(filters.flatMap((filter) => filter ?? []));
          for (const id of followed) assert.ok(covered.has(id), id);
          for (const filter of plan.start) {
            if (filter === null) continue;
            assert.ok(filter.length >= 1 && filter.length <= 50);
            assert.equal(new Set(filter).size, filter.length);
            for (const id of filter) assert.ok(followed.has(id));
          }
          assert.ok(filters.length <= Math.ceil(followed.size / 50) + 1);
          assert.deepEqual(
            [...plan.keep, ...plan.drop].map(({ id }) => id).sort(),
            running.map(({ id }) => id).sort(),
          );
        },
      ),
    );
  });
});
