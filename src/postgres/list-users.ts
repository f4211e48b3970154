import type { GroupOfUser } from '../directory/directory-user.ts';
import { type Match, readMatch } from '../operations/match-query.ts';
import type { ResourcePageResult, ResourceQuery } from '../operations/resource-query.ts';
import { listResources } from './query/query-sql.ts';
import type { RememberedTotals } from './query/remembered-totals.ts';
import { userTable } from './query/resource-table.ts';
import type { SqlConnection } from './sql-connection.ts';
import {
  groupsOfUser,
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
  /** Who is in which group: the ids of a user and of a group, one behind the other and nothing between; null for nobody. */
  readonly memberships: string | null;
  /** Names of all groups of the page by id. */
  readonly groupNames: Readonly<Record<string, string>> | null;
}

/** The memberships of a whole page in one look, and each group's name once: a page shares most of its groups. */
const groupsOfPage = {
  sections: `, held as materialized (
    select distinct m.directory_user_id, m.directory_group_id from memberships m
    where m.organization_id = $1::uuid and m.directory_user_id = any(array(select p.id from page p))
    order by m.directory_user_id, m.directory_group_id)`,
  columns: `
    (select string_agg(concat(h.directory_user_id, h.directory_group_id), '') from held h) as "memberships",
    (select json_object_agg(g.directory_group_id, g.display_name) from directory_groups g
      where g.organization_id = $1::uuid
        and g.directory_group_id = any(array(select distinct h.directory_group_id from held h))) as "groupNames"`,
};

const readWithoutGroups = (shown: readonly string[]): readonly UserView[] =>
  shown.map((text) => ({ user: readShown(text), groups: null }));

const uuidLength = 36;

function readWithGroups(
  shown: readonly string[],
  { memberships, groupNames }: GroupsOfPage,
): readonly UserView[] {
  const held = memberships ?? '';
  const groups = new Map(
    Object.entries(groupNames ?? {}).map(([id, displayName]) => [id, { id, displayName }]),
  );
  const groupsOf = new Map<string, GroupOfUser[]>();
  for (let at = 0; at < held.length; at += 2 * uuidLength) {
    const userId = held.slice(at, at + uuidLength);
    const group = groups.get(held.slice(at + uuidLength, at + 2 * uuidLength));
    if (group === undefined) continue;
    const known = groupsOf.get(userId);
    if (known === undefined) groupsOf.set(userId, [group]);
    else known.push(group);
  }
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
