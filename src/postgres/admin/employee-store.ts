import type {
  Administrator,
  EmployeeStore,
  EmployeeView,
  FormerIdentity,
  ManagerUses,
  RelationSummary,
} from '../../operations/people/people-ports.ts';
import type { Employee, Inactivator } from '../../provisioning/person.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { Conditions, containing, readPage } from './page-query.ts';

interface EmployeeRow extends Omit<Employee, 'login' | 'inactivatedBy'> {
  readonly inactivatedBy: Inactivator | null;
  readonly username: string | null;
  readonly email: string | null;
  readonly loginEnabled: boolean | null;
  readonly sessionsEndedAt: string | null;
  readonly jobTitle: string | null;
  readonly connectionId: string | null;
  readonly formerIdentity: FormerIdentity | null;
  readonly relations: readonly RelationSummary[];
}

const select = `
  select e.employee_id as "id", e.first_name as "firstName", e.last_name as "lastName", e.phone,
    e.job_title_id as "jobTitleId", e.department_id as "departmentId", e.location_id as "locationId",
    e.manager_id as "managerId", e.employment_type as "employmentType", e.employee_role_id as "employeeRoleId",
    e.security_role_id as "securityRoleId", e.status, e.inactivated_by as "inactivatedBy", e.is_root as "isRoot",
    e.directory_user_id as "directoryUserId", e.winning_rule_id as "winningRuleId", e.governed,
    e.archived_at as "archivedAt", e.predecessor_id as "predecessorId", e.successor_id as "successorId",
    e.created_at as "createdAt", e.updated_at as "updatedAt",
    l.username, l.email, l.enabled as "loginEnabled", l.sessions_ended_at as "sessionsEndedAt",
    case when e.directory_user_id is null and f.person_id is not null
      then jsonb_build_object('tenantId', f.tenant_id, 'objectId', f.object_id) end as "formerIdentity",
    j.name as "jobTitle", d.connection_id as "connectionId",
    coalesce((
      select jsonb_agg(jsonb_build_object('id', r.relation_id, 'kind', r.kind, 'reference', r.reference)
        order by r.relation_id)
      from (
        select x.relation_id, x.kind, x.reference from relations x
        where x.organization_id = e.organization_id and x.employee_id = e.employee_id
        order by x.relation_id limit 100
      ) r), '[]'::jsonb) as "relations"
  from employees e
  left join logins l on l.organization_id = e.organization_id and l.person_id = e.employee_id
  left join former_identities f on f.organization_id = e.organization_id and f.person_id = e.employee_id
  left join job_titles j on j.organization_id = e.organization_id and j.job_title_id = e.job_title_id
  left join directory_users d on d.organization_id = e.organization_id and d.directory_user_id = e.directory_user_id`;

function readView(row: EmployeeRow): EmployeeView {
  const { username, email, loginEnabled, sessionsEndedAt, ...known } = row;
  const { jobTitle, connectionId, formerIdentity, relations, ...employee } = known;
  const login = { username, email, enabled: loginEnabled ?? false, sessionsEndedAt };
  return { employee: { ...employee, login }, jobTitle, connectionId, formerIdentity, relations };
}

// The lock and the read are two statements: the second one sees what the transactions that held the locks have left.
const lockText = `
  select e.employee_id from employees e where e.organization_id = $1 and e.employee_id = $2 for update`;

const lockWithAdministratorsText = `
  select e.employee_id from employees e
  where e.organization_id = $1 and e.employee_id in (
    select $2::uuid
    union
    select a.employee_id from employees a
    join security_roles s on s.organization_id = a.organization_id and s.security_role_id = a.security_role_id
    where a.organization_id = $1 and s.is_administrator and a.status = 'active')
  order by e.employee_id
  for update of e`;

const lockAdministratorsText = `
  select a.employee_id from employees a
  join security_roles s on s.organization_id = a.organization_id and s.security_role_id = a.security_role_id
  where a.organization_id = $1 and s.is_administrator and a.status = 'active'
  order by a.employee_id
  for update of a`;

const administratorsText = `
  select a.employee_id as "id", a.is_root as "isRoot"
  from employees a
  join security_roles s on s.organization_id = a.organization_id and s.security_role_id = a.security_role_id
  join logins l on l.organization_id = a.organization_id and l.person_id = a.employee_id
  where a.organization_id = $1 and s.is_administrator and a.status = 'active' and l.enabled
  order by a.employee_id`;

const managerUsesText = `
  select
    (select count(*) from employees e where e.organization_id = $1 and e.manager_id = $2) as "employees",
    (select count(*) from mapping_rules r
      where r.organization_id = $1 and r.override_manager_id = $2) as "mappingRules",
    (select count(*) from employee_defaults d
      where d.organization_id = $1 and d.manager_id = $2) as "employeeDefaults"`;

export function makeEmployeeStore(connection: SqlConnection): EmployeeStore {
  const { organizationId } = connection.context;

  const one = async (condition: string, value: string): Promise<EmployeeView | null> => {
    const [row] = await connection.rows<EmployeeRow>({
      text: `${select} where e.organization_id = $1 and ${condition}`,
      values: [organizationId, value],
    });
    return row === undefined ? null : readView(row);
  };
  const administrators = (): Promise<readonly Administrator[]> =>
    connection.rows<Administrator>({ text: administratorsText, values: [organizationId] });
  const get = (id: string): Promise<EmployeeView | null> => one('e.employee_id = $2', id);

  return {
    get,
    list: (filter, page) => {
      const conditions = new Conditions();
      conditions.add(`e.organization_id = ${conditions.bind(organizationId)}`);
      conditions.addGiven(filter.email, (value) => `l.email_key = lower(${value})`);
      conditions.addGiven(filter.status, (value) => `e.status = ${value}`);
      conditions.addGiven(filter.connectionId, (value) => `d.connection_id = ${value}::uuid`);
      if (filter.isOrphan) conditions.add('e.directory_user_id is null and f.person_id is not null');
      conditions.addGiven(
        filter.q === null ? null : containing(filter.q),
        (value) =>
          `(e.first_name || ' ' || e.last_name ilike ${value} or l.username ilike ${value} or l.email ilike ${value})`,
      );
      const idOf = (view: EmployeeView): string => view.employee.id;
      return readPage(connection, { select, conditions, key: 'e.employee_id', page, read: readView, idOf });
    },
    lock: async (id, scope) => {
      const text = scope === 'alone' ? lockText : lockWithAdministratorsText;
      await connection.rows({ text, values: [organizationId, id] });
      const view = await get(id);
      if (view === null) return null;
      if (scope === 'alone') return { view, administratorIds: new Set() };
      const rows = await administrators();
      return { view, administratorIds: new Set(rows.map((row) => row.id)) };
    },
    administrators: async (looking) => {
      if (looking === 'lock')
        await connection.rows({ text: lockAdministratorsText, values: [organizationId] });
      return administrators();
    },
    managerUses: async (id) => {
      const [row] = await connection.rows<ManagerUses>({
        text: managerUsesText,
        values: [organizationId, id],
      });
      return row ?? { employees: 0, mappingRules: 0, employeeDefaults: 0 };
    },
    delete: async (employee) => {
      await connection.execute({
        text: `
          update employees set predecessor_id = nullif(predecessor_id, $2), successor_id = nullif(successor_id, $2)
          where organization_id = $1 and employee_id in ($3, $4)`,
        values: [organizationId, employee.id, employee.predecessorId, employee.successorId],
      });
      await connection.execute({
        text: 'delete from employees where organization_id = $1 and employee_id = $2',
        values: [organizationId, employee.id],
      });
    },
  };
}
