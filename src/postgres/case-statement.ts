/**
 * Everything that a decision about a set of users needs, as one row of JSON sections. $1 organization, $2 user ids,
 * $3 connection ids, $4 address keys, $5 username keys, $6 job title keys, $7 usernames that numbers are put behind.
 *
 * The people are locked in id order, employees before contacts. A statement reads by the snapshot of its start, so where
 * it had to wait for a lock the rows it joins may be older than the row it waited for: `isStale` says so, and the
 * statement is run once more, when nothing can make it wait.
 *
 * Every lookup is a sub-select of its own that the planner cannot reorder (LIMIT, OFFSET): the plan is made once, often
 * while the tables are still almost empty, and a scan would seem as good.
 */
const each = (keys: string, type: 'uuid' | 'text', lookup: string): string =>
  `select f.id from unnest(${keys}::${type}[]) as w(key) cross join lateral (${lookup} offset 0) f`;

const byId = (keys: string | null): string =>
  keys === null ? '' : `union select w.key as id from unnest(${keys}::uuid[]) as w(key)`;

const candidates = (lock: string, personIds: string | null): string => `
  email_logins as materialized (
    select f.email_key, f.person_id, f.employee_id, f.contact_id
    from unnest($4::text[]) as w(key)
    cross join lateral (
      select x.email_key, x.person_id, x.employee_id, x.contact_id from logins x
      where x.organization_id = $1::uuid and x.email_key = w.key
      limit 1
    ) f
  ),
  locked_employees as materialized (
    select e.* from (
      ${each(
        '$2',
        'uuid',
        `select x.employee_id as id from employees x
        where x.organization_id = $1::uuid and x.directory_user_id = w.key`,
      )}
      union
      select l.employee_id as id from email_logins l where l.employee_id is not null
      ${byId(personIds)}
      order by id
    ) i
    cross join lateral (
      select x.*, x.xmin as row_version from employees x
      where x.organization_id = $1::uuid and x.employee_id = i.id
        and (x.status <> 'archived' or x.directory_user_id = any($2::uuid[])
          ${personIds === null ? '' : `or x.employee_id = any(${personIds}::uuid[])`})
      ${lock}
    ) e
  ),
  locked_contacts as materialized (
    select c.* from (
      ${each(
        '$2',
        'uuid',
        `select x.contact_id as id from contacts x
        where x.organization_id = $1::uuid and x.directory_user_id = w.key`,
      )}
      union
      ${each(
        '$4',
        'text',
        `select x.contact_id as id from contact_emails x
        where x.organization_id = $1::uuid and x.address_key = w.key`,
      )}
      union
      select l.contact_id as id from email_logins l where l.contact_id is not null
      ${byId(personIds)}
      order by id
    ) i
    cross join lateral (
      select x.*, x.xmin as row_version from contacts x
      where x.organization_id = $1::uuid and x.contact_id = i.id
      ${lock}
    ) c
  )`;

