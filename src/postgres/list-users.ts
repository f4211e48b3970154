import type { GroupOfUser } from '../directory/directory-user.ts';
import { type Match, readMatch } from '../operations/match-query.ts';
import type { ResourcePageResult, ResourceQuery } from '../operations/resource-query.ts';
import { itemSeparator, listResources } from './query/query-sql.ts';
import type { RememberedTotals } from './query/remembered-totals.ts';
import { userTable } from './query/resource-table.ts';
import type { SqlConnection } from './sql-connection.ts';
import {
  groupsOfUser,
  partSeparator,
  readShown,
  readUserView,
  type ShownUserRow,
  shownColumn,
  type UserView,
} from './user-rows.ts';

export async function listUsers(
  connection: SqlConnection,
  list: { readonly connectionId: string; readonly query: ResourceQuery },
  totals: RememberedTotals,
): Promise<ResourcePageResult<UserView>> {
  const { query } = list;
  const match = readMatch('User', query);
  const found = match === null ? null : await matchUsers(connection, list, match);
  if (found !== null) return found;
  const users = {
    ...list,
    table: userTable,
    item: shownColumn,
    totals,
    idOf: ({ user }: UserView) => user.id,
  };
  return query.withReferences
    ? listResources(connection, { ...users, beside: groupsOfPage, read: readWithGroups })
    : listResources(connection, { ...users, read: readWithoutGroups });
}

interface GroupsOfPage {
  /** Null for nobody in any group. */
  readonly groups: string | null;
}

/** Each group of a page once, with its name as JSON, its id, and the ids of those of the page who are in it. */
const groupsOfPage = `
  (select string_agg(concat(to_json(g.display_name), chr(31), h.id, h.user_ids), chr(30))
    from (
      select m.directory_group_id as id, string_agg(m.directory_user_id::text, '') as user_ids from memberships m
      where m.organization_id = $1::uuid and m.directory_user_id = any(array(select p.id from page p))
      group by m.directory_group_id
    ) h
    cross join lateral (
      select x.display_name from directory_groups x
      where x.organization_id = $1::uuid and x.directory_group_id = h.id
      limit 1
    ) g) as "groups"`;

const readWithoutGroups = (shown: readonly string[]): readonly UserView[] =>
  shown.map((text) => ({ user: readShown(text), groups: null }));

const uuidLength = 36;

interface GroupOfPage {
  readonly group: GroupOfUser;
  readonly userIds: string;
}

function readGroupOfPage(text: string): GroupOfPage {
  const [name = '""', ids = ''] = text.split(partSeparator);
  const group = { id: ids.slice(0, uuidLength), displayName: JSON.parse(name) };
  return { group, userIds: ids.slice(uuidLength) };
}

/** By user, in the order of their ids, and each once: several sources may say so. */
function readGroupsOfPage(text: string | null): ReadonlyMap<string, readonly GroupOfUser[]> {
  const groups = text === null ? [] : text.split(itemSeparator).map(readGroupOfPage);
  groups.sort((one, other) => (one.group.id < other.group.id ? -1 : 1));
  const groupsOf = new Map<string, GroupOfUser[]>();
  for (const { group, userIds } of groups) {
    for (let at = 0; at < userIds.length; at += uuidLength) {
      const userId = userIds.slice(at, at + uuidLength);
      const known = groupsOf.get(userId);
      if (known === undefined) groupsOf.set(userId, [group]);
      else if (known.at(-1) !== group) known.push(group);
    }
  }
  return groupsOf;
}

function readWithGroups(shown: readonly string[], { groups }: GroupsOfPage): readonly UserView[] {
  const groupsOf = readGroupsOfPage(groups);
  return shown.map((text) => {
    const user = readShown(text);
    return { user, groups: groupsOf.get(user.id) ?? [] };
  });
}

const conditionOf: ReadonlyMap<string, string> = new Map([
  ['userName', 'x.user_name_key = lower($3::text)'],
  ['externalId', 'x.external_id = $3::text'],
]);

/**
 * The statement of a match without anything that a page of more would need; null when there is more than a page. It sorts
 * what it found: asked for the first ones in order, the planner may read everybody in order instead of the index.
 */
async function matchUsers(
  connection: SqlConnection,
  { connectionId, query }: { readonly connectionId: string; readonly query: ResourceQuery },
  { attribute, value }: Match,
): Promise<ResourcePageResult<UserView> | null> {
  const { page, withReferences } = query;
  const limit = page.count + 1;
  const rows = await connection.rows<ShownUserRow>({
    name: `match_user_${attribute}${withReferences ? '_with_groups' : ''}`,
    text: `
      select ${shownColumn} ${withReferences ? `, ${groupsOfUser} as "groups"` : ''}
      from (
        select x.organization_id, x.directory_user_id, x.shown from directory_users x
        where x.organization_id = $1::uuid and x.connection_id = $2::uuid and x.deleted_at is null
          and ${conditionOf.get(attribute) ?? 'false'}
        limit $4::integer
      ) u
      order by u.directory_user_id`,
    values: [connection.context.organizationId, connectionId, value, limit],
  });
  if (rows.length === limit) return null;
  return { total: rows.length, items: rows.map(readUserView), nextCursor: null };
}
