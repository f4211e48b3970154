import type { GraphGroupFields } from '../../directory/delta-change.ts';
import type { DirectoryUser } from '../../directory/directory-user.ts';
import { wholeGroup } from '../../directory/whole-object.ts';
import type { EventDraft } from '../../provisioning/provisioning-event.ts';
import type { LinkedPerson } from '../connections/connection-ports.ts';
import { judgeWhole } from '../guard/judge-whole.ts';
import type { Stores } from '../ports.ts';
import type { GuardMode } from '../reconcile/decision-tools.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { decideStagedUser } from './decide-staged-user.ts';
import type { AppliedGroup, AppliedUser, StagedGroup } from './graph-sync-ports.ts';
import { inLanes } from './in-lanes.ts';
import type { SyncRound } from './sync-round.ts';

const userBatch = 1_000;
const groupBatch = 200;
const memberBatch = 4_000;
/** So many people are decided in one unit of work. */
const decideBatch = 500;

/**
 * Brings everything that was read into the mirror: groups, then who is in which, then users. Users are last because a new one
 * is concerned anyway: who is concerned by a membership is looked up among those that were there before.
 */
export async function applyStaged(round: SyncRound): Promise<void> {
  while (await applyGroups(round));
  await applyAll(applyMembers, round);
  await applyAll(applyUsers, round);
}

type ApplyBatch = (round: SyncRound) => Promise<boolean>;

async function applyAll(applyBatch: ApplyBatch, round: SyncRound): Promise<void> {
  if (await applyBatch(round)) await inLanes(() => applyBatch(round), round.parts);
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
    await linkAgain(round, stores, applied);
    await round.hold(stores);
    await round.save(stores, {});
    return staged.length === userBatch;
  });
}

async function linkAgain(round: SyncRound, stores: Stores, applied: readonly AppliedUser[]): Promise<void> {
  const objectIds = applied.flatMap(({ objectId, removed }) => (removed === null ? [objectId] : []));
  if (objectIds.length === 0) return;
  const linked = await stores.connections.linkAgain(round.connectionId, objectIds);
  if (linked.length === 0) return;
  const draft = (person: LinkedPerson): EventDraft => ({
    ...person,
    action: 'merged',
    reason: 'The tenant is connected again, and the record belonged to this user of it before.',
    winningRuleId: null,
    changes: [{ field: 'directoryUserId', before: null, after: person.directoryUserId, origin: 'directory' }],
  });
  await stores.events.append(round.log, round.parts.clock.now(), linked.map(draft));
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
    await round.hold(stores);
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
  if (waiting > 0) await decideWaiting(round, waiting);
  // Also what a server noted that was lost before it came here.
  await round.write('none', ({ graphSync }) =>
    graphSync.mirror.settleCounts(connectionId, round.parts.clock.now()),
  );
}

async function decideWaiting(round: SyncRound, waiting: number): Promise<void> {
  const { connectionId } = round;
  const total = (round.run?.progress.done ?? 0) + waiting;
  const first = { total, guard: { kind: 'postpone' } } as const;
  const isMore = await decideBatchOf(round, first);
  if (isMore) await inLanes(() => decideBatchOf(round, first), round.parts);
  const { context, ...tools } = round.parts;
  const atRisk = (stores: Stores) => usersAtRisk(stores, connectionId);
  const verdict = await judgeWhole(context, { connectionId, cause: 'membership', users: atRisk }, tools);
  const judged = { total, guard: { kind: 'judged', verdict } } as const;
  while (await decideBatchOf(round, judged)) await round.parts.giveWay();
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
  readonly total: number;
  readonly guard: GuardMode;
}

/** Answers whether there may be more on the list. */
async function decideBatchOf(round: SyncRound, { total, guard }: Deciding): Promise<boolean> {
  const { connectionId, parts } = round;
  const isAtRisk = guard.kind !== 'postpone';
  return round.write('shared', async (stores) => {
    const { mirror } = stores.graphSync;
    const at = parts.clock.now();
    const taken = await mirror.takeAffected(connectionId, { limit: decideBatch, at, isAtRisk });
    const affected = taken.users;
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
    await Promise.all([
      postponed.length > 0 ? mirror.postpone(connectionId, postponed) : null,
      mirror.noteCounts(connectionId, parts.identifiers.next(), taken.changes),
    ]);
    const settled = affected.length - postponed.length;
    // Last, because the lanes wait for each other from here on; what the other one has saved is known now.
    await round.hold(stores);
    const done = (round.run?.progress.done ?? 0) + settled;
    await round.save(stores, {
      counts: round.countsWith(decided.events),
      progress: { done, total: Math.max(total, done) },
    });
    return affected.length === decideBatch;
  });
}
