import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { inLanes } from '../../src/operations/sync/in-lanes.ts';

/** Units that take a few turns of the event loop each, and how many of them went on beside each other at most. */
function makeUnits(count: number, after: (done: number) => void = () => undefined) {
  const seen = { done: 0, peak: 0, running: 0 };
  let left = count;
  const unit = async (): Promise<boolean> => {
    if (left === 0) return false;
    left -= 1;
    seen.running += 1;
    seen.peak = Math.max(seen.peak, seen.running);
    for (let turns = 0; turns < 5; turns += 1) await turn();
    seen.running -= 1;
    seen.done += 1;
    after(seen.done);
    return left > 0;
  };
  return { unit, seen };
}

function makeClients(isQuiet: () => boolean) {
  return {
    giveWay: () => turn(),
    areQuiet: async () => {
      const answer = isQuiet();
      if (!answer) await turn();
      return answer;
    },
  };
}

describe('the units of a read', () => {
  it('go on two beside each other while no client asks for anything', async () => {
    const { unit, seen } = makeUnits(10);
    await inLanes(
      unit,
      makeClients(() => true),
    );
    assert.deepEqual(seen, { done: 10, peak: 2, running: 0 });
  });

  it('go on one after the other while clients do', async () => {
    const { unit, seen } = makeUnits(10);
    await inLanes(
      unit,
      makeClients(() => false),
    );
    assert.deepEqual(seen, { done: 10, peak: 1, running: 0 });
  });

  it('go on beside each other again once the clients are quiet', async () => {
    let isQuiet = false;
    const peaks: number[] = [];
    const { unit, seen } = makeUnits(10, (done) => {
      peaks.push(seen.peak);
      isQuiet = done >= 4;
    });
    await inLanes(
      unit,
      makeClients(() => isQuiet),
    );
    assert.deepEqual(peaks.slice(0, 4), [1, 1, 1, 1]);
    assert.equal(seen.peak, 2);
    assert.equal(seen.done, 10);
  });

  it('leave none behind when one of them fails', async () => {
    let asked = 0;
    let isOver = false;
    const unit = async (): Promise<boolean> => {
      asked += 1;
      if (asked === 1) throw new Error('This one fails.');
      for (let turns = 0; turns < 20; turns += 1) await turn();
      isOver = true;
      return asked < 10;
    };
    await assert.rejects(
      inLanes(
        unit,
        makeClients(() => true),
      ),
      /This one fails/,
    );
    assert.equal(isOver, true);
    assert.equal(asked, 2);
  });
});
