import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OperationError } from '../../src/operations/operation-error.ts';
import { whileUnavailable } from '../../src/postgres/while-unavailable.ts';

const away = () => new OperationError('unavailable', 'away');

/** Fails with these errors, one after the other, and then answers how often it was attempted. */
function failing(...errors: readonly Error[]): () => Promise<number> {
  let attempts = 0;
  return async () => {
    const error = errors[attempts];
    attempts += 1;
    if (error !== undefined) throw error;
    return attempts;
  };
}

describe('a start beside a database that is slow', () => {
  it('is attempted again until the database answers', async () => {
    assert.equal(await whileUnavailable(failing(away(), away()), { forMs: 5_000, pauseMs: 1 }), 3);
  });

  it('is given up when the time is over', async () => {
    await assert.rejects(whileUnavailable(failing(away()), { forMs: 0, pauseMs: 1 }), /away/);
  });

  it('fails at once for any other reason', async () => {
    const conflict = new OperationError('conflict', 'taken');
    await assert.rejects(whileUnavailable(failing(conflict), { forMs: 5_000, pauseMs: 1 }), /taken/);
  });
});
