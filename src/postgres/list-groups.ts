import type { DirectoryGroup } from '../directory/directory-group.ts';
import type { ResourcePageResult, ResourceQuery } from '../operations/resource-query.ts';
import { groupColumns, readGroupText } from './group-rows.ts';
import { listResources } from './query/query-sql.ts';
import { groupTable } from './query/resource-table.ts';
import type { SqlConnection } from './sql-connection.ts';

export function listGroups(
  connection: SqlConnection,
  connectionId: string,
  query: ResourceQuery,
): Promise<ResourcePageResult<DirectoryGroup>> {
  return listResources(connection, {
    table: groupTable,
    item: `(select to_json(r)::text from (select ${groupColumns}) r)`,
    connectionId,
    query,
    read: (items) => items.map((text) => readGroupText(text)),
    idOf: (group) => group.id,
  });
}
