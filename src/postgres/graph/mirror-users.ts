import type { DirectoryUser } from '../../directory/directory-user.ts';
import { namesOfGraphUser } from '../../directory/graph-user-content.ts';
import type { AppliedUser, StagedUser } from '../../operations/sync/graph-sync-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { readOptionalTimestamp, readTimestamp } from '../timestamp.ts';
import { userColumns } from '../user-rows.ts';
import { emailKeys } from '../user-statements.ts';

const stagedText = `
  select s.object_id as "objectId", s.fields, s.removed, s.is_whole as "isWhole", k.known
  from graph_staged_users s
  left join lateral (
    select json_build_object('fields', x.fields, 'removed', x.removed, 'directoryUserId', x.directory_user_id) as known
    from graph_users x
    where x.organization_id = $1 and x.connection_id = $2 and x.object_id = s.object_id
    limit 1
  ) k on true
  where s.organization_id = $1 and s.connection_id = $2
  order by s.object_id
  limit $3
  for update of s skip locked`;

/** By the key alone, the connection afterwards: no other index may seem as good while statistics lag behind. */
const byObjectId = `
  select x.directory_user_id, x.connection_id, x.deleted_at, x.is_provisioned from directory_users x
  where x.organization_id = $1::uuid and x.object_id = a.id
  offset 0`;

/**
 * The row of the mirror that is the same person (D-05): the one it was joined with, the one with its object id, or a row of
 * the provisioning client without an object id under one of its names.
 */
const holdersText = `
  with asked as materialized (
    select a.id, a."knownId", a.names from jsonb_to_recordset($3::jsonb) as a(id uuid, "knownId" uuid, names text[])
  ),
  holders as materialized (
    select a.id as object_id, h.directory_user_id, h.rank
    from asked a
    cross join lateral (
      select c.directory_user_id, c.rank from (
        select x.directory_user_id, 1 as rank from directory_users x
        where x.organization_id = $1::uuid and x.directory_user_id = a."knownId"
          and (x.deleted_at is null or not x.is_provisioned)
        union all
        select y.directory_user_id, 2
        from (${byObjectId}) y
        where y.connection_id = $2::uuid and y.deleted_at is null
        union all
        select n.directory_user_id, 2 + w.ordinality
        from unnest(a.names) with ordinality as w(name, ordinality)
        cross join lateral (
          -- the index of those that are not joined yet: no other one may seem as good while statistics lag behind
          select x.directory_user_id from directory_users x
          where x.organization_id = $1::uuid and x.user_name_key = w.name and x.connection_id = $2::uuid
            and x.deleted_at is null and x.object_id is null and x.is_provisioned
          offset 0
        ) n
      ) c
      order by c.rank limit 1
    ) h
  ),
  locked as materialized (
    select ${userColumns}, u.is_provisioned, u.is_blocked_upstream
    from (select distinct h.directory_user_id as id from holders h order by 1) i
    cross join lateral (
      select x.* from directory_users x
      where x.organization_id = $1::uuid and x.directory_user_id = i.id
      for no key update
    ) u
  )
  select h.object_id as "objectId", to_json(l) as "holder", false as "isWithdrawn"
  from holders h join locked l on l.id = h.directory_user_id
    -- whoever found it by a name may have waited for the one who joined it
    and (h.rank <= 2 or l."objectId" is null)
  union all
  select a.id, null, true
  from asked a
  where not exists (select from holders h where h.object_id = a.id)
    and exists (select from (${byObjectId}) y
      where y.connection_id = $2::uuid and y.deleted_at is not null and y.is_provisioned)`;

/** Graph frees a name by giving it to somebody else: whoever holds it here gets a name that nobody has (D-04). */
const freedName = `replace(coalesce(x.object_id, x.directory_user_id)::text, '-', '') || x.user_name`;

const freeNamesText = `
  update directory_users x set user_name = ${freedName}, version = x.version + 1
  from jsonb_to_recordset($3::jsonb) as w(id uuid, name text)
  where x.organization_id = $1::uuid and x.user_name_key = lower(w.name) and x.connection_id = $2::uuid
    and x.deleted_at is null and x.directory_user_id <> w.id
    and x.user_name_key = any(array(
      select lower(n.name) from jsonb_to_recordset($3::jsonb) as n(id uuid, name text)))`;

/**
 * Answers whom it added. Where somebody holds the name it is freed instead, and the user is for another call: so the name is
 * looked for in the index that keeps it unique, whatever the planner knows of a table that is just being filled.
 */
