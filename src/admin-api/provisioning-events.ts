import { Router } from 'express';
import type { ProvisioningEvent } from '../operations/resources/directory-ports.ts';
import type { EventAction } from '../provisioning/provisioning-event.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { pageOf, sendPage } from './page.ts';
import { choiceOf, contextOf, queryOf } from './request-facts.ts';

export const representEvent = (event: ProvisioningEvent): object => ({
  id: event.id,
  at: event.at,
  connectionId: event.connectionId,
  trigger: event.trigger,
  runId: event.runId,
  requestId: event.requestId,
  directoryUserId: event.directoryUserId,
  employeeId: event.employeeId,
  contactId: event.contactId,
  action: event.action,
  reason: event.reason,
  winningRuleId: event.winningRuleId,
  changes: event.changes.map(({ field, before, after, origin }) => ({ field, before, after, origin })),
});

export function makeProvisioningEventRoutes({ operations }: AdminDependencies): Router {
  const router = Router();
  router.get('/provisioning-events', async (request, response) => {
    const filter = {
      directoryUserId: queryOf(request, 'directoryUserId'),
      employeeId: queryOf(request, 'employeeId'),
      contactId: queryOf(request, 'contactId'),
      connectionId: queryOf(request, 'connectionId'),
      runId: queryOf(request, 'runId'),
      requestId: queryOf(request, 'requestId'),
      text: queryOf(request, 'q')?.trim() ?? null,
      action: choiceOf<EventAction>(request, 'action'),
      since: queryOf(request, 'since'),
    };
    const page = await operations.directory.listEvents(contextOf(response), filter, pageOf(request));
    sendPage(response, page, representEvent);
  });
  return router;
}
