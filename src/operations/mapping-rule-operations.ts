import { isGuid } from '../directory/object-id.ts';
import type { OrganizationContext } from './context.ts';
import { FieldFaults } from './field-faults.ts';
import type { Page, PageRequest } from './keyset-page.ts';
import {
  checkRule,
  isOtherDecision,
  isSameRule,
  type MappingRuleInput,
  type NewMappingRule,
  noOverrides,
  ruleReferences,
  withRuleInput,
} from './mapping-rule-input.ts';
import { OperationError } from './operation-error.ts';
import type { Stores, UnitOfWork } from './ports.ts';
import { requireVersion } from './precondition.ts';
import type { DecisionTools } from './reconcile.ts';
import { reconcileRuleChange } from './reconcile-rule-change.ts';
import type { MappingRuleRecord, MappingRuleView, RuleConnection } from './rules-ports.ts';
import type { ChangeOptions } from './scim-operations.ts';

export interface MappingRuleDependencies extends DecisionTools {
  readonly unitOfWork: UnitOfWork;
  /** Called after a commit that left jobs behind, so that they run at once. */
  readonly jobsWaiting: () => void;
}

export interface MappingRuleOperations {
  readonly list: (
    context: OrganizationContext,
    connectionId: string | null,
    page: PageRequest,
  ) => Promise<Page<MappingRuleView>>;
  readonly get: (context: OrganizationContext, id: string) => Promise<MappingRuleView>;
  readonly create: (context: OrganizationContext, input: NewMappingRule) => Promise<MappingRuleView>;
  readonly change: (
    context: OrganizationContext,
    id: string,
    input: MappingRuleInput,
    options: ChangeOptions,
  ) => Promise<MappingRuleView>;
  readonly delete: (context: OrganizationContext, id: string, options: ChangeOptions) => Promise<void>;
}

/** A rule decides access: each write holds the configuration still and decides its people again. */
export function makeMappingRuleOperations(dependencies: MappingRuleDependencies): MappingRuleOperations {
  const { unitOfWork, clock, identifiers } = dependencies;

  const write = async (
    context: OrganizationContext,
    work: (stores: Stores) => Promise<WrittenRule>,
  ): Promise<MappingRuleView | null> => {
    const { view, hasJobs } = await unitOfWork.write(context, 'exclusive', async (stores) => {
      const written = await work(stores);
      const left = await decideAgain(stores, context, written, dependencies);
      const { after } = written;
      return { view: after === null ? null : await stores.mappingRules.get(after.id), hasJobs: left };
    });
    if (hasJobs) dependencies.jobsWaiting();
    return view;
  };

  return {
    list: (context, connectionId, page) =>
      unitOfWork.read(context, (stores) => stores.mappingRules.list(connectionId, page)),
    get: (context, id) =>
      unitOfWork.read(context, async (stores) => found(await stores.mappingRules.get(id), id)),
    create: async (context, input) => {
      const id = identifiers.next();
      const view = await write(context, async (stores) => ({
        before: null,
        after: await createRule(stores, input, id, clock.now()),
      }));
      return found(view, id);
    },
    change: async (context, id, input, options) => {
      const view = await write(context, async (stores) => {
        const before = await lockRule(stores, id, options);
        return { before, after: await changeRule(stores, before, input, clock.now()) };
      });
      return found(view, id);
    },
    delete: async (context, id, options) => {
      await write(context, async (stores) => {
        const before = await lockRule(stores, id, options);
        await stores.mappingRules.delete(id);
        return { before, after: null };
      });
    },
  };
}

interface WrittenRule {
  readonly before: MappingRuleRecord | null;
  readonly after: MappingRuleRecord | null;
}

async function lockRule(stores: Stores, id: string, { ifMatch }: ChangeOptions): Promise<MappingRuleRecord> {
  const { rule, revision } = found(await stores.mappingRules.lock(id), id);
  requireVersion(ifMatch, revision);
  return rule;
}

/** Members of the group before and after: those who come under the rule, and those who lose it. */
async function decideAgain(
  stores: Stores,
  context: OrganizationContext,
  { before, after }: WrittenRule,
  tools: DecisionTools,
): Promise<boolean> {
  const rule = after ?? before;
  if (rule === null || !isOtherDecision(before, after)) return false;
  const groupIds = [before, after].flatMap((it) => (it === null ? [] : [it.groupId.toLowerCase()]));
  const change = { connectionId: rule.connectionId, groupIds: [...new Set(groupIds)] };
  return reconcileRuleChange(stores, context, change, tools);
}

function found(view: MappingRuleView | null, id: string): MappingRuleView {
  if (view === null) throw new OperationError('not-found', `There is no mapping rule ${id}.`);
  return view;
}

async function createRule(
  stores: Stores,
  input: NewMappingRule,
  id: string,
  now: string,
): Promise<MappingRuleRecord> {
  const faults = new FieldFaults();
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
  await requireFreeGroup(stores, rule);
  await stores.mappingRules.insert(rule);
  return rule;
}

async function changeRule(
  stores: Stores,
  before: MappingRuleRecord,
  input: MappingRuleInput,
  now: string,
): Promise<MappingRuleRecord> {
  const faults = new FieldFaults();
  const connection = await stores.connections.get(before.connectionId);
  const wanted = withRuleInput(before, input);
  const ids = ruleReferences(before, wanted);
  const facts = await stores.lookups.references(ids);
  const isEntra = connection?.kind === 'entra' && wanted.groupId !== before.groupId;
  const rule = checkRule({ rule: wanted, input, isEntra, ids, facts, faults });
  faults.raise();
  if (isSameRule(before, rule)) return before;
  if (rule.groupId !== before.groupId) await requireFreeGroup(stores, rule);
  const after = { ...rule, updatedAt: now };
  await stores.mappingRules.update(after);
  return after;
}

/** A group of a connection has one rule; group ids are compared without regard to case. */
async function requireFreeGroup(stores: Stores, rule: MappingRuleRecord): Promise<void> {
  const holder = await stores.mappingRules.idOfGroup(rule.connectionId, rule.groupId);
  if (holder === null || holder === rule.id) return;
  const detail = `The mapping rule ${holder} names this group of the connection already.`;
  throw new OperationError('conflict', detail, { fields: [{ pointer: '/groupId', detail }] });
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
  const hint = known == null ? 'enter the tenant id, a GUID' : `did you mean ${known}?`;
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