/** Many users share a group: its rules are looked up once for all of them. */
const memberRules = `
  member_groups as materialized (
    select w.key as directory_user_id, m.directory_group_id
    from unnest($2::uuid[]) as w(key)
    cross join lateral (
      select distinct x.directory_group_id from memberships x
      where x.organization_id = $1::uuid and x.directory_user_id = w.key
      offset 0
    ) m
  ),
  group_rules as materialized (
    select r.mapping_rule_id, g.directory_group_id, g.display_name, g.created_upstream_at, g.first_seen_at
    from (select distinct m.directory_group_id from member_groups m) m
    cross join lateral (
      select x.directory_group_id, x.connection_id, x.rule_key, x.display_name, x.created_upstream_at, x.first_seen_at,
        x.deleted_at, x.missing_since
      from directory_groups x
      where x.organization_id = $1::uuid and x.directory_group_id = m.directory_group_id
      limit 1
    ) g
    cross join lateral (
      select x.mapping_rule_id, x.connection_id from mapping_rules x
      where x.organization_id = $1::uuid and x.group_key = g.rule_key
      offset 0
    ) r
    where g.deleted_at is null and g.missing_since is null and r.connection_id = g.connection_id
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

/** The directory may deactivate whoever is the manager of new people: then they have none. */
const activeManager = (id: string): string => `
  (select m.employee_id from employees m
    where m.organization_id = $1::uuid and m.employee_id = ${id} and m.status = 'active')`;

/** A rule's group counts once, the one seen last, as everywhere that rules are read. */
const rules = `
  select json_agg(json_build_object('id', r.mapping_rule_id, 'connectionId', r.connection_id, 'groupId', r.group_id,
    'order', r.rule_order, 'userType', r.user_type, 'securityRoleId', r.security_role_id,
    'accountId', r.account_id, 'accountLocationId', r.account_location_id,
    'overrides', json_build_object('departmentId', r.override_department_id, 'locationId', r.override_location_id,
      'managerId', ${activeManager('r.override_manager_id')}, 'employmentType', r.override_employment_type,
      'employeeRoleId', r.override_employee_role_id),
    'enabled', r.enabled, 'note', r.note, 'createdAt', r.created_at, 'updatedAt', r.updated_at,
    'group', json_build_object('id', d.directory_group_id, 'name', d.display_name, 'createdAt', d.created_upstream_at,
      'firstSeenAt', d.first_seen_at, 'state', 'found')))
  from (
    select distinct on (m.mapping_rule_id) m.* from group_rules m
    order by m.mapping_rule_id, m.first_seen_at desc, m.directory_group_id desc
  ) d
  cross join lateral (
    select x.* from mapping_rules x where x.organization_id = $1::uuid and x.mapping_rule_id = d.mapping_rule_id limit 1
  ) r`;

const rulesOfUsers = `
  select json_agg(json_build_array(m.directory_user_id, m.rule_ids)) from (
    select g.directory_user_id, array_agg(distinct r.mapping_rule_id) as rule_ids
    from member_groups g
    join group_rules r on r.directory_group_id = g.directory_group_id
    group by 1
  ) m`;

const identities = `
  select json_agg(json_build_object('directoryUserId', u.directory_user_id, 'connectionId', u.connection_id,
    'deleted', u.deleted_at is not null))
  from (
    select e.directory_user_id as id from locked_employees e
    union select c.directory_user_id from locked_contacts c
  ) d
  cross join lateral (
    select x.directory_user_id, x.connection_id, x.deleted_at from directory_users x
    where x.organization_id = $1::uuid and x.directory_user_id = d.id
    limit 1
  ) u`;

/** `found` answers keys and people. An archived name starts with the name it had; more than the exact forms does no harm. */
const takenNames = (key: string, found: string): string => `
  select json_agg(json_build_array(t.name_key, t.person_id)) from (
    select f.name_key, f.person_id from (${found}) f
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

const loginEmails = takenNames(
  'email_key',
  'select l.email_key as name_key, l.person_id from email_logins l',
);

/** The names asked for, and behind some of them numbers with two digits at most; a colon comes right behind the digits. */
const usernames = takenNames(
  'username_key',
  `
    select f.username_key as name_key, f.person_id
    from unnest($5::text[]) as w(key)
    cross join lateral (
      select l.username_key, l.person_id from logins l
      where l.organization_id = $1::uuid and l.username_key = w.key
      limit 1
    ) f
    union all
    select f.username_key, f.person_id
    from unnest($7::text[]) as w(key)
    cross join lateral (
      select l.username_key, l.person_id from logins l
      where l.organization_id = $1::uuid and l.username_key >= w.key || '0' and l.username_key < w.key || ':'
        and length(l.username_key) <= length(w.key) + 2
      offset 0
    ) f`,
);

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
  select json_build_object('departmentId', d.department_id, 'locationId', d.location_id,
    'managerId', ${activeManager('d.manager_id')},
    'jobTitleId', d.job_title_id, 'employmentType', d.employment_type, 'securityRoleId', d.security_role_id,
    'employeeRoleId', d.employee_role_id, 'accountId', d.account_id)
  from employee_defaults d where d.organization_id = $1::uuid`;

const jobTitles = `
  select json_agg(json_build_array(j.name_key, j.job_title_id))
  from unnest($6::text[]) as w(key)
  cross join lateral (
    select x.name_key, x.job_title_id, x.is_active from job_titles x
    where x.organization_id = $1::uuid and x.name_key = w.key
    limit 1
  ) j
  where j.is_active`;

const securityRoles = `
  select json_agg(json_build_object('id', o.security_role_id, 'name', o.name, 'isAdministrator', o.is_administrator))
  from security_roles o where o.organization_id = $1::uuid`;

const blockedUsers = `
  select json_agg(w.key) from unnest($2::uuid[]) as w(key)
  where exists (
    select from directory_users x
    where x.organization_id = $1::uuid and x.directory_user_id = w.key and x.is_blocked_upstream offset 0)`;

const openHolds = `
  select json_agg(json_build_object('id', h.held_change_id, 'directoryUserId', w.key, 'effect', h.effect,
    'cause', h.cause, 'state', h.state) order by h.held_change_id desc)
  from unnest($2::uuid[]) as w(key)
  cross join lateral (
    select x.held_change_id, x.effect, x.cause, x.state from held_changes x
    where x.organization_id = $1::uuid and x.directory_user_id = w.key and x.is_open
    offset 0
  ) h`;

const relations = `
  select json_agg(e.employee_id) from locked_employees e
  where exists (
    select from relations x where x.organization_id = $1::uuid and x.employee_id = e.employee_id offset 0)`;

const isStale = `
  exists (select from locked_employees l where l.row_version is distinct from (
    select e.xmin from employees e where e.organization_id = $1::uuid and e.employee_id = l.employee_id))
  or exists (select from locked_contacts l where l.row_version is distinct from (
    select c.xmin from contacts c where c.organization_id = $1::uuid and c.contact_id = l.contact_id))`;

const casesText = (lock: string, personIds: string | null = null): string => `
  with ${candidates(lock, personIds)}, ${memberRules}
  select (${employees}) as "employees", (${contacts}) as "contacts", (${isStale}) as "isStale",
    (${settings}) as "settings", (${defaults}) as "defaults", (${connections}) as "connections",
    (${rules}) as "rules",
    (${rulesOfUsers}) as "memberRules", (${identities}) as "identities", (${usernames}) as "usernames",
    (${loginEmails}) as "loginEmails", (${jobTitles}) as "jobTitles",
    (${securityRoles}) as "securityRoles", (${relations}) as "employeesWithRelations",
    (${blockedUsers}) as "blockedUsers", (${openHolds}) as "openHolds"`;

export const loadCasesText = casesText('for update');

/** The same facts for a plan that is not carried out: nobody is locked. */
export const viewCasesText = casesText('offset 0');

/** The same facts, and the people whose ids are in $8, whatever they are linked to: locked, and for a plan. */
export const loadPeopleText = casesText('for update', '$8');
export const viewPeopleText = casesText('offset 0', '$8');
