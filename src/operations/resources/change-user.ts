import { managerIdOf } from '../../directory/manager.ts';
import type { PersonCase } from '../../provisioning/case.ts';
import { Finishing } from '../finishing.ts';
import { requireVersion } from '../precondition.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { applyEvaluation } from '../tenants/evaluate-groups.ts';
import { changedUser, sameContent, userNotFound } from './changed-user.ts';
import { requireManager } from './require-manager.ts';
import { type ClientDependencies, scimEvents } from './scim-dependencies.ts';
import type { ScimOperations, UserView } from './scim-operations.ts';
import { makeUndecidedChanges } from './undecided-changes.ts';

/**
 * PUT and PATCH: applies the change under the row lock and decides again; a change of nothing writes nothing. Where there
 * is nothing to decide, the lock is taken by the transaction that writes.
 */
export function makeChangeUser(dependencies: ClientDependencies): ScimOperations['changeUser'] {
  const { unitOfWork, clock, evaluateGroups } = dependencies;
  const undecided = makeUndecidedChanges(dependencies);
  return async (context, id, change, options) => {
    // Graph is asked before anything is locked; without an answer the mirror's own knowledge counts.
    const evaluation = await evaluateGroups.ofExisting(context, id);
    if (evaluation.kind === 'notAsked' && undecided.areLikely(context)) {
      const done = await undecided.apply(context, id, change, options);
      if (done !== null) return done;
    }
    return unitOfWork.write(context, 'shared', async (stores) => {
      const at = { connectionId: context.connectionId, userId: id, at: clock.now() };
      const hasMoved = await applyEvaluation(stores, evaluation, at);
      const found = await stores.users.lock(context.connectionId, id);
      if (found === null) throw userNotFound(id);
      const before = found.user;
      requireVersion(options.ifMatch, before.version);
      const wanted = change(before);
      const decide = async (view: UserView, person: PersonCase) => {
        const { written } = await reconcile(stores, [person], scimEvents(context), dependencies);
        return new Finishing(view, written);
      };
      if (sameContent(before, wanted)) {
        return hasMoved ? decide(found, { user: before, previous: null, cause: 'membership' }) : found;
      }
      const managerId = managerIdOf(wanted);
      if (options.isManagerRequired && managerId !== managerIdOf(before))
        await requireManager(stores, context.connectionId, managerId);
      const user = changedUser(context, before, wanted, clock.now());
      const view = { user, groups: found.groups };
      const isConcerned = await stores.users.save(user, before);
      undecided.note(context, isConcerned);
      return isConcerned || hasMoved ? decide(view, { user, previous: before, cause: 'directory' }) : view;
    });
  };
}
