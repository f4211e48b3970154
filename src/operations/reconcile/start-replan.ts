import type { OrganizationContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { Stores } from '../ports.ts';
import type { ScimDependencies } from '../resources/scim-dependencies.ts';
import type { SyncRun } from '../sync/sync-run-ports.ts';

export type StartReplan = (context: OrganizationContext, connectionId: string) => Promise<SyncRun>;

/**
 * Starts a re-plan of all mirrored users of a connection, which does not count as a directory change (REQ-14). While one
 * is open, that one is answered (REQ-61).
 */
export function makeStartReplan(dependencies: ScimDependencies): StartReplan {
  return async (context, connectionId) => {
    const run = await dependencies.unitOfWork.write(context, 'shared', (stores) =>
      openReplan(stores, context, connectionId, dependencies.identifiers.next()),
    );
    dependencies.jobsWaiting();
    return run;
  };
}

/** Puts the run and its job into the caller's transaction. */
export async function openReplan(
  stores: Stores,
  context: OrganizationContext,
  connectionId: string,
  runId: string,
): Promise<SyncRun> {
  if ((await stores.connections.lock(connectionId)) === null) {
    throw new OperationError('not-found', `There is no connection ${connectionId}.`);
  }
  const open = await stores.syncRuns.openOf(connectionId);
  if (open !== null) return open;
  const run: SyncRun = {
    id: runId,
    connectionId,
    kind: 'full',
    task: 'plan',
    state: 'queued',
    progress: { done: 0, total: null },
    counts: {},
    startedAt: null,
    endedAt: null,
    error: null,
  };
  const { organizationId, requestId } = context;
  await stores.syncRuns.insert(run, requestId);
  await stores.jobs.enqueueReplan({ organizationId, connectionId, runId, requestId });
  return run;
}
