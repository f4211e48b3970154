import type { EventDraft } from '../../provisioning/provisioning-event.ts';
import type { ReconcileCause } from '../../provisioning/reconcile-cause.ts';
import type { OrganizationContext } from '../context.ts';
import type { EventContext, Stores } from '../ports.ts';
import type { DecisionTools } from './decision-tools.ts';
import { reconcile } from './reconcile.ts';

/** So many people are decided inside the request's own transaction; more become a job of the same transaction. */
export const inlineLimit = 200;

/** Jobs for 100,000 people written in one go would hold up everybody else. */
const enqueuedAtOnce = 10_000;

export interface MemberReconciliation {
  readonly connectionId: string;
  readonly userIds: readonly string[];
  readonly cause: ReconcileCause;
  readonly log: EventContext;
}

/**
 * Decides again for users whose memberships or rules changed. Answers true when the work was left to a job, which the
 * caller then wakes after its commit.
 */
export async function reconcileMembers(
  stores: Stores,
  context: OrganizationContext,
  { connectionId, userIds, cause, log }: MemberReconciliation,
  tools: DecisionTools,
): Promise<boolean> {
  if (userIds.length === 0) return false;
  if (userIds.length > inlineLimit) {
    const { organizationId, requestId } = context;
    const job = { organizationId, connectionId, cause, requestId, trigger: log.trigger, verdict: null };
    for (let start = 0; start < userIds.length; start += enqueuedAtOnce) {
      await stores.jobs.enqueueReconcile({ ...job, userIds: userIds.slice(start, start + enqueuedAtOnce) });
    }
    return true;
  }
  await reconcileNow(stores, userIds, cause, log, tools);
  return false;
}

/** Decides for these users at once, from the mirror as it stands, and logs what followed. */
export async function reconcileNow(
  stores: Stores,
  userIds: readonly string[],
  cause: ReconcileCause,
  log: EventContext,
  tools: DecisionTools,
): Promise<readonly EventDraft[]> {
  const users = await stores.users.lockMany(userIds);
  const cases = users.map((user) => ({ user, previous: null, cause }));
  const { events, written } = await reconcile(stores, cases, log, tools);
  await written;
  return events;
}
