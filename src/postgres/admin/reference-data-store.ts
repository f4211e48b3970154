import type {
  ReferenceDataStore,
  ReferenceItem,
  ReferenceKind,
} from '../../operations/reference-data/reference-data-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { Conditions, readPage } from './page-query.ts';

interface UseSource {
  readonly kind: string;
  readonly table: string;
  /** The column that holds the id. */
  readonly column: string;
}

interface ReferenceTable {
  readonly table: string;
  readonly id: string;
  /** Field of the API → column. */
  readonly values: Readonly<Record<string, string>>;
  readonly hasAccount?: boolean;
  readonly usedBy: readonly UseSource[];
}

const employees = (column: string): UseSource => ({ kind: 'employees', table: 'employees', column });
const contacts = (column: string): UseSource => ({ kind: 'contacts', table: 'contacts', column });
const rules = (column: string): UseSource => ({ kind: 'mappingRules', table: 'mapping_rules', column });
const defaults = (column: string): UseSource => ({
  kind: 'employeeDefaults',
  table: 'employee_defaults',
  column,
});

/** Everything the lists differ in. Names of tables and columns come from here, never from a request. */
const tables: Readonly<Record<ReferenceKind, ReferenceTable>> = {
  departments: {
    table: 'departments',
    id: 'department_id',
    values: {},
    usedBy: [employees('department_id'), rules('override_department_id'), defaults('department_id')],
  },
  locations: {
    table: 'locations',
    id: 'location_id',
    values: { isMain: 'is_main' },
    usedBy: [employees('location_id'), rules('override_location_id'), defaults('location_id')],
  },
  jobTitles: {
    table: 'job_titles',
    id: 'job_title_id',
    values: { isActive: 'is_active' },
    usedBy: [employees('job_title_id'), defaults('job_title_id')],
  },
  employeeRoles: {
    table: 'employee_roles',
    id: 'employee_role_id',
    values: { isDefault: 'is_default' },
    usedBy: [employees('employee_role_id'), rules('override_employee_role_id'), defaults('employee_role_id')],
  },
  securityRoles: {
    table: 'security_roles',
    id: 'security_role_id',
    values: {
      isExternal: 'is_external',
      isActive: 'is_active',
      isSystem: 'is_system',
      isAdministrator: 'is_administrator',
    },
    usedBy: [
      employees('security_role_id'),
      contacts('security_role_id'),
      rules('security_role_id'),
      defaults('security_role_id'),
    ],
  },
  accounts: {
    table: 'accounts',
    id: 'account_id',
    values: { domains: 'domains' },
    usedBy: [contacts('account_id'), rules('account_id'), defaults('account_id')],
  },
  accountLocations: {
    table: 'account_locations',
    id: 'account_location_id',
    values: { isMain: 'is_main' },
    hasAccount: true,
    usedBy: [contacts('account_location_id'), rules('account_location_id')],
  },
};

type ReferenceRow = Omit<ReferenceItem, 'values'> & Readonly<Record<string, unknown>>;

function selectOf({ table, id, values, hasAccount }: ReferenceTable): string {
  const fields = Object.entries(values).map(([field, column]) => `t.${column} as "${field}"`);
  const columns = [
    `t.${id} as "id"`,
    `${hasAccount ? 't.account_id' : 'null'} as "accountId"`,
    't.name',
    ...fields,
    't.created_at as "createdAt"',
    't.updated_at as "updatedAt"',
    't.revision',
  ];
  return `select ${columns.join(', ')} from ${table} t`;
}

const readOf =
  ({ values }: ReferenceTable) =>
  (row: ReferenceRow): ReferenceItem => ({
    id: row.id,
    accountId: row.accountId,
    name: row.name,
    // The columns behind these fields are boolean or text[], see the migrations.
    values: Object.fromEntries(
      Object.keys(values).map((field) => [field, row[field] as boolean | readonly string[]]),
    ),
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    revision: row.revision,
  });

