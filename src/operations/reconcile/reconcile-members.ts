import type { UserContent } from '../../directory/directory-user.ts';
import type { PersonCase } from '../../provisioning/case.ts';
import type { EventDraft } from '../../provisioning/provisioning-event.ts';
import type { ReconcileCause } from '../../provisioning/reconcile-cause.ts';
import type { OrganizationContext } from '../context.ts';
import type { EventContext, ReconcileJob, Stores } from '../ports.ts';
import type { DecisionTools } from './decision-tools.ts';
import { reconcile } from './reconcile.ts';

/** So many people are decided inside the request's own transaction; more become a job of the same transaction. */
export const inlineLimit = 200;

/** A job holds so many people, and a part of a list: 100,000 written in one go would hold up everybody else. */
const keptAtOnce = 10_000;

const nobodyChanged: ReadonlyMap<string, UserContent> = new Map();

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
    const origin = { organizationId, connectionId, cause, requestId, trigger: log.trigger };
    await enqueueMembers(stores, origin, userIds, tools);
    return true;
  }
  await reconcileNow(stores, userIds, cause, log, tools);
  return false;
}

export type JobOrigin = Pick<
  ReconcileJob,
  'organizationId' | 'connectionId' | 'cause' | 'requestId' | 'trigger'
>;

/** One job, however many they are: the guard judges the whole. */
export async function enqueueMembers(
  stores: Stores,
  origin: JobOrigin,
  userIds: readonly string[],
  tools: DecisionTools,
): Promise<void> {
  const people =
    userIds.length <= keptAtOnce
      ? { userIds, listId: null }
      : { userIds: [], listId: await keepList(stores, userIds, tools) };
  await stores.jobs.enqueueReconcile({ ...origin, ...people, groupIds: [], verdict: null });
}

async function keepList(
  stores: Stores,
  userIds: readonly string[],
  { identifiers }: DecisionTools,
): Promise<string> {
  const listId = identifiers.next();
  for (let part = 0; part * keptAtOnce < userIds.length; part += 1) {
    const own = userIds.slice(part * keptAtOnce, (part + 1) * keptAtOnce);
    await stores.reconcileLists.keepPart(listId, part, own);
  }
  return listId;
}

/**
 * Decides for these users at once, from the mirror as it stands, and logs what followed. In a re-plan those whom the
 * directory changed while provisioning was off are decided as by that change.
 */
export async function reconcileNow(
  stores: Stores,
  userIds: readonly string[],
  cause: ReconcileCause,
  log: EventContext,
  tools: DecisionTools,
): Promise<readonly EventDraft[]> {
  const users = await stores.users.lockAlsoDeleted(userIds);
  const changed = cause === 'replan' ? await stores.undecidedChanges.take(userIds) : nobodyChanged;
  const cases = users.map((user): PersonCase => {
    const before = changed.get(user.id);
    return before === undefined
      ? { user, previous: null, cause }
      : { user, previous: { ...user, ...before }, cause: 'directory' };
  });
  const { events, written } = await reconcile(stores, cases, log, tools);
  await written;
  return events;
}
