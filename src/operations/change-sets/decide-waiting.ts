import type { OrganizationContext } from '../context.ts';
import type { Stores } from '../ports.ts';
import type { DecisionTools } from '../reconcile/decision-tools.ts';
import { reconcileMembers } from '../reconcile/reconcile-members.ts';
import type { ConfigurationChange } from './change-set-ports.ts';

/**
 * Decides again, as a re-plan does, about everybody of whom something waits at a connection whose rules were taken back:
 * what only those rules asked for dissolves. Answers true when jobs were left, which the caller wakes after its commit.
 */
export async function decideWaiting(
  stores: Stores,
  context: OrganizationContext,
  changes: readonly ConfigurationChange[],
  tools: DecisionTools,
): Promise<boolean> {
  const rules = changes.flatMap((it) => (it.kind === 'mappingRule' ? [it.before, it.after] : []));
  const connectionIds = new Set(rules.flatMap((rule) => (rule === null ? [] : [rule.connectionId])));
  let hasJobs = false;
  for (const connectionId of [...connectionIds].sort()) {
    const waiting = await stores.heldChanges.waitingUserIds(connectionId);
    const userIds = await stores.changeSets.withoutUndone(waiting);
    const log = { connectionId, trigger: 'manual', runId: null, requestId: context.requestId } as const;
    const again = { connectionId, userIds, cause: 'replan', log } as const;
    hasJobs = (await reconcileMembers(stores, context, again, tools)) || hasJobs;
  }
  return hasJobs;
}
