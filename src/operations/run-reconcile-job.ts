import { judgeWhole, usersAmong } from './judge-whole.ts';
import type { ReconcileJob, Stores } from './ports.ts';
import { inlineLimit, reconcileNow } from './reconcile-members.ts';
import type { ScimDependencies } from './scim-dependencies.ts';

export type RunReconcileJob = (job: ReconcileJob) => Promise<void>;

/** Does what a request left to a job, in batches of their own; running twice is harmless. */
export function makeRunReconcileJob(dependencies: ScimDependencies): RunReconcileJob {
  return async (job) => {
    const { organizationId, connectionId, requestId, trigger, cause } = job;
    const context = { organizationId, actor: { kind: 'system' }, requestId } as const;
    const log = { connectionId, trigger, runId: null, requestId };
    const whole = { connectionId, cause, users: (stores: Stores) => usersAmong(stores, job.userIds) };
    const guard = await judgeWhole(context, whole, dependencies);
    for (let start = 0; start < job.userIds.length; start += inlineLimit) {
      const ids = job.userIds.slice(start, start + inlineLimit);
      await dependencies.unitOfWork.write(context, 'shared', (stores) =>
        reconcileNow(stores, ids, cause, log, { ...dependencies, guard }),
      );
    }
  };
}
