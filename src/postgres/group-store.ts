import type { DirectoryGroup } from '../directory/directory-group.ts';
import type { GroupStore } from '../operations/ports.ts';
import { groupColumns } from './group-rows.ts';
import { listGroups } from './list-groups.ts';
import type { SqlConnection } from './sql-connection.ts';
import { isUuid } from './uuid.ts';

const getGroup = `
  select ${groupColumns}
  from directory_groups g
  where g.organization_id = $1::uuid and g.connection_id = $2::uuid and g.directory_group_id = $3::uuid
    and g.deleted_at is null`;
const lockGroup = `${getGroup} for update`;

const lockGroupsOf = `
  select g.directory_group_id
  from directory_groups g
  where g.organization_id = $1::uuid and g.connection_id = $2::uuid
    and g.directory_group_id = any(array(
      select m.directory_group_id from memberships m
      where m.organization_id = $1::uuid and m.directory_user_id = $3::uuid))
  order by g.directory_group_id
  for update`;

const lockAdoptable = `
  select ${groupColumns}
  from directory_groups g
  where g.organization_id = $1::uuid and g.rule_key = $3::text and g.connection_id = $2::uuid
    and g.deleted_at is null and not g.is_provisioned
  limit 1
  for update`;

/** Members come later, and with them the count. */
const insertGroup = `
  insert into directory_groups (organization_id, directory_group_id, connection_id, display_name, external_id,
    object_id, attributes, version, created_at, first_seen_at, last_modified_at, deleted_at)
  values ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::uuid, $7::jsonb, $8::bigint, $9::timestamptz,
    $9::timestamptz, $10::timestamptz, $11::timestamptz)`;

/** The count of members belongs to the membership statements alone. */
const updateGroup = `
  update directory_groups set connection_id = $3::uuid, display_name = $4::text, external_id = $5::text,
    object_id = $6::uuid, attributes = $7::jsonb, version = $8::bigint, created_at = $9::timestamptz,
    last_modified_at = $10::timestamptz, deleted_at = $11::timestamptz, is_provisioned = true
  where organization_id = $1::uuid and directory_group_id = $2::uuid`;

const updateDeletedGroup = `
  with left_memberships as (
    delete from memberships m where m.organization_id = $1::uuid and m.directory_group_id = $2::uuid
  )
  update directory_groups set connection_id = $3::uuid, display_name = $4::text, external_id = $5::text,
    object_id = $6::uuid, attributes = $7::jsonb, version = $8::bigint, created_at = $9::timestamptz,
    last_modified_at = $10::timestamptz, deleted_at = $11::timestamptz, is_provisioned = true, member_count = 0
  where organization_id = $1::uuid and directory_group_id = $2::uuid`;

const groupValues = (organizationId: string, group: DirectoryGroup): readonly unknown[] => [
  organizationId,
  group.id,
  group.connectionId,
  group.displayName,
  group.externalId,
  group.objectId,
  JSON.stringify(group.attributes),
  group.version,
  group.createdAt,
  group.lastModifiedAt,
  group.deletedAt,
];

export function makeGroupStore(connection: SqlConnection): GroupStore {
  const { organizationId } = connection.context;

  const one = async (name: string, text: string, connectionId: string, id: string) => {
    if (!isUuid(id)) return null;
    const values = [organizationId, connectionId, id];
    const [row] = await connection.rows<DirectoryGroup>({ name, text, values });
    return row ?? null;
  };

  return {
    insert: async (group) => {
      const values = groupValues(organizationId, group);
      await connection.execute({ name: 'insert_group', text: insertGroup, values });
    },
    lock: (connectionId, id) => one('lock_group', lockGroup, connectionId, id),
    lockOf: async (connectionId, userId) => {
      if (!isUuid(userId)) return;
      const values = [organizationId, connectionId, userId];
      await connection.execute({ name: 'lock_groups_of_user', text: lockGroupsOf, values });
    },
    lockAdoptable: async ({ connectionId, objectId }) => {
      if (objectId === null) return null;
      const values = [organizationId, connectionId, objectId];
      const [row] = await connection.rows<DirectoryGroup>({ text: lockAdoptable, values });
      return row ?? null;
    },
    save: async (group) => {
      const statement =
        group.deletedAt === null
          ? { name: 'update_group', text: updateGroup }
          : { name: 'update_deleted_group', text: updateDeletedGroup };
      await connection.execute({ ...statement, values: groupValues(organizationId, group) });
    },
    get: (connectionId, id) => one('get_group', getGroup, connectionId, id),
    list: (connectionId, query) => listGroups(connection, connectionId, query),
  };
}
