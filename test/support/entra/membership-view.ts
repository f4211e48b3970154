import type { TenantDirectory } from './tenant-directory.ts';

/** Memberships as one kind of query sees them: members in the recycle bin are not shown. */
export interface MembershipView {
  readonly membersOf: (groupId: string) => Iterable<string>;
  readonly groupsOf: (memberId: string) => Iterable<string>;
}

export function currentView(tenant: TenantDirectory): MembershipView {
  return {
    *membersOf(groupId) {
      for (const id of tenant.memberships.membersOf(groupId)) if (tenant.isLive(id)) yield id;
    },
    *groupsOf(memberId) {
      for (const id of tenant.memberships.groupsOf(memberId)) if (tenant.groups.isLive(id)) yield id;
    },
  };
}

/** What the search index of advanced queries knows: recent changes of membership have not reached it. */
export function indexedView(tenant: TenantDirectory, now: number): MembershipView {
  const current = currentView(tenant);
  const { indexLagMs } = tenant.settings;
  if (indexLagMs === 0) return current;
  const unseen = unseenChanges(tenant, now - indexLagMs);
  if (unseen.size === 0) return current;
  return {
    *membersOf(groupId) {
      const changes = unseen.get(groupId);
      for (const id of current.membersOf(groupId)) if (changes?.get(id) !== 'added') yield id;
      for (const [id, change] of changes ?? []) {
        if (change === 'removed' && tenant.isLive(id) && !tenant.memberships.has(groupId, id)) yield id;
      }
    },
    *groupsOf(memberId) {
      for (const id of current.groupsOf(memberId)) if (unseen.get(id)?.get(memberId) !== 'added') yield id;
      for (const [id, changes] of unseen) {
        const isShown = changes.get(memberId) === 'removed' && !tenant.memberships.has(id, memberId);
        if (isShown && tenant.groups.isLive(id)) yield id;
      }
    },
  };
}

/** Per group and member the first change after the given time: before it, the opposite was true. */
function unseenChanges(
  tenant: TenantDirectory,
  after: number,
): ReadonlyMap<string, ReadonlyMap<string, 'added' | 'removed'>> {
  const unseen = new Map<string, Map<string, 'added' | 'removed'>>();
  for (const change of tenant.log.between(tenant.log.latestAt(after), tenant.log.latest)) {
    if (change.about !== 'members') continue;
    const ofGroup = unseen.get(change.id) ?? new Map<string, 'added' | 'removed'>();
    unseen.set(change.id, ofGroup);
    for (const id of change.added) if (!ofGroup.has(id)) ofGroup.set(id, 'added');
    for (const id of change.removed) if (!ofGroup.has(id)) ofGroup.set(id, 'removed');
  }
  return unseen;
}

/** Everything reached by going on from the neighbours; the start itself is not part of it. */
function reach(start: string, neighbours: (id: string) => Iterable<string>): Set<string> {
  const reached = new Set<string>();
  const open = [start];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const next of neighbours(id)) {
      if (next === start || reached.has(next)) continue;
      reached.add(next);
      open.push(next);
    }
  }
  return reached;
}

export function transitiveMembers(view: MembershipView, groupId: string): ReadonlySet<string> {
  return reach(groupId, view.membersOf);
}

export function transitiveGroups(view: MembershipView, memberId: string): ReadonlySet<string> {
  return reach(memberId, view.groupsOf);
}
