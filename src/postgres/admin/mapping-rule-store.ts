import type { GroupState, MappingRule, UserType } from '../../mapping/mapping-rule.ts';
import type { ConnectionKind } from '../../operations/context.ts';
import type {
  MappingRuleRecord,
  MappingRuleStore,
  MappingRuleView,
} from '../../operations/rules/rules-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { Conditions, readPage } from './page-query.ts';

interface RuleRow {
  readonly id: string;
  readonly connectionId: string;
  readonly tenantId: string | null;
  readonly groupId: string;
  readonly ruleOrder: number;
  readonly userType: UserType;
  readonly securityRoleId: string;
  readonly accountId: string | null;
  readonly accountLocationId: string | null;
  readonly departmentId: string | null;
  readonly locationId: string | null;
  readonly managerId: string | null;
  readonly employmentType: string | null;
  readonly employeeRoleId: string | null;
  readonly enabled: boolean;
  readonly note: string | null;
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly mirrorId: string | null;
  readonly mirrorName: string | null;
  readonly mirrorCreatedAt: string | null;
  readonly mirrorFirstSeenAt: string | null;
  readonly mirrorDeleted: boolean | null;
}

// Several rows of the mirror can carry one rule key: a deleted group and the one that came back. The living one counts,
// among equals the one seen last, so that a group which returns counts as new.
const select = `
  select r.mapping_rule_id as "id", r.connection_id as "connectionId", c.tenant_id as "tenantId",
    r.group_id as "groupId", r.rule_order as "ruleOrder", r.user_type as "userType",
    r.security_role_id as "securityRoleId", r.account_id as "accountId",
    r.account_location_id as "accountLocationId", r.override_department_id as "departmentId",
    r.override_location_id as "locationId", r.override_manager_id as "managerId",
    r.override_employment_type as "employmentType", r.override_employee_role_id as "employeeRoleId",
    r.enabled, r.note, r.revision, r.created_at as "createdAt", r.updated_at as "updatedAt",
    g.directory_group_id as "mirrorId", g.display_name as "mirrorName",
    g.created_upstream_at as "mirrorCreatedAt", g.first_seen_at as "mirrorFirstSeenAt",
    g.deleted_at is not null or g.missing_since is not null as "mirrorDeleted"
  from mapping_rules r
  join connections c on c.organization_id = r.organization_id and c.connection_id = r.connection_id
  left join lateral (
    select d.directory_group_id, d.display_name, d.created_upstream_at, d.first_seen_at, d.deleted_at,
      d.missing_since
    from directory_groups d
    where d.organization_id = r.organization_id and d.connection_id = r.connection_id and d.rule_key = r.group_key
    order by d.deleted_at is not null, d.first_seen_at desc, d.directory_group_id desc
    limit 1
  ) g on true`;

function stateOf(row: RuleRow): GroupState {
  if (row.mirrorId === null) return 'unknown';
  return row.mirrorDeleted === true ? 'missing' : 'found';
}

function readRule(row: RuleRow): MappingRule {
  return {
    id: row.id,
    connectionId: row.connectionId,
    groupId: row.groupId,
    order: row.ruleOrder,
    userType: row.userType,
    securityRoleId: row.securityRoleId,
    accountId: row.accountId,
    accountLocationId: row.accountLocationId,
    overrides: {
      departmentId: row.departmentId,
      locationId: row.locationId,
      managerId: row.managerId,
      employmentType: row.employmentType,
      employeeRoleId: row.employeeRoleId,
    },
    enabled: row.enabled,
    note: row.note,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    group: {
      id: row.mirrorId,
      name: row.mirrorName,
      createdAt: row.mirrorCreatedAt,
      firstSeenAt: row.mirrorFirstSeenAt,
      state: stateOf(row),
    },
  };
}

const readView = (row: RuleRow): MappingRuleView => ({
  rule: readRule(row),
  tenantId: row.tenantId,
  revision: row.revision,
});

/** The columns that an administrator decides, in the order of both writing statements. */
const contentOf = (rule: MappingRuleRecord): readonly unknown[] => [
  rule.groupId,
  rule.order,
  rule.userType,
  rule.securityRoleId,
  rule.accountId,
  rule.accountLocationId,
  rule.overrides.departmentId,
  rule.overrides.locationId,
  rule.overrides.managerId,
  rule.overrides.employmentType,
  rule.overrides.employeeRoleId,
  rule.enabled,
  rule.note,
  rule.updatedAt,
];

