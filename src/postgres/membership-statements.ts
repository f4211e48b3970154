import { membersPerPart } from './stored-members.ts';

/**
 * Set deltas on the memberships that the provisioning client states. $1 organization, $2 group, $3 connection, $4 user
 * ids. The caller holds the row lock of the group, so nobody else changes its members meanwhile.
 *
 * The same membership can also be known from another source; a user joins with the first and leaves with the last.
 *
 * Sets are compared by EXCEPT and looked up one by one, because the plan is made once, for one id and for 100,000:
 * neither can become a loop within a loop or a scan of the group.
 */
const wanted = `wanted as materialized (select distinct w.id from unnest($4::uuid[]) as w(id))`;

/**
 * `FOR KEY SHARE` keeps a live user from being deleted until the commit, and waits for a deletion under way; in id order,
 * like everybody who locks users. Members
 * that are there already need no such check: a deleted user has no memberships.
 */
const newcomers = `
  present as materialized (
    select m.directory_user_id from wanted w
    cross join lateral (
      select x.directory_user_id from memberships x
      where x.organization_id = $1::uuid and x.directory_group_id = $2::uuid and x.directory_user_id = w.id
        and x.source = 'scim'
      limit 1
    ) m
  ),
  newcomers as materialized (
    select u.directory_user_id
    from (
      select a.id from (select w.id from wanted w except select p.directory_user_id from present p) a order by a.id
    ) a
    cross join lateral (
      select x.directory_user_id from directory_users x
      where x.organization_id = $1::uuid and x.connection_id = $3::uuid and x.directory_user_id = a.id
        and x.deleted_at is null
      for key share
    ) u
  ),
  missing as materialized (
    select w.id from wanted w
    except select p.directory_user_id from present p
    except select n.directory_user_id from newcomers n
  ),
  added as (
    insert into memberships (organization_id, directory_group_id, directory_user_id, source)
    select $1::uuid, $2::uuid, n.directory_user_id, 'scim' from newcomers n
    where not exists (select from missing)
    returning directory_user_id
  )`;

/** Those of the section that no other source holds in the group. */
const notElsewhere = (section: string): string => `
  select x.directory_user_id as id from ${section} x
  except
  select o.directory_user_id from memberships o
  where o.organization_id = $1::uuid and o.directory_group_id = $2::uuid and o.source <> 'scim'
    and o.directory_user_id = any(array(select y.directory_user_id from ${section} y))`;

const joined = `joined as materialized (${notElsewhere('added')})`;
const departed = `departed as materialized (${notElsewhere('removed')})`;

/** Touches the group only when its size changes. */
const counted = (difference: string): string => `
  counted as (
    update directory_groups g set member_count = g.member_count + d.difference
    from (select ${difference} as difference) d
    where g.organization_id = $1::uuid and g.directory_group_id = $2::uuid and d.difference <> 0
    returning g.member_count
  )`;

const memberCount = `
  coalesce((select c.member_count from counted c), (select g.member_count from directory_groups g
    where g.organization_id = $1::uuid and g.directory_group_id = $2::uuid)) as "memberCount"`;

const firstMissing = `
  (select json_agg(f.id) from (select x.id from missing x order by x.id limit 5) f) as "missing"`;

const count = (section: string): string => `(select count(*)::integer from ${section})`;

export const addMembers = `
  with ${wanted}, ${newcomers}, ${joined}, ${counted(count('joined'))}
  select (select string_agg(j.id::text, ',') from joined j) as "changed", ${memberCount}, ${firstMissing}`;

export const removeMembers = `
  with removed as (
    delete from memberships m
    where m.organization_id = $1::uuid and m.directory_group_id = $2::uuid and m.source = 'scim'
      and m.directory_user_id = any($3::uuid[])
    returning m.directory_user_id
  ), ${departed}, ${counted(`-${count('departed')}`)}
  select (select string_agg(d.id::text, ',') from departed d) as "changed", ${memberCount}, null as "missing"`;

export const replaceMembers = `
  with ${wanted}, ${newcomers},
  removed as (
    delete from memberships m
    where m.organization_id = $1::uuid and m.directory_group_id = $2::uuid and m.source = 'scim'
      and not exists (select from missing)
      and m.directory_user_id = any(array(
        select s.directory_user_id from memberships s
        where s.organization_id = $1::uuid and s.directory_group_id = $2::uuid and s.source = 'scim'
        except select w.id from wanted w))
    returning m.directory_user_id
  ), ${joined}, ${departed}, ${counted(`${count('joined')} - ${count('departed')}`)}
  select (select string_agg(c.id::text, ',') from (select j.id from joined j union all select d.id from departed d) c) as "changed",
    ${memberCount}, ${firstMissing}`;

/**
 * `display` follows the user's names. JSON, because it is read faster than a row per member, in texts of bounded size,
 * because it is read in one go.
 */
export const membersOfGroups = `
  select p.directory_group_id as "groupId", count(*)::integer as "length",
    json_agg(json_build_object('id', p.directory_user_id, 'display', (
      select coalesce(u.attributes ->> 'displayName', u.user_name) from directory_users u
      where u.organization_id = $1::uuid and u.directory_user_id = p.directory_user_id limit 1)
    ) order by p.directory_user_id)::text as "members"
  from (
    select m.directory_group_id, m.directory_user_id,
      (row_number() over (partition by m.directory_group_id order by m.directory_user_id) - 1) / ${membersPerPart} as part
    from unnest($2::uuid[]) as w(id)
    cross join lateral (
      select distinct s.directory_group_id, s.directory_user_id from memberships s
      where s.organization_id = $1::uuid and s.directory_group_id = w.id
    ) m
  ) p
  group by p.directory_group_id, p.part
  order by p.directory_group_id, p.part`;
