import type { Verdict } from '../../reconciliation/judge.ts';
import type { OrganizationContext } from '../context.ts';
import { judgeWhole, usersAmong } from '../guard/judge-whole.ts';
import type { ReconcileJob, Stores } from '../ports.ts';
import type { ScimDependencies } from '../resources/scim-dependencies.ts';
import { reconcileNow } from './reconcile-members.ts';

/** A client that changes one of these people waits until all of them are written, so they are few. */
const decidedAtOnce = 25;

export type RunReconcileJob = (job: ReconcileJob) => Promise<void>;

/**
 * Does what a request left to a job, in batches of their own; running twice is harmless. First the guard is asked about the
 * whole; what is large is then shared out among several jobs.
 */
export function makeRunReconcileJob(dependencies: ScimDependencies): RunReconcileJob {
  return async (job) => {
    const { organizationId, requestId } = job;
    const context = { organizationId, actor: { kind: 'system' }, requestId } as const;
    if (job.verdict !== null) return decideParts(context, job, job.verdict, dependencies);
    const { connectionId, cause, userIds } = job;
    const whole = { connectionId, cause, users: (stores: Stores) => usersAmong(stores, userIds) };
    const verdict = await judgeWhole(context, whole, dependencies);
    await dependencies.unitOfWork.write(context, 'none', ({ jobs }) =>
      jobs.enqueueReconcile({ ...job, verdict }),
    );
    dependencies.jobsWaiting();
  };
}

async function decideParts(
  context: OrganizationContext,
  { connectionId, userIds, cause, trigger, requestId }: ReconcileJob,
  verdict: Verdict,
  dependencies: ScimDependencies,
): Promise<void> {
  const tools = { ...dependencies, guard: { kind: 'judged', verdict } } as const;
  const log = { connectionId, trigger, runId: null, requestId };
  for (let start = 0; start < userIds.length; start += decidedAtOnce) {
    const ids = userIds.slice(start, start + decidedAtOnce);
    await dependencies.unitOfWork.write(context, 'shared', (stores) =>
      reconcileNow(stores, ids, cause, log, tools),
    );
  }
}
