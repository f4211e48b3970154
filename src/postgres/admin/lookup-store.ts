import type { LookupStore, ReferenceFacts } from '../../operations/people/people-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';

const referencesText = `
  select
    exists (select from departments x where x.organization_id = $1 and x.department_id = $2::uuid) as "department",
    exists (select from locations x where x.organization_id = $1 and x.location_id = $3::uuid) as "location",
    exists (select from employee_roles x
      where x.organization_id = $1 and x.employee_role_id = $4::uuid) as "employeeRole",
    (select jsonb_build_object('isActive', x.is_active) from job_titles x
      where x.organization_id = $1 and x.job_title_id = $5::uuid) as "jobTitle",
    (select jsonb_build_object('isExternal', x.is_external, 'isActive', x.is_active,
        'isAdministrator', x.is_administrator) from security_roles x
      where x.organization_id = $1 and x.security_role_id = $6::uuid) as "securityRole",
    (select jsonb_build_object('status', x.status) from employees x
      where x.organization_id = $1 and x.employee_id = $7::uuid) as "manager",
    (select jsonb_build_object('mainLocationId', (select y.account_location_id from account_locations y
        where y.organization_id = x.organization_id and y.account_id = x.account_id and y.is_main)) from accounts x
      where x.organization_id = $1 and x.account_id = $8::uuid) as "account",
    (select jsonb_build_object('accountId', x.account_id) from account_locations x
      where x.organization_id = $1 and x.account_location_id = $9::uuid) as "accountLocation"`;

const nothing: ReferenceFacts = {
  department: false,
  location: false,
  employeeRole: false,
  jobTitle: null,
  securityRole: null,
  manager: null,
  account: null,
  accountLocation: null,
};

const takenText = `
  select l.username_key as "username", l.email_key as "email" from logins l
  where l.organization_id = $1 and l.person_id <> $4 and (l.username_key = any($2::text[]) or l.email_key = any($3::text[]))`;

const lower = (texts: readonly string[]): readonly string[] => texts.map((text) => text.toLowerCase());

export function makeLookupStore(connection: SqlConnection): LookupStore {
  const { organizationId } = connection.context;

  return {
    references: async (ids) => {
      const [row] = await connection.rows<ReferenceFacts>({
        name: 'admin-references',
        text: referencesText,
        values: [
          organizationId,
          ids.departmentId,
          ids.locationId,
          ids.employeeRoleId,
          ids.jobTitleId,
          ids.securityRoleId,
          ids.managerId,
          ids.accountId,
          ids.accountLocationId,
        ],
      });
      return row ?? nothing;
    },
    takenLogins: async (lookup) => {
      const rows = await connection.rows<{ username: string | null; email: string | null }>({
        name: 'admin-taken-logins',
        text: takenText,
        values: [organizationId, lower(lookup.usernames), lower(lookup.emails), lookup.exceptPersonId],
      });
      const present = (text: string | null): text is string => text !== null;
      return {
        usernames: new Set(rows.map((row) => row.username).filter(present)),
        emails: new Set(rows.map((row) => row.email).filter(present)),
      };
    },
  };
}
