import type { DirectoryGroup } from '../directory/directory-group.ts';
import type { ResourcePageResult, ResourceQuery } from '../operations/resource-query.ts';
import { groupColumns, readGroup } from './group-rows.ts';
import { listResources } from './query/query-sql.ts';
import { groupTable } from './query/resource-table.ts';
import type { SqlConnection } from './sql-connection.ts';

export function listGroups(
  connection: SqlConnection,
  connectionId: string,
  query: ResourceQuery,
): Promise<ResourcePageResult<DirectoryGroup>> {
  return listResources<DirectoryGroup, DirectoryGroup>(connection, {
    table: groupTable,
    columns: groupColumns,
    connectionId,
    query,
    read: (rows) => rows.map(readGroup),
    idOf: (row) => row.id,
  });
}
