import type { DirectoryGroup } from '../directory/directory-group.ts';
import { readOptionalTimestamp, readTimestamp } from './timestamp.ts';

/** Columns of `directory_groups g` under the names of DirectoryGroup. */
export const groupColumns = `
  g.directory_group_id as "id", g.connection_id as "connectionId", g.display_name as "displayName",
  g.external_id as "externalId", g.object_id as "objectId", g.attributes, g.member_count as "memberCount", g.version,
  g.created_at as "createdAt", g.last_modified_at as "lastModifiedAt", g.deleted_at as "deletedAt"`;

/** The columns as PostgreSQL makes JSON of them. */
export function readGroupText(text: string): DirectoryGroup {
  const group: DirectoryGroup = JSON.parse(text);
  return {
    ...group,
    createdAt: readTimestamp(group.createdAt),
    lastModifiedAt: readTimestamp(group.lastModifiedAt),
    deletedAt: readOptionalTimestamp(group.deletedAt),
  };
}
