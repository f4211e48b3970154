import type { AppliedGroup, StagedGroup } from '../../operations/sync/graph-sync-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';

const stagedText = `
  select s.object_id as "objectId", s.fields, s.removed, s.is_whole as "isWhole",
    (select x.fields from graph_groups x
      where x.organization_id = $1 and x.connection_id = $2 and x.object_id = s.object_id) as "known"
  from graph_staged_groups s
  where s.organization_id = $1 and s.connection_id = $2
  order by s.object_id
  limit $3`;

/** Object ids of the users in the groups of a section and in those nested in them. */
const usersBelow = (groups: string): string => `
  with recursive below(id, is_group) as (
    select g.id, true from (${groups}) g
    union
    select m.member_object_id, m.is_group from below b
    cross join lateral (
      select x.member_object_id, x.is_group from graph_members x
      where x.organization_id = $1::uuid and x.connection_id = $2::uuid and x.group_object_id = b.id
      offset 0
    ) m
    where b.is_group
  )
  select b.id from below b where not b.is_group`;

/** Everybody behind the object ids of a section comes onto the list; who is there already stays as noted. */
const noteAffected = (objectIds: string): string => `
  insert into graph_affected_users (organization_id, connection_id, directory_user_id, is_changed)
  select distinct $1::uuid, $2::uuid, k.directory_user_id, false
  from (${objectIds}) o
  cross join lateral (
    select x.directory_user_id from graph_users x
    where x.organization_id = $1::uuid and x.connection_id = $2::uuid and x.object_id = o.id
      and x.directory_user_id is not null
    limit 1
  ) k
  -- several note at the same time: in one order, so that none waits for another one that waits for it
  order by k.directory_user_id
  on conflict on constraint graph_affected_users__identity do nothing`;

/**
 * A group that only Graph knows comes and goes with it; one of a provisioning client stays until the client takes it away,
 * and is marked as missing meanwhile. Everybody below a group that appears, disappears or returns is concerned.
 */
const applyText = `
  with given as materialized (
    select g.* from jsonb_to_recordset($3::jsonb) as g("objectId" uuid, "newId" uuid, fields jsonb, removed text)
  ),
  held as materialized (
    select g."objectId", g."newId", g.fields, g.removed, k.object_id is null as is_unknown,
      k.removed is distinct from g.removed or k.object_id is null as is_turned, d.directory_group_id, d.is_provisioned,
      d.is_deleted
    from given g
    left join graph_groups k on k.organization_id = $1::uuid and k.connection_id = $2::uuid
      and k.object_id = g."objectId"
    left join lateral (
      select x.directory_group_id, x.is_provisioned, x.deleted_at is not null as is_deleted from directory_groups x
      where x.organization_id = $1::uuid and x.rule_key = g."objectId"::text and x.connection_id = $2::uuid
        and (x.deleted_at is null or not x.is_provisioned)
      order by x.deleted_at is not null, x.first_seen_at desc, x.directory_group_id desc
      limit 1
    ) d on true
  ),
  unstaged as (
    delete from graph_staged_groups s
    where s.organization_id = $1::uuid and s.connection_id = $2::uuid
      and s.object_id = any(array(select g."objectId" from given g))
  ),
  added as (
    insert into directory_groups (organization_id, directory_group_id, connection_id, display_name, object_id,
      created_upstream_at, first_seen_at, created_at, last_modified_at, is_provisioned)
    select $1::uuid, h."newId", $2::uuid, h.fields ->> 'displayName', h."objectId",
      (h.fields ->> 'createdDateTime')::timestamptz, $4::timestamptz, $4::timestamptz, $4::timestamptz, false
    from held h where h.directory_group_id is null and h.removed is null
  ),
  present as (
    update directory_groups d set object_id = h."objectId", created_upstream_at = (h.fields ->> 'createdDateTime')::timestamptz,
      display_name = case when d.is_provisioned then d.display_name else h.fields ->> 'displayName' end,
      missing_since = null, deleted_at = null,
      first_seen_at = case when h.is_deleted then $4::timestamptz else d.first_seen_at end,
      version = d.version + 1, last_modified_at = $4::timestamptz
    from held h
    where h.removed is null and d.organization_id = $1::uuid and d.directory_group_id = h.directory_group_id
      and (h.is_turned or h.is_deleted or d.missing_since is not null or not d.is_provisioned
          and d.display_name is distinct from h.fields ->> 'displayName'
        or d.created_upstream_at is distinct from (h.fields ->> 'createdDateTime')::timestamptz)
  ),
  gone as (
    update directory_groups d
    set deleted_at = case when d.is_provisioned then null else $4::timestamptz end,
      missing_since = case when d.is_provisioned then $4::timestamptz end,
      version = d.version + 1, last_modified_at = $4::timestamptz
    from held h
    where h.removed is not null and not h.is_deleted and d.organization_id = $1::uuid
      and d.directory_group_id = h.directory_group_id and d.deleted_at is null and d.missing_since is null
  ),
  known as (
    insert into graph_groups (organization_id, connection_id, object_id, directory_group_id, fields, removed)
    select $1::uuid, $2::uuid, h."objectId", coalesce(h.directory_group_id, case when h.removed is null then h."newId" end),
      h.fields, h.removed
    from held h
    where h.removed is null or not h.is_unknown
    on conflict on constraint graph_groups__identity do update
      set directory_group_id = excluded.directory_group_id, fields = excluded.fields, removed = excluded.removed
  ),
  left_members as (
    delete from graph_members m
    where m.organization_id = $1::uuid and m.connection_id = $2::uuid
      and m.group_object_id = any(array(select h."objectId" from held h where h.removed = 'deleted'))
  ),
  below as (${noteAffected(usersBelow('select h."objectId" as id from held h where h.is_turned'))}),
  listed as (
    insert into graph_affected_users (organization_id, connection_id, directory_user_id, is_changed)
    select distinct $1::uuid, $2::uuid, m.directory_user_id, false
    from held h
    join memberships m on m.organization_id = $1::uuid and m.directory_group_id = h.directory_group_id
    where h.is_turned
    on conflict on constraint graph_affected_users__identity do nothing
  )
  select 1`;

