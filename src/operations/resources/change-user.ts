import type { DirectoryUser, UserContent } from '../../directory/directory-user.ts';
import { managerIdOf } from '../../directory/manager.ts';
import { objectIdOf } from '../../directory/object-id.ts';
import { sameJson } from '../../directory/same-json.ts';
import type { PersonCase } from '../../provisioning/case.ts';
import type { ConnectionContext } from '../context.ts';
import { Finishing } from '../finishing.ts';
import { OperationError } from '../operation-error.ts';
import { requireVersion } from '../precondition.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { applyEvaluation } from '../tenants/evaluate-groups.ts';
import { requireManager } from './require-manager.ts';
import { type ClientDependencies, scimEvents } from './scim-dependencies.ts';
import type { ScimOperations, UserView } from './scim-operations.ts';

export const userNotFound = (id: string): OperationError =>
  new OperationError('not-found', `There is no user ${id}.`);

const sameContent = (left: UserContent, right: UserContent): boolean =>
  left.userName === right.userName &&
  left.externalId === right.externalId &&
  left.active === right.active &&
  sameJson(left.attributes, right.attributes);

/** PUT and PATCH: applies the change under the row lock and decides again; a change of nothing writes nothing. */
export function makeChangeUser(dependencies: ClientDependencies): ScimOperations['changeUser'] {
  const { unitOfWork, clock, evaluateGroups } = dependencies;
  return async (context, id, change, { ifMatch }) => {
    // Graph is asked before anything is locked; without an answer the mirror's own knowledge counts.
    const evaluation = await evaluateGroups.ofExisting(context, id);
    return unitOfWork.write(context, 'shared', async (stores) => {
      const at = { connectionId: context.connectionId, userId: id, at: clock.now() };
      const hasMoved = await applyEvaluation(stores, evaluation, at);
      const found = await stores.users.lock(context.connectionId, id);
      if (found === null) throw userNotFound(id);
      const before = found.user;
      requireVersion(ifMatch, before.version);
      const wanted = change(before);
      const decide = async (view: UserView, person: PersonCase) => {
        const { written } = await reconcile(stores, [person], scimEvents(context), dependencies);
        return new Finishing(view, written);
      };
      if (sameContent(before, wanted)) {
        return hasMoved ? decide(found, { user: before, previous: null, cause: 'membership' }) : found;
      }
      const managerId = managerIdOf(wanted);
      if (managerId !== managerIdOf(before)) await requireManager(stores, context.connectionId, managerId);
      const user = changedUser(context, before, wanted, clock.now());
      const view = { user, groups: found.groups };
      const isConcerned = await stores.users.save(user, before);
      return isConcerned || hasMoved ? decide(view, { user, previous: before, cause: 'directory' }) : view;
    });
  };
}

function changedUser(
  context: ConnectionContext,
  before: DirectoryUser,
  wanted: UserContent,
  now: string,
): DirectoryUser {
  return {
    ...before,
    userName: wanted.userName,
    externalId: wanted.externalId,
    active: wanted.active,
    attributes: wanted.attributes,
    objectId:
      context.connectionKind === 'entra'
        ? (objectIdOf(wanted.externalId) ?? before.objectId)
        : before.objectId,
    version: before.version + 1,
    lastModifiedAt: now,
  };
}
