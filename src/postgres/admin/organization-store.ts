import type { Organization, OrganizationStore } from '../../operations/organizations/admin-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';

export function makeOrganizationStore(connection: SqlConnection): OrganizationStore {
  const { organizationId } = connection.context;
  return {
    get: async () => {
      const [row] = await connection.rows<Organization>({
        text: `
          select o.organization_id as "id", o.name, o.created_at as "createdAt"
          from organizations o where o.organization_id = $1`,
        values: [organizationId],
      });
      return row ?? null;
    },
    insert: async ({ id, name, createdAt }) => {
      const inserted = await connection.execute({
        text: `
          insert into organizations (organization_id, name, created_at) values ($1, $2, $3)
          on conflict (organization_id) do nothing`,
        values: [id, name, createdAt],
      });
      if (inserted === 0) return false;
      for (const table of ['settings', 'employee_defaults']) {
        await connection.execute({
          text: `insert into ${table} (organization_id, updated_at) values ($1, $2)`,
          values: [id, createdAt],
        });
      }
      return true;
    },
  };
}