export function makeReferenceDataStore(connection: SqlConnection): ReferenceDataStore {
  const { organizationId } = connection.context;

  const conditionsOf = (spec: ReferenceTable, accountId: string | null): Conditions => {
    const conditions = new Conditions();
    conditions.add(`t.organization_id = ${conditions.bind(organizationId)}`);
    if (spec.hasAccount) conditions.addGiven(accountId, (value) => `t.account_id = ${value}::uuid`);
    return conditions;
  };

  return {
    list: (kind, accountId, page) => {
      const spec = tables[kind];
      return readPage(connection, {
        select: selectOf(spec),
        conditions: conditionsOf(spec, accountId),
        key: `t.${spec.id}`,
        page,
        read: readOf(spec),
        idOf: (item) => item.id,
      });
    },
    get: async (kind, accountId, id) => {
      const spec = tables[kind];
      const conditions = conditionsOf(spec, accountId);
      conditions.add(`t.${spec.id} = ${conditions.bind(id)}`);
      const [row] = await connection.rows<ReferenceRow>({
        text: `${selectOf(spec)} ${conditions.where()}`,
        values: conditions.values,
      });
      return row === undefined ? null : readOf(spec)(row);
    },
    idOfName: async (kind, accountId, name) => {
      const spec = tables[kind];
      const conditions = conditionsOf(spec, accountId);
      conditions.add(`t.name_key = lower(${conditions.bind(name)})`);
      const [row] = await connection.rows<{ id: string }>({
        text: `select t.${spec.id} as "id" from ${spec.table} t ${conditions.where()}`,
        values: conditions.values,
      });
      return row?.id ?? null;
    },
    insert: async (kind, item) => {
      const { table, id, values, hasAccount } = tables[kind];
      const fields = Object.keys(values);
      const columns = [
        'organization_id',
        id,
        'name',
        'created_at',
        'updated_at',
        ...(hasAccount ? ['account_id'] : []),
        ...Object.values(values),
      ];
      await connection.execute({
        text: `
          insert into ${table} (${columns.join(', ')})
          values (${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
        values: [
          organizationId,
          item.id,
          item.name,
          item.createdAt,
          item.updatedAt,
          ...(hasAccount ? [item.accountId] : []),
          ...fields.map((field) => item.values[field]),
        ],
      });
    },
    save: async (kind, item) => {
      const { table, id, values } = tables[kind];
      const sets = Object.values(values).map((column, index) => `${column} = $${index + 5}, `);
      await connection.execute({
        text: `
          update ${table} set name = $3, updated_at = $4, ${sets.join('')} revision = revision + 1
          where organization_id = $1 and ${id} = $2`,
        values: [
          organizationId,
          item.id,
          item.name,
          item.updatedAt,
          ...Object.keys(values).map((field) => item.values[field]),
        ],
      });
    },
    clearMark: async (kind, accountId, { mark, exceptId, at }) => {
      const spec = tables[kind];
      const column = spec.values[mark];
      if (column === undefined) throw new Error(`${kind} carries no mark ${mark}`);
      const conditions = conditionsOf(spec, accountId);
      conditions.add(`t.${column}`);
      conditions.add(`t.${spec.id} <> ${conditions.bind(exceptId)}`);
      const moment = conditions.bind(at);
      await connection.execute({
        text: `
          update ${spec.table} t set ${column} = false, updated_at = ${moment}, revision = revision + 1
          ${conditions.where()}`,
        values: conditions.values,
      });
    },
    uses: async (kind, id) => {
      const counts = tables[kind].usedBy.map(
        ({ kind: user, table, column }) => `
          select '${user}' as "kind", count(*) as "count" from ${table} t
          where t.organization_id = $1 and t.${column} = $2`,
      );
      const rows = await connection.rows<{ kind: string; count: number }>({
        text: `select * from (${counts.join(' union all ')}) uses where "count" > 0`,
        values: [organizationId, id],
      });
      return rows;
    },
    delete: async (kind, id) => {
      const { table, id: column } = tables[kind];
      await connection.execute({
        text: `delete from ${table} where organization_id = $1 and ${column} = $2`,
        values: [organizationId, id],
      });
    },
  };
}
