import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stores, UnitOfWork } from '../../src/operations/ports.ts';
import type { ReleaseRequest } from '../../src/operations/sync/graph-sync-ports.ts';
import { type FailedSync, settleFailure } from '../../src/operations/sync/settle-sync-failure.ts';
import { GraphError } from '../../src/operations/tenants/graph-ports.ts';

/** A connection with an open run; what was noted is what was committed. */
function makeWorld(isHeld: boolean) {
  const noted: string[] = [];
  const released: ReleaseRequest[] = [];
  const write = async (_context: unknown, _lock: unknown, work: (stores: Stores) => Promise<unknown>) => {
    const uncommitted: string[] = [];
    await work({
      connections: {
        lock: async () => ({ status: 'connected' }),
        saveGraphState: async ({ status }: { status: string }) =>
          void uncommitted.push(`connection ${status}`),
      },
      syncRuns: {
        openOf: async () => ({ task: 'read' }),
        save: async ({ state }: { state: string }) => void uncommitted.push(`run ${state}`),
      },
      graphSync: {
        claims: {
          release: async (request: ReleaseRequest) => {
            released.push(request);
            return isHeld;
          },
        },
      },
    } as unknown as Stores);
    noted.push(...uncommitted);
  };
  const dependencies = {
    unitOfWork: { write } as unknown as UnitOfWork,
    clock: { now: () => '2026-11-28T05:00:00.000Z' },
    timing: { pollSeconds: 60 },
  };
  const settle = (error: unknown, failures = 0): Promise<void> =>
    settleFailure(
      dependencies,
      {
        claim: { connectionId: 'c', claimId: 'k', leaseSeconds: 60 },
        failures,
        isStopping: false,
      } as FailedSync,
      error,
    );
  return { noted, released, settle };
}

const refusal = new GraphError('permissionMissing', 'It is not allowed.');
const unavailable = (retryAfterSeconds: number | null) =>
  new GraphError('unavailable', 'It is away.', { retryAfterSeconds });

describe('a read that fails', () => {
  it('is told by its connection and its run when Microsoft refuses it', async () => {
    const { noted, settle } = makeWorld(true);
    await settle(refusal);
    assert.deepEqual(noted, ['connection permissionMissing', 'run failed']);
  });

  it('leaves both alone when another server reads the connection by now', async () => {
    for (const error of [refusal, new DOMException('This operation was aborted', 'AbortError')]) {
      const { noted, settle } = makeWorld(false);
      await settle(error, 20);
      assert.deepEqual(noted, []);
    }
  });

  it('is followed by another one within two minutes however long it has failed, unless Graph asks for a longer pause', async () => {
    const { released, settle } = makeWorld(true);
    await settle(unavailable(null), 500);
    await settle(unavailable(0), 0);
    await settle(unavailable(600), 500);
    assert.deepEqual(
      released.map(({ nextInSeconds }) => nextInSeconds),
      [120, 1, 600],
    );
  });
});
