import { type ConstructorOptions, PgBoss } from 'pg-boss';
import type { Logger } from '../observability/logger.ts';
import type { DeliveryJob, JobStore, ReconcileJob, ReplanJob, SyncJob } from '../operations/ports.ts';
import type { ListOfJob } from '../operations/reconcile/reconcile-list-ports.ts';
import { makeErrorReporter } from './error-reporter.ts';
import {
  readDeliveryJob,
  readReconcileJob,
  readReplanJob,
  readSyncJob,
  splitDeliveryJob,
  splitReconcileJob,
} from './job-data.ts';
import { createQueues, givenUpQueue, grantEnqueue, type QueueName, workerLimits } from './queues.ts';
import { type JobRunner, type JobTools, makeGivenUpReporter, makeJobRunner, type OnJob } from './run-job.ts';

/**
 * With a URL the queue has a small pool of its own, as the owner of the database. `executeSql` must run several
 * statements given as one text, and answer with their results as `pg` does.
 */
type JobDatabase =
  | { readonly url: string }
  | { readonly executeSql: (text: string, values?: unknown[]) => Promise<{ rows: unknown[] }> };

interface JobTiming {
  /** How long a job waits at most that no `kick` announced to this server. */
  readonly pollSeconds?: number;
  /** Before the second try; it doubles from try to try. */
  readonly retryDelaySeconds?: number;
  /** How often jobs of lost servers are looked for. */
  readonly superviseSeconds?: number;
}

export type JobQueueOptions = JobDatabase & {
  readonly logger: Logger;
  readonly schema?: string;
  readonly onJob?: OnJob;
  /** Where the jobs are done by another thread, which makes the queues and looks after them: told of every kick. */
  readonly onKick?: (only?: QueueName) => void;
  readonly timing?: JobTiming;
};

/** The caller's open transaction. The text must reach the server as it is: knex's `raw` would read its `?`. */
interface TransactionSql {
  readonly query: (
    text: string,
    values: readonly unknown[],
  ) => Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
}

/** A handler may run again for the same job, and beside other jobs of the same connection. */
export interface JobHandlers {
  readonly reconcile: (job: ReconcileJob) => Promise<void>;
  readonly replan: (job: ReplanJob) => Promise<void>;
  readonly sync: (job: SyncJob) => Promise<void>;
  readonly deliver: (job: DeliveryJob) => Promise<void>;
  /** The job is given up; nobody will read its list any more. */
  readonly forgetList: (list: ListOfJob) => Promise<void>;
}

export interface JobQueue {
  /**
   * Needs the migrated database. Several servers may start at the same moment. Null: the jobs are done elsewhere, and whoever
   * does them has started.
   */
  readonly start: (handlers: JobHandlers | null) => Promise<void>;
  /** Takes no more jobs, waits for the running ones, and gives back those that outlast the grace. */
  readonly stop: (graceMs: number) => Promise<void>;
  /** Writes jobs with the caller's transaction: none survives its rollback, none is lost after its commit. */
  readonly storeFor: (sql: TransactionSql) => JobStore;
  /** Without a transaction of the caller: for work that is found again when it is lost. */
  readonly sendSyncs: (jobs: readonly SyncJob[]) => Promise<void>;
  /** To be called after such a commit: the idle workers of this server, all or those of one queue, look at once. */
  readonly kick: (only?: QueueName) => void;
}

