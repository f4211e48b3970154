import type { OrganizationContext } from '../context.ts';
import type { Stores } from '../ports.ts';
import type { DecisionTools } from '../reconcile/decision-tools.ts';
import { reconcileMembers } from '../reconcile/reconcile-members.ts';
import { isOtherDecision } from '../rules/mapping-rule-input.ts';
import { membersUnder } from '../rules/reconcile-rule-change.ts';
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
    const others = members.filter((id) => !settledUserIds.has(id));
    const followers = await stores.changeSets.withoutUndone(others);
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
