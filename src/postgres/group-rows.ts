import type { DirectoryGroup } from '../directory/directory-group.ts';

/** Columns of `directory_groups g` under the names of DirectoryGroup. */
export const groupColumns = `
  g.directory_group_id as "id", g.connection_id as "connectionId", g.display_name as "displayName",
  g.external_id as "externalId", g.object_id as "objectId", g.attributes, g.member_count as "memberCount", g.version,
  g.created_at as "createdAt", g.last_modified_at as "lastModifiedAt", g.deleted_at as "deletedAt"`;

/** Field by field: the row may hold more. */
export function readGroup(row: DirectoryGroup): DirectoryGroup {
  const { id, connectionId, displayName, externalId, objectId, attributes } = row;
  const { memberCount, version, createdAt, lastModifiedAt, deletedAt } = row;
  const content = { displayName, externalId, attributes };
  return {
    id,
    connectionId,
    objectId,
    ...content,
    memberCount,
    version,
    createdAt,
    lastModifiedAt,
    deletedAt,
  };
}
