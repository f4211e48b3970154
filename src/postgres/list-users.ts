import type { ResourcePageResult, ResourceQuery } from '../operations/resource-query.ts';
import { listResources } from './query/query-sql.ts';
import { userTable } from './query/resource-table.ts';
import type { SqlConnection } from './sql-connection.ts';
import { groupsOfUser, readUserView, type UserRow, type UserView, userColumns } from './user-rows.ts';

export function listUsers(
  connection: SqlConnection,
  connectionId: string,
  query: ResourceQuery,
): Promise<ResourcePageResult<UserView>> {
  return listResources<UserRow, UserView>(connection, {
    table: userTable,
    columns: query.withReferences ? `${userColumns}, ${groupsOfUser} as "groups"` : userColumns,
    connectionId,
    query,
    read: readUserView,
    idOf: (row) => row.id,
  });
}
