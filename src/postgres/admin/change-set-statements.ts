/** The statements behind change sets: entries of the log and changes of the configuration that belong together. */

const eventHead = `
  v.provisioning_event_id as "key", coalesce(v.run_id::text, v.request_id) as "id", v.trigger,
  v.connection_id as "connectionId", v.run_id as "runId", v.request_id as "requestId", v.at`;

const configurationHead = `
  f.configuration_change_id as "key", f.request_id as "id",
  case when f.kind = 'mappingRule' then 'ruleChange' else 'manual' end as "trigger",
  (coalesce(f.after, f.before) ->> 'connectionId')::uuid as "connectionId", null::uuid as "runId",
  f.request_id as "requestId", f.at`;

/** Nothing of the same run, or of the same request outside any run, came before. */
const isFirstEvent = `
  (v.run_id is null or not exists (
    select from provisioning_events p
    where p.organization_id = $1::uuid and p.run_id = v.run_id and p.provisioning_event_id < v.provisioning_event_id))
  and (v.run_id is not null or not exists (
    select from provisioning_events p
    where p.organization_id = $1::uuid and p.request_id = v.request_id and p.run_id is null
      and p.provisioning_event_id < v.provisioning_event_id))
  and (v.run_id is not null or not exists (
    select from configuration_changes f where f.organization_id = $1::uuid and f.request_id = v.request_id))`;

const isFirstChange = `
  not exists (
    select from configuration_changes p
    where p.organization_id = $1::uuid and p.request_id = f.request_id
      and p.configuration_change_id < f.configuration_change_id)`;

/** $2 key of the page before, $3 trigger, $4 connection, $5 limit; walks the primary keys backwards. */
export const heads = `
  select * from (
    (
      select ${eventHead} from provisioning_events v
      where v.organization_id = $1::uuid and ($2::uuid is null or v.provisioning_event_id < $2::uuid)
        and (v.run_id is not null or v.request_id is not null)
        and ($3::text is null or v.trigger = $3) and ($4::uuid is null or v.connection_id = $4)
        and ${isFirstEvent}
      order by v.provisioning_event_id desc
      limit $5
    )
    union all
    (
      select ${configurationHead} from configuration_changes f
      where f.organization_id = $1::uuid and ($2::uuid is null or f.configuration_change_id < $2::uuid)
        and ($3::text is null or case when f.kind = 'mappingRule' then 'ruleChange' else 'manual' end = $3)
        and ($4::uuid is null or (coalesce(f.after, f.before) ->> 'connectionId')::uuid = $4)
        and ${isFirstChange}
      order by f.configuration_change_id desc
      limit $5
    )
  ) h
  order by h.key desc
  limit $5`;

/** $2 as a run, $3 as a request. */
export const head = `
  select * from (
    (
      select ${configurationHead} from configuration_changes f
      where f.organization_id = $1::uuid and f.request_id = $3
      order by f.configuration_change_id limit 1
    )
    union all
    (
      select ${eventHead} from provisioning_events v
      where v.organization_id = $1::uuid and v.run_id = $2::uuid
      order by v.provisioning_event_id limit 1
    )
    union all
    (
      select ${eventHead.replace(`coalesce(v.run_id::text, v.request_id) as "id"`, 'v.request_id as "id"')}
      from provisioning_events v
      where v.organization_id = $1::uuid and v.request_id = $3
      order by v.provisioning_event_id limit 1
    )
  ) h
  limit 1`;

const ofSet = (columns: string): string => `
  select ${columns} from provisioning_events v where v.organization_id = $1::uuid and v.run_id = $2::uuid
  union
  select ${columns} from provisioning_events v where v.organization_id = $1::uuid and v.request_id = $3`;

/** An undo that has itself been undone does not count. */
const undos = `
  select u.is_whole from change_set_undos u
  where u.organization_id = $1::uuid and u.change_set_id = $3
    and not exists (
      select from change_set_undos w
      where w.organization_id = $1::uuid and w.change_set_id = u.undo_id and w.is_whole
        and not exists (
          select from change_set_undos x
          where x.organization_id = $1::uuid and x.change_set_id = w.undo_id and x.is_whole))`;

export const content = `
  select
    (select jsonb_object_agg(c.action, c.number) from (
      select s.action, count(*)::integer as number from (${ofSet('v.provisioning_event_id, v.action')}) s
      group by s.action) c) as "counts",
    (select count(*)::integer from configuration_changes f
      where f.organization_id = $1::uuid and f.request_id = $3) as "configurationChanges",
    exists (select from (${undos}) n where n.is_whole) as "isWhole",
    exists (select from (${undos}) n where not n.is_whole) as "isPartial",
    (select u.change_set_id from change_set_undos u
      where u.organization_id = $1::uuid and u.undo_id = $3 limit 1) as "undoOf"`;

const recorded = (name: string): string => `
  (
    select v.provisioning_event_id, v.trigger, v.directory_user_id, v.changes, v.records from provisioning_events v
    where v.organization_id = $1::uuid and ${name} and v.records is not null
      and ($4::uuid is null or v.provisioning_event_id < $4::uuid)
    order by v.provisioning_event_id desc
    limit $5
  )`;

const recordedColumns = `
  s.provisioning_event_id as "id", s.trigger, s.directory_user_id as "directoryUserId", s.changes,
  s.records`;

