import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import type { ReconcileJob, UnitOfWork } from '../../src/operations/ports.ts';
import { makeForgetList } from '../../src/operations/reconcile/forget-list.ts';
import { reconcileMembers } from '../../src/operations/reconcile/reconcile-members.ts';
import { makeRunReconcileJob } from '../../src/operations/reconcile/run-reconcile-job.ts';
import { reconcileRuleChange } from '../../src/operations/rules/reconcile-rule-change.ts';
import { type Database, openDatabase } from '../../src/postgres/database.ts';
import { makeStores } from '../../src/postgres/stores.ts';
import { makeUnitOfWork } from '../../src/postgres/unit-of-work.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import { startWorld, type World } from '../admin-api/people-world.ts';
import { type GuardWorld, startGuardWorld } from './guard-world.ts';

describe('more people than a job holds', () => {
  let world: World;
  let guard: GuardWorld;
  let database: Database;
  let owner: pg.Client;
  let unitOfWork: UnitOfWork;
  let jobs: ReconcileJob[] = [];
  const identifiers = { next: uuidV7 };
  const clock = { now: () => new Date().toISOString() };

  before(async () => {
    world = await startWorld();
    guard = await startGuardWorld(world);
    owner = new pg.Client({ connectionString: world.app.databaseUrl });
    await owner.connect();
    database = openDatabase({ url: world.app.databaseUrl, poolSize: 2 });
    const notHere = (): Promise<never> => Promise.reject(new Error('No such job is expected here'));
    const jobStore = {
      enqueueReconcile: async (job: ReconcileJob) => {
        jobs.push(job);
      },
      enqueueReplan: notHere,
      enqueueSync: notHere,
      enqueueDeliveries: notHere,
    };
    unitOfWork = makeUnitOfWork(database, (connection) =>
      makeStores(connection, { identifiers, jobs: () => jobStore }),
    );
  });
  after(async () => {
    await owner?.end();
    await database?.close();
    await world?.app.stop();
  });

  const contextOf = async () => {
    const { rows } = await owner.query('select organization_id as "id" from organizations');
    return { organizationId: rows[0].id, actor: { kind: 'system' }, requestId: uuidV7() } as const;
  };

  const runner = () =>
    makeRunReconcileJob({
      unitOfWork,
      clock,
      identifiers,
      jobsWaiting: () => undefined,
      giveWay: () => Promise.resolve(),
    });

  it('are one question to the guard, in a list of several parts', async () => {
    jobs = [];
    const { connectionId } = guard.connection;
    const context = await contextOf();
    const userIds = Array.from({ length: 25_000 }, uuidV7);
    const log = { connectionId, trigger: 'scim', runId: null, requestId: context.requestId } as const;
    const isLeft = await unitOfWork.write(context, 'shared', (stores) =>
      reconcileMembers(
        stores,
        context,
        { connectionId, userIds, cause: 'membership', log },
        { clock, identifiers },
      ),
    );
    assert.equal(isLeft, true);
    const [job, ...others] = jobs;
    assert.ok(job !== undefined && job.listId !== null);
    assert.deepEqual([others.length, job.userIds.length, job.verdict], [0, 0, null]);
    const { listId } = job;
    const parts = await unitOfWork.read(context, ({ reconcileLists }) =>
      Promise.all([0, 1, 2, 3].map((part) => reconcileLists.readPart(listId, part))),
    );
    assert.deepEqual(
      parts.map((part) => part?.length),
      [10_000, 10_000, 5_000, undefined],
    );
    assert.deepEqual(
      parts.flatMap((part) => part ?? []),
      userIds,
    );
  });

  it('are forgotten with the job when it is given up (A-24)', async () => {
    const context = await contextOf();
    const { organizationId } = context;
    const [listId, other] = [uuidV7(), uuidV7()];
    await unitOfWork.write(context, 'none', async ({ reconcileLists }) => {
      for (const id of [listId, other]) await reconcileLists.keepPart(id, 0, [uuidV7()]);
    });
    await makeForgetList({ unitOfWork })({ organizationId, listId });
    const [forgotten, kept] = await unitOfWork.read(context, ({ reconcileLists }) =>
      Promise.all([listId, other].map((id) => reconcileLists.readPart(id, 0))),
    );
    assert.deepEqual([forgotten, kept?.length], [null, 1]);
  });

  it('are listed by the job of a rule change, and not while everybody waits for the change (A-24)', async () => {
    jobs = [];
    await guard.setGuard({});
    const { connectionId } = guard.connection;
    const context = await contextOf();
    const tools = { clock, identifiers };
    const { rows } = await owner.query(`
      with g as (
        insert into directory_groups (organization_id, connection_id, directory_group_id, display_name, member_count)
        select organization_id, '${connectionId}', gen_random_uuid(), 'Everybody', 201 from organizations
        returning organization_id, directory_group_id, rule_key
      ), u as (
        insert into directory_users (organization_id, connection_id, directory_user_id, user_name)
        select organization_id, '${connectionId}', gen_random_uuid(), 'many' || n from g, generate_series(1, 201) n
        returning organization_id, directory_user_id
      ), m as (
        insert into memberships (organization_id, directory_group_id, directory_user_id)
        select g.organization_id, g.directory_group_id, u.directory_user_id from g, u
      )
      select rule_key as "groupKey" from g`);
    const groupIds: string[] = [rows[0].groupKey];
    const isLeft = await unitOfWork.write(context, 'exclusive', (stores) =>
      reconcileRuleChange(stores, context, { connectionId, groupIds }, tools),
    );
    assert.equal(isLeft, true);
    const [job, ...others] = jobs;
    assert.ok(job !== undefined);
    assert.deepEqual([others.length, job.userIds, job.listId, job.groupIds], [0, [], null, groupIds]);
    jobs = [];
    await runner()(job);
    const [question, ...more] = jobs;
    assert.deepEqual([question?.userIds.length, question?.groupIds, question?.verdict], [201, [], null]);
    assert.equal(more.length, 0, 'The guard is asked about all of them together');
  });

  it('are judged together: no part of them passes because it is small', async () => {
    jobs = [];
    await guard.setGuard({});
    const userIds = await guard.hire(6);
    await guard.setGuard({ maxConversions: 4 });
    await owner.query(
      `update mapping_rules set user_type = 'clientPortal', account_id = '${world.account.id}',
        account_location_id = '${world.accountLocationId}',
        security_role_id = '${world.roles['External User']}' where mapping_rule_id = '${guard.staffRuleId}'`,
    );
    const context = await contextOf();
    const { connectionId } = guard.connection;
    const listId = uuidV7();
    await unitOfWork.write(context, 'none', async ({ reconcileLists }) => {
      await reconcileLists.keepPart(listId, 0, userIds.slice(0, 3));
      await reconcileLists.keepPart(listId, 1, userIds.slice(3));
    });
    const runJob = runner();
    const { organizationId, requestId } = context;
    const common = {
      organizationId,
      connectionId,
      requestId,
      trigger: 'ruleChange',
      cause: 'ruleChange',
    } as const;
    const question: ReconcileJob = { ...common, userIds: [], listId, groupIds: [], verdict: null };
    await runJob(question);
    assert.deepEqual(
      jobs.flatMap((job) => job.userIds),
      userIds,
    );
    for (const { verdict, listId: left } of jobs) {
      assert.equal(left, null);
      assert.match(verdict?.conversions ?? '', /6/);
    }
    const shared = jobs;
    await runJob(question);
    assert.equal(
      jobs.flatMap((job) => job.userIds).length,
      userIds.length,
      'A second run finds nothing left',
    );
    for (const job of shared) if (job.userIds.length > 0) await runJob(job);
    assert.equal((await guard.waiting()).length, userIds.length);
  });
});
