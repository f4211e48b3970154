import type { DirectoryGroup, GroupContent } from '../../directory/directory-group.ts';
import { objectIdOf } from '../../directory/object-id.ts';
import type { ConnectionContext } from '../context.ts';
import { reconcileMembers } from '../reconcile/reconcile-members.ts';
import { type ClientDependencies, scimEvents } from './scim-dependencies.ts';
import type { ScimOperations } from './scim-operations.ts';

/** Adds a group with its members; the rules that name it apply at once, whichever of the two came first (D-09). */
export function makeCreateGroup(dependencies: ClientDependencies): ScimOperations['createGroup'] {
  const { unitOfWork, clock, identifiers, evaluateGroups } = dependencies;
  return async (context, content, memberIds) => {
    const id = identifiers.next();
    const isConnected = await evaluateGroups.isConnected(context);
    const { group, leftToJob } = await unitOfWork.write(context, 'shared', async (stores) => {
      const created = newGroup(context, id, content, clock.now());
      const known = isConnected ? await stores.groups.lockAdoptable(created) : null;
      const empty = known === null ? created : adopted(known, created);
      await (known === null ? stores.groups.insert(created) : stores.groups.save(empty));
      if (memberIds.length === 0) return { group: empty, leftToJob: false };
      const { changedUserIds, memberCount } = await stores.memberships.add(empty, memberIds);
      const log = scimEvents(context);
      const work = {
        connectionId: context.connectionId,
        userIds: changedUserIds,
        cause: 'membership' as const,
        log,
      };
      return {
        group: { ...empty, memberCount },
        leftToJob: await reconcileMembers(stores, context, work, dependencies),
      };
    });
    if (leftToJob) dependencies.jobsWaiting();
    return { group, members: null };
  };
}

/** Graph told of the group before: it goes on under its id, with the members that Graph told. */
const adopted = (known: DirectoryGroup, created: DirectoryGroup): DirectoryGroup => ({
  ...created,
  id: known.id,
  memberCount: known.memberCount,
  version: known.version + 1,
  createdAt: known.createdAt,
});

function newGroup(
  context: ConnectionContext,
  id: string,
  content: GroupContent,
  now: string,
): DirectoryGroup {
  return {
    ...content,
    id,
    connectionId: context.connectionId,
    objectId: context.connectionKind === 'entra' ? objectIdOf(content.externalId) : null,
    memberCount: 0,
    version: 1,
    createdAt: now,
    lastModifiedAt: now,
    deletedAt: null,
  };
}
