import type { ContestedMember } from './graph-sync-ports.ts';
import type { SyncRound } from './sync-round.ts';

const objectBatch = 200;
const memberBatch = 100;
/** For all chunks of one user's groups. */
const checkBudgetMs = 20_000;

/** Asks Graph itself about everything that the rows of a read disagree on, before anything is taken from anybody. */
export async function clearDoubts(round: SyncRound): Promise<void> {
  while (await clearUsers(round));
  while (await clearGroups(round));
  while (await clearMembers(round));
}

async function clearUsers(round: SyncRound): Promise<boolean> {
  const { connectionId } = round;
  const { directory, graph, signal } = round.parts;
  const ids = await round.write('none', ({ graphSync }) =>
    graphSync.staging.unclearUsers(connectionId, objectBatch),
  );
  if (ids.length === 0) return false;
  const users = await directory.getUsers(graph, ids, signal);
  const known = new Map(users.map(({ objectId, ...fields }) => [objectId, fields]));
  const found = new Map(ids.map((id) => [id, known.get(id) ?? null]));
  await round.write('none', ({ graphSync }) => graphSync.staging.clearUsers(connectionId, found));
  return ids.length === objectBatch;
}

async function clearGroups(round: SyncRound): Promise<boolean> {
  const { connectionId } = round;
  const { directory, graph, signal } = round.parts;
  const ids = await round.write('none', ({ graphSync }) =>
    graphSync.staging.unclearGroups(connectionId, objectBatch),
  );
  if (ids.length === 0) return false;
  const groups = await directory.getGroups(graph, ids, signal);
  const known = new Map(groups.map(({ objectId, ...fields }) => [objectId, fields]));
  const found = new Map(ids.map((id) => [id, known.get(id) ?? null]));
  await round.write('none', ({ graphSync }) => graphSync.staging.clearGroups(connectionId, found));
  return ids.length === objectBatch;
}

async function clearMembers(round: SyncRound): Promise<boolean> {
  const { connectionId } = round;
  const contested = await round.write('none', ({ graphSync }) =>
    graphSync.staging.contestedMembers(connectionId, memberBatch),
  );
  if (contested.length === 0) return false;
  const answers: (ContestedMember & { readonly present: boolean })[] = [];
  for (const [memberId, groupIds] of byMember(contested)) {
    const memberOf = await groupsOf(round, memberId, groupIds);
    answers.push(...groupIds.map((groupId) => ({ groupId, memberId, present: memberOf.has(groupId) })));
  }
  await round.write('none', ({ graphSync }) => graphSync.staging.clearMembers(connectionId, answers));
  return contested.length === memberBatch;
}

/** A member that is no user, a nested group for instance, cannot be asked about: what was read last counts. */
async function groupsOf(
  round: SyncRound,
  user: string,
  groupIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { directory, graph, signal } = round.parts;
  const request = { user, groupIds, budgetMs: checkBudgetMs, signal };
  const check = await directory.checkMemberGroups(graph, request);
  if (check.kind === 'unanswered') throw check.failure;
  return new Set(check.kind === 'answered' ? check.memberOf : []);
}

function byMember(members: readonly ContestedMember[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const { memberId, groupId } of members) {
    const known = groups.get(memberId);
    if (known === undefined) groups.set(memberId, [groupId]);
    else known.push(groupId);
  }
  return groups;
}
