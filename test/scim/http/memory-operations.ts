import type { DirectoryGroup } from '../../../src/directory/directory-group.ts';
import type { DirectoryUser } from '../../../src/directory/directory-user.ts';
import { OperationError } from '../../../src/operations/operation-error.ts';
import type { ResourcePageResult, ResourceQuery } from '../../../src/operations/resource-query.ts';
import type {
  ScimOperations,
  VersionPrecondition,
} from '../../../src/operations/resources/scim-operations.ts';
import { elementMatches } from '../../../src/scim/filter/element-matches.ts';
import { uuidV7 } from '../../../src/uuid-v7.ts';

const NOW = '2026-03-01T09:00:00.000Z';

type Members = Map<string, Set<string>>;

/** Operations over two maps, just enough to see what the protocol makes of them. Nothing here decides anything. */
export interface MemoryOperations extends ScimOperations {
  readonly users: Map<string, DirectoryUser>;
  readonly groups: Map<string, DirectoryGroup>;
  /** What the adapter asked for, newest last. */
  readonly asked: {
    readonly queries: ResourceQuery[];
    readonly withGroups: boolean[];
    readonly withMembers: boolean[];
  };
  /** Thrown by the next call instead of doing anything. */
  failNext: (error: unknown) => void;
}

function checkVersion(ifMatch: VersionPrecondition, version: number): void {
  if (ifMatch === null || ifMatch === 'any' || ifMatch.includes(version)) return;
  throw new OperationError('stale', `The version is ${version} by now`);
}

function known<Item>(items: ReadonlyMap<string, Item>, id: string, kind: string): Item {
  const item = items.get(id);
  if (item === undefined) throw new OperationError('not-found', `${kind} ${id} does not exist`);
  return item;
}

function pageOf<Item>(items: readonly Item[], { page }: ResourceQuery): ResourcePageResult<Item> {
  const start = page.kind === 'index' ? page.startIndex - 1 : Number(page.after ?? 0);
  const end = start + page.count;
  const nextCursor = page.kind === 'cursor' && page.count > 0 && end < items.length ? String(end) : null;
  return { total: items.length, items: items.slice(start, end), nextCursor };
}

export function makeMemoryOperations(connectionId: string): MemoryOperations {
  const users = new Map<string, DirectoryUser>();
  const groups = new Map<string, DirectoryGroup>();
  const members: Members = new Map();
  const asked: MemoryOperations['asked'] = { queries: [], withGroups: [], withMembers: [] };
  let failure: { readonly error: unknown } | null = null;

  const begin = async (): Promise<void> => {
    const pending = failure;
    failure = null;
    if (pending !== null) throw pending.error;
  };
  const fresh = () => ({
    id: uuidV7(),
    connectionId,
    objectId: null,
    version: 1,
    createdAt: NOW,
    lastModifiedAt: NOW,
    deletedAt: null,
  });
  const groupsOf = (userId: string) =>
    [...groups.values()]
      .filter(({ id }) => members.get(id)?.has(userId))
      .map(({ id, displayName }) => ({ id, displayName }));
  const membersOf = (groupId: string) =>
    [...(members.get(groupId) ?? [])].map((id) => ({ id, display: users.get(id)?.userName ?? null }));
  const counted = (group: DirectoryGroup) => ({ ...group, memberCount: members.get(group.id)?.size ?? 0 });
  const requireUsers = (ids: readonly string[]) => {
    const unknown = ids.find((id) => !users.has(id));
    if (unknown !== undefined)
      throw new OperationError('invalid', `Unknown member ${unknown}`, { reason: 'value' });
  };
  const requireFreeName = (userName: string, id: string | null) => {
    const taken = [...users.values()].some(
      (user) => user.id !== id && user.userName.toLowerCase() === userName.toLowerCase(),
    );
    if (taken) throw new OperationError('conflict', `userName ${userName} is taken`);
  };

  return {
    users,
    groups,
    asked,
    failNext: (error) => {
      failure = { error };
    },

    async createUser(_context, content) {
      await begin();
      requireFreeName(content.userName, null);
      const user = { ...fresh(), ...content };
      users.set(user.id, user);
      return { user, groups: [] };
    },
    async readUser(_context, id, withGroups) {
      await begin();
      asked.withGroups.push(withGroups);
      return { user: known(users, id, 'User'), groups: withGroups ? groupsOf(id) : null };
    },
    async listUsers(_context, query) {
      await begin();
      asked.queries.push(query);
      const views = [...users.values()].map((user) => ({
        user,
        groups: query.withReferences ? groupsOf(user.id) : null,
      }));
      return pageOf(views, query);
    },
    async changeUser(_context, id, change, { ifMatch }) {
      await begin();
      const current = known(users, id, 'User');
      checkVersion(ifMatch, current.version);
      const content = change(current);
      requireFreeName(content.userName, id);
      const user = { ...current, ...content, version: current.version + 1 };
      users.set(id, user);
      return { user, groups: groupsOf(id) };
    },
    async deleteUser(_context, id, { ifMatch }) {
      await begin();
      checkVersion(ifMatch, known(users, id, 'User').version);
      users.delete(id);
    },

    async createGroup(_context, content, memberIds) {
      await begin();
      requireUsers(memberIds);
      const group = { ...fresh(), ...content, memberCount: 0 };
      groups.set(group.id, group);
      members.set(group.id, new Set(memberIds));
      return { group: counted(group), members: membersOf(group.id) };
    },
    async readGroup(_context, id, withMembers) {
      await begin();
      asked.withMembers.push(withMembers);
      return { group: counted(known(groups, id, 'Group')), members: withMembers ? membersOf(id) : null };
    },
    async listGroups(_context, query) {
      await begin();
      asked.queries.push(query);
      const views = [...groups.values()].map((group) => ({
        group: counted(group),
        members: query.withReferences ? membersOf(group.id) : null,
      }));
      return pageOf(views, query);
    },
    async changeGroup(_context, id, { content, memberSteps }, { ifMatch }) {
      await begin();
      const current = known(groups, id, 'Group');
      checkVersion(ifMatch, current.version);
      const set = new Set(members.get(id));
      for (const named of memberSteps) {
        const step =
          named.kind === 'removeWhere'
            ? ({
                kind: 'remove',
                ids: [...set].filter((value) => elementMatches({ value }, named.where)),
              } as const)
            : named;
        if (step.kind !== 'remove') requireUsers(step.ids);
        if (step.kind === 'replace') set.clear();
        for (const memberId of step.ids) step.kind === 'remove' ? set.delete(memberId) : set.add(memberId);
      }
      members.set(id, set);
      const group = { ...current, ...(content?.(current) ?? {}), version: current.version + 1 };
      groups.set(id, group);
      return { group: counted(group), members: null };
    },
    async deleteGroup(_context, id, { ifMatch }) {
      await begin();
      checkVersion(ifMatch, known(groups, id, 'Group').version);
      groups.delete(id);
      members.delete(id);
    },
  };
}
