/**
 * Everything that a decision about a set of users needs, as one row of JSON sections. $1 organization, $2 user ids,
 * $3 connection ids, $4 address keys, $5 username keys, $6 job title keys.
 *
 * The people are locked in id order, employees before contacts. A statement reads by the snapshot of its start, so where
 * it had to wait for a lock the rows it joins may be older than the row it waited for: `isStale` says so, and the
 * statement is run once more, when nothing can make it wait.
 *
 * Written with sub-selects and arrays instead of joins, which leave the planner no way but the indexes: the plan is made
 * once, often while the tables are still almost empty.
 */
const candidates = `
  locked_employees as materialized (
    select e.*, e.xmin as row_version from employees e
    where e.organization_id = $1::uuid
      and e.employee_id = any(array(
        select i.employee_id from employees i
        where i.organization_id = $1::uuid and i.directory_user_id = any($2::uuid[])
        union
        select l.employee_id from logins l
        where l.organization_id = $1::uuid and l.email_key = any($4::text[]) and l.employee_id is not null))
      and (e.status <> 'archived' or e.directory_user_id = any($2::uuid[]))
    order by e.employee_id
    for update
  ),
  locked_contacts as materialized (
    select c.*, c.xmin as row_version from contacts c
    where c.organization_id = $1::uuid
      and c.contact_id = any(array(
        select i.contact_id from contacts i
        where i.organization_id = $1::uuid and i.directory_user_id = any($2::uuid[])
        union
        select a.contact_id from contact_emails a
        where a.organization_id = $1::uuid and a.address_key = any($4::text[])
        union
        select l.contact_id from logins l
        where l.organization_id = $1::uuid and l.email_key = any($4::text[]) and l.contact_id is not null))
    order by c.contact_id
    for update
  )`;

const memberRules = `
  member_rules as materialized (
    select m.directory_user_id, r.mapping_rule_id, g.directory_group_id, g.first_seen_at
    from memberships m
    cross join lateral (
      select d.directory_group_id, d.connection_id, d.rule_key, d.first_seen_at from directory_groups d
      where d.organization_id = $1::uuid and d.directory_group_id = m.directory_group_id and d.deleted_at is null
      limit 1
    ) g
    cross join lateral (
      select p.mapping_rule_id from mapping_rules p
      where p.organization_id = $1::uuid and p.connection_id = g.connection_id and p.group_key = g.rule_key
      limit 1
    ) r
    where m.organization_id = $1::uuid and m.directory_user_id = any($2::uuid[])
  )`;

const loginOf = (person: string): string => `
  (select json_build_object('username', l.username, 'email', l.email, 'enabled', l.enabled,
      'sessionsEndedAt', l.sessions_ended_at)
    from logins l where l.organization_id = $1::uuid and l.person_id = ${person})`;

const employees = `
  select json_agg(json_build_object('id', e.employee_id, 'firstName', e.first_name, 'lastName', e.last_name,
    'phone', e.phone, 'jobTitleId', e.job_title_id, 'departmentId', e.department_id, 'locationId', e.location_id,
    'managerId', e.manager_id, 'employmentType', e.employment_type, 'employeeRoleId', e.employee_role_id,
    'securityRoleId', e.security_role_id, 'status', e.status, 'inactivatedBy', e.inactivated_by,
    'isRoot', e.is_root, 'directoryUserId', e.directory_user_id, 'winningRuleId', e.winning_rule_id,
    'governed', e.governed, 'archivedAt', e.archived_at, 'predecessorId', e.predecessor_id,
    'successorId', e.successor_id, 'createdAt', e.created_at, 'updatedAt', e.updated_at,
    'login', ${loginOf('e.employee_id')}
  ) order by e.employee_id)
  from locked_employees e`;

const contacts = `
  select json_agg(json_build_object('id', c.contact_id, 'accountId', c.account_id,
    'accountLocationId', c.account_location_id, 'firstName', c.first_name, 'lastName', c.last_name,
    'jobTitle', c.job_title, 'phones', c.phones, 'hasPortalAccess', c.has_portal_access,
    'securityRoleId', c.security_role_id, 'status', c.status, 'inactivatedBy', c.inactivated_by,
    'directoryUserId', c.directory_user_id, 'winningRuleId', c.winning_rule_id, 'governed', c.governed,
    'createdAt', c.created_at, 'updatedAt', c.updated_at, 'login', ${loginOf('c.contact_id')},
    'emails', (
      select coalesce(json_agg(json_build_object('address', a.address, 'type', a.type, 'isDefault', a.is_default)
        order by a.position), '[]'::json)
      from contact_emails a where a.organization_id = $1::uuid and a.contact_id = c.contact_id)
  ) order by c.contact_id)
  from locked_contacts c`;

