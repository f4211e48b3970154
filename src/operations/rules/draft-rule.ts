import { isGuid } from '../../directory/object-id.ts';
import type { FieldFaults } from '../field-faults.ts';
import { OperationError } from '../operation-error.ts';
import type { Stores } from '../ports.ts';
import {
  checkRule,
  isSameRule,
  type MappingRuleInput,
  type NewMappingRule,
  noOverrides,
  ruleReferences,
  withRuleInput,
} from './mapping-rule-input.ts';
import type { MappingRuleRecord, RuleConnection } from './rules-ports.ts';

export interface RuleDrafting {
  readonly stores: Stores;
  /** The rule that names a group of a connection, which may be one that is not written yet. */
  readonly holderOf: (connectionId: string, groupId: string) => Promise<string | null>;
  readonly faults: FieldFaults;
}

export interface RuleBirth {
  readonly id: string;
  readonly now: string;
}

/** The new rule that the input asks for, checked and not yet written. */
export async function draftRule(
  drafting: RuleDrafting,
  input: NewMappingRule,
  { id, now }: RuleBirth,
): Promise<MappingRuleRecord> {
  const { stores, faults } = drafting;
  const connection = await findConnection(stores, input, faults);
  const blank: MappingRuleRecord = {
    id,
    connectionId: connection.id,
    groupId: input.groupId,
    order: input.order,
    userType: input.userType,
    securityRoleId: input.securityRoleId,
    accountId: null,
    accountLocationId: null,
    overrides: noOverrides,
    enabled: true,
    note: null,
    createdAt: now,
    updatedAt: now,
  };
  const wanted = withRuleInput(blank, input);
  const ids = ruleReferences(null, wanted);
  const facts = await stores.lookups.references(ids);
  const rule = checkRule({ rule: wanted, input, isEntra: connection.kind === 'entra', ids, facts, faults });
  faults.raise();
  await requireFreeGroup(drafting, rule);
  return rule;
}

/** The rule as the input changes it, checked and not yet written; `before` itself when nothing differs. */
export async function redraftRule(
  drafting: RuleDrafting,
  before: MappingRuleRecord,
  input: MappingRuleInput,
): Promise<MappingRuleRecord> {
  const { stores, faults } = drafting;
  const connection = await stores.connections.get(before.connectionId);
  const wanted = withRuleInput(before, input);
  const ids = ruleReferences(before, wanted);
  const facts = await stores.lookups.references(ids);
  const isEntra = connection?.kind === 'entra' && wanted.groupId !== before.groupId;
  const rule = checkRule({ rule: wanted, input, isEntra, ids, facts, faults });
  faults.raise();
  if (isSameRule(before, rule)) return before;
  if (rule.groupId !== before.groupId) await requireFreeGroup(drafting, rule);
  return rule;
}

/** A group of a connection has one rule; group ids are compared without regard to case. */
async function requireFreeGroup(
  { stores, holderOf, faults }: RuleDrafting,
  rule: MappingRuleRecord,
): Promise<void> {
  const holder = await holderOf(rule.connectionId, rule.groupId);
  if (holder === null || holder === rule.id) return;
  const isStored = (await stores.mappingRules.get(holder)) !== null;
  const who = isStored ? `The mapping rule ${holder}` : 'A rule that an earlier change creates';
  faults.conflict('/groupId', `${who} names this group of the connection already.`);
}

/** Connection id or tenant GUID; a domain name is refused with the GUID it stands for (REQ-59). */
async function findConnection(
  stores: Stores,
  input: NewMappingRule,
  faults: FieldFaults,
): Promise<RuleConnection> {
  const tenant = input.tenantId?.trim() ?? null;
  const isDomain = tenant !== null && !isGuid(tenant);
  const connections = await stores.mappingRules.connectionsNamed({
    connectionId: input.connectionId ?? null,
    tenantId: isDomain ? null : tenant,
    domain: isDomain ? tenant.toLowerCase() : null,
  });
  if (isDomain) faults.add('/tenantId', domainHint(tenant, connections));
  const connection = isDomain ? undefined : pickConnection(input, tenant, connections, faults);
  faults.raise();
  if (connection === undefined)
    throw new OperationError('invalid', 'The connection is not known.', { reason: 'value' });
  return connection;
}

function domainHint(domain: string, connections: readonly RuleConnection[]): string {
  const known = connections.find((connection) => connection.tenantId !== null)?.tenantId;
  const hint = known == null ? 'enter the tenant id, a GUID.' : `did you mean ${known}?`;
  return `${domain} is not a tenant id: mapping rules need the GUID, not a domain name; ${hint}`;
}

function pickConnection(
  input: NewMappingRule,
  tenant: string | null,
  connections: readonly RuleConnection[],
  faults: FieldFaults,
): RuleConnection | undefined {
  if (input.connectionId === undefined) {
    if (tenant === null) faults.add('/connectionId', 'Name the connection by connectionId or tenantId.');
    else if (connections.length === 0) faults.add('/tenantId', `No connection has the tenant id ${tenant}.`);
    else if (connections.length > 1) {
      faults.add('/tenantId', 'Several connections have this tenant id; name one by connectionId.');
    }
    return connections[0];
  }
  const wanted = input.connectionId.toLowerCase();
  const connection = connections.find(({ id }) => id === wanted);
  if (connection === undefined) faults.add('/connectionId', `There is no connection ${input.connectionId}.`);
  else if (tenant !== null && connection.tenantId !== tenant.toLowerCase()) {
    faults.add('/tenantId', 'The connection belongs to another tenant.');
  }
  return connection;
}
