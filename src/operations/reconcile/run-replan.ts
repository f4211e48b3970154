import type { DirectoryUser } from '../../directory/directory-user.ts';
import type { EventDraft } from '../../provisioning/provisioning-event.ts';
import type { OrganizationContext } from '../context.ts';
import { judgeWhole, usersOfConnection } from '../guard/judge-whole.ts';
import type { ReplanJob, Stores } from '../ports.ts';
import type { JobDependencies } from '../resources/scim-dependencies.ts';
import type { SyncRun } from '../sync/sync-run-ports.ts';
import type { DecisionTools } from './decision-tools.ts';
import { deletedToPlan, purgeDeleted } from './deleted-to-plan.ts';
import { reconcileNow } from './reconcile-members.ts';

const batchSize = 50;

export type RunReplan = (job: ReplanJob) => Promise<void>;

/**
 * Decides everybody of a connection again, batch by batch, each in its own unit of work. A run that was interrupted
 * starts over: what is right already costs no write. A cancelled run stops before its next batch.
 */
export function makeRunReplan(dependencies: JobDependencies): RunReplan {
  const { unitOfWork } = dependencies;
  return async (job) => {
    const context = jobContext(job);
    try {
      const begun = await unitOfWork.write(context, 'none', (stores) =>
        begin(stores, job, dependencies.clock.now()),
      );
      let state: Batch | null = begun && { run: begun, after: null };
      const whole = { connectionId: job.connectionId, cause: 'replan', users: usersToPlan(job) } as const;
      const verdict = await judgeWhole(context, whole, dependencies);
      const guard = { kind: 'judged', verdict } as const;
      while (state !== null) {
        const current: Batch = state;
        await dependencies.giveWay();
        state = await unitOfWork.write(context, 'shared', (stores) =>
          nextBatch(stores, job, current, { ...dependencies, guard }),
        );
      }
    } catch (error) {
      await unitOfWork.write(context, 'none', (stores) => fail(stores, job, dependencies.clock.now()));
      throw error;
    }
  };
}

const usersToPlan = ({ connectionId }: ReplanJob) =>
  async function* pages(stores: Stores): AsyncGenerator<readonly DirectoryUser[]> {
    for await (const page of usersOfConnection(stores, connectionId)) {
      const wanted = new Set(await stores.changeSets.withoutUndone(page.map(({ id }) => id)));
      yield page.filter(({ id }) => wanted.has(id));
    }
    yield deletedToPlan(stores, connectionId);
  };

interface Batch {
  readonly run: SyncRun;
  readonly after: string | null;
}

const jobContext = (job: ReplanJob): OrganizationContext => ({
  organizationId: job.organizationId,
  actor: { kind: 'system' },
  requestId: job.requestId,
});

const isOpen = (run: SyncRun): boolean => run.state === 'queued' || run.state === 'running';

async function begin(stores: Stores, job: ReplanJob, now: string): Promise<SyncRun | null> {
  const run = await stores.syncRuns.get(job.runId);
  if (run === null || !isOpen(run)) return null;
  const page = { kind: 'index', startIndex: 1, count: 0 } as const;
  const { total } = await stores.users.list(job.connectionId, {
    filter: null,
    sort: null,
    page,
    withReferences: false,
  });
  const started: SyncRun = {
    ...run,
    state: 'running',
    startedAt: now,
    counts: {},
    progress: { done: 0, total },
  };
  return (await stores.syncRuns.save(started)) ? started : null;
}

async function nextBatch(
  stores: Stores,
  job: ReplanJob,
  { run, after }: Batch,
  dependencies: DecisionTools,
): Promise<Batch | null> {
  const ids = await stores.users.idsAfter(job.connectionId, after, batchSize);
  const log = {
    connectionId: job.connectionId,
    trigger: 'manual',
    runId: job.runId,
    requestId: job.requestId,
  } as const;
  const wanted = await stores.changeSets.withoutUndone(ids);
  const last = ids.at(-1);
  const isDone = last === undefined || ids.length < batchSize;
  const deleted = isDone ? await deletedToPlan(stores, job.connectionId) : [];
  const userIds = [...wanted, ...deleted.map(({ id }) => id)];
  const events = await reconcileNow(stores, userIds, 'replan', log, dependencies);
  await purgeDeleted(stores, deleted);
  const done = run.progress.done + ids.length;
  const now = dependencies.clock.now();
  const progressed: SyncRun = {
    ...run,
    counts: countActions(run.counts, events),
    progress: { done, total: isDone ? done : Math.max(done, run.progress.total ?? 0) },
    ...(isDone ? { state: 'succeeded', endedAt: now } : {}),
  };
  const isSaved = await stores.syncRuns.save(progressed);
  if (isSaved && isDone) await stores.connections.noteReplan(job.connectionId, now);
  return isSaved && !isDone ? { run: progressed, after: last } : null;
}

function countActions(counts: SyncRun['counts'], events: readonly EventDraft[]): SyncRun['counts'] {
  const result: Record<string, number> = { ...counts };
  for (const { action } of events) result[action] = (result[action] ?? 0) + 1;
  return result;
}

async function fail(stores: Stores, job: ReplanJob, now: string): Promise<void> {
  const run = await stores.syncRuns.get(job.runId);
  if (run === null || !isOpen(run)) return;
  const error = 'The run stopped on an internal error; the server log tells why. Start it again.';
  await stores.syncRuns.save({ ...run, state: 'failed', endedAt: now, error });
}
