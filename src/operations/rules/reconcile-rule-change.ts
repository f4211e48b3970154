import type { OrganizationContext } from '../context.ts';
import type { Stores } from '../ports.ts';
import type { DecisionTools } from '../reconcile/decision-tools.ts';
import { reconcileMembers } from '../reconcile/reconcile-members.ts';

export interface RuleChange {
  readonly connectionId: string;
  /** Groups of the rule before and after the change, as rules name them. */
  readonly groupIds: readonly string[];
}

const idPage = 10_000;

/**
 * Decides everybody again whom a changed rule concerns, in the transaction of the change itself: a few at once, more by
 * jobs of the same transaction. Answers true when jobs were left, which the caller wakes after its commit.
 */
export async function reconcileRuleChange(
  stores: Stores,
  context: OrganizationContext,
  change: RuleChange,
  tools: DecisionTools,
): Promise<boolean> {
  const { connectionId } = change;
  const userIds = await membersUnder(stores, change);
  const log = { connectionId, trigger: 'ruleChange', runId: null, requestId: context.requestId } as const;
  return reconcileMembers(stores, context, { connectionId, userIds, cause: 'ruleChange', log }, tools);
}

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
