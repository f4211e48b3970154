/** Sections of the statement that writes people; `records` is the placeholder of a JSON array of whole records. */

type Section = (records: string, others: ReadonlySet<PeopleSection>) => readonly string[];

/**
 * A name that exists by now, made by a concurrent twin or switched off by an administrator, is used under the id it has
 * and switched on: whoever asks for the new id gets that one.
 */
const jobTitles: Section = (records) => [
  `job_title_records as materialized (
    select j.* from jsonb_to_recordset(${records}::jsonb) as j(id uuid, name text)
  )`,
  `job_titles_written as (
    insert into job_titles (organization_id, job_title_id, name)
    select $1::uuid, j.id, j.name from job_title_records j
    order by lower(j.name)
    on conflict on constraint job_titles__one_name do update
      set is_active = true, revision = job_titles.revision + (not job_titles.is_active)::integer,
        updated_at = case when job_titles.is_active then job_titles.updated_at else now() end
    returning job_title_id, name_key
  )`,
  `job_title_ids as materialized (
    select j.id as asked, w.job_title_id from job_title_records j join job_titles_written w on w.name_key = lower(j.name)
  )`,
];

const jobTitleId = (others: ReadonlySet<PeopleSection>): string =>
  others.has('jobTitles')
    ? `coalesce((select t.job_title_id from job_title_ids t where t.asked = p."jobTitleId"), p."jobTitleId")`
    : 'p."jobTitleId"';

const loginColumns = `username text, email text, enabled boolean, "sessionsEndedAt" timestamptz`;

/** One row per person, whoever it belonged to before. */
const writeLogins = (person: 'employee_id' | 'contact_id', from: string): string => `
  insert into logins (organization_id, person_id, ${person}, directory_user_id, username, email, enabled,
    sessions_ended_at)
  select $1::uuid, p.id, p.id, p."directoryUserId", l.username, l.email, l.enabled, l."sessionsEndedAt"
  from ${from} p, jsonb_to_record(p.login) as l(${loginColumns})
  where jsonb_typeof(p.login) = 'object'
  order by p.id
  on conflict on constraint logins__identity do update set directory_user_id = excluded.directory_user_id,
    username = excluded.username, email = excluded.email, enabled = excluded.enabled,
    sessions_ended_at = excluded.sessions_ended_at`;

const employeeRecords = (records: string): string => `
  jsonb_to_recordset(${records}::jsonb) as r(id uuid, "firstName" text, "lastName" text, phone text,
    "jobTitleId" uuid, "departmentId" uuid, "locationId" uuid, "managerId" uuid, "employmentType" text,
    "employeeRoleId" uuid, "securityRoleId" uuid, status text, "inactivatedBy" text, "isRoot" boolean,
    "directoryUserId" uuid, "winningRuleId" uuid, governed boolean, "archivedAt" timestamptz, "predecessorId" uuid,
    "successorId" uuid, "createdAt" timestamptz, "updatedAt" timestamptz, login jsonb)`;

const employeeColumns = [
  'first_name',
  'last_name',
  'phone',
  'job_title_id',
  'department_id',
  'location_id',
  'manager_id',
  'employment_type',
  'employee_role_id',
  'security_role_id',
  'status',
  'inactivated_by',
  'is_root',
  'directory_user_id',
  'winning_rule_id',
  'governed',
  'archived_at',
  'predecessor_id',
  'successor_id',
  'updated_at',
];

const overwrite = (columns: readonly string[]): string =>
  columns.map((column) => `${column} = excluded.${column}`).join(', ');

