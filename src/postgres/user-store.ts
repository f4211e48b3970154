import type { DirectoryUser } from '../directory/directory-user.ts';
import { sameJson } from '../directory/same-json.ts';
import type { Identifiers, UserStore } from '../operations/ports.ts';
import { listUsers } from './list-users.ts';
import { purgeUser, purgeUserKeepingLogin } from './purge-user.ts';
import { RememberedTotals } from './query/remembered-totals.ts';
import type { SqlConnection } from './sql-connection.ts';
import {
  groupsOfUser,
  type LockedUserRow,
  readLockedUser,
  readUserAtHand,
  readUserView,
  type ShownUserRow,
  shownColumn,
  type UserAtHandRow,
  userColumns,
} from './user-rows.ts';
import {
  changedUserTexts,
  entryValues,
  holdUsers,
  insertUser,
  insertUsers,
  isConcerned,
  newUserTexts,
  updateDeletedUser,
  updateUndecided,
  updateUser,
  updateUserAndEmails,
  userValues,
} from './user-statements.ts';
import { isUuid } from './uuid.ts';

const liveUser = `
  from directory_users u
  where u.organization_id = $1::uuid and u.connection_id = $2::uuid and u.directory_user_id = $3::uuid
    and u.deleted_at is null`;

const getUser = `select ${shownColumn} ${liveUser}`;
const getUserWithGroups = `select ${shownColumn}, ${groupsOfUser} as "groups" ${liveUser}`;
const takeUpUser = `
  select ${userColumns}, ${groupsOfUser} as "groups", ${isConcerned('u.directory_user_id')} as "isConcerned" ${liveUser}`;
const lockUser = `select ${userColumns}, ${groupsOfUser} as "groups" ${liveUser} for update of u`;

/** Deciding changes no key: groups may take these users in meanwhile, and what follows from that is decided after it. */
const lockUsers = `
  select ${userColumns}
  from (select distinct w.id from unnest($2::uuid[]) as w(id) order by w.id) i
  cross join lateral (
    select x.* from directory_users x
    where x.organization_id = $1::uuid and x.directory_user_id = i.id
    for no key update
  ) u`;

const lockAdoptable = `
  select ${userColumns}
  from directory_users u
  where u.organization_id = $1::uuid and u.connection_id = $2::uuid and u.deleted_at is null and not u.is_provisioned
    and (u.user_name_key = lower($3::text) or u.object_id = $4::uuid)
  order by (u.object_id = $4::uuid) is true desc
  limit 1
  for update of u`;

const missingUsers = `
  select w.id from unnest($3::uuid[]) as w(id)
  where not exists (
    select from directory_users u
    where u.organization_id = $1::uuid and u.connection_id = $2::uuid and u.directory_user_id = w.id
      and u.deleted_at is null
    offset 0)`;

const idsAfter = `
  select u.directory_user_id as "id"
  from directory_users u
  where u.organization_id = $1::uuid and u.connection_id = $2::uuid and u.deleted_at is null
    and u.directory_user_id > $3::uuid
  order by u.directory_user_id
  limit $4`;

/** Each group yields at most a page, so that a batch costs the same at the start and at the end of a large group. */
const idsUnderGroups = `
  select distinct m.directory_user_id as "id"
  from (select distinct lower(k.key) as key from unnest($3::text[]) as k(key)) w
  cross join lateral (
    select x.organization_id, x.directory_group_id, x.connection_id, x.deleted_at from directory_groups x
    where x.organization_id = $1::uuid and x.rule_key = w.key
    offset 0
  ) g
  cross join lateral (
    select distinct s.directory_user_id from memberships s
    where s.organization_id = g.organization_id and s.directory_group_id = g.directory_group_id
      and s.directory_user_id > $4::uuid
    order by s.directory_user_id
    limit $5
  ) m
  where g.connection_id = $2::uuid and g.deleted_at is null
  order by m.directory_user_id
  limit $5`;

/** Comes before every id. */
const firstUuid = '00000000-0000-0000-0000-000000000000';

/** The side table of emails is left alone when they are what they were. */
function updateStatement(
  user: DirectoryUser,
  before: DirectoryUser | undefined,
): { name: string; text: string } {
  if (user.deletedAt !== null) return { name: 'update_deleted_user', text: updateDeletedUser };
  return before !== undefined && sameJson(user.attributes.emails ?? null, before.attributes.emails ?? null)
    ? { name: 'update_user', text: updateUser }
    : { name: 'update_user_and_emails', text: updateUserAndEmails };
}

