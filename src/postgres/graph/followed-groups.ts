/**
 * Object ids of the groups that rules of the connection ($2) name, and of all groups nested in them, as far as anybody
 * knows: also by memberships that are staged only.
 */
export const followedGroups = `
  with recursive followed(id) as (
    select r.group_key::uuid from mapping_rules r
    where r.organization_id = $1 and r.connection_id = $2
      and r.group_key ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
    union
    select n.member_object_id from followed f
    cross join lateral (
      select m.member_object_id from graph_members m
      where m.organization_id = $1 and m.connection_id = $2 and m.group_object_id = f.id and m.is_group
      union all
      select s.member_object_id from graph_staged_members s
      where s.organization_id = $1 and s.connection_id = $2 and s.group_object_id = f.id and s.type = 'group'
        and s.present
    ) n
  )
  select f.id from followed f`;
