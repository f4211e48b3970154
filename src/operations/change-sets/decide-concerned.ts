import type { OrganizationContext } from '../context.ts';
import type { Stores } from '../ports.ts';
import type { DecisionTools } from '../reconcile/decision-tools.ts';
import { type Plan, type PlanTools, planRuleSteps } from '../reconcile/plan-people.ts';
import { reconcileMembers } from '../reconcile/reconcile-members.ts';
import { isOtherDecision } from '../rules/mapping-rule-input.ts';
import { membersUnder } from '../rules/reconcile-rule-change.ts';
import { decidingRules } from '../rules/rule-changes.ts';
import type { ConfigurationChange } from './change-set-ports.ts';

export interface RestoredRules {
  readonly changes: readonly ConfigurationChange[];
  /** Directory users whose records the undo has put back, or has left alone for a reason that it tells. */
  readonly settledUserIds: ReadonlySet<string>;
}

/**
 * Decides again whom the rules that were taken back concern. Members of their groups who came, or were approved, after the
 * change are no part of it: they follow the rules as they are now, under the guard (REQ-57). Of whom something waits is decided as
 * a re-plan does: what only those rules asked for dissolves. Answers true when jobs were left, which the caller wakes after
 * its commit.
 */
export async function decideConcerned(
  stores: Stores,
  context: OrganizationContext,
  { changes, settledUserIds }: RestoredRules,
  tools: DecisionTools,
): Promise<boolean> {
  let hasJobs = false;
  for (const [connectionId, groupIds] of [...groupsByConnection(changes)].sort()) {
    const log = { connectionId, trigger: 'manual', runId: null, requestId: context.requestId } as const;
    const members = await membersUnder(stores, { connectionId, groupIds: [...groupIds] });
    const followers = await followersAmong(stores, members, settledUserIds);
    const following = new Set(followers);
    const waiting = (await stores.heldChanges.waitingUserIds(connectionId)).filter(
      (id) => !following.has(id),
    );
    const again = { connectionId, log } as const;
    const ofRules = { ...again, userIds: followers, cause: 'ruleChange' } as const;
    hasJobs = (await reconcileMembers(stores, context, ofRules, tools)) || hasJobs;
    const userIds = await stores.changeSets.withoutUndone(waiting);
    const ofHolds = { ...again, userIds, cause: 'replan' } as const;
    hasJobs = (await reconcileMembers(stores, context, ofHolds, tools)) || hasJobs;
  }
  return hasJobs;
}

/** What the rules that would be taken back would do to members of their groups who are no part of the change. Writes nothing. */
export async function planConcerned(
  stores: Stores,
  { changes, settledUserIds }: RestoredRules,
  limit: number,
  tools: PlanTools,
): Promise<Plan> {
  const steps = changes.flatMap((change) =>
    change.kind === 'mappingRule'
      ? [{ id: change.subjectId, before: change.before, after: change.after }]
      : [],
  );
  const among = (ids: readonly string[]) => followersAmong(stores, ids, settledUserIds);
  return planRuleSteps(stores, decidingRules(steps), { offset: 0, limit, among }, tools);
}

const followersAmong = (
  { changeSets }: Stores,
  userIds: readonly string[],
  settledUserIds: ReadonlySet<string>,
): Promise<readonly string[]> => changeSets.withoutUndone(userIds.filter((id) => !settledUserIds.has(id)));

/** Groups of the rules whose return makes a difference, also when there is none at a connection. */
function groupsByConnection(
  changes: readonly ConfigurationChange[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const change of changes) {
    if (change.kind !== 'mappingRule') continue;
    const isDecisive = isOtherDecision(change.before, change.after);
    for (const rule of [change.before, change.after]) {
      if (rule === null) continue;
      const known = groups.get(rule.connectionId) ?? new Set();
      if (isDecisive) known.add(rule.groupId.toLowerCase());
      groups.set(rule.connectionId, known);
    }
  }
  return groups;
}
