import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeRelayLoop, type RelayLoop, type RelayLoopParts } from '../../src/jobs/relay-loop.ts';
import { makeLogger } from '../../src/observability/logger.ts';
import { makeGate, until } from './job-bench.ts';

const page = (...ids: string[]) => ids.map((id) => ({ id, name: id, createdAt: '2026-11-24T10:00:00.000Z' }));

describe('loop that relays deliveries', () => {
  let loop: RelayLoop;
  afterEach(() => loop.stop());

  const start = (parts: Partial<RelayLoopParts>) => {
    const lines: Record<string, unknown>[] = [];
    loop = makeRelayLoop({
      logger: makeLogger('debug', { write: (line: string) => void lines.push(JSON.parse(line)) }),
      relay: () => Promise.resolve(null),
      forget: () => Promise.resolve(),
      listOrganizations: () => Promise.resolve({ items: [], nextAfter: null }),
      ...parts,
    });
    return lines;
  };

  it('looks at every organization when it starts: another server may have left something', async () => {
    const relayed: string[] = [];
    const forgot: string[] = [];
    start({
      relay: async (id) => {
        relayed.push(id);
        return null;
      },
      forget: async (id) => void forgot.push(id),
      listOrganizations: async ({ after }) =>
        after === null ? { items: page('a', 'b'), nextAfter: 'b' } : { items: page('c'), nextAfter: null },
    });
    loop.start();
    await until('all have been looked at', () => relayed.length === 3 && forgot.length === 3);
    assert.deepEqual(
      [relayed.sort(), forgot],
      [
        ['a', 'b', 'c'],
        ['a', 'b', 'c'],
      ],
    );
  });

  it('comes back when the next delivery is due', async () => {
    let looks = 0;
    start({
      relay: async () => {
        looks += 1;
        return looks === 1 ? new Date(Date.now() + 50).toISOString() : null;
      },
    });
    loop.wake('a');
    await until('it has come back', () => looks === 2);
    await sleep(100);
    assert.equal(looks, 2);
  });

  it('makes one look of many wakes, and another for a wake that comes in between', async () => {
    const gate = makeGate();
    let looks = 0;
    start({
      relay: async () => {
        looks += 1;
        if (looks === 1) await gate.passed;
        return null;
      },
    });
    for (let count = 0; count < 10; count += 1) loop.wake('a');
    await until('it looks', () => looks === 1);
    for (let count = 0; count < 10; count += 1) loop.wake('a');
    gate.open();
    await until('it has looked again', () => looks === 2);
    await sleep(50);
    assert.equal(looks, 2);
  });

  it('goes on with the others when one fails, and says so', async () => {
    const relayed: string[] = [];
    const lines = start({
      relay: async (id) => {
        if (id === 'a') throw new Error('the database is away');
        relayed.push(id);
        return null;
      },
    });
    loop.wake('a');
    loop.wake('b');
    await until('the other has been looked at', () => relayed.length === 1);
    const line = lines.find(({ msg }) => msg === 'Deliveries to webhooks have to wait');
    assert.equal(line?.organizationId, 'a');
  });

  it('waits for a look that is under way when it stops, and starts no other', async () => {
    const gate = makeGate();
    const relayed: string[] = [];
    start({
      relay: async (id) => {
        await gate.passed;
        relayed.push(id);
        return new Date(Date.now() + 20).toISOString();
      },
    });
    loop.wake('a');
    await sleep(10);
    loop.wake('b');
    const stopped = loop.stop();
    gate.open();
    await stopped;
    loop.wake('c');
    await sleep(100);
    assert.deepEqual(relayed, ['a']);
  });
});
