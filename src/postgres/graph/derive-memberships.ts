/** The groups of Graph that are there, from a lateral `m` with a `group_object_id`. */
const groupOf = `
  cross join lateral (
    select x.object_id, x.directory_group_id from graph_groups x
    where x.organization_id = $1::uuid and x.connection_id = $2::uuid and x.object_id = m.group_object_id
      and x.removed is null
    limit 1
  ) g`;

/**
 * Brings the memberships that Graph states of a section `subjects` (directory_user_id, object_id) to the groups above them,
 * nested ones resolved, cycles included: once for each group, however many are in it. $1 organization, $2 connection, $4 the
 * time. Groups that are gone lead nowhere.
 */
const groupsAbove = `
  direct as materialized (
    select s.directory_user_id, m.group_object_id
    from subjects s
    cross join lateral (
      select m.group_object_id from graph_members m
      where m.organization_id = $1::uuid and m.connection_id = $2::uuid and m.member_object_id = s.object_id
      offset 0
    ) m
  ),
  above as materialized (
    with recursive above(below_id, object_id, directory_group_id) as (
      select m.group_object_id, g.object_id, g.directory_group_id
      from (select distinct d.group_object_id from direct d) m
      ${groupOf}
      union
      select a.below_id, g.object_id, g.directory_group_id
      from above a
      cross join lateral (
        select m.group_object_id from graph_members m
        where m.organization_id = $1::uuid and m.connection_id = $2::uuid and m.member_object_id = a.object_id
        offset 0
      ) m
      ${groupOf}
    )
    select a.below_id, a.directory_group_id from above a where a.directory_group_id is not null
  ),
  wanted as materialized (
    select distinct d.directory_user_id, a.directory_group_id
    from direct d join above a on a.below_id = d.group_object_id
  )`;

/** From `wanted`, and `known`, which is what every source stated so far of the groups in question, and where (`place`). */
const bringToWanted = `
  held as materialized (
    select k.directory_group_id, k.directory_user_id, k.place from known k where k.source = 'graph'
  ),
  added as (
    insert into memberships (organization_id, directory_group_id, directory_user_id, source, created_at)
    select $1::uuid, n.directory_group_id, n.directory_user_id, 'graph', $4::timestamptz
    from (
      select w.directory_group_id, w.directory_user_id from wanted w
      except select h.directory_group_id, h.directory_user_id from held h
    ) n
    order by n.directory_group_id, n.directory_user_id
    on conflict on constraint memberships__identity do nothing
    returning directory_group_id, directory_user_id
  ),
  dropped as (
    delete from memberships m
    where m.organization_id = $1::uuid and m.ctid = any(array(
      select h.place from held h
      where not exists (
        select from wanted w
        where w.directory_group_id = h.directory_group_id and w.directory_user_id = h.directory_user_id)))
    returning m.directory_group_id, m.directory_user_id
  ),
  -- who joins with the first source and leaves with the last
  moved as materialized (
    select d.directory_group_id, d.directory_user_id, d.difference
    from (
      select a.directory_group_id, a.directory_user_id, 1 as difference from added a
      union all
      select p.directory_group_id, p.directory_user_id, -1 from dropped p
    ) d
    where not exists (
      select from known k
      where k.directory_group_id = d.directory_group_id and k.directory_user_id = d.directory_user_id
        and k.source <> 'graph')
  ),
  changes as materialized (
    select m.directory_group_id, sum(m.difference)::integer as difference from moved m group by 1
  )`;

/** From a section `changes`. */
const countMembers = (at: string): string => `
  update directory_groups g
  set member_count = g.member_count + c.difference, version = g.version + 1, last_modified_at = ${at}::timestamptz
  from changes c
  where g.organization_id = $1::uuid and c.directory_group_id = g.directory_group_id
    and g.directory_group_id = any(array(select h.directory_group_id from changes h))`;

/** $3 the id of the note, $4 groups, $5 differences. */
export const noteCountsText = `
  insert into graph_member_counts (organization_id, connection_id, graph_member_count_id, directory_group_ids, differences)
  values ($1::uuid, $2::uuid, $3::uuid, $4::uuid[], $5::integer[])`;

/** $3 the time. */
export const settleCountsText = `
  with notes as (
    delete from graph_member_counts n where n.organization_id = $1::uuid and n.connection_id = $2::uuid
    returning n.directory_group_ids, n.differences
  ),
  changes as materialized (
    select d.directory_group_id, sum(d.difference)::integer as difference
    from notes n
    cross join lateral unnest(n.directory_group_ids, n.differences) as d(directory_group_id, difference)
    group by 1
    having sum(d.difference) <> 0
  )
  ${countMembers('$3')}`;

const knownOfSubjects = `
  known as materialized (
    select m.directory_group_id, m.directory_user_id, m.source, m.place
    from subjects s
    cross join lateral (
      select x.directory_group_id, x.directory_user_id, x.source, x.ctid as place from memberships x
      where x.organization_id = $1::uuid and x.directory_user_id = s.directory_user_id
      offset 0
    ) m
  )`;

/** $3 limit, $5 whether those at risk. Answers whom it took off the list, and in a row without an id what it changed. */
export const takeAffectedText = `
  with batch as materialized (
    select a.directory_user_id, a.is_changed, a.previous from graph_affected_users a
    where a.organization_id = $1::uuid and a.connection_id = $2::uuid and a.is_at_risk = $5
    order by a.directory_user_id
    limit $3
    for update skip locked
  ),
  taken as (
    delete from graph_affected_users a
    where a.organization_id = $1::uuid and a.connection_id = $2::uuid
      and a.directory_user_id = any(array(select b.directory_user_id from batch b))
  ),
  subjects as materialized (
    select b.directory_user_id, u.object_id
    from batch b
    cross join lateral (
      -- a deleted user is in no group
      select case when x.deleted_at is null then x.object_id end as object_id from directory_users x
      where x.organization_id = $1::uuid and x.directory_user_id = b.directory_user_id
      limit 1
    ) u
  ),
  ${groupsAbove},
  ${knownOfSubjects},
  ${bringToWanted}
  select b.directory_user_id as "id", b.is_changed as "isChanged", b.previous,
    b.directory_user_id = any(array(
      select a.directory_user_id from added a union select d.directory_user_id from dropped d)) as "hasOtherGroups",
    null::json as "changes"
  from batch b
  union all
  select null, false, null, false,
    (select json_agg(json_build_object('groupId', c.directory_group_id, 'difference', c.difference)) from changes c)`;

/** $3 the user, $5 object ids of the groups asked about, $6 those among them that the user is in. */
export const setMembershipsText = `
  with wanted as materialized (
    select $3::uuid as directory_user_id, g.directory_group_id
    from unnest($6::uuid[]) as w(id)
    cross join lateral (
      select x.directory_group_id from directory_groups x
      where x.organization_id = $1::uuid and x.rule_key = w.id::text and x.connection_id = $2::uuid
        and x.deleted_at is null
      limit 1
    ) g
  ),
  known as materialized (
    select m.directory_group_id, m.directory_user_id, m.source, m.ctid as place
    from memberships m
    join directory_groups g on g.organization_id = $1::uuid and g.directory_group_id = m.directory_group_id
    where m.organization_id = $1::uuid and m.directory_user_id = $3::uuid
      and (m.source <> 'graph' or g.object_id = any($5::uuid[]))
  ),
  ${bringToWanted},
  counted as (${countMembers('$4')})
  select exists (select from added) or exists (select from dropped) as "changed"`;
