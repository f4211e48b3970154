import type { Connection } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { Identifiers, Stores, UnitOfWork } from '../ports.ts';
import { isConnected, mayRecover } from '../tenants/graph-connection.ts';
import type { RecoverConnection } from '../tenants/recover-connection.ts';
import type { SyncRun } from './sync-run-ports.ts';

export interface StartSyncDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly identifiers: Identifiers;
  readonly recover: RecoverConnection;
  /** Called after a commit that left jobs behind, so that they run at once. */
  readonly jobsWaiting: () => void;
}

export interface SyncOptions {
  /** Reads everything again, not only what has changed since. */
  readonly full: boolean;
}

export type StartSync = (
  context: OrganizationContext,
  connectionId: string,
  options: SyncOptions,
) => Promise<SyncRun>;

/**
 * Asks for a read of the tenant's directory: everything at the first time, afterwards what has changed. From then on it is
 * read by itself. While a run is open, that one is answered, whatever it reads (REQ-61).
 */
export function makeStartSync({
  unitOfWork,
  identifiers,
  recover,
  jobsWaiting,
}: StartSyncDependencies): StartSync {
  return async (context, connectionId, { full }) => {
    const present = await unitOfWork.read(context, ({ connections }) => connections.get(connectionId));
    if (present !== null) await askAgain(recover, context, present);
    const run = await unitOfWork.write(context, 'shared', (stores) =>
      openRun(stores, context, { connectionId, id: identifiers.next(), full }),
    );
    jobsWaiting();
    return run;
  };
}

/** Somebody waits for the answer. */
const budgetMs = 15_000;

async function askAgain(
  recover: RecoverConnection,
  context: OrganizationContext,
  connection: Connection,
): Promise<void> {
  const signal = AbortSignal.timeout(budgetMs);
  try {
    await recover(context, connection, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

interface WantedRun extends SyncOptions {
  readonly connectionId: string;
  /** Of a run that is made. */
  readonly id: string;
}

async function openRun(
  stores: Stores,
  { organizationId, requestId }: OrganizationContext,
  { connectionId, id, full }: WantedRun,
): Promise<SyncRun> {
  const connection = await stores.connections.lock(connectionId);
  if (connection === null) throw new OperationError('not-found', `There is no connection ${connectionId}.`);
  if (!isConnected(connection)) {
    throw new OperationError(
      'conflict',
      mayRecover(connection) && connection.statusDetail !== null
        ? `The directory cannot be read yet: ${connection.statusDetail}`
        : 'Connect the tenant with Azure Connect before its directory is read.',
    );
  }
  await stores.graphSync.claims.begin(connectionId);
  if (full) await stores.graphSync.streams.wantAll(connectionId);
  await stores.jobs.enqueueSync({ organizationId, connectionId, requestId });
  const open = await stores.syncRuns.openOf(connectionId);
  if (open !== null) return open;
  const isComplete = !full && (await stores.graphSync.streams.isComplete(connectionId));
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
