import type { JobWithMetadata } from 'pg-boss';
import type { Logger } from '../observability/logger.ts';
import type { ListOfJob } from '../operations/reconcile/reconcile-list-ports.ts';
import { idsOf, listOf } from './job-data.ts';

/** `failed` is one try; `given-up` comes after the last one, with no time of its own. */
export type JobOutcome = 'completed' | 'failed' | 'given-up';

export type OnJob = (name: string, outcome: JobOutcome, seconds: number) => void;

export interface JobTools {
  readonly logger: Logger;
  readonly onJob: OnJob;
  /** Makes idle workers look for jobs. */
  readonly kick: () => void;
}

/** Data as it was stored; `null` in the type of a job without any. */
type StoredJob = JobWithMetadata<unknown>;

/** Workers fetch one job at a time, but are handed a list. */
export type JobRunner = (jobs: readonly StoredJob[]) => Promise<void>;

export function makeJobRunner<Job>(
  read: (data: unknown) => Job,
  handle: (job: Job) => Promise<void>,
  tools: JobTools,
): JobRunner {
  return async (jobs) => {
    for (const job of jobs) await runJob(job, async () => handle(read(job.data)), tools);
  };
}

async function runJob(job: StoredJob, run: () => Promise<void>, tools: JobTools): Promise<void> {
  const { logger, onJob, kick } = tools;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  try {
    await run();
  } catch (error) {
    const facts = { job: job.name, jobId: job.id, try: job.retryCount + 1, tries: job.retryLimit + 1 };
    logger.warn({ err: error, ...facts, ...idsOf(job.data) }, 'A job failed');
    onJob(job.name, 'failed', seconds());
    // pg-boss stores what is thrown beside the job. Messages and causes may quote names and addresses: the log filters
    // them, a table does not.
    throw new Error('The job failed; the log says why');
  } finally {
    // Where one job was, the next may be: look again now instead of at the next poll.
    kick();
  }
  onJob(job.name, 'completed', seconds());
}

/** Runs for jobs that used up their tries, once for each, whichever server lost them. */
export function makeGivenUpReporter(
  forgetList: (list: ListOfJob) => Promise<void>,
  { logger, onJob }: JobTools,
): JobRunner {
  return async (jobs) => {
    for (const job of jobs) {
      const name = job.sourceName ?? 'unknown';
      const facts = { job: name, jobId: job.sourceId, tries: (job.sourceRetryCount ?? 0) + 1 };
      logger.error({ ...facts, ...idsOf(job.data) }, 'A job was given up after its last try');
      onJob(name, 'given-up', 0);
      const list = listOf(job.data);
      if (list !== null) await forgetList(list);
    }
  };
}
