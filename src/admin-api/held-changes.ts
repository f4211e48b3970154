import { Router } from 'express';
import type { HeldChange, HeldState } from '../operations/guard/held-change-ports.ts';
import type { HeldEffect } from '../provisioning/held-change.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { pageOf, sendPage } from './page.ts';
import { bodyOf, choiceOf, contextOf, queryOf } from './request-facts.ts';

const represent = (change: HeldChange): object => ({
  id: change.id,
  at: change.at,
  connectionId: change.connectionId,
  directoryUserId: change.directoryUserId,
  employeeId: change.employeeId,
  contactId: change.contactId,
  effect: change.effect,
  cause: change.cause,
  reason: change.reason,
  winningRuleId: change.winningRuleId,
  changes: change.changes.map(({ field, before, after, origin }) => ({ field, before, after, origin })),
  state: change.state,
  decidedAt: change.decidedAt,
  decidedBy: change.decidedBy,
});

export function makeHeldChangeRoutes({ operations }: AdminDependencies): Router {
  const { heldChanges } = operations;
  const router = Router();
  router.get('/held-changes', async (request, response) => {
    const filter = {
      connectionId: queryOf(request, 'connectionId'),
      directoryUserId: queryOf(request, 'directoryUserId'),
      effect: choiceOf<HeldEffect>(request, 'effect'),
      state: choiceOf<HeldState>(request, 'state') ?? 'waiting',
    };
    sendPage(response, await heldChanges.list(contextOf(response), filter, pageOf(request)), represent);
  });
  for (const verb of ['approve', 'reject'] as const) {
    router.post(`/held-changes/${verb}`, async (request, response) => {
      const { ids } = bodyOf<{ readonly ids: readonly string[] }>(request);
      const items = await heldChanges[verb](contextOf(response), [
        ...new Set(ids.map((id) => id.toLowerCase())),
      ]);
      response.json({ items: items.map(({ id, state, result }) => ({ id, state, result })) });
    });
  }
  return router;
}