/**
 * The tables are filled faster than their statistics follow, so that a join may be planned as a scan for each row: ranges
 * and look-ups one by one leave no choice. Memberships really gained and lost, then everybody who is concerned: the user, or all users below a nested group. */
const applyMembersText = `
  with batch as materialized (
    select s.group_object_id, s.member_object_id, s.present, s.type = 'group' or s.type = 'unknown' and exists (
        select from graph_groups g
        where g.organization_id = $1::uuid and g.connection_id = $2::uuid and g.object_id = s.member_object_id) as is_group,
      s.ctid as place
    from graph_staged_members s
    where s.organization_id = $1::uuid and s.connection_id = $2::uuid
    order by s.group_object_id, s.member_object_id
    limit $3
    for update of s skip locked
  ),
  unstaged as (
    delete from graph_staged_members s
    where s.organization_id = $1::uuid and s.ctid = any(array(select b.place from batch b))
  ),
  joined as (
    insert into graph_members (organization_id, connection_id, group_object_id, member_object_id, is_group)
    select $1::uuid, $2::uuid, b.group_object_id, b.member_object_id, b.is_group from batch b where b.present
    on conflict on constraint graph_members__identity do nothing
    returning member_object_id, is_group
  ),
  parted as (
    delete from graph_members m
    where m.organization_id = $1::uuid and m.ctid = any(array(
      select x.ctid from batch b
      cross join lateral (
        select y.ctid from graph_members y
        where y.organization_id = $1::uuid and y.connection_id = $2::uuid and y.group_object_id = b.group_object_id
          and y.member_object_id = b.member_object_id
        limit 1
      ) x
      where not b.present))
    returning m.member_object_id, m.is_group
  ),
  touched as materialized (
    select j.member_object_id as id, j.is_group from joined j
    union
    select p.member_object_id, p.is_group from parted p
  ),
  directly as (${noteAffected('select t.id from touched t where not t.is_group')}),
  below as (${noteAffected(usersBelow('select t.id from touched t where t.is_group'))})
  select count(*)::integer as "count" from batch`;

/** $3 the group, $4 its row from now on. */
export const keepGroupText = `
  with known as materialized (
    select k.object_id, k.fields from graph_groups k
    where k.organization_id = $1::uuid and k.connection_id = $2::uuid and k.directory_group_id = $3::uuid
      and k.removed is null
    limit 1
  ),
  members as materialized (
    select m.directory_user_id from known k
    cross join lateral (
      select x.directory_user_id from memberships x
      where x.organization_id = $1::uuid and x.directory_group_id = $3::uuid and x.source = 'graph'
      offset 0
    ) m
  ),
  added as (
    insert into directory_groups (organization_id, directory_group_id, connection_id, display_name, object_id,
      created_upstream_at, first_seen_at, created_at, last_modified_at, member_count, is_provisioned)
    select $1::uuid, $4::uuid, $2::uuid, k.fields ->> 'displayName', k.object_id,
      (k.fields ->> 'createdDateTime')::timestamptz, $5::timestamptz, $5::timestamptz, $5::timestamptz,
      (select count(*) from members), false
    from known k
  ),
  linked as (
    update graph_groups g set directory_group_id = $4::uuid
    where g.organization_id = $1::uuid and g.connection_id = $2::uuid
      and g.object_id = any(array(select k.object_id from known k))
  )
  insert into memberships (organization_id, directory_group_id, directory_user_id, source, created_at)
  select $1::uuid, $4::uuid, m.directory_user_id, 'graph', $5::timestamptz from members m`;

export async function loadStagedGroups(
  connection: SqlConnection,
  connectionId: string,
  limit: number,
): Promise<readonly StagedGroup[]> {
  const values = [connection.context.organizationId, connectionId, limit];
  return connection.rows<StagedGroup>({ text: stagedText, values });
}

export async function applyStagedGroups(
  connection: SqlConnection,
  connectionId: string,
  groups: readonly AppliedGroup[],
  at: string,
): Promise<void> {
  if (groups.length === 0) return;
  const values = [connection.context.organizationId, connectionId, JSON.stringify(groups), at];
  await connection.execute({ text: applyText, values });
}

export async function applyStagedMembers(
  connection: SqlConnection,
  connectionId: string,
  limit: number,
): Promise<number> {
  const values = [connection.context.organizationId, connectionId, limit];
  const [row] = await connection.rows<{ count: number }>({ text: applyMembersText, values });
  return row?.count ?? 0;
}
