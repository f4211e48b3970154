import type { DirectoryUser } from '../../directory/directory-user.ts';
import type { Verdict } from '../../reconciliation/judge.ts';
import type { OrganizationContext } from '../context.ts';
import { judgeWhole, usersAmong } from '../guard/judge-whole.ts';
import type { ReconcileJob, Stores } from '../ports.ts';
import type { JobDependencies } from '../resources/scim-dependencies.ts';
import { membersUnder } from '../rules/reconcile-rule-change.ts';
import { enqueueMembers, reconcileNow } from './reconcile-members.ts';

/** A client that changes one of these people waits until all of them are written, so they are few. */
const decidedAtOnce = 25;

export type RunReconcileJob = (job: ReconcileJob) => Promise<void>;

/**
 * Does what a request left to a job, in batches of their own; running twice is harmless. Where groups are given, their
 * members are listed first. Then the guard is asked about the whole; what is large is shared out among several jobs.
 */
export function makeRunReconcileJob(dependencies: JobDependencies): RunReconcileJob {
  return async (job) => {
    const { organizationId, requestId } = job;
    const context = { organizationId, actor: { kind: 'system' }, requestId } as const;
    if (job.groupIds.length > 0) return listMembers(context, job, dependencies);
    if (job.verdict !== null) return decideParts(context, job, job.verdict, dependencies);
    const { connectionId, cause } = job;
    const whole = { connectionId, cause, users: (stores: Stores) => usersOf(stores, job) };
    const verdict = await judgeWhole(context, whole, dependencies);
    await dependencies.unitOfWork.write(context, 'none', (stores) => shareOut(stores, job, verdict));
    dependencies.jobsWaiting();
  };
}

/** The members of the groups take the place of the groups, so that those who are judged are those who are decided. */
async function listMembers(
  context: OrganizationContext,
  job: ReconcileJob,
  dependencies: JobDependencies,
): Promise<void> {
  await dependencies.unitOfWork.write(context, 'none', async (stores) => {
    const userIds = await membersUnder(stores, job);
    await enqueueMembers(stores, job, userIds, dependencies);
  });
  dependencies.jobsWaiting();
}

/** Ids of everybody whom the job concerns. */
async function* partsOf(
  { reconcileLists }: Stores,
  { userIds, listId }: ReconcileJob,
): AsyncGenerator<readonly string[]> {
  yield userIds;
  if (listId === null) return;
  for (let part = 0; ; part += 1) {
    const own = await reconcileLists.readPart(listId, part);
    if (own === null) return;
    yield own;
  }
}

async function* usersOf(stores: Stores, job: ReconcileJob): AsyncGenerator<readonly DirectoryUser[]> {
  for await (const ids of partsOf(stores, job)) yield* usersAmong(stores, ids);
}

/** All at once: what was judged as a whole must not be judged again in part. */
async function shareOut(stores: Stores, job: ReconcileJob, verdict: Verdict): Promise<void> {
  for await (const userIds of partsOf(stores, job)) {
    await stores.jobs.enqueueReconcile({ ...job, userIds, listId: null, verdict });
  }
  if (job.listId !== null) await stores.reconcileLists.forget(job.listId);
}

async function decideParts(
  context: OrganizationContext,
  { connectionId, userIds, cause, trigger, requestId }: ReconcileJob,
  verdict: Verdict,
  dependencies: JobDependencies,
): Promise<void> {
  const tools = { ...dependencies, guard: { kind: 'judged', verdict } } as const;
  const log = { connectionId, trigger, runId: null, requestId };
  for (let start = 0; start < userIds.length; start += decidedAtOnce) {
    await dependencies.giveWay();
    const ids = userIds.slice(start, start + decidedAtOnce);
    await dependencies.unitOfWork.write(context, 'shared', (stores) =>
      reconcileNow(stores, ids, cause, log, tools),
    );
  }
}