export function makeJobQueue(options: JobQueueOptions): JobQueue {
  const { logger, schema = 'jobs', onJob = () => undefined, onKick = () => undefined, timing = {} } = options;
  const { pollSeconds = 2, retryDelaySeconds = 10, superviseSeconds = 30 } = timing;
  const boss = new PgBoss({
    ...bossOptions(options, schema, superviseSeconds),
    supervise: options.onKick === undefined,
  });
  // An `error` event that nobody listens to would end the process.
  boss.on('error', makeErrorReporter(logger));
  boss.on('warning', ({ message }) => logger.warn({ warning: message }, 'The job queue warns'));

  const kick = (only?: QueueName) => {
    for (const { id, name } of boss.getWipData()) {
      if (only === undefined || name === only) boss.notifyWorker(id);
    }
    onKick(only);
  };
  const work = async (name: QueueName, run: JobRunner) => {
    const polling = { includeMetadata: true, pollingIntervalSeconds: pollSeconds } as const;
    await boss.work(name, { ...polling, ...workerLimits[name] }, run);
  };

  async function startWorkers(handlers: JobHandlers): Promise<void> {
    const tools: JobTools = { logger, onJob, kick };
    await work('reconcile', makeJobRunner(readReconcileJob, handlers.reconcile, tools));
    await work('replan', makeJobRunner(readReplanJob, handlers.replan, tools));
    await work('sync', makeJobRunner(readSyncJob, handlers.sync, tools));
    await work('deliver', makeJobRunner(readDeliveryJob, handlers.deliver, tools));
    const polling = { includeMetadata: true, pollingIntervalSeconds: 5 * pollSeconds } as const;
    await boss.work(givenUpQueue, polling, makeGivenUpReporter(handlers.forgetList, tools));
  }

  return {
    start: async (handlers) => {
      try {
        await boss.start();
        if (handlers === null) return;
        await createQueues(boss, retryDelaySeconds);
        await grantEnqueue(boss, schema);
        await startWorkers(handlers);
      } catch (error) {
        await boss.stop({ graceful: false });
        throw error;
      }
    },
    stop: (graceMs) => boss.stop({ graceful: graceMs > 0, timeout: graceMs }),
    storeFor: (sql) => makeJobStore(boss, sql),
    sendSyncs: async (jobs) => {
      if (jobs.length > 0) await boss.insert('sync', rowsOf(jobs));
      kick('sync');
    },
    kick,
  };
}

type StoredJob = ReconcileJob | ReplanJob | SyncJob | DeliveryJob;

const rowsOf = (jobs: readonly StoredJob[]) =>
  jobs.map((data) => ({ data, group: { id: data.organizationId } }));

function makeJobStore(boss: PgBoss, sql: TransactionSql): JobStore {
  const insert = async (name: QueueName, jobs: readonly StoredJob[]) => {
    if (jobs.length === 0) return;
    await boss.insert(name, rowsOf(jobs), { db: inTransaction(sql) });
  };
  return {
    enqueueReconcile: (job) => insert('reconcile', splitReconcileJob(job)),
    enqueueReplan: ({ organizationId, connectionId, runId, requestId }) =>
      insert('replan', [{ organizationId, connectionId, runId, requestId }]),
    enqueueSync: ({ organizationId, connectionId, requestId }) =>
      insert('sync', [{ organizationId, connectionId, requestId }]),
    enqueueDeliveries: (jobs) => insert('deliver', jobs.flatMap(splitDeliveryJob)),
  };
}

function inTransaction(sql: TransactionSql) {
  return {
    executeSql: async (text: string, values: unknown[] = []) => {
      const { rows } = await sql.query(text, values);
      return { rows: [...rows] };
    },
  };
}

/** pg-boss hands these on to its pool. Without the timeout a server that went away without a word stops the workers. */
const poolOptions = { max: 3, application_name: 'rollcall-jobs', keepAlive: true, query_timeout: 60_000 };

/** What pg-boss can do beside queues is off or rare. `schedule` stays off until something runs by the clock. */
function bossOptions(database: JobDatabase, schema: string, superviseSeconds: number): ConstructorOptions {
  return {
    ...('url' in database
      ? { connectionString: database.url, ...poolOptions }
      : { db: { executeSql: database.executeSql } }),
    schema,
    schedule: false,
    registerInstance: false,
    monitorVacuum: false,
    reindex: false,
    openTelemetry: { enabled: false },
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
    maintenanceIntervalSeconds: 3600,
    queueCacheIntervalSeconds: 600,
    bamIntervalSeconds: 600,
    flowIntervalSeconds: 3600,
  };
}
