import {
  type GraphConnection,
  GraphError,
  type MemberCheck,
  type MemberCheckRequest,
} from '../operations/tenants/graph-ports.ts';
import { hasErrorCode, refusalOf } from './graph-failure.ts';
import { groupPath, userPath } from './paths.ts';
import { GROUP_PERMISSION } from './read-group.ts';
import { readFields, readObjectId, readTexts } from './read-json.ts';
import { type GraphAccess, readPages } from './read-pages.ts';

/** Graph refuses longer lists. */
const GROUPS_PER_CHECK = 20;
const CHECK_UNITS = 4;
const LIST_BUDGET_MS = 60_000;
/** Casts and counts are answered from an index, and only when both are asked for. */
const fromIndex = { ConsistencyLevel: 'eventual' };

/** Chunks are asked at the same time; the time is for all of them together. */
export async function checkMemberGroups(
  access: GraphAccess,
  connection: GraphConnection,
  { user, groupIds, budgetMs, signal = new AbortController().signal }: MemberCheckRequest,
): Promise<MemberCheck> {
  const asked = [...new Set(groupIds.map((id) => id.toLowerCase()))];
  const chunks: string[][] = [];
  for (let from = 0; from < asked.length; from += GROUPS_PER_CHECK) {
    chunks.push(asked.slice(from, from + GROUPS_PER_CHECK));
  }
  // The first failure ends the others: nothing is known without all of them.
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  try {
    const answers = await Promise.all(
      chunks.map((chunk) =>
        checkChunk(access, connection, { user, groupIds: chunk, budgetMs, signal: either }),
      ),
    );
    if (answers.includes('unknownUser')) return { kind: 'unknownUser' };
    // Only what was asked for: an answer is not trusted to keep to it.
    const known = new Set(answers.flatMap((answer) => (answer === 'unknownUser' ? [] : answer)));
    return { kind: 'answered', memberOf: asked.filter((id) => known.has(id)) };
  } catch (error) {
    stop.abort();
    if (signal.aborted) throw signal.reason;
    if (error instanceof GraphError) return { kind: 'unanswered', failure: error };
    throw error;
  }
}

async function checkChunk(
  { client }: GraphAccess,
  connection: GraphConnection,
  { user, groupIds, budgetMs, signal }: MemberCheckRequest & { readonly signal: AbortSignal },
): Promise<readonly string[] | 'unknownUser'> {
  const name = 'checkMemberGroups';
  const answer = await client.send(connection, {
    name,
    method: 'POST',
    url: `${userPath(user)}/checkMemberGroups`,
    body: { groupIds },
    // A question in spite of its method.
    isRepeatable: true,
    units: CHECK_UNITS,
    budgetMs,
    signal,
  });
  if (answer.status === 404) return 'unknownUser';
  if (answer.status !== 200) throw refusalOf(answer, name, GROUP_PERMISSION);
  return readTexts(readFields(answer.body, name), 'value').map((id) => id.toLowerCase());
}

/** One call for most people; by the page for those who are in more groups than one answer may hold. */
export async function memberGroups(
  access: GraphAccess,
  connection: GraphConnection,
  user: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const name = 'getMemberGroups';
  const answer = await access.client.send(connection, {
    name,
    method: 'POST',
    url: `${userPath(user)}/getMemberGroups`,
    body: { securityEnabledOnly: false },
    isRepeatable: true,
    units: 2,
    budgetMs: LIST_BUDGET_MS,
    signal,
  });
  if (answer.status === 200) {
    return readTexts(readFields(answer.body, name), 'value').map((id) => id.toLowerCase());
  }
  if (answer.status !== 400 || !hasErrorCode(answer.body, ['Directory_ResultSizeLimitExceeded'])) {
    throw refusalOf(answer, name, GROUP_PERMISSION);
  }
  const ids: string[] = [];
  const pages = readPages(access, connection, {
    name: 'transitiveMemberOf',
    url: `${userPath(user)}/transitiveMemberOf/microsoft.graph.group?$select=id&$count=true&$top=999`,
    headers: fromIndex,
    permission: GROUP_PERMISSION,
    units: 2,
    budgetMs: LIST_BUDGET_MS,
    signal,
  });
  for await (const rows of pages) for (const row of rows) ids.push(readObjectId(row));
  return ids;
}

export async function* transitiveMembers(
  access: GraphAccess,
  connection: GraphConnection,
  groupId: string,
  signal: AbortSignal,
): AsyncGenerator<readonly string[], void, undefined> {
  const pages = readPages(access, connection, {
    name: 'transitiveMembers',
    url: `${groupPath(groupId)}/transitiveMembers/microsoft.graph.user?$select=id&$count=true&$top=999`,
    headers: fromIndex,
    permission: GROUP_PERMISSION,
    units: 5,
    isBackground: true,
    budgetMs: LIST_BUDGET_MS,
    signal,
  });
  for await (const rows of pages) yield rows.map((row) => readObjectId(row));
}

/** Neither cast nor count, so that the directory itself answers and not its index. */
export async function* directMembers(
  access: GraphAccess,
  connection: GraphConnection,
  groupId: string,
  signal: AbortSignal,
): AsyncGenerator<readonly string[], void, undefined> {
  const pages = readPages(access, connection, {
    name: 'members',
    url: `${groupPath(groupId)}/members?$select=id&$top=999`,
    permission: GROUP_PERMISSION,
    units: 3,
    isBackground: true,
    budgetMs: LIST_BUDGET_MS,
    signal,
  });
  for await (const rows of pages) yield rows.map((row) => readObjectId(row));
}

/** Direct members that are groups themselves. */
export async function nestedGroups(
  access: GraphAccess,
  connection: GraphConnection,
  groupId: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const ids: string[] = [];
  const pages = readPages(access, connection, {
    name: 'nestedGroups',
    url: `${groupPath(groupId)}/members/microsoft.graph.group?$select=id&$count=true&$top=999`,
    headers: fromIndex,
    permission: GROUP_PERMISSION,
    units: 3,
    budgetMs: LIST_BUDGET_MS,
    signal,
  });
  for await (const rows of pages) for (const row of rows) ids.push(readObjectId(row));
  return ids;
}
