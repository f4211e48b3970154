import { Router } from 'express';
import type { SyncRun } from '../operations/sync/sync-run-ports.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { pageOf, sendPage } from './page.ts';
import { contextOf, idOf, queryOf } from './request-facts.ts';
import { streamSyncRun } from './sync-run-events.ts';

export const representSyncRun = (run: SyncRun): object => ({
  id: run.id,
  connectionId: run.connectionId,
  kind: run.kind,
  state: run.state,
  progress: { done: run.progress.done, total: run.progress.total },
  counts: run.counts,
  startedAt: run.startedAt,
  endedAt: run.endedAt,
  error: run.error,
});

export function makeSyncRunRoutes({ operations }: AdminDependencies): Router {
  const { syncRuns } = operations;
  const router = Router();
  router.get('/sync-runs', async (request, response) => {
    const connectionId = queryOf(request, 'connectionId');
    sendPage(
      response,
      await syncRuns.list(contextOf(response), connectionId, pageOf(request)),
      representSyncRun,
    );
  });
  router.get('/sync-runs/:id', async (request, response) => {
    response.json(representSyncRun(await syncRuns.get(contextOf(response), idOf(request))));
  });
  router.get('/sync-runs/:id/events', (request, response) =>
    streamSyncRun(request, response, { syncRuns, represent: representSyncRun }),
  );
  router.post('/sync-runs/:id/cancel', async (request, response) => {
    response.json(representSyncRun(await syncRuns.cancel(contextOf(response), idOf(request))));
  });
  return router;
}
