import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OperationError } from '../../src/operations/operation-error.ts';
import type { Stores, UnitOfWork } from '../../src/operations/ports.ts';
import type { ReleaseRequest } from '../../src/operations/sync/graph-sync-ports.ts';
import { type FailedSync, settleFailure } from '../../src/operations/sync/settle-sync-failure.ts';
import type { SyncRun } from '../../src/operations/sync/sync-run-ports.ts';
import { GraphError } from '../../src/operations/tenants/graph-ports.ts';

/** A connection with an open run; what was noted is what was committed. */
function makeWorld(isHeld: boolean, { hasRun = true } = {}) {
  const runs: SyncRun[] = [];
  const connection = { status: 'connected', lastGraphSuccessAt: '2026-11-28T04:00:00.000Z' };
  const noted: string[] = [];
  const released: ReleaseRequest[] = [];
  const write = async (_context: unknown, _lock: unknown, work: (stores: Stores) => Promise<unknown>) => {
    const uncommitted: string[] = [];
    await work({
      connections: {
        lock: async () => connection,
        get: async () => connection,
        saveGraphState: async ({ status }: { status: string }) =>
          void uncommitted.push(`connection ${status}`),
      },
      syncRuns: {
        openOf: async () => (hasRun ? { task: 'read' } : null),
        list: async () => ({ items: runs.slice(-1) }),
        insert: async (run: SyncRun) => {
          runs.push(run);
          uncommitted.push(`run ${run.state}: ${run.error}`);
        },
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
    identifiers: { next: () => 'new' },
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
  return { noted, released, connection, settle };
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

  it('is told by its connection also when there is nothing to ask Microsoft with', async () => {
    const { noted, settle } = makeWorld(true, { hasRun: false });
    await settle(new OperationError('conflict', 'The application key cannot be opened.'));
    assert.deepEqual(noted, ['connection failed']);
  });

  it('is told once by a run of its own when it keeps failing and nobody has asked for it', async () => {
    const { noted, connection, settle } = makeWorld(true, { hasRun: false });
    for (const failures of [0, 6, 7, 0, 7, 7]) await settle(unavailable(null), failures);
    await settle(new GraphError('unexpected', 'The answer cannot be understood.'), 7);
    const told = ['run failed: It is away.', 'run failed: The answer cannot be understood.'];
    assert.deepEqual(noted, told);
    connection.lastGraphSuccessAt = '2026-11-28T06:00:00.000Z';
    await settle(new GraphError('unexpected', 'The answer cannot be understood.'), 7);
    assert.deepEqual(noted, [...told, told[1]]);
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