export interface UserStoreParts {
  readonly nextId: Identifiers['next'];
  /** Without one that the process shares, every list is counted. */
  readonly totals?: RememberedTotals;
}

export function makeUserStore(connection: SqlConnection, parts: UserStoreParts): UserStore {
  const { organizationId } = connection.context;
  const { nextId, totals = new RememberedTotals() } = parts;

  const one = async <Row>(name: string, text: string, connectionId: string, id: string) => {
    if (!isUuid(id)) return null;
    const values = [organizationId, connectionId, id];
    const [row] = await connection.rows<Row>({ name, text, values });
    return row ?? null;
  };

  return {
    insert: async (user, entry) => {
      totals.changed(user.connectionId);
      await connection.execute({
        name: 'insert_user',
        text: insertUser,
        values: [...userValues(organizationId, user), ...entryValues(entry, nextId)],
      });
    },
    insertMany: async (users) => {
      for (const { user } of users) totals.changed(user.connectionId);
      const values = [organizationId, newUserTexts(users, nextId)];
      await connection.execute({ name: 'insert_users', text: insertUsers, values });
    },
    lock: async (connectionId, id) => {
      const row = await one<LockedUserRow>('lock_user', lockUser, connectionId, id);
      return row && readLockedUser(row);
    },
    lockAdoptable: async (connectionId, { userName, objectId }) => {
      const values = [organizationId, connectionId, userName, objectId];
      const [row] = await connection.rows<DirectoryUser>({ text: lockAdoptable, values });
      return row ?? null;
    },
    lockAlsoDeleted: (ids) =>
      connection.rows<DirectoryUser>({
        name: 'lock_users',
        text: lockUsers,
        values: [organizationId, ids],
      }),
    save: async (user, before) => {
      if (user.deletedAt !== null) totals.changed(user.connectionId);
      const statement = updateStatement(user, before);
      const values = userValues(organizationId, user);
      const [row] = await connection.rows<{ isConcerned: boolean }>({ ...statement, values });
      return row?.isConcerned ?? false;
    },
    takeUp: async (connectionId, id) => {
      const row = await one<UserAtHandRow>('take_up_user', takeUpUser, connectionId, id);
      return row && readUserAtHand(row);
    },
    saveUndecided: async (users) => {
      const ids = users.map(({ id }) => id);
      const [, written] = await Promise.all([
        connection.execute({ name: 'hold_users', text: holdUsers, values: [organizationId, ids] }),
        connection.rows<{ position: number }>({
          name: 'update_undecided',
          text: updateUndecided,
          values: [organizationId, ids, changedUserTexts(users)],
        }),
      ]);
      const positions = new Set(written.map(({ position }) => position));
      return users.map((_, position) => positions.has(position));
    },
    purge: async (connectionId, id) => {
      const values = [organizationId, connectionId, id];
      await connection.execute({ name: 'purge_user', text: purgeUser, values });
    },
    purgeKeepingLogin: async (connectionId, id) => {
      await connection.execute({ text: purgeUserKeepingLogin, values: [organizationId, connectionId, id] });
    },
    get: async (connectionId, id, withGroups) => {
      const row = withGroups
        ? await one<ShownUserRow>('get_user_with_groups', getUserWithGroups, connectionId, id)
        : await one<ShownUserRow>('get_user', getUser, connectionId, id);
      return row && readUserView(row);
    },
    list: (connectionId, query) => listUsers(connection, { connectionId, query }, totals),
    missing: async (connectionId, ids) => {
      const possible = ids.filter(isUuid);
      const values = [organizationId, connectionId, possible];
      const rows =
        possible.length === 0
          ? []
          : await connection.rows<{ id: string }>({ name: 'missing_users', text: missingUsers, values });
      const missing = new Set(rows.map((row) => row.id));
      return ids.filter((id) => !isUuid(id) || missing.has(id.toLowerCase()));
    },
    idsAfter: async (connectionId, afterId, limit) => {
      const values = [organizationId, connectionId, afterId ?? firstUuid, limit];
      const rows = await connection.rows<{ id: string }>({ name: 'user_ids_after', text: idsAfter, values });
      return rows.map((row) => row.id);
    },
    idsUnderGroups: async (connectionId, groupIds, afterId, limit) => {
      const rows = await connection.rows<{ id: string }>({
        name: 'user_ids_under_groups',
        text: idsUnderGroups,
        values: [organizationId, connectionId, groupIds, afterId ?? firstUuid, limit],
      });
      return rows.map((row) => row.id);
    },
  };
}
