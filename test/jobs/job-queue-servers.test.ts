import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { QueryResult } from 'pg';
import type { ReconcileJob } from '../../src/operations/ports.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { JobBench, makeGate, reconcileJob, until } from './job-bench.ts';

describe('job queue of several servers', () => {
  let database: TestDatabase;
  let bench: JobBench;
  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(() => {
    bench = new JobBench(database.url, 'jobs');
  });
  afterEach(() => bench.close());

  /** The way to the database, which a test can cut. */
  function makeCuttableLine() {
    let isCut = false;
    let refused = 0;
    return {
      executeSql: async (text: string, values?: unknown[]): Promise<QueryResult> => {
        if (!isCut) return bench.pool.query(text, values);
        refused += 1;
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      },
      cut: () => {
        isCut = true;
      },
      restore: () => {
        isCut = false;
      },
      refused: () => refused,
    };
  }

  it('starts on one new database from several servers at the same moment', async () => {
    const handlers = { reconcile: async () => undefined };
    const servers = await Promise.all([1, 2, 3, 4].map(() => bench.start(handlers)));
    for (const { queue } of servers) {
      await bench.write(queue, (store) => store.enqueueReconcile(reconcileJob()));
    }
    await until('all jobs are done', async () => {
      const states = await bench.states('reconcile');
      return states.length === 4 && states.every((state) => state === 'completed');
    });
  });

  it('shares the work, and no job is done twice', async () => {
    const bothWork = makeGate();
    const doneBy = { first: [] as string[], second: [] as string[] };
    const workOf = (server: keyof typeof doneBy) => async (job: ReconcileJob) => {
      doneBy[server].push(job.connectionId);
      if (doneBy.first.length > 0 && doneBy.second.length > 0) bothWork.open();
      await bothWork.passed;
    };
    const { queue } = await bench.start({ reconcile: workOf('first') });
    await bench.start({ reconcile: workOf('second') });
    const jobs = Array.from({ length: 40 }, () => reconcileJob());
    await bench.write(queue, async (store) => {
      for (const job of jobs) await store.enqueueReconcile(job);
    });
    await until('all jobs are done', async () =>
      (await bench.states('reconcile')).every((state) => state === 'completed'),
    );
    const done = [...doneBy.first, ...doneBy.second].sort();
    assert.deepEqual(done, jobs.map(({ connectionId }) => connectionId).sort());
  });

  it('keeps a worker for the others when one organization has a backlog', async () => {
    const gate = makeGate();
    const [busy, other] = [uuidV7(), uuidV7()];
    const begun: string[] = [];
    const { queue } = await bench.start({
      reconcile: async ({ organizationId }) => {
        begun.push(organizationId);
        if (organizationId === busy) await gate.passed;
      },
    });
    await bench.write(queue, async (store) => {
      for (let count = 0; count < 10; count += 1) {
        await store.enqueueReconcile(reconcileJob({ organizationId: busy }));
      }
    });
    await until('the backlog is being worked off', () => begun.length === 2);
    await bench.write(queue, (store) => store.enqueueReconcile(reconcileJob({ organizationId: other })));
    await until('the other job is done', () => begun.includes(other));
    assert.equal(begun.filter((organizationId) => organizationId === busy).length, 2);
    gate.open();
    await until('the backlog is done', () => begun.length === 11);
  });

  it('does the job of a server that was lost', async () => {
    const done: ReconcileJob[] = [];
    const { queue } = await bench.start({});
    await queue.stop(1_000);
    const job = reconcileJob();
    await bench.write(queue, (store) => store.enqueueReconcile(job));
    await bench.rows(`update jobs.job set state = 'active', started_on = now() - interval '1 hour',
      heartbeat_on = now() - interval '1 minute'`);
    await bench.start({ reconcile: async (each) => void done.push(each) });
    await until('it is seen to be lost', async () => (await bench.states('reconcile')).includes('retry'));
    await bench.rows('update jobs.job set start_after = now()');
    await until('the job is done', () => done.length === 1);
    assert.deepEqual(done, [job]);
  });

  it('goes on when its connections are cut', async () => {
    const done: ReconcileJob[] = [];
    const { queue } = await bench.start({ reconcile: async (job) => void done.push(job) });
    await bench.rows(`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'rollcall-jobs' and datname = current_database()`);
    await bench.write(queue, (store) => store.enqueueReconcile(reconcileJob()));
    await until('the job is done', () => done.length === 1);
  });

  it('says once that the database is away, and works again when it is back', async () => {
    const line = makeCuttableLine();
    const done: ReconcileJob[] = [];
    const { queue, lines } = await bench.start(
      { reconcile: async (job) => void done.push(job) },
      { executeSql: line.executeSql },
    );
    line.cut();
    await until('the workers have met the failure more than once', () => line.refused() >= 10);
    await bench.write(queue, (store) => store.enqueueReconcile(reconcileJob()));
    line.restore();
    await until('the job is done', () => done.length === 1);
    const errors = lines.filter(({ level }) => level === 'error');
    assert.deepEqual(
      errors.map(({ msg }) => msg),
      ['The job queue met an error and goes on'],
    );
  });

  it('does a job again whose end could not be noted because the database was away', async () => {
    const line = makeCuttableLine();
    let runs = 0;
    const { queue } = await bench.start(
      {
        reconcile: async () => {
          runs += 1;
          if (runs === 1) line.cut();
        },
      },
      { executeSql: line.executeSql, timing: { pollSeconds: 3600 } },
    );
    await bench.write(queue, (store) => store.enqueueReconcile(reconcileJob()));
    queue.kick();
    await until('neither end nor failure could be noted', () => line.refused() >= 2);
    line.restore();
    assert.deepEqual(await bench.states('reconcile'), ['active']);
    // It would lapse by itself.
    await bench.rows(`update jobs.job set heartbeat_on = now() - interval '1 minute'`);
    await until('it is seen to be lost', async () => (await bench.states('reconcile')).includes('retry'));
    await bench.rows('update jobs.job set start_after = now()');
    queue.kick();
    await until('the job is done', async () => (await bench.states('reconcile')).includes('completed'));
    assert.equal(runs, 2);
  });

  it('starts with a clear error, and leaves nothing open, when the database is away', async () => {
    const line = makeCuttableLine();
    line.cut();
    const { queue } = bench.make({ executeSql: line.executeSql });
    const nothing = async () => undefined;
    const handlers = {
      reconcile: nothing,
      replan: nothing,
      sync: nothing,
      deliver: nothing,
      forgetList: nothing,
    };
    await assert.rejects(queue.start(handlers), { code: 'ECONNREFUSED' });
  });
});