const addUsersText = `
  with given as materialized (
    select g.* from jsonb_to_recordset($3::jsonb) as g(id uuid, "objectId" uuid, "userName" text, "externalId" text,
      active boolean, attributes jsonb, version bigint, "createdAt" timestamptz, "isBlocked" boolean)
  ),
  written as (
    insert into directory_users as x (organization_id, directory_user_id, connection_id, user_name, external_id, object_id,
      active, attributes, version, created_at, last_modified_at, is_provisioned, is_blocked_upstream)
    select $1::uuid, f.id, $2::uuid, f."userName", f."externalId", f."objectId", f.active, f.attributes, f.version,
      f."createdAt", $4::timestamptz, false, f."isBlocked"
    from (select distinct on (lower(g."userName")) g.* from given g) f
    order by f.id
    on conflict (organization_id, user_name_key, connection_id) where deleted_at is null do update
      set user_name = ${freedName}, version = x.version + 1
    returning x.directory_user_id
  ),
  added as materialized (
    select g.id, g.attributes from given g join written w on w.directory_user_id = g.id
  ),
  added_emails as (
    insert into directory_user_emails (organization_id, directory_user_id, value_key, type_key)
    select $1::uuid, a.id, k.value_key, k.type_key from added a cross join lateral (${emailKeys('a.attributes')}) k
  )
  select a.id from added a`;

const given = `
  given as materialized (
    select g.* from jsonb_to_recordset($3::jsonb) as g("objectId" uuid, fields jsonb, removed text,
      "directoryUserId" uuid, "isBlocked" boolean, "userName" text, attributes jsonb, version bigint,
      "deletedAt" timestamptz, "isChanged" boolean, previous jsonb)
  )`;

const writeMirror = `
  changed as (
    update directory_users u set user_name = g."userName", object_id = g."objectId", attributes = g.attributes,
      version = g.version, last_modified_at = $4::timestamptz, deleted_at = g."deletedAt",
      is_blocked_upstream = g."isBlocked"
    from given g
    where g."userName" is not null and u.organization_id = $1::uuid and u.directory_user_id = g."directoryUserId"
      and u.directory_user_id = any(array(select h."directoryUserId" from given h where h."userName" is not null))
  ),
  blocked as (
    update directory_users u set is_blocked_upstream = g."isBlocked"
    from given g
    where g."userName" is null and g."isBlocked" is not null and u.organization_id = $1::uuid and u.directory_user_id = g."directoryUserId"
      and u.directory_user_id = any(array(select h."directoryUserId" from given h where h."userName" is null and h."isBlocked" is not null))
      and u.is_blocked_upstream <> g."isBlocked"
  ),
  wanted_emails as materialized (
    select g."directoryUserId" as directory_user_id, k.value_key, k.type_key
    from given g cross join lateral (${emailKeys('g.attributes')}) k
    where g."userName" is not null
  ),
  dropped_emails as (
    delete from directory_user_emails d
    where d.organization_id = $1::uuid
      and d.directory_user_id = any(array(
        select g."directoryUserId" from given g where g."userName" is not null))
      and not exists (select from wanted_emails w
        where w.directory_user_id = d.directory_user_id and w.value_key = d.value_key and w.type_key = d.type_key)
  ),
  added_emails as (
    insert into directory_user_emails (organization_id, directory_user_id, value_key, type_key)
    select $1::uuid, w.directory_user_id, w.value_key, w.type_key from wanted_emails w
    on conflict on constraint directory_user_emails__identity do nothing
  )`;

const writeGraph = `
  unstaged as (
    delete from graph_staged_users s
    where s.organization_id = $1::uuid and s.connection_id = $2::uuid
      and s.object_id = any(array(select g."objectId" from given g))
  ),
  known as (
    insert into graph_users as k (organization_id, connection_id, object_id, directory_user_id, fields, removed)
    select $1::uuid, $2::uuid, g."objectId", g."directoryUserId", g.fields, g.removed from given g
    where g.fields is not null
    on conflict on constraint graph_users__identity do update
      set directory_user_id = excluded.directory_user_id, fields = excluded.fields, removed = excluded.removed
  ),
  left_groups as (
    delete from graph_members m
    where m.organization_id = $1::uuid and m.connection_id = $2::uuid
      and m.member_object_id = any(array(select g."objectId" from given g where g.removed = 'deleted'))
  ),
  affected as (
    insert into graph_affected_users as a (organization_id, connection_id, directory_user_id, is_changed, previous)
    select $1::uuid, $2::uuid, g."directoryUserId", g."isChanged", g.previous from given g
    where g."isChanged" is not null and g."directoryUserId" is not null
    on conflict on constraint graph_affected_users__identity do update
      set is_changed = a.is_changed or excluded.is_changed, previous = coalesce(a.previous, excluded.previous)
  )`;

