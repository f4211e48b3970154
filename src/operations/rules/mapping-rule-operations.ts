import { noteConfiguration } from '../change-sets/note-configuration.ts';
import type { OrganizationContext } from '../context.ts';
import { FieldFaults } from '../field-faults.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import type { Stores, UnitOfWork } from '../ports.ts';
import { requireVersion } from '../precondition.ts';
import type { DecisionTools } from '../reconcile/decision-tools.ts';
import type { ChangeOptions } from '../resources/scim-operations.ts';
import { draftRule, type RuleBirth, redraftRule } from './draft-rule.ts';
import { isOtherDecision, type MappingRuleInput, type NewMappingRule } from './mapping-rule-input.ts';
import { reconcileRuleChange } from './reconcile-rule-change.ts';
import type { MappingRuleRecord, MappingRuleView } from './rules-ports.ts';

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
      await noteRule(stores, context, written, clock.now());
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
        after: await createRule(stores, input, { id, now: clock.now() }),
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

async function noteRule(
  stores: Stores,
  context: OrganizationContext,
  { before, after }: WrittenRule,
  now: string,
): Promise<void> {
  const rule = after ?? before;
  if (rule === null || before === after) return;
  await noteConfiguration(stores, context, [{ kind: 'mappingRule', subjectId: rule.id, before, after }], now);
}

async function lockRule(stores: Stores, id: string, { ifMatch }: ChangeOptions): Promise<MappingRuleRecord> {
  const { rule, revision } = found(await stores.mappingRules.lock(id), id);
  requireVersion(ifMatch, revision);
  const { group: _group, ...record } = rule;
  return record;
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
  birth: RuleBirth,
): Promise<MappingRuleRecord> {
  const holderOf = stores.mappingRules.idOfGroup;
  const rule = await draftRule({ stores, holderOf, faults: new FieldFaults() }, input, birth);
  await stores.mappingRules.insert(rule);
  return rule;
}

async function changeRule(
  stores: Stores,
  before: MappingRuleRecord,
  input: MappingRuleInput,
  now: string,
): Promise<MappingRuleRecord> {
  const holderOf = stores.mappingRules.idOfGroup;
  const rule = await redraftRule({ stores, holderOf, faults: new FieldFaults() }, before, input);
  if (rule === before) return before;
  const after = { ...rule, updatedAt: now };
  await stores.mappingRules.update(after);
  return after;
}
