/**
 * Removes a user that the provisioning client deleted, where its connection wants that and nobody can sign in by it any
 * more (a guard may hold the deactivation). The records stay and lose the link: they are local ones from then on.
 */
const purge = (unless: string): string => `
  with gone as (
    select u.directory_user_id
    from directory_users u
    join connections c on c.organization_id = u.organization_id and c.connection_id = u.connection_id
    where u.organization_id = $1::uuid and u.connection_id = $2::uuid and u.directory_user_id = $3::uuid
      and u.deleted_at is not null and c.delete_policy = 'purge' ${unless}
  ),
  unlinked_employees as (
    update employees e set directory_user_id = null, winning_rule_id = null, governed = false
    from gone g where e.organization_id = $1::uuid and e.directory_user_id = g.directory_user_id
    returning e.employee_id as person_id
  ),
  unlinked_contacts as (
    update contacts c set directory_user_id = null, winning_rule_id = null, governed = false
    from gone g where c.organization_id = $1::uuid and c.directory_user_id = g.directory_user_id
    returning c.contact_id as person_id
  ),
  unlinked_logins as (
    update logins l set directory_user_id = null
    from (select person_id from unlinked_employees union select person_id from unlinked_contacts) p
    where l.organization_id = $1::uuid and l.person_id = p.person_id
  )
  delete from directory_users u using gone g
  where u.organization_id = $1::uuid and u.directory_user_id = g.directory_user_id`;

export const purgeUser = purge(`
      and not exists (
        select from logins l where l.organization_id = $1::uuid and l.enabled_directory_user_id = $3::uuid)`);

/** Once an administrator has refused the deactivation there is nothing left to decide from the row. */
export const purgeUserKeepingLogin = purge('');