const applyText = `with ${given}, ${writeMirror}, ${writeGraph} select 1`;

type Staged = Pick<StagedUser, 'objectId' | 'fields' | 'removed' | 'isWhole' | 'known'>;

interface Holder extends DirectoryUser {
  readonly is_provisioned: boolean;
  readonly is_blocked_upstream: boolean;
}

interface HolderRow {
  readonly objectId: string;
  readonly holder: Holder | null;
  readonly isWithdrawn: boolean;
}

export async function loadStagedUsers(
  connection: SqlConnection,
  connectionId: string,
  limit: number,
): Promise<readonly StagedUser[]> {
  const { organizationId } = connection.context;
  const staged = await connection.rows<Staged>({
    text: stagedText,
    values: [organizationId, connectionId, limit],
  });
  if (staged.length === 0) return [];
  const asked = staged.map(({ objectId, fields, known }) => ({
    id: objectId,
    knownId: known?.directoryUserId ?? null,
    names: fields.userPrincipalName === undefined ? [] : namesOfGraphUser(fields.userPrincipalName),
  }));
  const rows = await connection.rows<HolderRow>({
    text: holdersText,
    values: [organizationId, connectionId, JSON.stringify(asked)],
  });
  const held = new Map(rows.map((row) => [row.objectId, row]));
  return staged.map((row) => withHolder(row, held.get(row.objectId)));
}

function withHolder(staged: Staged, row: HolderRow | undefined): StagedUser {
  const isWithdrawn = row?.isWithdrawn ?? false;
  if (!row?.holder) return { ...staged, user: null, isProvisioned: false, isBlocked: false, isWithdrawn };
  const { is_provisioned: isProvisioned, is_blocked_upstream: isBlocked, ...user } = row.holder;
  return { ...staged, user: readTimes(user), isProvisioned, isBlocked, isWithdrawn };
}

/** As JSON times are written in PostgreSQL's own way. */
export const readTimes = (user: DirectoryUser): DirectoryUser => ({
  ...user,
  createdAt: readTimestamp(user.createdAt),
  lastModifiedAt: readTimestamp(user.lastModifiedAt),
  deletedAt: readOptionalTimestamp(user.deletedAt),
});

/** What is written of a new user is written when the others are. */
const rowOf = ({
  objectId,
  fields,
  removed,
  user,
  isNew,
  directoryUserId,
  isBlocked,
  affected,
}: AppliedUser) => ({
  objectId,
  fields,
  removed,
  directoryUserId,
  isBlocked: isNew ? null : isBlocked,
  ...(user === null || isNew
    ? {}
    : {
        userName: user.userName,
        attributes: user.attributes,
        version: user.version,
        deletedAt: user.deletedAt,
      }),
  isChanged: affected?.isChanged ?? null,
  previous: affected?.previous ?? null,
});

const newRowOf = ({ isBlocked }: AppliedUser, user: DirectoryUser) => ({
  id: user.id,
  objectId: user.objectId,
  userName: user.userName,
  externalId: user.externalId,
  active: user.active,
  attributes: user.attributes,
  version: user.version,
  createdAt: user.createdAt,
  isBlocked,
});

export async function applyStagedUsers(
  connection: SqlConnection,
  connectionId: string,
  users: readonly AppliedUser[],
  at: string,
): Promise<void> {
  if (users.length === 0) return;
  const scope = [connection.context.organizationId, connectionId];
  let added = users.flatMap((it) => (it.isNew && it.user !== null ? [newRowOf(it, it.user)] : []));
  while (added.length > 0) {
    const rows = await connection.rows<{ id: string }>({
      name: 'add_graph_users',
      text: addUsersText,
      values: [...scope, JSON.stringify(added), at],
    });
    const done = new Set(rows.map(({ id }) => id));
    added = added.filter(({ id }) => !done.has(id));
  }
  const names = users.flatMap(({ user, isNew }) =>
    user === null || isNew ? [] : [{ id: user.id, name: user.userName }],
  );
  if (names.length > 0) {
    await connection.execute({ text: freeNamesText, values: [...scope, JSON.stringify(names)] });
  }
  await connection.execute({ text: applyText, values: [...scope, JSON.stringify(users.map(rowOf)), at] });
}
