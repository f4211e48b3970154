import type { GroupOfUser } from '../directory/directory-user.ts';
import { type Match, readMatch } from '../operations/match-query.ts';
import type { ResourcePageResult, ResourceQuery } from '../operations/resource-query.ts';
import { listResources } from './query/query-sql.ts';
import type { RememberedTotals } from './query/remembered-totals.ts';
import { userTable } from './query/resource-table.ts';
import type { SqlConnection } from './sql-connection.ts';
import {
  groupsOfUser,
  readShownUser,
  readUserView,
  type ShownUserRow,
  shownColumns,
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
  const shape = query.withReferences ? withGroups : withoutGroups;
  return listResources<ListedRow, UserView>(connection, {
    ...list,
    ...shape,
    table: userTable,
    totals,
    idOf: (row) => row.id,
  });
}

interface ListedRow extends Omit<ShownUserRow, 'groups'> {
  /** Ids of the user's groups, with commas between them; null where it has none. */
  readonly groupIds?: string | null;
  /** Names of all groups on the page by id, with one of its rows. */
  readonly groupNames?: Readonly<Record<string, string>> | null;
}

const withoutGroups = {
  columns: shownColumns,
  read: (rows: readonly ListedRow[]): readonly UserView[] =>
    rows.map((row) => ({ user: readShownUser(row), groups: null })),
};

/** The memberships of a whole page in one look, and each group's name once: a page shares most of its groups. */
const withGroups = {
  columns: `${shownColumns}, h.ids as "groupIds",
    case when u.directory_user_id = (select p.directory_user_id from page p limit 1) then (
      select json_object_agg(g.directory_group_id, g.display_name) from directory_groups g
      where g.organization_id = $1::uuid
        and g.directory_group_id = any(array(select distinct h.directory_group_id from held h))
    ) end as "groupNames"`,
  beside: {
    sections: `, held as materialized (
      select distinct m.directory_user_id, m.directory_group_id from memberships m
      where m.organization_id = $1::uuid
        and m.directory_user_id = any(array(select p.directory_user_id from page p)))`,
    join: `left join (
      select h.directory_user_id, string_agg(h.directory_group_id::text, ',' order by h.directory_group_id) as ids
      from held h group by h.directory_user_id
    ) h on h.directory_user_id = u.directory_user_id`,
  },
  read: (rows: readonly ListedRow[]): readonly UserView[] => {
    const names = rows.find((row) => row.groupNames != null)?.groupNames ?? {};
    const groups = new Map(Object.entries(names).map(([id, displayName]) => [id, { id, displayName }]));
    return rows.map((row) => ({ user: readShownUser(row), groups: groupsIn(row.groupIds ?? '', groups) }));
  },
};

const groupsIn = (ids: string, groups: ReadonlyMap<string, GroupOfUser>): readonly GroupOfUser[] =>
  ids === '' ? [] : ids.split(',').flatMap((id) => groups.get(id) ?? []);

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
      select ${shownColumns} ${withReferences ? `, ${groupsOfUser} as "groups"` : ''}
      from (
        select x.* from directory_users x
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
