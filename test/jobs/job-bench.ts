import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import {
  type JobHandlers,
  type JobQueue,
  type JobQueueOptions,
  makeJobQueue,
} from '../../src/jobs/job-queue.ts';
import { makeLogger } from '../../src/observability/logger.ts';
import type { JobStore, ReconcileJob } from '../../src/operations/ports.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';

/** Far longer than anything should take: it only keeps a broken test from hanging. */
const patienceMs = 30_000;

export function reconcileJob(changes: Partial<ReconcileJob> = {}): ReconcileJob {
  return {
    organizationId: uuidV7(),
    connectionId: uuidV7(),
    userIds: [uuidV7()],
    listId: null,
    groupIds: [],
    trigger: 'scim',
    cause: 'membership',
    requestId: uuidV7(),
    verdict: { deactivations: null, conversions: null },
    ...changes,
  };
}

export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error(`Waited in vain until ${what}`);
    await sleep(20);
  }
}

/** A door that handlers wait at until the test opens it. */
export function makeGate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: () => resolve() };
}

type Options = Partial<Omit<JobQueueOptions, 'url' | 'executeSql'>> & {
  readonly executeSql?: (text: string, values?: unknown[]) => Promise<pg.QueryResult>;
};

/** Job queues in one schema of a database, and a look at what they store. */
export class JobBench {
  readonly #url: string;
  readonly #schema: string;
  readonly #queues: JobQueue[] = [];
  readonly pool: pg.Pool;

  constructor(url: string, schema: string) {
    this.#url = url;
    this.#schema = schema;
    this.pool = new pg.Pool({ connectionString: url, max: 4 });
    this.pool.on('error', () => undefined);
  }

  /** A queue that nobody has started, and its log. */
  make({ executeSql, timing, ...rest }: Options = {}) {
    const lines: Record<string, unknown>[] = [];
    const logger = makeLogger('debug', { write: (line: string) => void lines.push(JSON.parse(line)) });
    const queue = makeJobQueue({
      ...(executeSql === undefined ? { url: this.#url } : { executeSql }),
      logger,
      schema: this.#schema,
      timing: { pollSeconds: 0.5, retryDelaySeconds: 1, superviseSeconds: 1, ...timing },
      ...rest,
    });
    this.#queues.push(queue);
    return { queue, lines };
  }

  async start(handlers: Partial<JobHandlers>, options: Options = {}) {
    const made = this.make(options);
    const unexpected = () => Promise.reject(new Error('No such job in this test'));
    await made.queue.start({
      reconcile: unexpected,
      replan: unexpected,
      sync: unexpected,
      deliver: unexpected,
      forgetList: unexpected,
      ...handlers,
    });
    return made;
  }

  /** What a unit of work does: a transaction of the application role, with jobs in it. */
  async write(queue: JobQueue, work: (store: JobStore) => Promise<void>): Promise<void> {
    const client = await this.pool.connect();
    try {
      await client.query('begin; set local role rollcall_app');
      await work(queue.storeFor({ query: (text, values) => client.query(text, [...values]) }));
      await client.query('commit');
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }

  async rows(text: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    return (await this.pool.query(text.replaceAll('jobs.', `${this.#schema}.`), [...values])).rows;
  }

  async states(name: string): Promise<readonly unknown[]> {
    return (await this.rows('select state from jobs.job where name = $1', [name])).map(({ state }) => state);
  }

  async close(): Promise<void> {
    for (const queue of this.#queues) await queue.stop(5_000);
    await this.pool.query(`drop schema if exists ${this.#schema} cascade`);
    await this.pool.end();
  }
}
