import type { ConfigurationChange } from '../change-sets/change-set-ports.ts';
import { noteConfiguration } from '../change-sets/note-configuration.ts';
import type { OrganizationContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { Stores, UnitOfWork } from '../ports.ts';
import type { PlannedPerson } from '../reconcile/plan-connection.ts';
import {
  groupsOfRules,
  type Plan,
  type PlanTools,
  type PlanWindow,
  type PreviewPosition,
  type PreviewRequest,
  planRuleSteps,
  requireSameOutcome,
  requireSamePage,
} from '../reconcile/plan-people.ts';
import { inlineLimit } from '../reconcile/reconcile-members.ts';
import { firstMembersUnder, reconcileRuleChange } from './reconcile-rule-change.ts';
import {
  decidingRules,
  draftRuleSteps,
  type RuleChangeInput,
  type RuleStep,
  writeRuleSteps,
} from './rule-changes.ts';
import type { MappingRuleView } from './rules-ports.ts';

export interface RuleChangeDependencies extends PlanTools {
  readonly unitOfWork: UnitOfWork;
  /** Called after a commit that left jobs behind, so that they run at once. */
  readonly jobsWaiting: () => void;
}

export interface Preview extends Pick<Plan, 'digest' | 'counts'> {
  readonly items: readonly PlannedPerson[];
  readonly next: PreviewPosition | null;
}

export interface AppliedChanges extends Pick<Plan, 'digest' | 'counts'> {
  /** The changed rules that still exist, as they are now. */
  readonly rules: readonly MappingRuleView[];
}

export interface RuleChangeOperations {
  /** What the changes would do to people; nothing is written or locked. */
  readonly preview: (
    context: OrganizationContext,
    changes: readonly RuleChangeInput[],
    request: PreviewRequest,
  ) => Promise<Preview>;
  /** Makes the changes when they still do what the digest of a preview says. */
  readonly apply: (
    context: OrganizationContext,
    changes: readonly RuleChangeInput[],
    digest: string,
  ) => Promise<AppliedChanges>;
}

/** Counts and digest are all that applying needs of a plan. */
const noItems: PlanWindow = { offset: 0, limit: 0 };

export function makeRuleChangeOperations(dependencies: RuleChangeDependencies): RuleChangeOperations {
  const { unitOfWork } = dependencies;
  return {
    preview: (context, changes, { limit, position }) =>
      unitOfWork.read(context, async (stores) => {
        const rules = decidingRules(await draftRuleSteps(stores, changes, dependencies));
        const offset = position?.offset ?? 0;
        const plan = await planRuleSteps(stores, rules, { offset, limit }, dependencies);
        const next = requireSamePage(plan, { limit, position });
        return { digest: plan.digest, counts: plan.counts, items: plan.items, next };
      }),
    apply: (context, changes, digest) => applyChanges({ context, changes, digest }, dependencies),
  };
}

/** Clients may wait for the lock under which it is planned, so it must not wait for clients. */
const withoutPause = (tools: PlanTools): PlanTools => ({ ...tools, giveWay: () => Promise.resolve() });

const readAgain = 'Preview the changes again, look at the difference, and apply them with the new digest.';

interface Application {
  readonly context: OrganizationContext;
  readonly changes: readonly RuleChangeInput[];
  readonly digest: string;
}

/**
 * A few people are planned under the lock that keeps everything still. More would hold up provisioning clients for too
 * long: they are planned before it, and under the lock it is only made sure that the configuration is the same.
 */
async function applyChanges(
  { context, changes, digest }: Application,
  dependencies: RuleChangeDependencies,
): Promise<AppliedChanges> {
  const { unitOfWork } = dependencies;
  const planned = await unitOfWork.read(context, async (stores) => {
    const rules = decidingRules(await draftRuleSteps(stores, changes, dependencies));
    if (await isSmall(stores, rules)) return null;
    const configuration = await configurationOf(stores, rules);
    return { configuration, plan: await planRuleSteps(stores, rules, noItems, dependencies) };
  });
  if (planned !== null) requireSameOutcome(planned.plan, digest, readAgain);
  const { applied, hasJobs } = await unitOfWork.write(context, 'exclusive', async (stores) => {
    const steps = await draftRuleSteps(stores, changes, dependencies);
    const rules = decidingRules(steps);
    if (planned === null && !(await isSmall(stores, rules))) throw changedMeanwhile();
    if (planned !== null && planned.configuration !== (await configurationOf(stores, rules)))
      throw changedMeanwhile();
    const plan = planned?.plan ?? (await planRuleSteps(stores, rules, noItems, withoutPause(dependencies)));
    requireSameOutcome(plan, digest, readAgain);
    await writeRuleSteps(stores, steps);
    await noteConfiguration(stores, context, steps.map(configurationChange), dependencies.clock.now());
    const left = await decideAgain(stores, context, rules, dependencies);
    const { counts } = plan;
    return { applied: { digest, counts, rules: await present(stores, steps) }, hasJobs: left };
  });
  if (hasJobs) dependencies.jobsWaiting();
  return applied;
}

const configurationChange = ({ id, before, after }: RuleStep): ConfigurationChange => ({
  kind: 'mappingRule',
  subjectId: id,
  before,
  after,
});

const changedMeanwhile = (): OperationError =>
  new OperationError('conflict', `Rules, defaults or settings were changed at the same time. ${readAgain}`);

function byConnection(rules: readonly RuleStep[]): ReadonlyMap<string, readonly RuleStep[]> {
  const result = new Map<string, readonly RuleStep[]>();
  for (const rule of rules) {
    const connectionId = (rule.after ?? rule.before)?.connectionId ?? '';
    result.set(connectionId, [...(result.get(connectionId) ?? []), rule]);
  }
  return result;
}

/** Whether the people of each connection are decided within the transaction itself. */
async function isSmall(stores: Stores, rules: readonly RuleStep[]): Promise<boolean> {
  for (const [connectionId, own] of byConnection(rules)) {
    const ids = await firstMembersUnder(stores, { connectionId, groupIds: groupsOfRules(own) });
    if (ids.length > inlineLimit) return false;
  }
  return true;
}

/** Everything beside the changes that decides people; any edit of it makes another text. */
async function configurationOf(stores: Stores, rules: readonly RuleStep[]): Promise<string> {
  const present = [];
  for (const connectionId of byConnection(rules).keys()) {
    const all = await stores.mappingRules.ofConnection(connectionId);
    present.push(all.map(({ group, ...rule }) => [rule, group.id, group.state]));
  }
  const settings = await stores.settings.get();
  const defaults = await stores.employeeDefaults.get();
  return JSON.stringify([present, settings, defaults]);
}

async function decideAgain(
  stores: Stores,
  context: OrganizationContext,
  rules: readonly RuleStep[],
  dependencies: RuleChangeDependencies,
): Promise<boolean> {
  let hasJobs = false;
  for (const [connectionId, own] of byConnection(rules)) {
    const change = { connectionId, groupIds: groupsOfRules(own) };
    if (await reconcileRuleChange(stores, context, change, dependencies)) hasJobs = true;
  }
  return hasJobs;
}

async function present(stores: Stores, steps: readonly RuleStep[]): Promise<readonly MappingRuleView[]> {
  const views = [];
  for (const id of new Set(steps.map((step) => step.id))) views.push(await stores.mappingRules.get(id));
  return views.filter((view) => view !== null);
}
