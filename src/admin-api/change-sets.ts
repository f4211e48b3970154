import { type Request, Router } from 'express';
import type { UndoReport } from '../operations/change-sets/change-set-operations.ts';
import type { ChangeSet } from '../operations/change-sets/change-set-ports.ts';
import type { EventTrigger } from '../provisioning/provisioning-event.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { pageOf, sendPage } from './page.ts';
import { representPlannedPerson } from './planned-person.ts';
import { choiceOf, contextOf, queryOf } from './request-facts.ts';

const representChangeSet = (set: ChangeSet): object => ({
  id: set.id,
  trigger: set.trigger,
  connectionId: set.connectionId,
  runId: set.runId,
  requestId: set.requestId,
  at: set.at,
  state: set.state,
  counts: set.counts,
  configurationChanges: set.configurationChanges,
  undoOf: set.undoOf,
});

const representReport = (report: UndoReport): object => ({
  changeSetId: report.changeSetId,
  undoId: report.undoId,
  records: report.records,
  configuration: report.configuration.map(({ kind, id, result, reason }) => ({ kind, id, result, reason })),
  leftAlone: report.leftAlone.map((it) => ({
    directoryUserId: it.directoryUserId,
    employeeId: it.kind === 'employee' ? it.recordId : null,
    contactId: it.kind === 'contact' ? it.recordId : null,
    field: it.field,
    value: it.value,
    formerValue: it.formerValue,
    reason: it.reason,
  })),
  leftAloneCount: report.leftAloneCount,
  followers: report.followers && {
    counts: report.followers.counts,
    items: report.followers.items.map(representPlannedPerson),
  },
});

function changeSetIdOf(request: Request): string {
  const { changeSetId } = request.params;
  if (typeof changeSetId !== 'string') throw new Error('The path has no change set');
  return changeSetId;
}

/** The body may be left out: then the undo is of everybody. */
function personIdsOf(request: Request): readonly string[] | null {
  const body: { readonly personIds?: readonly string[] } | undefined = request.body;
  return body?.personIds?.map((id) => id.toLowerCase()) ?? null;
}

export function makeChangeSetRoutes({ operations }: AdminDependencies): Router {
  const { changeSets } = operations;
  const router = Router();
  router.get('/change-sets', async (request, response) => {
    const filter = {
      trigger: choiceOf<EventTrigger>(request, 'trigger'),
      connectionId: queryOf(request, 'connectionId'),
    };
    const page = await changeSets.list(contextOf(response), filter, pageOf(request));
    sendPage(response, page, representChangeSet);
  });
  router.get('/change-sets/:changeSetId', async (request, response) => {
    response.json(representChangeSet(await changeSets.get(contextOf(response), changeSetIdOf(request))));
  });
  router.post('/change-sets/:changeSetId/undo/preview', async (request, response) => {
    const id = changeSetIdOf(request);
    const report = await changeSets.previewUndo(contextOf(response), id, personIdsOf(request));
    response.json(representReport(report));
  });
  router.post('/change-sets/:changeSetId/undo', async (request, response) => {
    const report = await changeSets.undo(contextOf(response), changeSetIdOf(request), personIdsOf(request));
    response.json(representReport(report));
  });
  return router;
}
