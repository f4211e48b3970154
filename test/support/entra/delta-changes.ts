import type { Change } from './change-log.ts';
import type { DeltaTracking } from './delta-token.ts';
import type { Properties } from './directory-object.ts';
import type { TenantDirectory } from './tenant-directory.ts';

/** What happened to one object between two places of the log, as far as the query follows it. */
export interface ObjectDelta {
  readonly id: string;
  /** Created, deleted or restored: the whole object is news, whatever is selected. */
  readonly isWhole: boolean;
  readonly changed: ReadonlySet<string>;
  /** The values of one single change; null when the current ones are told. */
  readonly values: Properties | null;
  /** The last word about each member. */
  readonly members: readonly (readonly [string, 'added' | 'removed'])[];
}

interface Gathered {
  readonly id: string;
  isWhole: boolean;
  readonly changed: Set<string>;
  readonly members: Map<string, 'added' | 'removed'>;
}

export interface DeltaWindow {
  readonly from: number;
  readonly to: number;
}

/** The objects that changed in the window, in the order of their first change. */
export function gatherChanges(
  tenant: TenantDirectory,
  tracking: DeltaTracking,
  tracked: readonly string[],
  { from, to }: DeltaWindow,
): readonly ObjectDelta[] {
  const ids = tracking.ids === null ? null : new Set(tracking.ids);
  const found: ObjectDelta[] = [];
  const gathered = new Map<string, Gathered>();
  for (const change of tenant.log.between(from, to)) {
    if (!isFollowed(change, tracking, tracked) || (ids !== null && !ids.has(change.id))) continue;
    if (tenant.settings.separateRows) {
      const alone = newGathering(change.id);
      gather(alone, change, tracked);
      found.push(finish(alone, change.about === 'members' ? {} : valuesOf(change)));
      continue;
    }
    const known = gathered.get(change.id) ?? newGathering(change.id);
    gathered.set(change.id, known);
    gather(known, change, tracked);
  }
  for (const one of gathered.values()) found.push(finish(one, null));
  return found;
}

function newGathering(id: string): Gathered {
  return { id, isWhole: false, changed: new Set(), members: new Map() };
}

function isFollowed(change: Change, tracking: DeltaTracking, tracked: readonly string[]): boolean {
  if (change.about === 'members') return tracking.collection === 'groups' && tracked.includes('members');
  if (change.about !== (tracking.collection === 'users' ? 'user' : 'group')) return false;
  return change.what !== 'updated' || tracked.some((name) => Object.hasOwn(change.values, name));
}

function gather(known: Gathered, change: Change, tracked: readonly string[]): void {
  if (change.about === 'members') {
    for (const id of change.added) known.members.set(id, 'added');
    for (const id of change.removed) known.members.set(id, 'removed');
  } else if (change.what === 'updated') {
    for (const name of tracked) if (Object.hasOwn(change.values, name)) known.changed.add(name);
  } else known.isWhole = true;
}

/** Only an update is told by the values of its time; everything else by what the object is now. */
function valuesOf(change: Exclude<Change, { about: 'members' }>): Properties | null {
  return change.what === 'updated' ? change.values : null;
}

function finish({ id, isWhole, changed, members }: Gathered, values: Properties | null): ObjectDelta {
  return { id, isWhole, changed, values, members: [...members] };
}
