import { type Match, readMatch } from '../operations/match-query.ts';
import type { ResourcePageResult, ResourceQuery } from '../operations/resource-query.ts';
import { listResources } from './query/query-sql.ts';
import { userTable } from './query/resource-table.ts';
import type { SqlConnection } from './sql-connection.ts';
import { groupsOfUser, readUserView, type UserRow, type UserView, userColumns } from './user-rows.ts';

const columnsOf = (withGroups: boolean): string =>
  withGroups ? `${userColumns}, ${groupsOfUser} as "groups"` : userColumns;

export async function listUsers(
  connection: SqlConnection,
  connectionId: string,
  query: ResourceQuery,
): Promise<ResourcePageResult<UserView>> {
  const match = readMatch('User', query);
  const found = match === null ? null : await matchUsers(connection, connectionId, query, match);
  return (
    found ??
    listResources<UserRow, UserView>(connection, {
      table: userTable,
      columns: columnsOf(query.withReferences),
      connectionId,
      query,
      read: readUserView,
      idOf: (row) => row.id,
    })
  );
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
  connectionId: string,
  { page, withReferences }: ResourceQuery,
  { attribute, value }: Match,
): Promise<ResourcePageResult<UserView> | null> {
  const limit = page.count + 1;
  const rows = await connection.rows<UserRow>({
    name: `match_user_${attribute}${withReferences ? '_with_groups' : ''}`,
    text: `
      select ${columnsOf(withReferences)}
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
