/** Positions stay what they are when others leave, so that a page that ended at one of them can be continued. */
class MemberList {
  readonly ids: (string | undefined)[] = [];
  readonly positions = new Map<string, number>();
}

const NONE: readonly (string | undefined)[] = [];
const NO_GROUPS: ReadonlySet<string> = new Set();

/** Direct memberships in both directions. Deleted users and groups keep theirs until they are purged. */
export class MembershipTable {
  readonly #members = new Map<string, MemberList>();
  readonly #groups = new Map<string, Set<string>>();

  /** The ids that were not members yet. */
  add(groupId: string, memberIds: Iterable<string>): string[] {
    const list = this.#members.get(groupId) ?? new MemberList();
    this.#members.set(groupId, list);
    const added: string[] = [];
    for (const memberId of memberIds) {
      if (list.positions.has(memberId)) continue;
      list.positions.set(memberId, list.ids.push(memberId) - 1);
      const groups = this.#groups.get(memberId);
      if (groups) groups.add(groupId);
      else this.#groups.set(memberId, new Set([groupId]));
      added.push(memberId);
    }
    return added;
  }

  /** The ids that were members. */
  remove(groupId: string, memberIds: Iterable<string>): string[] {
    const list = this.#members.get(groupId);
    const removed: string[] = [];
    for (const memberId of memberIds) {
      const position = list?.positions.get(memberId);
      if (list === undefined || position === undefined) continue;
      list.ids[position] = undefined;
      list.positions.delete(memberId);
      this.#groups.get(memberId)?.delete(groupId);
      removed.push(memberId);
    }
    return removed;
  }

  has(groupId: string, memberId: string): boolean {
    return this.#members.get(groupId)?.positions.has(memberId) ?? false;
  }

  /** With gaps where somebody left. */
  slots(groupId: string): readonly (string | undefined)[] {
    return this.#members.get(groupId)?.ids ?? NONE;
  }

  *membersOf(groupId: string): Generator<string> {
    for (const id of this.slots(groupId)) if (id !== undefined) yield id;
  }

  groupsOf(memberId: string): ReadonlySet<string> {
    return this.#groups.get(memberId) ?? NO_GROUPS;
  }

  /** A purged object is no member and has no members. */
  forget(id: string): void {
    for (const groupId of [...this.groupsOf(id)]) this.remove(groupId, [id]);
    this.remove(id, [...this.membersOf(id)]);
    this.#members.delete(id);
    this.#groups.delete(id);
  }
}
