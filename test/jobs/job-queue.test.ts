import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryResult } from 'pg';
import type { JobOutcome } from '../../src/jobs/run-job.ts';
import type { ReconcileJob, ReplanJob } from '../../src/operations/ports.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { JobBench, makeGate, reconcileJob, until } from './job-bench.ts';

describe('job queue', () => {
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

  it('leaves no job behind when the unit of work is rolled back', async () => {
    const { queue } = await bench.start({});
    const failure = new Error('the unit of work failed');
    const work = bench.write(queue, async (store) => {
      await store.enqueueReconcile(reconcileJob());
      await store.enqueueReplan({
        organizationId: uuidV7(),
        connectionId: uuidV7(),
        runId: uuidV7(),
        requestId: null,
      });
      throw failure;
    });
    await assert.rejects(work, failure);
    assert.deepEqual(await bench.rows('select id from jobs.job'), []);
  });

  it('hands a committed job over as it was enqueued', async () => {
    const done: unknown[] = [];
    const { queue } = await bench.start({
      reconcile: async (job) => void done.push(job),
      replan: async (job) => void done.push(job),
    });
    const reconcile: ReconcileJob = reconcileJob({ cause: 'ruleChange', trigger: 'manual', requestId: null });
    const replan: ReplanJob = {
      organizationId: uuidV7(),
      connectionId: uuidV7(),
      runId: uuidV7(),
      requestId: 'request-0001',
    };
    await bench.write(queue, (store) => store.enqueueReconcile(reconcile));
    await until('the first job is done', () => done.length === 1);
    await bench.write(queue, (store) => store.enqueueReplan(replan));
    await until('the second job is done', () => done.length === 2);
    assert.deepEqual(done, [reconcile, replan]);
  });

  it('runs a committed job on a kick, long before the next poll', async () => {
    let statements = 0;
    const executeSql = (text: string, values?: unknown[]): Promise<QueryResult> => {
      statements += 1;
      return bench.pool.query(text, values);
    };
    const done: ReconcileJob[] = [];
    const { queue } = await bench.start(
      { reconcile: async (job) => void done.push(job) },
      { executeSql, timing: { pollSeconds: 3600, superviseSeconds: 3600 } },
    );
    let seen = -1;
    await until('the workers sleep', async () => {
      seen = statements;
      await sleep(200);
      return seen === statements;
    });
    await bench.write(queue, (store) => store.enqueueReconcile(reconcileJob()));
    await sleep(200);
    assert.deepEqual(done, [], 'nobody has looked yet, so that it is the kick that counts');
    queue.kick();
    await until('the job is done', () => done.length === 1);
  });

  it('works a backlog off without waiting for a poll between two jobs', async () => {
    const done: ReconcileJob[] = [];
    const { queue } = await bench.start(
      { reconcile: async (job) => void done.push(job) },
      { timing: { pollSeconds: 3600 } },
    );
    await bench.write(queue, async (store) => {
      for (let count = 0; count < 20; count += 1) await store.enqueueReconcile(reconcileJob());
    });
    queue.kick();
    await until('all jobs are done', () => done.length === 20);
  });

  it('splits a job of more than 500 users, each user once', async () => {
    const done: ReconcileJob[] = [];
    const userIds = Array.from({ length: 1201 }, () => uuidV7());
    const job = reconcileJob({ userIds: [...userIds, ...userIds.slice(0, 300)] });
    const { queue } = await bench.start({ reconcile: async (part) => void done.push(part) });
    await bench.write(queue, (store) => store.enqueueReconcile(job));
    await until('all parts are done', () => done.length === 3);
    assert.deepEqual(done.map((part) => part.userIds.length).sort(), [201, 500, 500]);
    assert.deepEqual(done.flatMap((part) => part.userIds).sort(), [...userIds].sort());
    for (const part of done) assert.deepEqual({ ...part, userIds: [] }, { ...job, userIds: [] });
  });

  it('stores nothing for a job without users', async () => {
    const { queue } = await bench.start({});
    await bench.write(queue, (store) => store.enqueueReconcile(reconcileJob({ userIds: [] })));
    assert.deepEqual(await bench.rows('select id from jobs.job'), []);
  });

  it('tries a job again when its handler fails, and keeps the reason out of the database', async () => {
    const outcomes: JobOutcome[] = [];
    let tries = 0;
    const reconcile = async () => {
      tries += 1;
      if (tries === 1) throw new Error('anna.berg@example.com is taken');
    };
    const { queue, lines } = await bench.start(
      { reconcile },
      { onJob: (_name, outcome) => void outcomes.push(outcome) },
    );
    const job = reconcileJob();
    await bench.write(queue, (store) => store.enqueueReconcile(job));
    await until('the first try has failed', async () => (await bench.states('reconcile')).includes('retry'));
    const [stored] = await bench.rows('select to_jsonb(j) as everything from jobs.job j');
    assert.ok(!JSON.stringify(stored).includes('anna'));
    await bench.rows('update jobs.job set start_after = now()');
    await until('the job is done', async () => (await bench.states('reconcile')).includes('completed'));
    assert.equal(tries, 2);
    assert.deepEqual(outcomes, ['failed', 'completed']);
    const line = lines.find(({ msg }) => msg === 'A job failed');
    assert.equal(line?.connectionId, job.connectionId);
    assert.equal(line?.try, 1);
    assert.equal(line?.tries, 5);
  });

  it('gives a job up after its last try, with ids in the log and the job kept', async () => {
    const outcomes: unknown[] = [];
    const reconcile = () => Promise.reject(new Error('anna.berg@example.com is taken'));
    const forgotten: unknown[] = [];
    const { queue, lines } = await bench.start(
      { reconcile, forgetList: async (list) => void forgotten.push(list) },
      { onJob: (name, outcome) => void outcomes.push([name, outcome]) },
    );
    const job = reconcileJob({ listId: uuidV7(), verdict: null });
    await bench.write(queue, (store) => store.enqueueReconcile(job));
    await until('the first try has failed', async () => (await bench.states('reconcile')).includes('retry'));
    await bench.rows('update jobs.job set retry_count = retry_limit - 1, start_after = now()');
    await until('the job is given up', async () => {
      queue.kick();
      return (await bench.states('given-up')).includes('completed');
    });
    assert.deepEqual(outcomes, [
      ['reconcile', 'failed'],
      ['reconcile', 'failed'],
      ['reconcile', 'given-up'],
    ]);
    const [line, ...others] = lines.filter(({ msg }) => msg === 'A job was given up after its last try');
    assert.deepEqual(others, []);
    assert.equal(line?.level, 'error');
    assert.deepEqual(line?.userIds, job.userIds);
    assert.equal(line?.organizationId, job.organizationId);
    assert.deepEqual(forgotten, [{ organizationId: job.organizationId, listId: job.listId }]);
    assert.ok(!JSON.stringify(line).includes('anna'));
  });

  it('fails a stored job that it does not understand instead of guessing', async () => {
    const { lines } = await bench.start({});
    await bench.rows(`insert into jobs.job (name, data) values ('reconcile', '{"userIds": "all"}')`);
    await until('the job has failed', async () => (await bench.states('reconcile')).includes('failed'));
    assert.ok(lines.some(({ msg }) => msg === 'A job failed'));
  });

  it('lets running jobs finish when it stops, and begins no other', async () => {
    const gate = makeGate();
    const begun: ReconcileJob[] = [];
    const { queue } = await bench.start({
      reconcile: async (job) => {
        begun.push(job);
        await gate.passed;
      },
    });
    const organizationId = uuidV7();
    // Two of one organization run at a time, see the worker limits; three when two workers look at the same moment.
    const jobs = [1, 2, 3, 4, 5].map(() => reconcileJob({ organizationId }));
    await bench.write(queue, async (store) => {
      for (const job of jobs) await store.enqueueReconcile(job);
    });
    await until('two jobs run', () => begun.length >= 2);
    let isStopped = false;
    const stopped = queue.stop(20_000).then(() => {
      isStopped = true;
    });
    await sleep(300);
    assert.equal(isStopped, false);
    const running = begun.length;
    assert.ok(running < jobs.length);
    gate.open();
    await stopped;
    assert.equal(begun.length, running);
    const states = await bench.states('reconcile');
    const expected = jobs.map((_, index) => (index < running ? 'completed' : 'created'));
    assert.deepEqual([...states].sort(), expected);
  });

  it('gives a job back that outlasts the grace, and does it after the next start', async () => {
    const gate = makeGate();
    let begun = 0;
    const first = await bench.start({
      reconcile: async () => {
        begun += 1;
        await gate.passed;
      },
    });
    await bench.write(first.queue, (store) => store.enqueueReconcile(reconcileJob()));
    await until('the job runs', () => begun === 1);
    await first.queue.stop(1_000);
    assert.deepEqual(await bench.states('reconcile'), ['retry']);
    await bench.rows('update jobs.job set start_after = now()');
    const done: ReconcileJob[] = [];
    await bench.start({ reconcile: async (job) => void done.push(job) });
    await until('the job is done', () => done.length === 1);
    gate.open();
  });

  it('does a job after the next start that was committed while no worker ran', async () => {
    const { queue } = await bench.start({});
    await queue.stop(1_000);
    const job = reconcileJob();
    await bench.write(queue, (store) => store.enqueueReconcile(job));
    const done: ReconcileJob[] = [];
    await bench.start({ reconcile: async (each) => void done.push(each) });
    await until('the job is done', () => done.length === 1);
    assert.deepEqual(done, [job]);
  });

  it('lets the application role add jobs and not read them', async () => {
    const { queue } = await bench.start({ reconcile: async () => undefined });
    await bench.write(queue, (store) => store.enqueueReconcile(reconcileJob()));
    const client = await bench.pool.connect();
    try {
      await client.query('set role rollcall_app');
      for (const statement of [
        'select id from jobs.job',
        'select id from jobs.job_common',
        'delete from jobs.job',
      ]) {
        await assert.rejects(client.query(statement), { code: '42501' });
      }
    } finally {
      client.release(true);
    }
  });
});
