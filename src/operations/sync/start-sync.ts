import type { OrganizationContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { Identifiers, Stores, UnitOfWork } from '../ports.ts';
import { isConnected } from '../tenants/graph-connection.ts';
import type { SyncRun } from './sync-run-ports.ts';

export interface StartSyncDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly identifiers: Identifiers;
  /** Called after a commit that left jobs behind, so that they run at once. */
  readonly jobsWaiting: () => void;
}

export type StartSync = (context: OrganizationContext, connectionId: string) => Promise<SyncRun>;

/**
 * Asks for a read of the tenant's directory: everything at the first time, afterwards what has changed. From then on it is
 * read by itself. While a run is open, that one is answered (REQ-61).
 */
export function makeStartSync({ unitOfWork, identifiers, jobsWaiting }: StartSyncDependencies): StartSync {
  return async (context, connectionId) => {
    const run = await unitOfWork.write(context, 'shared', (stores) =>
      openRun(stores, context, connectionId, identifiers.next()),
    );
    jobsWaiting();
    return run;
  };
}

async function openRun(
  stores: Stores,
  { organizationId, requestId }: OrganizationContext,
  connectionId: string,
  id: string,
): Promise<SyncRun> {
  const connection = await stores.connections.lock(connectionId);
  if (connection === null) throw new OperationError('not-found', `There is no connection ${connectionId}.`);
  if (!isConnected(connection)) {
    throw new OperationError(
      'conflict',
      'Connect the tenant with Azure Connect before its directory is read.',
    );
  }
  await stores.graphSync.claims.begin(connectionId);
  await stores.jobs.enqueueSync({ organizationId, connectionId, requestId });
  const open = await stores.syncRuns.openOf(connectionId);
  if (open !== null) return open;
  const isComplete = await stores.graphSync.streams.isComplete(connectionId);
  const run: SyncRun = {
    id,
    connectionId,
    kind: isComplete ? 'delta' : 'full',
    task: 'read',
    state: 'queued',
    progress: { done: 0, total: null },
    counts: {},
    startedAt: null,
    endedAt: null,
    error: null,
  };
  await stores.syncRuns.insert(run, requestId);
  return run;
}