/** $4 the event to go on from, $5 limit. Each name yields at most a page, an event that has both names comes once. */
export const recordedEvents = `
  select distinct on (s.provisioning_event_id) ${recordedColumns}
  from (${recorded('v.run_id = $2::uuid')} union all ${recorded('v.request_id = $3')}) s
  order by s.provisioning_event_id desc
  limit $5`;

/** $6 people. Whatever names a person brings all of its records. */
export const recordedEventsOfPeople = `
  with of_set as materialized (
    ${ofSet('v.provisioning_event_id, v.trigger, v.directory_user_id, v.employee_id, v.contact_id')}
  ),
  wanted as materialized (
    select s.directory_user_id from of_set s
    where s.directory_user_id = any($6::uuid[]) or s.employee_id = any($6::uuid[]) or s.contact_id = any($6::uuid[])
  )
  select s.provisioning_event_id as "id", s.trigger, s.directory_user_id as "directoryUserId", e.changes, e.records
  from of_set s
  join provisioning_events e
    on e.organization_id = $1::uuid and e.provisioning_event_id = s.provisioning_event_id and e.records is not null
  where ($4::uuid is null or s.provisioning_event_id < $4::uuid)
    and (s.employee_id = any($6::uuid[]) or s.contact_id = any($6::uuid[])
      or s.directory_user_id in (select w.directory_user_id from wanted w))
  order by s.provisioning_event_id desc
  limit $5`;

export const configurationChanges = `
  select f.kind, f.subject_id as "subjectId", f.before, f.after from configuration_changes f
  where f.organization_id = $1::uuid and f.request_id = $2
  order by f.configuration_change_id desc`;

export const noteConfiguration = `
  insert into configuration_changes (organization_id, configuration_change_id, at, request_id, kind, subject_id, before,
    after)
  select $1::uuid, r.id, $2::timestamptz, $3::text, r.kind, r."subjectId", nullif(r.before, 'null'::jsonb),
    nullif(r.after, 'null'::jsonb)
  from jsonb_to_recordset($4::jsonb) as r(id uuid, kind text, "subjectId" uuid, before jsonb, after jsonb)`;

const listed = (table: string, key: string): string =>
  `select x.${key} as id from ${table} x where x.organization_id = $1::uuid and x.${key} = any($2::uuid[])`;

export const existing = [
  listed('job_titles', 'job_title_id'),
  listed('departments', 'department_id'),
  listed('locations', 'location_id'),
  listed('employees', 'employee_id'),
  listed('employee_roles', 'employee_role_id'),
  listed('security_roles', 'security_role_id'),
  listed('accounts', 'account_id'),
  listed('account_locations', 'account_location_id'),
  listed('connections', 'connection_id'),
].join(' union all ');

export const noteUndo = `
  insert into change_set_undos (organization_id, undo_id, change_set_id, at, is_whole)
  values ($1::uuid, $2::text, $3::text, $4::timestamptz, $5::boolean)
  on conflict on constraint change_set_undos__identity do update
    set is_whole = change_set_undos.is_whole or excluded.is_whole`;

export const keepUndone = `
  insert into undone_users (organization_id, directory_user_id, user_version)
  select u.organization_id, u.directory_user_id, u.version from directory_users u
  where u.organization_id = $1::uuid and u.directory_user_id = any($2::uuid[])
  order by u.directory_user_id
  on conflict on constraint undone_users__identity do update set user_version = excluded.user_version`;

export const withoutUndone = `
  select w.id from unnest($2::uuid[]) as w(id)
  where not exists (
    select from undone_users k
    join directory_users u on u.organization_id = k.organization_id and u.directory_user_id = k.directory_user_id
    where k.organization_id = $1::uuid and k.directory_user_id = w.id and u.version = k.user_version)
  order by w.id`;

const hasEntries = (requestId: string): string => `
  exists (
    select from provisioning_events v where v.organization_id = $1::uuid and v.request_id = ${requestId})`;

/** $2 everything before, $3 limit. A large change writes entries for hours: what belongs to one of them stays with it. */
export const forgetConfiguration = `
  delete from configuration_changes c
  where c.organization_id = $1::uuid and c.configuration_change_id in (
    select f.configuration_change_id from configuration_changes f
    where f.organization_id = $1::uuid and f.at < $2::timestamptz and not ${hasEntries('f.request_id')}
    order by f.configuration_change_id
    limit $3)`;

const isId = (text: string): string => `${text} ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'`;

const isKnown = (id: string): string => `
  (${hasEntries(id)}
    or exists (
      select from configuration_changes f where f.organization_id = $1::uuid and f.request_id = ${id})
    or exists (
      select from provisioning_events v
      where v.organization_id = $1::uuid and v.run_id = case when ${isId(id)} then ${id}::uuid end))`;

/** $2 everything before, $3 limit. A note stays as long as the undo, or what it took back, can still be asked for. */
export const forgetUndos = `
  delete from change_set_undos d
  where d.organization_id = $1::uuid and (d.undo_id, d.change_set_id) in (
    select u.undo_id, u.change_set_id from change_set_undos u
    where u.organization_id = $1::uuid and u.at < $2::timestamptz
      and not ${isKnown('u.undo_id')} and not ${isKnown('u.change_set_id')}
    limit $3)`;