/** The groups that are followed are those that rules name: the directory is read soon. */
const wakeSync = (connection: string): string => `
  woken as (
    update graph_syncs s set next_at = least(s.next_at, now()),
      is_wanted = s.is_wanted or coalesce(s.claimed_until > now(), false)
    where s.organization_id = $1 and s.connection_id = ${connection}
  )`;

const insertText = `
  with ${wakeSync('$3')}
  insert into mapping_rules (organization_id, mapping_rule_id, connection_id, created_at, group_id, rule_order,
    user_type, security_role_id, account_id, account_location_id, override_department_id, override_location_id,
    override_manager_id, override_employment_type, override_employee_role_id, enabled, note, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`;

const updateText = `
  with ${wakeSync('(select r.connection_id from mapping_rules r where r.organization_id = $1 and r.mapping_rule_id = $2)')}
  update mapping_rules set group_id = $3, rule_order = $4, user_type = $5, security_role_id = $6, account_id = $7,
    account_location_id = $8, override_department_id = $9, override_location_id = $10, override_manager_id = $11,
    override_employment_type = $12, override_employee_role_id = $13, enabled = $14, note = $15, updated_at = $16,
    revision = revision + 1
  where organization_id = $1 and mapping_rule_id = $2`;

export function makeMappingRuleStore(connection: SqlConnection): MappingRuleStore {
  const { organizationId } = connection.context;

  const one = async (id: string, lock: boolean): Promise<MappingRuleView | null> => {
    const [row] = await connection.rows<RuleRow>({
      text: `${select} where r.organization_id = $1 and r.mapping_rule_id = $2 ${lock ? 'for update of r' : ''}`,
      values: [organizationId, id],
    });
    return row === undefined ? null : readView(row);
  };

  return {
    list: (connectionId, page) => {
      const conditions = new Conditions();
      conditions.add(`r.organization_id = ${conditions.bind(organizationId)}`);
      conditions.addGiven(connectionId, (value) => `r.connection_id = ${value}::uuid`);
      const key = 'r.mapping_rule_id';
      const idOf = (view: MappingRuleView): string => view.rule.id;
      return readPage(connection, { select, conditions, key, page, read: readView, idOf });
    },
    get: (id) => one(id, false),
    lock: (id) => one(id, true),
    ofConnection: async (connectionId) => {
      const rows = await connection.rows<RuleRow>({
        text: `${select} where r.organization_id = $1 and r.connection_id = $2 order by r.rule_order, r.mapping_rule_id`,
        values: [organizationId, connectionId],
      });
      return rows.map(readRule);
    },
    memberRuleIds: async (directoryUserId) => {
      const rows = await connection.rows<{ id: string }>({
        text: `
          select distinct r.mapping_rule_id as "id"
          from memberships m
          join directory_groups g on g.organization_id = m.organization_id
            and g.directory_group_id = m.directory_group_id and g.deleted_at is null and g.missing_since is null
          join mapping_rules r on r.organization_id = g.organization_id and r.connection_id = g.connection_id
            and r.group_key = g.rule_key
          where m.organization_id = $1 and m.directory_user_id = $2`,
        values: [organizationId, directoryUserId],
      });
      return new Set(rows.map((row) => row.id));
    },
    idOfGroup: async (connectionId, groupId) => {
      const [row] = await connection.rows<{ id: string }>({
        text: `
          select r.mapping_rule_id as "id" from mapping_rules r
          where r.organization_id = $1 and r.connection_id = $2 and r.group_key = lower($3)`,
        values: [organizationId, connectionId, groupId],
      });
      return row?.id ?? null;
    },
    connectionsNamed: (lookup) =>
      connection.rows<{ id: string; name: string; kind: ConnectionKind; tenantId: string | null }>({
        text: `
          select c.connection_id as "id", c.name, c.kind, c.tenant_id as "tenantId" from connections c
          where c.organization_id = $1 and (c.connection_id = $2::uuid or c.tenant_id = $3::uuid
            or lower(c.tenant) = $4 or $4 = any(c.verified_domains))
          order by c.connection_id`,
        values: [organizationId, lookup.connectionId, lookup.tenantId, lookup.domain],
      }),
    insert: async (rule) => {
      const values = [organizationId, rule.id, rule.connectionId, rule.createdAt, ...contentOf(rule)];
      await connection.execute({ text: insertText, values });
    },
    update: async (rule) => {
      await connection.execute({ text: updateText, values: [organizationId, rule.id, ...contentOf(rule)] });
    },
    delete: async (id) => {
      await connection.execute({
        text: 'delete from mapping_rules where organization_id = $1 and mapping_rule_id = $2',
        values: [organizationId, id],
      });
    },
  };
}
