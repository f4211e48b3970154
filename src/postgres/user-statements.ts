import type { DirectoryUser } from '../directory/directory-user.ts';
import type { LoggedEntry, LoggedUser } from '../operations/ports.ts';

/**
 * The values of `emails` that `directory_user_emails` holds for the attributes in `$n`. Longer ones do not fit an index
 * and are found by reading the attributes; `query-email.ts` knows the same limits.
 */
export const emailKeys = (attributes: string): string => `
  select distinct lower(e.element ->> 'value') as value_key,
    case when char_length(e.element ->> 'type') <= 64 then lower(e.element ->> 'type') else '' end as type_key
  from jsonb_array_elements(
    case when jsonb_typeof(${attributes} -> 'emails') = 'array' then ${attributes} -> 'emails' else '[]'::jsonb end
  ) as e(element)
  where char_length(e.element ->> 'value') between 1 and 256`;

/** $1 organization, then the columns in the order of `userValues`, then the log entry: id, trigger, request, action, reason. */
export const insertUser = `
  with emails as (
    insert into directory_user_emails (organization_id, directory_user_id, value_key, type_key)
    select $1::uuid, $2::uuid, k.value_key, k.type_key from (${emailKeys('$8::jsonb')}) k
  ),
  entry as (
    insert into provisioning_events (organization_id, provisioning_event_id, at, connection_id, trigger, request_id,
      directory_user_id, action, reason)
    select $1::uuid, $13::uuid, $10::timestamptz, $3::uuid, $14::text, $15::text, $2::uuid, $16::text, $17::text
    where $13::uuid is not null
  )
  insert into directory_users (organization_id, directory_user_id, connection_id, user_name, external_id, object_id,
    active, attributes, version, created_at, last_modified_at, deleted_at)
  values ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::uuid, $7::boolean, $8::jsonb, $9::bigint,
    $10::timestamptz, $11::timestamptz, $12::timestamptz)`;

/** The same for several: $1 organization, $2 what `newUserTexts` makes of them. */
export const insertUsers = `
  with incoming as materialized (
    select x.* from jsonb_to_recordset($2::jsonb) as x(
      id uuid, "connectionId" uuid, "userName" text, "externalId" text, "objectId" uuid, active boolean,
      attributes jsonb, version bigint, "createdAt" timestamptz, "lastModifiedAt" timestamptz, "deletedAt" timestamptz,
      "entryId" uuid, trigger text, "requestId" text, action text, reason text)
  ),
  emails as (
    insert into directory_user_emails (organization_id, directory_user_id, value_key, type_key)
    select $1::uuid, i.id, k.value_key, k.type_key from incoming i cross join lateral (${emailKeys('i.attributes')}) k
  ),
  entries as (
    insert into provisioning_events (organization_id, provisioning_event_id, at, connection_id, trigger, request_id,
      directory_user_id, action, reason)
    select $1::uuid, i."entryId", i."createdAt", i."connectionId", i.trigger, i."requestId", i.id, i.action, i.reason
    from incoming i
  )
  insert into directory_users (organization_id, directory_user_id, connection_id, user_name, external_id, object_id,
    active, attributes, version, created_at, last_modified_at, deleted_at)
  select $1::uuid, i.id, i."connectionId", i."userName", i."externalId", i."objectId", i.active, i.attributes,
    i.version, i."createdAt", i."lastModifiedAt", i."deletedAt"
  from incoming i`;

/** A record is linked to the user, or a rule names one of its groups, as they were when the statement began. */
export const isConcerned = (userId: string): string => `
  (exists (select from employees e where e.organization_id = $1::uuid and e.directory_user_id = ${userId})
    or exists (select from contacts c where c.organization_id = $1::uuid and c.directory_user_id = ${userId})
    or exists (
      select from directory_groups g
      where g.organization_id = $1::uuid
        and g.directory_group_id = any(array(
          select m.directory_group_id from memberships m
          where m.organization_id = $1::uuid and m.directory_user_id = ${userId}))
        and exists (
          select from mapping_rules r
          where r.organization_id = $1::uuid and r.connection_id = g.connection_id and r.group_key = g.rule_key)))`;

const keepEmails = `
  wanted as (${emailKeys('$8::jsonb')}),
  dropped_emails as (
    delete from directory_user_emails d
    where d.organization_id = $1::uuid and d.directory_user_id = $2::uuid
      and not exists (select from wanted w where w.value_key = d.value_key and w.type_key = d.type_key)
  ),
  added_emails as (
    insert into directory_user_emails (organization_id, directory_user_id, value_key, type_key)
    select $1::uuid, $2::uuid, w.value_key, w.type_key from wanted w
    on conflict on constraint directory_user_emails__identity do nothing
  )`;

