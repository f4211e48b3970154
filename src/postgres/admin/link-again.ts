/**
 * Gives users of the connection $2 with the object ids $3 the records back that they had through an earlier connection to the
 * same tenant. Of each user one employee that is not archived, one that is, and one contact, as when they were linked; never two with a
 * login. People who were linked to somebody else meanwhile are left out, and so are users who have a record.
 */
export const linkAgainText = `
  with known as materialized (
    select w.object_id, f.person_id, f.employee_id, f.contact_id
    from connections c
    cross join unnest($3::uuid[]) as w(object_id)
    cross join lateral (
      select x.person_id, x.employee_id, x.contact_id from former_identities x
      where x.organization_id = $1 and x.tenant_id = c.tenant_id and x.object_id = w.object_id
      offset 0
    ) f
    where c.organization_id = $1 and c.connection_id = $2
  ),
  users as materialized (
    select u.directory_user_id, k.object_id
    from (select distinct n.object_id from known n) k
    cross join lateral (
      select x.directory_user_id, x.connection_id, x.deleted_at from directory_users x
      where x.organization_id = $1 and x.object_id = k.object_id
      offset 0
    ) u
    where u.connection_id = $2 and u.deleted_at is null
      and not exists (select from employees e
        where e.organization_id = $1 and e.directory_user_id = u.directory_user_id)
      and not exists (select from contacts p
        where p.organization_id = $1 and p.directory_user_id = u.directory_user_id)
  ),
  former as (
    select u.directory_user_id, k.person_id, k.employee_id, k.contact_id, coalesce(l.enabled, false) as enabled,
      row_number() over (
        partition by u.directory_user_id, k.contact_id is null, coalesce(e.status = 'archived', false)
        order by coalesce(l.enabled, false) desc, k.person_id) as rank,
      row_number() over (
        partition by u.directory_user_id order by coalesce(l.enabled, false) desc, k.person_id) as login_rank
    from users u
    join known k on k.object_id = u.object_id
    left join employees e on e.organization_id = $1 and e.employee_id = k.employee_id
    left join contacts p on p.organization_id = $1 and p.contact_id = k.contact_id
    left join logins l on l.organization_id = $1 and l.person_id = k.person_id
    where e.directory_user_id is null and p.directory_user_id is null
  ),
  chosen as materialized (
    select f.directory_user_id, f.person_id, f.employee_id, f.contact_id from former f
    where f.rank = 1 and (not f.enabled or f.login_rank = 1)
  ),
  linked_employees as (
    update employees e set directory_user_id = c.directory_user_id
    from chosen c where e.organization_id = $1 and e.employee_id = c.employee_id
  ),
  linked_contacts as (
    update contacts p set directory_user_id = c.directory_user_id
    from chosen c where p.organization_id = $1 and p.contact_id = c.contact_id
  ),
  linked_logins as (
    update logins l set directory_user_id = c.directory_user_id
    from chosen c where l.organization_id = $1 and l.person_id = c.person_id
  ),
  forgotten as (
    delete from former_identities f using chosen c where f.organization_id = $1 and f.person_id = c.person_id
  )
  select c.directory_user_id as "directoryUserId", c.employee_id as "employeeId", c.contact_id as "contactId"
  from chosen c`;
