import type { DirectoryUser, GroupOfUser } from '../directory/directory-user.ts';
import { StoredJson } from '../directory/stored-json.ts';
import type { LockedUser, UserAtHand, UserStore } from '../operations/ports.ts';

export type UserView = NonNullable<Awaited<ReturnType<UserStore['get']>>>;
type ShownUser = UserView['user'];

/** Columns of `directory_users u` under the names of DirectoryUser. */
export const userColumns = `
  u.directory_user_id as "id", u.connection_id as "connectionId", u.user_name as "userName",
  u.external_id as "externalId", u.object_id as "objectId", u.active, u.attributes, u.version,
  u.created_at as "createdAt", u.last_modified_at as "lastModifiedAt", u.deleted_at as "deletedAt"`;

/** What clients see of a user, as one text that `readShown` takes apart; PostgreSQL keeps it (`shown_user`). */
export const shownColumn = 'u.shown';

/** The groups of `u` as JSON, each once, whichever sources say so; read by way of the memberships, which are few. */
export const groupsOfUser = `
  (select coalesce(json_agg(json_build_object('id', g.directory_group_id, 'displayName', g.display_name)
      order by g.directory_group_id), '[]'::json)
    from (
      select distinct m.directory_group_id as id from memberships m
      where m.organization_id = u.organization_id and m.directory_user_id = u.directory_user_id
    ) d
    cross join lateral (
      select x.directory_group_id, x.display_name from directory_groups x
      where x.organization_id = u.organization_id and x.directory_group_id = d.id
      limit 1
    ) g)`;

export interface LockedUserRow extends DirectoryUser {
  readonly groups: readonly GroupOfUser[];
}

export interface UserAtHandRow extends LockedUserRow {
  readonly isConcerned: boolean;
}

export const readUserAtHand = ({ isConcerned, ...row }: UserAtHandRow): UserAtHand => ({
  ...readLockedUser(row),
  isConcerned,
});

export const readLockedUser = ({ groups, ...user }: LockedUserRow): LockedUser => ({ user, groups });

export interface ShownUserRow {
  readonly shown: string;
  /** Missing when they were not asked for. */
  readonly groups?: readonly GroupOfUser[];
}

export const readUserView = (row: ShownUserRow): UserView => ({
  user: readShown(row.shown),
  groups: row.groups ?? null,
});

/** Stands between the parts of a shown user; neither JSON nor an id can hold it. */
export const partSeparator = '\x1f';

/** A JSON string; most are the text in them. */
const readString = (json: string): string => (json.includes('\\') ? JSON.parse(json) : json.slice(1, -1));

/** Columns as text, and the attributes unread: reading them would be most of the work of a page. */
export function readShown(shown: string): ShownUser {
  const [
    id = '',
    userName = '',
    externalId = '',
    active,
    version,
    createdAt = '',
    lastModifiedAt = '',
    attributes = '{}',
  ] = shown.split(partSeparator);
  return {
    id,
    userName: readString(userName),
    externalId: externalId === '' ? null : readString(externalId),
    active: active === 't',
    attributes: new StoredJson(attributes),
    version: Number(version),
    createdAt,
    lastModifiedAt,
  };
}