const writeUser = `
  update directory_users set connection_id = $3::uuid, user_name = $4::text, external_id = $5::text,
    object_id = $6::uuid, active = $7::boolean, attributes = $8::jsonb, version = $9::bigint,
    created_at = $10::timestamptz, last_modified_at = $11::timestamptz, deleted_at = $12::timestamptz,
    is_provisioned = true
  where organization_id = $1::uuid and directory_user_id = $2::uuid
  returning ${isConcerned('$2::uuid')} as "isConcerned"`;

export const updateUser = writeUser;
export const updateUserAndEmails = `with ${keepEmails} ${writeUser}`;

/** $1 organization, $2 ids. */
export const holdUsers = `
  select from (select distinct w.id from unnest($2::uuid[]) as w(id) order by w.id) i
  cross join lateral (
    select from directory_users x where x.organization_id = $1::uuid and x.directory_user_id = i.id for update
  ) u`;

/**
 * $1 organization, $2 ids, $3 what `changedUserTexts` makes of the users. Emails stay as they are. Its snapshot must be
 * younger than the locks of the rows, or it could miss a group that a user has just joined.
 */
export const updateUndecided = `
  with changed as materialized (
    select x.* from jsonb_to_recordset($3::jsonb) as x(
      position integer, id uuid, "userName" text, "externalId" text, "objectId" uuid, active boolean,
      attributes jsonb, version bigint, "lastModifiedAt" timestamptz)
  )
  update directory_users u set user_name = c."userName", external_id = c."externalId", object_id = c."objectId",
    active = c.active, attributes = c.attributes, version = c.version, last_modified_at = c."lastModifiedAt",
    is_provisioned = true
  from changed c
  where u.organization_id = $1::uuid and u.directory_user_id = any($2::uuid[]) and u.directory_user_id = c.id
    and u.version = c.version - 1 and u.deleted_at is null and not ${isConcerned('u.directory_user_id')}
  returning c.position`;

/** The users of `updateUndecided` as JSON, with their places in the list. */
export const changedUserTexts = (users: readonly DirectoryUser[]): string =>
  JSON.stringify(users.map((user, position) => ({ ...user, position })));

/** The groups are locked in id order before they lose the member: two users that leave at once must not deadlock. */
export const updateDeletedUser = `
  with locked_groups as (
    select g.directory_group_id from directory_groups g
    where g.organization_id = $1::uuid and g.directory_group_id = any(array(
      select m.directory_group_id from memberships m
      where m.organization_id = $1::uuid and m.directory_user_id = $2::uuid))
    order by g.directory_group_id
    for update
  ),
  left_memberships as (
    delete from memberships m
    where m.organization_id = $1::uuid and m.directory_user_id = $2::uuid
      and m.directory_group_id = any(array(select l.directory_group_id from locked_groups l))
    returning m.directory_group_id
  ),
  counted as (
    update directory_groups g
    set member_count = g.member_count - 1, version = g.version + 1, last_modified_at = $11::timestamptz
    where g.organization_id = $1::uuid
      and g.directory_group_id = any(array(select l.directory_group_id from left_memberships l))
  ),
  ${keepEmails} ${writeUser}`;

export const userValues = (organizationId: string, user: DirectoryUser): readonly unknown[] => [
  organizationId,
  user.id,
  user.connectionId,
  user.userName,
  user.externalId,
  user.objectId,
  user.active,
  JSON.stringify(user.attributes),
  user.version,
  user.createdAt,
  user.lastModifiedAt,
  user.deletedAt,
];

/** The users of `insertUsers` as JSON. */
export const newUserTexts = (users: readonly LoggedUser[], nextId: () => string): string =>
  JSON.stringify(
    users.map(({ user, entry: { log, event } }) => ({
      ...user,
      entryId: nextId(),
      trigger: log.trigger,
      requestId: log.requestId,
      action: event.action,
      reason: event.reason,
    })),
  );

/** The log entry of `insertUser`; all null without one. */
export const entryValues = (entry: LoggedEntry | undefined, nextId: () => string): readonly unknown[] =>
  entry === undefined
    ? [null, null, null, null, null]
    : [nextId(), entry.log.trigger, entry.log.requestId, entry.event.action, entry.event.reason];