const employees: Section = (records, others) => [
  `employee_records as materialized (select r.* from ${employeeRecords(records)})`,
  `employees_written as (
    insert into employees (organization_id, employee_id, created_at, ${employeeColumns.join(', ')})
    select $1::uuid, p.id, p."createdAt", p."firstName", p."lastName", p.phone, ${jobTitleId(others)}, p."departmentId",
      p."locationId", p."managerId", p."employmentType", p."employeeRoleId", p."securityRoleId", p.status,
      p."inactivatedBy", p."isRoot", p."directoryUserId", p."winningRuleId", p.governed, p."archivedAt",
      p."predecessorId", p."successorId", p."updatedAt"
    from employee_records p
    order by p.id
    on conflict on constraint employees__identity do update set ${overwrite(employeeColumns)}
  )`,
  `employee_logins_written as (${writeLogins('employee_id', 'employee_records')})`,
];

const contactRecords = (records: string): string => `
  jsonb_to_recordset(${records}::jsonb) as r(id uuid, "accountId" uuid, "accountLocationId" uuid, "firstName" text,
    "lastName" text, "jobTitle" text, emails jsonb, phones jsonb, "hasPortalAccess" boolean, "securityRoleId" uuid,
    status text, "inactivatedBy" text, "directoryUserId" uuid, "winningRuleId" uuid, governed boolean,
    "createdAt" timestamptz, "updatedAt" timestamptz, login jsonb)`;

const contactColumns = [
  'account_id',
  'account_location_id',
  'first_name',
  'last_name',
  'job_title',
  'phones',
  'has_portal_access',
  'security_role_id',
  'status',
  'inactivated_by',
  'directory_user_id',
  'winning_rule_id',
  'governed',
  'updated_at',
];

const contacts: Section = (records) => [
  `contact_records as materialized (select r.* from ${contactRecords(records)})`,
  `contacts_written as (
    insert into contacts (organization_id, contact_id, created_at, ${contactColumns.join(', ')})
    select $1::uuid, p.id, p."createdAt", p."accountId", p."accountLocationId", p."firstName", p."lastName",
      p."jobTitle", p.phones, p."hasPortalAccess", p."securityRoleId", p.status, p."inactivatedBy",
      p."directoryUserId", p."winningRuleId", p.governed, p."updatedAt"
    from contact_records p
    order by p.id
    on conflict on constraint contacts__identity do update set ${overwrite(contactColumns)}
  )`,
  `surplus_emails as (
    delete from contact_emails a
    where a.organization_id = $1::uuid and a.contact_id = any(array(select p.id from contact_records p))
      and a.position >= (select jsonb_array_length(p.emails) from contact_records p where p.id = a.contact_id)
  )`,
  `emails_written as (
    insert into contact_emails (organization_id, contact_id, position, address, type, is_default)
    select $1::uuid, p.id, e.ordinality - 1, e.element ->> 'address', e.element ->> 'type',
      (e.element ->> 'isDefault')::boolean
    from contact_records p, jsonb_array_elements(p.emails) with ordinality as e(element, ordinality)
    on conflict on constraint contact_emails__identity do update
      set address = excluded.address, type = excluded.type, is_default = excluded.is_default
      where (contact_emails.address, contact_emails.type, contact_emails.is_default)
        is distinct from (excluded.address, excluded.type, excluded.is_default)
  )`,
  `contact_logins_dropped as (
    delete from logins l
    where l.organization_id = $1::uuid and l.person_id = any(array(
      select p.id from contact_records p where jsonb_typeof(p.login) is distinct from 'object'))
  )`,
  `contact_logins_written as (${writeLogins('contact_id', 'contact_records')})`,
];

export type PeopleSection = 'jobTitles' | 'employees' | 'contacts';

const peopleSections: Readonly<Record<PeopleSection, Section>> = { jobTitles, employees, contacts };

/**
 * One statement for any combination of sections; $1 is the organization, $2 and on the records in the order given.
 * Unique names are deferrable, so one that is freed and taken in the same statement is no clash.
 */
export function applyPeopleText(sections: readonly PeopleSection[]): string {
  const all = new Set(sections);
  const parts = sections.flatMap((section, index) => peopleSections[section](`$${index + 2}`, all));
  return `with ${parts.join(', ')} select 1`;
}
