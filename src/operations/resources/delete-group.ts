import { requireVersion } from '../precondition.ts';
import { reconcileMembers } from '../reconcile/reconcile-members.ts';
import { groupNotFound } from './change-group.ts';
import { type ScimDependencies, scimEvents } from './scim-dependencies.ts';
import type { ScimOperations } from './scim-operations.ts';

/**
 * All members leave, then the group is hidden; its rule is reported as missing its group, unless Microsoft Graph
 * still knows it.
 */
export function makeDeleteGroup(dependencies: ScimDependencies): ScimOperations['deleteGroup'] {
  const { unitOfWork, clock, identifiers } = dependencies;
  return async (context, id, { ifMatch }) => {
    const leftToJob = await unitOfWork.write(context, 'shared', async (stores) => {
      const before = await stores.groups.lock(context.connectionId, id);
      if (before === null) throw groupNotFound(id);
      requireVersion(ifMatch, before.version);
      const { changedUserIds } = await stores.memberships.replace(before, []);
      const now = clock.now();
      if (context.connectionKind === 'entra') {
        await stores.graphSync.mirror.keepGroup(before, identifiers.next(), now);
      }
      await stores.groups.save({
        ...before,
        memberCount: 0,
        version: before.version + 1,
        lastModifiedAt: now,
        deletedAt: now,
      });
      const log = scimEvents(context);
      const work = {
        connectionId: context.connectionId,
        userIds: changedUserIds,
        cause: 'membership' as const,
        log,
      };
      return reconcileMembers(stores, context, work, dependencies);
    });
    if (leftToJob) dependencies.jobsWaiting();
  };
}
