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
  const answers: Answered[] = [];
  for (const [memberId, members] of byMember(contested)) {
    const memberOf = await groupsOf(
      round,
      memberId,
      members.map(({ groupId }) => groupId),
    );
    answers.push(...members.map((member) => ({ ...member, present: memberOf.has(member.groupId) })));
  }
  const direct = await onlyDirect(round, answers);
  await round.write('none', ({ graphSync }) => graphSync.staging.clearMembers(connectionId, direct));
  return contested.length === memberBatch;
}

type Answered = ContestedMember & { readonly present: boolean };

/** Groups were asked for nested ones included, and memberships are kept direct: who may be in one by another is looked up. */
async function onlyDirect(round: SyncRound, answers: readonly Answered[]): Promise<readonly Answered[]> {
  const isUnclear = ({ present, hasNestedGroups }: Answered): boolean => present && hasNestedGroups;
  const found = new Map<string, ReadonlySet<string>>();
  for (const groupId of new Set(answers.filter(isUnclear).map((it) => it.groupId))) {
    const wanted = answers.filter((it) => isUnclear(it) && it.groupId === groupId);
    found.set(groupId, await membersAmong(round, groupId, new Set(wanted.map(({ memberId }) => memberId))));
  }
  return answers.map((it) =>
    isUnclear(it) ? { ...it, present: found.get(it.groupId)?.has(it.memberId) ?? false } : it,
  );
}

async function membersAmong(
  { parts }: SyncRound,
  groupId: string,
  wanted: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const page of parts.directory.directMembers(parts.graph, groupId, parts.signal)) {
    for (const id of page) if (wanted.has(id)) found.add(id);
    if (found.size === wanted.size) break;
  }
  return found;
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

function byMember(members: readonly ContestedMember[]): ReadonlyMap<string, readonly ContestedMember[]> {
  const grouped = new Map<string, ContestedMember[]>();
  for (const member of members) {
    const known = grouped.get(member.memberId);
    if (known === undefined) grouped.set(member.memberId, [member]);
    else known.push(member);
  }
  return grouped;
}
