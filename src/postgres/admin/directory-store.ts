import type { DirectoryUser } from '../../directory/directory-user.ts';
import type {
  DirectoryGroupView,
  DirectoryStore,
  DirectoryUserView,
  GroupOfDirectoryUser,
} from '../../operations/resources/directory-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { Conditions, containing, readPage } from './page-query.ts';

interface UserRow extends DirectoryUser {
  readonly groups: readonly GroupOfDirectoryUser[];
  readonly employeeId: string | null;
  readonly contactId: string | null;
}

const selectUsers = `
  select u.directory_user_id as "id", u.connection_id as "connectionId", u.object_id as "objectId",
    u.user_name as "userName", u.external_id as "externalId",
    u.active and not u.is_blocked_upstream as "active", u.attributes, u.version,
    u.created_at as "createdAt", u.last_modified_at as "lastModifiedAt", u.deleted_at as "deletedAt",
    e.employee_id as "employeeId", c.contact_id as "contactId",
    coalesce((
      select jsonb_agg(jsonb_build_object('id', g.directory_group_id, 'objectId', g.object_id,
          'name', g.display_name, 'source', m.source) order by g.display_name_key, g.directory_group_id, m.source)
      from memberships m
      join directory_groups g on g.organization_id = m.organization_id
        and g.directory_group_id = m.directory_group_id and g.deleted_at is null
      where m.organization_id = u.organization_id and m.directory_user_id = u.directory_user_id
    ), '[]'::jsonb) as "groups"
  from directory_users u
  left join employees e on e.organization_id = u.organization_id and e.directory_user_id = u.directory_user_id
    and e.status <> 'archived'
  left join contacts c on c.organization_id = u.organization_id and c.directory_user_id = u.directory_user_id`;

function readUser(row: UserRow): DirectoryUserView {
  const { groups, employeeId, contactId, ...user } = row;
  return { user, groups, employeeId, contactId };
}

const userContains = (value: string): string => `(u.user_name ilike ${value} or u.external_id ilike ${value}
  or u.object_id::text ilike ${value} or u.attributes->>'displayName' ilike ${value})`;

const selectGroups = `
  select g.directory_group_id as "id", g.connection_id as "connectionId", g.object_id as "objectId",
    g.external_id as "externalId", g.display_name as "name", g.member_count as "memberCount",
    g.deleted_at is not null or g.missing_since is not null as "deleted"
  from directory_groups g`;

const groupContains = (
  value: string,
): string => `(g.display_name ilike ${value} or g.external_id ilike ${value}
  or g.object_id::text ilike ${value})`;

const readGroup = (row: DirectoryGroupView): DirectoryGroupView => row;

export function makeDirectoryStore(connection: SqlConnection): DirectoryStore {
  const { organizationId } = connection.context;

  return {
    listUsers: (filter, page) => {
      const conditions = new Conditions();
      conditions.add(`u.organization_id = ${conditions.bind(organizationId)}`);
      conditions.addGiven(filter.connectionId, (value) => `u.connection_id = ${value}::uuid`);
      conditions.addGiven(filter.q === null ? null : containing(filter.q), userContains);
      const idOf = (view: DirectoryUserView): string => view.user.id;
      const key = 'u.directory_user_id';
      return readPage(connection, { select: selectUsers, conditions, key, page, read: readUser, idOf });
    },
    getUser: async (id) => {
      const [row] = await connection.rows<UserRow>({
        text: `${selectUsers} where u.organization_id = $1 and u.directory_user_id = $2`,
        values: [organizationId, id],
      });
      return row === undefined ? null : readUser(row);
    },
    listGroups: (filter, page) => {
      const conditions = new Conditions();
      conditions.add(`g.organization_id = ${conditions.bind(organizationId)}`);
      conditions.addGiven(filter.connectionId, (value) => `g.connection_id = ${value}::uuid`);
      conditions.addGiven(filter.q === null ? null : containing(filter.q), groupContains);
      const idOf = (group: DirectoryGroupView): string => group.id;
      const key = 'g.directory_group_id';
      return readPage(connection, { select: selectGroups, conditions, key, page, read: readGroup, idOf });
    },
    getGroup: async (id) => {
      const [row] = await connection.rows<DirectoryGroupView>({
        text: `${selectGroups} where g.organization_id = $1 and g.directory_group_id = $2`,
        values: [organizationId, id],
      });
      return row ?? null;
    },
  };
}
