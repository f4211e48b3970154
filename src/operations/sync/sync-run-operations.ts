import type { OrganizationContext } from '../context.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import type { Clock, UnitOfWork } from '../ports.ts';
import type { SyncRun } from './sync-run-ports.ts';

export interface SyncRunDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
}

export interface SyncRunOperations {
  readonly list: (
    context: OrganizationContext,
    connectionId: string | null,
    page: PageRequest,
  ) => Promise<Page<SyncRun>>;
  readonly get: (context: OrganizationContext, id: string) => Promise<SyncRun>;
  /** The worker loses what it is doing at the moment; what it has done stays. */
  readonly cancel: (context: OrganizationContext, id: string) => Promise<SyncRun>;
}

export function makeSyncRunOperations({ unitOfWork, clock }: SyncRunDependencies): SyncRunOperations {
  return {
    list: (context, connectionId, page) =>
      unitOfWork.read(context, (stores) => stores.syncRuns.list(connectionId, page)),
    get: (context, id) =>
      unitOfWork.read(context, async (stores) => found(await stores.syncRuns.get(id), id)),
    cancel: (context, id) =>
      unitOfWork.write(context, 'none', async (stores) => {
        const { connectionId } = found(await stores.syncRuns.get(id), id);
        // Before the run itself: that is the order in which a read locks them.
        await stores.graphSync.claims.withdraw(connectionId, id);
        const wasOpen = await stores.syncRuns.cancel(id, clock.now());
        const run = found(await stores.syncRuns.get(id), id);
        if (wasOpen || run.state === 'cancelled') return run;
        throw new OperationError('conflict', 'The run has already ended.');
      }),
  };
}

function found(run: SyncRun | null, id: string): SyncRun {
  if (run === null) throw new OperationError('not-found', `There is no sync run ${id}.`);
  return run;
}
