import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sortIds, splitIds } from '../../src/postgres/id-lists.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';

describe('a long list of ids', () => {
  for (const count of [0, 1, 4999, 5000, 5001, 10_001]) {
    it(`of ${count} is the same after it went as one text`, async () => {
      const ids = Array.from({ length: count }, () => uuidV7());
      const { array, isEmpty, others } = await sortIds(ids);
      assert.equal(array, `{${ids.join(',')}}`);
      assert.equal(isEmpty, count === 0);
      assert.deepEqual(others, []);
      assert.deepEqual(await splitIds(count === 0 ? null : ids.join(',')), ids);
    });
  }

  it('leaves out what is no id, wherever it stands', async () => {
    const ids = Array.from({ length: 6000 }, () => uuidV7());
    const { array, others } = await sortIds(['a', ...ids, 'b']);
    assert.equal(array, `{${ids.join(',')}}`);
    assert.deepEqual(others, ['a', 'b']);
  });
});
