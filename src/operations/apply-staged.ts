import type { GraphGroupFields } from '../directory/delta-change.ts';
import { wholeGroup } from '../directory/whole-object.ts';
import { decideStagedUser } from './decide-staged-user.ts';
import type { AppliedGroup, StagedGroup } from './graph-sync-ports.ts';
import { reconcile } from './reconcile.ts';
import type { SyncRound } from './sync-round.ts';

const userBatch = 1_000;
const groupBatch = 200;
const memberBatch = 5_000;
/** So many people are decided in one unit of work. */
const decideBatch = 1_000;

/** Brings everything that was read into the mirror: users, then groups, then who is in which. */
export async function applyStaged(round: SyncRound): Promise<void> {
  while (await applyUsers(round));
  while (await applyGroups(round));
  while (await applyMembers(round));
}

async function applyUsers(round: SyncRound): Promise<boolean> {
  const { connectionId, parts } = round;
  return round.write('none', async (stores) => {
    const { mirror } = stores.graphSync;
    const staged = await mirror.stagedUsers(connectionId, userBatch);
    const now = parts.clock.now();
    const moment = { connectionId, now, newId: parts.identifiers.next };
    const claimed = new Set<string>();
    const applied = staged.map((row) => {
      // Two users of the directory can never be one row of the mirror.
      const isTaken = row.user !== null && claimed.has(row.user.id);
      if (row.user !== null) claimed.add(row.user.id);
      return decideStagedUser(isTaken ? { ...row, user: null } : row, moment);
    });
    await mirror.applyUsers(connectionId, applied, now);
    await round.save(stores, {});
    return staged.length === userBatch;
  });
}

async function applyGroups(round: SyncRound): Promise<boolean> {
  const { connectionId, parts } = round;
  return round.write('none', async (stores) => {
    const { mirror } = stores.graphSync;
    const staged = await mirror.stagedGroups(connectionId, groupBatch);
    const applied = staged.map((group) => appliedGroup(group, parts.identifiers.next()));
    await mirror.applyGroups(connectionId, applied, parts.clock.now());
    await round.save(stores, {});
    return staged.length === groupBatch;
  });
}

function appliedGroup(
  { objectId, fields, removed, isWhole, known }: StagedGroup,
  newId: string,
): AppliedGroup {
  const merged: GraphGroupFields | null =
    removed === null && (isWhole || known === null)
      ? wholeGroup(fields)
      : known && { ...known, ...(removed === null ? fields : {}) };
  return merged === null
    ? { objectId, newId, fields: unknownGroup, removed: removed ?? 'changed' }
    : { objectId, newId, fields: merged, removed };
}

/** Of a group that is gone before it was ever seen: nothing of it is kept. */
const unknownGroup: GraphGroupFields = {
  displayName: '',
  createdDateTime: null,
  securityEnabled: null,
  groupTypes: [],
};

async function applyMembers(round: SyncRound): Promise<boolean> {
  return round.write('none', async (stores) => {
    const count = await stores.graphSync.mirror.applyMembers(round.connectionId, memberBatch);
    await round.save(stores, {});
    return count === memberBatch;
  });
}

/** Derives the memberships of everybody concerned and decides them again, batch by batch. */
export async function decideAffected(round: SyncRound): Promise<void> {
  const { connectionId } = round;
  const waiting = await round.write('none', ({ graphSync }) => graphSync.mirror.countAffected(connectionId));
  const read = round.run?.progress.done ?? 0;
  const total = read + waiting;
  let done = read;
  let taken = 0;
  do {
    taken = await decideBatchOf(round, { done, total });
    done += taken;
  } while (taken === decideBatch);
}

async function decideBatchOf(
  round: SyncRound,
  { done, total }: { readonly done: number; readonly total: number },
): Promise<number> {
  const { connectionId, parts } = round;
  return round.write('shared', async (stores) => {
    const affected = await stores.graphSync.mirror.takeAffected(connectionId, decideBatch, parts.clock.now());
    const cases = affected
      // A new user in no group is linked to nothing: there is nothing to decide.
      .filter(({ isChanged, previous, hasOtherGroups }) => (isChanged && previous !== null) || hasOtherGroups)
      .map(({ user, isChanged, previous }) => ({
        user,
        previous,
        cause: isChanged ? ('directory' as const) : ('membership' as const),
      }));
    const { events, written } = await reconcile(stores, cases, round.log, parts);
    await written;
    await round.save(stores, {
      counts: round.countsWith(events),
      progress: { done: done + affected.length, total: Math.max(total, done + affected.length) },
    });
    return affected.length;
  });
}
