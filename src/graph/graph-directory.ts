import { createHash } from 'node:crypto';
import { GROUPS_PER_STREAM } from '../directory/plan-group-streams.ts';
import type {
  DeletedGraphUser,
  GraphConnection,
  GraphDirectory,
  GraphGroup,
  GraphOrganization,
  GraphUser,
  GroupDeltaRequest,
} from '../operations/tenants/graph-ports.ts';
import { type DeltaSource, readDelta } from './delta-reader.ts';
import { sendBatch } from './graph-batch.ts';
import { refusalOf } from './graph-failure.ts';
import {
  checkMemberGroups,
  directMembers,
  memberGroups,
  nestedGroups,
  transitiveMembers,
} from './memberships.ts';
import { groupPath, idFilter, userPath } from './paths.ts';
import {
  GROUP_DELTA_SELECT,
  GROUP_PERMISSION,
  GROUP_SELECT,
  GROUP_SELECTION,
  readGroupChange,
  readWholeGroup,
} from './read-group.ts';
import { type Fields, readFields, readObjectId, readOptionalText } from './read-json.ts';
import { readOrganization } from './read-organization.ts';
import { type GraphAccess, readPages } from './read-pages.ts';
import { readUserChange, readWholeUser, USER_PERMISSION, USER_SELECT, USER_SELECTION } from './read-user.ts';

const CALL_BUDGET_MS = 20_000;
const LIST_BUDGET_MS = 60_000;

const userSource = {
  name: 'users/delta',
  start: `/users/delta?$select=${USER_SELECT}`,
  selection: USER_SELECTION,
  permission: USER_PERMISSION,
  readRow: readUserChange,
};

export function makeGraphDirectory(access: GraphAccess): GraphDirectory {
  return {
    readUsers: (connection, request) => readDelta(access, connection, userSource, request),
    readGroups: (connection, request) => readDelta(access, connection, groupSource(request), request),
    checkMemberGroups: (connection, request) => checkMemberGroups(access, connection, request),
    memberGroups: (connection, user, signal) => memberGroups(access, connection, user, signal),
    transitiveMembers: (connection, groupId, signal) =>
      transitiveMembers(access, connection, groupId, signal),
    directMembers: (connection, groupId, signal) => directMembers(access, connection, groupId, signal),
    nestedGroups: (connection, groupId, signal) => nestedGroups(access, connection, groupId, signal),
    getUser: (connection, user, signal) => getUser(access, connection, user, signal),
    getUsers: (connection, ids, signal) => getUsers(access, connection, ids, signal),
    getGroups: (connection, ids, signal) => getGroups(access, connection, ids, signal),
    deletedUsers: (connection, signal) => deletedUsers(access, connection, signal),
    organization: (connection, signal) => organization(access, connection, signal),
  };
}

function groupSource({ groupIds }: GroupDeltaRequest): DeltaSource<ReturnType<typeof readGroupChange>> {
  const all = { name: 'groups/delta', permission: GROUP_PERMISSION, readRow: readGroupChange };
  const start = `/groups/delta?$select=${GROUP_DELTA_SELECT}`;
  if (groupIds === null) return { ...all, start, selection: `${GROUP_SELECTION}-all` };
  if (groupIds.length === 0 || groupIds.length > GROUPS_PER_STREAM) {
    throw new RangeError(`A stream follows 1 to ${GROUPS_PER_STREAM} groups, not ${groupIds.length}`);
  }
  const ids = groupIds.map((id) => id.toLowerCase()).sort();
  const digest = createHash('sha256').update(ids.join(' ')).digest('hex').slice(0, 16);
  return {
    ...all,
    start: `${start}&$filter=${idFilter(ids)}`,
    selection: `${GROUP_SELECTION}-${digest}`,
  };
}

async function getUser(
  { client }: GraphAccess,
  connection: GraphConnection,
  user: string,
  signal: AbortSignal,
): Promise<GraphUser | null> {
  const name = 'users/{id}';
  const answer = await client.send(connection, {
    name,
    url: `${userPath(user)}?$select=${USER_SELECT}`,
    units: 1,
    budgetMs: CALL_BUDGET_MS,
    signal,
  });
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw refusalOf(answer, name, USER_PERMISSION);
  return readWholeUser(readFields(answer.body, name));
}

interface ObjectsRequest<Value> {
  readonly name: string;
  readonly paths: readonly string[];
  readonly permission: string;
  readonly readRow: (row: Fields) => Value;
  readonly signal: AbortSignal;
}

async function getObjects<Value>(
  { client }: GraphAccess,
  connection: GraphConnection,
  { name, paths, permission, readRow, signal }: ObjectsRequest<Value>,
): Promise<readonly Value[]> {
  const answers = await sendBatch(client, connection, {
    name,
    paths,
    permission,
    units: 1,
    budgetMs: LIST_BUDGET_MS,
    signal,
  });
  return answers.flatMap(({ status, body }) => {
    if (status === 404) return [];
    if (status !== 200) throw refusalOf({ status, body, headers: new Headers() }, name, permission);
    return [readRow(readFields(body, name))];
  });
}

const getUsers = (
  access: GraphAccess,
  connection: GraphConnection,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly GraphUser[]> =>
  getObjects(access, connection, {
    name: 'users/{id}',
    paths: [...new Set(ids)].map((id) => `${userPath(id)}?$select=${USER_SELECT}`),
    permission: USER_PERMISSION,
    readRow: readWholeUser,
    signal,
  });

const getGroups = (
  access: GraphAccess,
  connection: GraphConnection,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly GraphGroup[]> =>
  getObjects(access, connection, {
    name: 'groups/{id}',
    paths: [...new Set(ids)].map((id) => `${groupPath(id)}?$select=${GROUP_SELECT}`),
    permission: GROUP_PERMISSION,
    readRow: readWholeGroup,
    signal,
  });

async function* deletedUsers(
  access: GraphAccess,
  connection: GraphConnection,
  signal: AbortSignal,
): AsyncGenerator<readonly DeletedGraphUser[], void, undefined> {
  const pages = readPages(access, connection, {
    name: 'directory/deletedItems',
    url: '/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,deletedDateTime&$top=999',
    permission: USER_PERMISSION,
    units: 1,
    isBackground: true,
    budgetMs: LIST_BUDGET_MS,
    signal,
  });
  for await (const rows of pages) {
    yield rows.map((row) => ({
      objectId: readObjectId(row),
      userPrincipalName: readOptionalText(row, 'userPrincipalName'),
      deletedAt: readOptionalText(row, 'deletedDateTime'),
    }));
  }
}

async function organization(
  { client }: GraphAccess,
  connection: GraphConnection,
  signal: AbortSignal,
): Promise<GraphOrganization> {
  const name = 'organization';
  const answer = await client.send(connection, {
    name,
    url: '/organization?$select=id,displayName,verifiedDomains',
    units: 1,
    budgetMs: CALL_BUDGET_MS,
    signal,
  });
  if (answer.status !== 200) throw refusalOf(answer, name, 'Organization.Read.All');
  return readOrganization(answer, client.timing.now());
}