/** A rule's group counts once, the one seen last, as everywhere that rules are read. */
const rules = `
  select json_agg(json_build_object('id', r.mapping_rule_id, 'connectionId', r.connection_id, 'groupId', r.group_id,
    'order', r.rule_order, 'userType', r.user_type, 'securityRoleId', r.security_role_id,
    'accountId', r.account_id, 'accountLocationId', r.account_location_id,
    'overrides', json_build_object('departmentId', r.override_department_id, 'locationId', r.override_location_id,
      'managerId', r.override_manager_id, 'employmentType', r.override_employment_type,
      'employeeRoleId', r.override_employee_role_id),
    'enabled', r.enabled, 'note', r.note, 'createdAt', r.created_at, 'updatedAt', r.updated_at,
    'group', (
      select json_build_object('id', g.directory_group_id, 'name', g.display_name,
        'createdAt', g.created_upstream_at, 'firstSeenAt', g.first_seen_at, 'state', 'found')
      from directory_groups g
      where g.organization_id = $1::uuid and g.directory_group_id = (
        select m.directory_group_id from member_rules m where m.mapping_rule_id = r.mapping_rule_id
        order by m.first_seen_at desc, m.directory_group_id desc limit 1))))
  from mapping_rules r
  where r.organization_id = $1::uuid and r.mapping_rule_id = any(array(select m.mapping_rule_id from member_rules m))`;

const identities = `
  select json_agg(json_build_object('directoryUserId', u.directory_user_id, 'connectionId', u.connection_id,
    'deleted', u.deleted_at is not null))
  from directory_users u
  where u.organization_id = $1::uuid and u.directory_user_id = any(array(
    select e.directory_user_id from locked_employees e
    union select c.directory_user_id from locked_contacts c))`;

/** An archived name starts with the name it had; more than the exact forms does no harm. */
const takenNames = (key: string, asked: string): string => `
  select json_agg(json_build_array(t.name_key, t.person_id)) from (
    select l.${key} as name_key, l.person_id from logins l
    where l.organization_id = $1::uuid and l.${key} = any(${asked}::text[])
    union
    select f.${key}, f.person_id
    from locked_employees e
    cross join lateral (
      select o.${key} from logins o where o.organization_id = $1::uuid and o.person_id = e.employee_id limit 1
    ) n
    cross join lateral (
      select l.${key}, l.person_id from logins l
      where l.organization_id = $1::uuid and l.${key} >= n.${key} || '_archived' and l.${key} < n.${key} || '_archivee'
      offset 0
    ) f
  ) t`;

const connections = `
  select json_agg(json_build_object('id', n.connection_id, 'emailSource', n.email_source,
    'verifiedDomains', to_json(n.verified_domains), 'allowedExternalDomains', to_json(n.allowed_external_domains)))
  from connections n where n.organization_id = $1::uuid and n.connection_id = any($3::uuid[])`;

const settings = `
  select json_build_object('provisioningMode', s.provisioning_mode, 'unknownJobTitle', s.unknown_job_title,
    'defaultPhoneType', s.default_phone_type, 'restoreArchived', s.restore_archived,
    'guard', json_build_object('maxDeactivations', s.guard_max_deactivations,
      'maxDeactivationsPercent', s.guard_max_deactivations_percent, 'maxConversions', s.guard_max_conversions,
      'windowMinutes', s.guard_window_minutes))
  from settings s where s.organization_id = $1::uuid`;

const defaults = `
  select json_build_object('departmentId', d.department_id, 'locationId', d.location_id, 'managerId', d.manager_id,
    'jobTitleId', d.job_title_id, 'employmentType', d.employment_type, 'securityRoleId', d.security_role_id,
    'employeeRoleId', d.employee_role_id, 'accountId', d.account_id)
  from employee_defaults d where d.organization_id = $1::uuid`;

const jobTitles = `
  select json_agg(json_build_array(j.name_key, j.job_title_id)) from job_titles j
  where j.organization_id = $1::uuid and j.name_key = any($6::text[]) and j.is_active`;

const securityRoles = `
  select json_agg(json_build_object('id', o.security_role_id, 'name', o.name, 'isAdministrator', o.is_administrator))
  from security_roles o where o.organization_id = $1::uuid`;

const relations = `
  select json_agg(distinct r.employee_id) from relations r
  where r.organization_id = $1::uuid and r.employee_id = any(array(select e.employee_id from locked_employees e))`;

const isStale = `
  exists (select from locked_employees l where l.row_version is distinct from (
    select e.xmin from employees e where e.organization_id = $1::uuid and e.employee_id = l.employee_id))
  or exists (select from locked_contacts l where l.row_version is distinct from (
    select c.xmin from contacts c where c.organization_id = $1::uuid and c.contact_id = l.contact_id))`;

export const loadCasesText = `
  with ${candidates}, ${memberRules}
  select (${employees}) as "employees", (${contacts}) as "contacts", (${isStale}) as "isStale",
    (${settings}) as "settings", (${defaults}) as "defaults", (${connections}) as "connections",
    (${rules}) as "rules",
    (select json_agg(distinct jsonb_build_array(m.directory_user_id, m.mapping_rule_id)) from member_rules m)
      as "memberRules",
    (${identities}) as "identities", (${takenNames('username_key', '$5')}) as "usernames",
    (${takenNames('email_key', '$4')}) as "loginEmails", (${jobTitles}) as "jobTitles",
    (${securityRoles}) as "securityRoles", (${relations}) as "employeesWithRelations"`;
