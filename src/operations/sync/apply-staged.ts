import type { GraphGroupFields } from '../../directory/delta-change.ts';
import type { DirectoryUser } from '../../directory/directory-user.ts';
import { wholeGroup } from '../../directory/whole-object.ts';
import { judgeWhole } from '../guard/judge-whole.ts';
import type { Stores } from '../ports.ts';
import type { GuardMode } from '../reconcile/decision-tools.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { decideStagedUser } from './decide-staged-user.ts';
import type { AppliedGroup, StagedGroup } from './graph-sync-ports.ts';
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

/**
 * Derives the memberships of everybody concerned and decides them again, batch by batch. Who would lose something comes
 * last: only then is it known how many they are, and the guard lets them pass or holds them as a whole.
 */
export async function decideAffected(round: SyncRound): Promise<void> {
  const { connectionId } = round;
  const waiting = await round.write('none', ({ graphSync }) => graphSync.mirror.countAffected(connectionId));
  if (waiting === 0) return;
  const read = round.run?.progress.done ?? 0;
  const total = read + waiting;
  const done = await decideAll(round, { done: read, total, guard: { kind: 'postpone' } });
  const { context, ...tools } = round.parts;
  const atRisk = (stores: Stores) => usersAtRisk(stores, connectionId);
  const verdict = await judgeWhole(context, { connectionId, cause: 'membership', users: atRisk }, tools);
  const guard = { kind: 'judged', verdict } as const;
  await decideAll(round, { done, total, guard });
}

const riskPage = 200;

async function* usersAtRisk(
  { graphSync }: Stores,
  connectionId: string,
): AsyncGenerator<readonly DirectoryUser[]> {
  let after: string | null = null;
  do {
    const page: readonly DirectoryUser[] = await graphSync.mirror.usersAtRisk(connectionId, after, riskPage);
    yield page;
    after = page.length === riskPage ? (page.at(-1)?.id ?? null) : null;
  } while (after !== null);
}

interface Deciding {
  readonly done: number;
  readonly total: number;
  readonly guard: GuardMode;
}

/** Answers how many are done. */
async function decideAll(round: SyncRound, { done, total, guard }: Deciding): Promise<number> {
  let reached = done;
  let batch = { taken: 0, settled: 0 };
  do {
    batch = await decideBatchOf(round, { done: reached, total, guard });
    reached += batch.settled;
  } while (batch.taken === decideBatch);
  return reached;
}

async function decideBatchOf(
  round: SyncRound,
  { done, total, guard }: Deciding,
): Promise<{ readonly taken: number; readonly settled: number }> {
  const { connectionId, parts } = round;
  const isAtRisk = guard.kind !== 'postpone';
  return round.write('shared', async (stores) => {
    const { mirror } = stores.graphSync;
    const wanted = { limit: decideBatch, at: parts.clock.now(), isAtRisk };
    const affected = await mirror.takeAffected(connectionId, wanted);
    const cases = affected
      // A new user in no group is linked to nothing: there is nothing to decide.
      .filter((it) => isAtRisk || (it.isChanged && it.previous !== null) || it.hasOtherGroups)
      .map(({ user, isChanged, previous }) => ({
        user,
        previous,
        cause: isChanged ? ('directory' as const) : ('membership' as const),
      }));
    const decided = await reconcile(stores, cases, round.log, { ...parts, guard });
    await decided.written;
    const postponed = affected.filter(({ user }) => decided.postponedUserIds.has(user.id));
    if (postponed.length > 0) await mirror.postpone(connectionId, postponed);
    const settled = affected.length - postponed.length;
    await round.save(stores, {
      counts: round.countsWith(decided.events),
      progress: { done: done + settled, total: Math.max(total, done + settled) },
    });
    return { taken: affected.length, settled };
  });
}
