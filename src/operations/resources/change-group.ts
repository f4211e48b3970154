import type { DirectoryGroup, GroupContent, MemberStep } from '../../directory/directory-group.ts';
import { objectIdOf } from '../../directory/object-id.ts';
import { sameJson } from '../../directory/same-json.ts';
import type { ConnectionContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { MembershipChange, Stores } from '../ports.ts';
import { requireVersion } from '../precondition.ts';
import { reconcileMembers } from '../reconcile/reconcile-members.ts';
import { type ScimDependencies, scimEvents } from './scim-dependencies.ts';
import type { GroupMemberStep, ScimOperations } from './scim-operations.ts';

export const groupNotFound = (id: string): OperationError =>
  new OperationError('not-found', `There is no group ${id}.`);

const sameContent = (left: GroupContent, right: GroupContent): boolean =>
  left.displayName === right.displayName &&
  left.externalId === right.externalId &&
  sameJson(left.attributes, right.attributes);

/** PUT and PATCH of a group: attributes and ordered membership steps, at a cost that does not depend on its size. */
export function makeChangeGroup(dependencies: ScimDependencies): ScimOperations['changeGroup'] {
  return async (context, id, change, { ifMatch }) => {
    const { view, leftToJob } = await dependencies.unitOfWork.write(context, 'shared', async (stores) => {
      const before = await stores.groups.lock(context.connectionId, id);
      if (before === null) throw groupNotFound(id);
      requireVersion(ifMatch, before.version);
      const content = change.content === null ? before : change.content(before);
      const isRewritten = !sameContent(before, content);
      const members = await applySteps(stores, before, change.memberSteps);
      if (!isRewritten && members.changedUserIds.length === 0) return { view: before, leftToJob: false };
      const group = changedGroup(context, before, content, members.memberCount, dependencies.clock.now());
      const decide = async (): Promise<boolean> => {
        const userIds = await affectedUsers(stores, before, group, members);
        const { connectionId } = context;
        const work = { connectionId, userIds, cause: 'membership', log: scimEvents(context) } as const;
        return reconcileMembers(stores, context, work, dependencies);
      };
      const [, leftToJob] = await Promise.all([stores.groups.save(group), decide()]);
      return { view: group, leftToJob };
    });
    if (leftToJob) dependencies.jobsWaiting();
    return { group: view, members: null };
  };
}

async function named(stores: Stores, group: DirectoryGroup, step: GroupMemberStep): Promise<MemberStep> {
  if (step.kind !== 'removeWhere') return step;
  return { kind: 'remove', ids: await stores.memberships.matching(group, step.where) };
}

async function applySteps(
  stores: Stores,
  group: DirectoryGroup,
  steps: readonly GroupMemberStep[],
): Promise<MembershipChange> {
  const changed: (readonly string[])[] = [];
  let { memberCount } = group;
  for (const step of steps) {
    const { kind, ids } = await named(stores, group, step);
    const result = await stores.memberships[kind]({ ...group, memberCount }, ids);
    changed.push(result.changedUserIds);
    memberCount = result.memberCount;
  }
  return { changedUserIds: changedInTheEnd(changed), memberCount };
}

/** Each step names whoever it let in or out, once; whom the steps let out and in again has not changed. */
function changedInTheEnd(steps: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...more] = steps;
  // One step may name 100,000.
  if (more.length === 0) return first;
  const changed = new Set(first);
  for (const id of more.flat()) {
    if (!changed.delete(id)) changed.add(id);
  }
  return [...changed];
}

function changedGroup(
  context: ConnectionContext,
  before: DirectoryGroup,
  content: GroupContent,
  memberCount: number,
  now: string,
): DirectoryGroup {
  return {
    ...before,
    displayName: content.displayName,
    externalId: content.externalId,
    attributes: content.attributes,
    objectId:
      context.connectionKind === 'entra'
        ? (objectIdOf(content.externalId) ?? before.objectId)
        : before.objectId,
    memberCount,
    version: before.version + 1,
    lastModifiedAt: now,
  };
}

/** Who joined or left; everybody in the group when the id that rules know it by has changed. */
async function affectedUsers(
  stores: Stores,
  before: DirectoryGroup,
  after: DirectoryGroup,
  members: MembershipChange,
): Promise<readonly string[]> {
  if (before.externalId === after.externalId && before.objectId === after.objectId)
    return members.changedUserIds;
  const present = (await stores.memberships.membersOf([after.id])).get(after.id);
  const ids = present?.slice(0, present.length).map((member) => member.id) ?? [];
  return [...new Set([...members.changedUserIds, ...ids])];
}
