import type { EmployeeDefaultsStore } from '../../operations/organizations/admin-ports.ts';
import type { EmployeeDefaults } from '../../provisioning/settings.ts';
import type { SqlConnection } from '../sql-connection.ts';

type DefaultsRow = EmployeeDefaults & { readonly revision: number };

export function makeEmployeeDefaultsStore(connection: SqlConnection): EmployeeDefaultsStore {
  const { organizationId } = connection.context;
  return {
    get: async () => {
      const [row] = await connection.rows<DefaultsRow>({
        text: `
          select d.department_id as "departmentId", d.location_id as "locationId", d.manager_id as "managerId",
            d.job_title_id as "jobTitleId", d.employment_type as "employmentType",
            d.security_role_id as "securityRoleId", d.employee_role_id as "employeeRoleId",
            d.account_id as "accountId", d.revision
          from employee_defaults d where d.organization_id = $1`,
        values: [organizationId],
      });
      if (row === undefined) throw new Error(`Organization ${organizationId} has no employee defaults`);
      const { revision, ...value } = row;
      return { value, revision };
    },
    save: async (defaults, at) => {
      const [row] = await connection.rows<{ revision: number }>({
        text: `
          update employee_defaults set department_id = $2, location_id = $3, manager_id = $4, job_title_id = $5,
            employment_type = $6, security_role_id = $7, employee_role_id = $8, account_id = $9, updated_at = $10,
            revision = revision + 1
          where organization_id = $1
          returning revision`,
        values: [
          organizationId,
          defaults.departmentId,
          defaults.locationId,
          defaults.managerId,
          defaults.jobTitleId,
          defaults.employmentType,
          defaults.securityRoleId,
          defaults.employeeRoleId,
          defaults.accountId,
          at,
        ],
      });
      if (row === undefined) throw new Error(`Organization ${organizationId} has no employee defaults`);
      return row.revision;
    },
    hasEmployeesBesideRoot: async () => {
      const [row] = await connection.rows<{ found: boolean }>({
        text: `
          select exists (select from employees e where e.organization_id = $1 and not e.is_root) as "found"`,
        values: [organizationId],
      });
      return row?.found === true;
    },
  };
}
