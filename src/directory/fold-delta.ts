import type {
  GraphGroupFields,
  GraphUserFields,
  GroupChange,
  MemberFact,
  RemovalReason,
  UserChange,
} from './delta-change.ts';

/** What a delta read, or a part of one, says of an object once all rows about it are joined. */
interface Folded<Fields> {
  /** What is known to have changed, the latest value of each; all of it for an object that is new. */
  readonly fields: Partial<Fields>;
  /** Null while the object exists. */
  readonly removed: RemovalReason | null;
  /**
   * Rows contradict each other. The later one is taken, but Graph does not promise the order of rows within a read, so
   * read the object again before anything is taken away from anybody.
   */
  readonly isContested: boolean;
}

export type FoldedUser = Folded<GraphUserFields>;

export interface FoldedGroup extends Folded<GraphGroupFields> {
  /** Changes of direct membership, by member. Kept for removed groups too, as they may come back. */
  readonly members: ReadonlyMap<string, MemberFact>;
}

export type FoldedUsers = ReadonlyMap<string, FoldedUser>;
export type FoldedGroups = ReadonlyMap<string, FoldedGroup>;

/**
 * Joins the rows about each user. Rows that agree give the same result in any order, however often they are repeated and
 * however they are spread over pages.
 */
export function foldUsers(changes: Iterable<UserChange>): FoldedUsers {
  const users = new Map<string, FoldedUser>();
  for (const change of changes) {
    const row: FoldedUser =
      change.kind === 'user'
        ? { fields: change.fields, removed: null, isContested: false }
        : { fields: {}, removed: change.reason, isContested: false };
    const known = users.get(change.objectId);
    users.set(change.objectId, known ? join(known, row) : row);
  }
  return users;
}

/** Likewise for groups and the direct memberships of each. */
export function foldGroups(changes: Iterable<GroupChange>): FoldedGroups {
  const groups = new Map<string, FoldedGroup & { readonly members: Map<string, MemberFact> }>();
  for (const change of changes) {
    const row: Folded<GraphGroupFields> =
      change.kind === 'group'
        ? { fields: change.fields, removed: null, isContested: false }
        : { fields: {}, removed: change.reason, isContested: false };
    const known = groups.get(change.objectId);
    const members = known?.members ?? new Map<string, MemberFact>();
    const isContested = change.kind === 'group' && addMembers(members, change.members);
    const joined = known ? join(known, row) : row;
    groups.set(change.objectId, { ...joined, isContested: joined.isContested || isContested, members });
  }
  return groups;
}

/** The same as folding the rows of both parts, `later` having been read after `earlier`. */
export function mergeUsers(earlier: FoldedUsers, later: FoldedUsers): FoldedUsers {
  const merged = new Map(earlier);
  for (const [objectId, user] of later) {
    const known = merged.get(objectId);
    merged.set(objectId, known ? join(known, user) : user);
  }
  return merged;
}

export function mergeGroups(earlier: FoldedGroups, later: FoldedGroups): FoldedGroups {
  const merged = new Map(earlier);
  for (const [objectId, group] of later) {
    const known = merged.get(objectId);
    if (!known) {
      merged.set(objectId, group);
      continue;
    }
    const members = new Map(known.members);
    const isContested = addMembers(members, group.members.values());
    const joined = join(known, group);
    merged.set(objectId, { ...joined, isContested: joined.isContested || isContested, members });
  }
  return merged;
}

function join<Fields>(earlier: Folded<Fields>, later: Folded<Fields>): Folded<Fields> {
  const isContradiction =
    (earlier.removed === null) !== (later.removed === null) || differ(earlier.fields, later.fields);
  return {
    fields: { ...earlier.fields, ...later.fields },
    removed: laterRemoval(earlier.removed, later.removed),
    isContested: earlier.isContested || later.isContested || isContradiction,
  };
}

/** An id that is gone for good never comes back; a row that says otherwise is an older one. */
function laterRemoval(earlier: RemovalReason | null, later: RemovalReason | null): RemovalReason | null {
  return earlier === 'deleted' || later === 'deleted' ? 'deleted' : later;
}

/** Lists are written by one reader, members in one order, so their text is a fair comparison. */
function differ<Fields>(earlier: Partial<Fields>, later: Partial<Fields>): boolean {
  for (const name in later) {
    const [before, after] = [earlier[name], later[name]];
    if (!(name in earlier) || before === after) continue;
    if (JSON.stringify(before) !== JSON.stringify(after)) return true;
  }
  return false;
}

/** Whether a fact contradicts one that was known. */
function addMembers(members: Map<string, MemberFact>, facts: Iterable<MemberFact>): boolean {
  let isContested = false;
  for (const fact of facts) {
    const known = members.get(fact.memberId);
    if (known && known.present !== fact.present) isContested = true;
    // Removals may not say what was removed; another row about the same member may.
    const type = fact.type === 'unknown' ? (known?.type ?? 'unknown') : fact.type;
    members.set(fact.memberId, type === fact.type ? fact : { ...fact, type });
  }
  return isContested;
}
