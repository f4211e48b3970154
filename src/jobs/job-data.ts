import type { DeliveryJob, ReconcileJob, ReplanJob, SyncJob } from '../operations/ports.ts';
import type { ListOfJob } from '../operations/reconcile/reconcile-list-ports.ts';

/** So many people are decided by one job: it bounds what a retry repeats. */
const usersPerJob = 500;
/** So many events are sent again when a server is lost before it has noted them. */
const eventsPerJob = 20;

// Records, not arrays: a member added to the union and forgotten here does not compile.
const triggers: Readonly<Record<ReconcileJob['trigger'], true>> = {
  scim: true,
  graph: true,
  manual: true,
  ruleChange: true,
  approval: true,
};
const causes: Readonly<Record<ReconcileJob['cause'], true>> = {
  directory: true,
  membership: true,
  ruleChange: true,
  replan: true,
};

/**
 * The same work in jobs of bounded size, each user once; as one job before the guard was asked, because it judges the
 * whole. Named fields only: nothing else a caller holds is stored.
 */
export function splitReconcileJob(job: ReconcileJob): readonly ReconcileJob[] {
  const { organizationId, connectionId, listId, groupIds, trigger, cause, requestId, verdict } = job;
  const all = [...new Set(job.userIds)];
  const common = { organizationId, connectionId, listId, groupIds, trigger, cause, requestId, verdict };
  if (verdict === null) return [{ ...common, userIds: all }];
  const parts: ReconcileJob[] = [];
  for (let from = 0; from < all.length; from += usersPerJob) {
    parts.push({ ...common, userIds: all.slice(from, from + usersPerJob) });
  }
  return parts;
}

/** The same deliveries in jobs of bounded size. */
export function splitDeliveryJob({
  organizationId,
  webhookId,
  eventIds,
  claimedUntil,
}: DeliveryJob): readonly DeliveryJob[] {
  const parts: DeliveryJob[] = [];
  for (let from = 0; from < eventIds.length; from += eventsPerJob) {
    parts.push({
      organizationId,
      webhookId,
      eventIds: eventIds.slice(from, from + eventsPerJob),
      claimedUntil,
    });
  }
  return parts;
}

/** What is stored may have been written by another release, so it is read like any other input. */
export function readReconcileJob(data: unknown): ReconcileJob {
  const { organizationId, connectionId, userIds, listId, groupIds, trigger, cause, requestId, verdict } =
    fieldsOf(data);
  if (
    typeof organizationId === 'string' &&
    typeof connectionId === 'string' &&
    isTextList(userIds) &&
    (listId === undefined || isTextOrNull(listId)) &&
    (groupIds === undefined || isTextList(groupIds)) &&
    isKeyOf(triggers, trigger) &&
    isKeyOf(causes, cause) &&
    isTextOrNull(requestId)
  ) {
    return {
      organizationId,
      connectionId,
      userIds,
      // Unknown to earlier releases.
      listId: listId ?? null,
      groupIds: groupIds ?? [],
      trigger,
      cause,
      requestId,
      verdict: readVerdict(verdict),
    };
  }
  throw unreadable();
}

/** An earlier release asked the guard of nothing. */
function readVerdict(data: unknown): ReconcileJob['verdict'] {
  if (data === null || data === undefined) return null;
  const { deactivations, conversions } = fieldsOf(data);
  if (isTextOrNull(deactivations) && isTextOrNull(conversions)) return { deactivations, conversions };
  throw unreadable();
}

export function readReplanJob(data: unknown): ReplanJob {
  const { organizationId, connectionId, runId, requestId } = fieldsOf(data);
  if (
    typeof organizationId === 'string' &&
    typeof connectionId === 'string' &&
    typeof runId === 'string' &&
    isTextOrNull(requestId)
  ) {
    return { organizationId, connectionId, runId, requestId };
  }
  throw unreadable();
}

export function readSyncJob(data: unknown): SyncJob {
  const { organizationId, connectionId, requestId } = fieldsOf(data);
  if (typeof organizationId === 'string' && typeof connectionId === 'string' && isTextOrNull(requestId)) {
    return { organizationId, connectionId, requestId };
  }
  throw unreadable();
}

export function readDeliveryJob(data: unknown): DeliveryJob {
  const { organizationId, webhookId, eventIds, claimedUntil } = fieldsOf(data);
  if (
    typeof organizationId === 'string' &&
    typeof webhookId === 'string' &&
    isTextList(eventIds) &&
    typeof claimedUntil === 'string'
  ) {
    return { organizationId, webhookId, eventIds, claimedUntil };
  }
  throw unreadable();
}

/** For the log: enough to find the people again, and nothing about them. */
export function idsOf(data: unknown): Readonly<Record<string, unknown>> {
  const { organizationId, connectionId, runId, requestId, userIds, listId, webhookId, eventIds } =
    fieldsOf(data);
  return {
    organizationId,
    ...(webhookId === undefined ? { connectionId, requestId } : { webhookId, eventIds }),
    ...(runId === undefined ? {} : { runId }),
    ...(isTextOrNull(listId) && listId !== null ? { listId } : {}),
    ...(isTextList(userIds) ? { users: userIds.length, userIds } : {}),
  };
}

/** The list that goes with a job, which may be one that nobody can read; null when there is none. */
export function listOf(data: unknown): ListOfJob | null {
  const { organizationId, listId } = fieldsOf(data);
  return typeof organizationId === 'string' && typeof listId === 'string' ? { organizationId, listId } : null;
}

function unreadable(): Error {
  return new Error('The stored job is not one that this release understands');
}

function fieldsOf(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null ? { ...data } : {};
}

function isTextOrNull(value: unknown): value is string | null {
  return typeof value === 'string' || value === null;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isKeyOf<Name extends string>(names: Readonly<Record<Name, true>>, value: unknown): value is Name {
  return typeof value === 'string' && Object.hasOwn(names, value);
}
