import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConnectionContext } from '../../src/operations/context.ts';
import { OperationError } from '../../src/operations/operation-error.ts';
import { makeWriteTogether } from '../../src/operations/resources/write-together.ts';

const contextOf = (connectionId: string): ConnectionContext => ({
  organizationId: 'organization',
  actor: { kind: 'system' },
  requestId: null,
  connectionId,
  connectionKind: 'scim',
  scimBaseUrl: 'https://example.com',
});
const context = contextOf('one');
const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

function makeRecorder(write: (items: readonly string[]) => Promise<unknown> = soon) {
  const batches: (readonly string[])[] = [];
  const together = makeWriteTogether<string, string>(async (_, items) => {
    batches.push(items);
    await write(items);
    return items.map((item) => item.toUpperCase());
  });
  return { batches, together };
}

describe('writing together', () => {
  it('writes at once where nothing is under way, and together what comes meanwhile', async () => {
    const { batches, together } = makeRecorder();
    const results = await Promise.all(['a', 'b', 'c'].map((item) => together(context, item)));
    assert.deepEqual(results, ['A', 'B', 'C']);
    assert.deepEqual(batches, [['a'], ['b', 'c']]);
    await together(context, 'd');
    assert.deepEqual(batches.at(-1), ['d']);
  });

  it('never mixes connections', async () => {
    const { batches, together } = makeRecorder();
    await Promise.all(['one', 'two', 'one', 'two'].map((id) => together(contextOf(id), id)));
    assert.deepEqual(batches, [['one'], ['two'], ['one'], ['two']]);
  });

  it('bounds what is written together', async () => {
    const { batches, together } = makeRecorder();
    await Promise.all(Array.from({ length: 50 }, (_, index) => together(context, String(index))));
    assert.deepEqual(
      batches.map(({ length }) => length),
      [1, 20, 20, 9],
    );
  });

  it('tells a fault only to whom it belongs', async () => {
    const { together } = makeRecorder(async (items) => {
      await soon();
      if (items.includes('bad')) throw new OperationError('conflict', 'The userName is taken.');
    });
    const results = await Promise.allSettled(['a', 'b', 'bad', 'c'].map((item) => together(context, item)));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    );
  });

  it('tries nothing again while the database is away: it may have been written', async () => {
    const { batches, together } = makeRecorder(async () => {
      await soon();
      throw new OperationError('unavailable', 'The database is not available.');
    });
    const results = await Promise.allSettled(['a', 'b', 'c'].map((item) => together(context, item)));
    assert.ok(results.every(({ status }) => status === 'rejected'));
    assert.deepEqual(batches, [['a'], ['b', 'c']]);
  });

  it('lets nobody wait behind a transaction that is stuck', async () => {
    const stuck = Promise.withResolvers<void>();
    const { batches, together } = makeRecorder((items) => (items.includes('stuck') ? stuck.promise : soon()));
    const first = together(context, 'stuck');
    assert.equal(await together(context, 'b'), 'B');
    assert.equal(await together(context, 'c'), 'C');
    stuck.resolve();
    assert.equal(await first, 'STUCK');
    assert.equal(await together(context, 'd'), 'D');
    assert.deepEqual(batches, [['stuck'], ['b'], ['c'], ['d']]);
  });
});
