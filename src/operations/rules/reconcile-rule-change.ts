import type { ReconcileCause } from '../../provisioning/reconcile-cause.ts';
import type { OrganizationContext } from '../context.ts';
import type { Stores } from '../ports.ts';
import type { DecisionTools } from '../reconcile/decision-tools.ts';
import { inlineLimit, reconcileMembers } from '../reconcile/reconcile-members.ts';

export interface RuleChange {
  readonly connectionId: string;
  /** Groups of the rule before and after the change, as rules name them. */
  readonly groupIds: readonly string[];
}

const idPage = 10_000;

/**
 * Decides everybody again whom a changed rule concerns: a few in the transaction of the change itself, more by a job of that
 * transaction, which also lists them, since everybody who is decided waits for the change. Whoever leaves the groups before
 * is decided by doing so. Answers true when a job was left, which the caller wakes after its commit.
 */
export async function reconcileRuleChange(
  stores: Stores,
  context: OrganizationContext,
  change: RuleChange,
  tools: DecisionTools,
): Promise<boolean> {
  const { connectionId, groupIds } = change;
  const { organizationId, requestId } = context;
  const userIds = await firstMembersUnder(stores, change);
  const cause: ReconcileCause = 'ruleChange';
  if (userIds.length > inlineLimit) {
    const job = { organizationId, connectionId, cause, requestId, trigger: 'ruleChange', groupIds } as const;
    await stores.jobs.enqueueReconcile({ ...job, userIds: [], listId: null, verdict: null });
    return true;
  }
  const log = { connectionId, trigger: 'ruleChange', runId: null, requestId } as const;
  return reconcileMembers(stores, context, { connectionId, userIds, cause, log }, tools);
}

/** One more than are decided at once, when they are more. */
export const firstMembersUnder = (
  { users }: Stores,
  { connectionId, groupIds }: RuleChange,
): Promise<readonly string[]> => users.idsUnderGroups(connectionId, groupIds, null, inlineLimit + 1);

/** Ids of the users in the groups. */
export async function membersUnder(
  stores: Stores,
  { connectionId, groupIds }: RuleChange,
): Promise<readonly string[]> {
  const userIds: string[] = [];
  let after: string | null = null;
  do {
    const page: readonly string[] = await stores.users.idsUnderGroups(connectionId, groupIds, after, idPage);
    userIds.push(...page);
    after = page.length === idPage ? (page.at(-1) ?? null) : null;
  } while (after !== null);
  return userIds;
}
