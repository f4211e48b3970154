import type { Relation, RelationStore } from '../../operations/people/people-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { Conditions, readPage } from './page-query.ts';

const select = `
  select r.relation_id as "id", r.kind, r.reference, r.employee_id as "employeeId", r.contact_id as "contactId",
    r.created_at as "createdAt"
  from relations r`;

export function makeRelationStore(connection: SqlConnection): RelationStore {
  const { organizationId } = connection.context;

  return {
    list: (filter, page) => {
      const conditions = new Conditions();
      conditions.add(`r.organization_id = ${conditions.bind(organizationId)}`);
      conditions.addGiven(filter.employeeId, (value) => `r.employee_id = ${value}::uuid`);
      conditions.addGiven(filter.contactId, (value) => `r.contact_id = ${value}::uuid`);
      const read = (row: Relation): Relation => row;
      const idOf = (relation: Relation): string => relation.id;
      return readPage(connection, { select, conditions, key: 'r.relation_id', page, read, idOf });
    },
    get: async (id) => {
      const [row] = await connection.rows<Relation>({
        text: `${select} where r.organization_id = $1 and r.relation_id = $2`,
        values: [organizationId, id],
      });
      return row ?? null;
    },
    insert: async (relation) => {
      const { id, kind, reference, employeeId, contactId, createdAt } = relation;
      await connection.execute({
        text: `
          insert into relations (organization_id, relation_id, kind, reference, employee_id, contact_id, created_at)
          values ($1, $2, $3, $4, $5, $6, $7)`,
        values: [organizationId, id, kind, reference, employeeId, contactId, createdAt],
      });
    },
    delete: async (id) => {
      const deleted = await connection.execute({
        text: 'delete from relations where organization_id = $1 and relation_id = $2',
        values: [organizationId, id],
      });
      return deleted > 0;
    },
  };
}
