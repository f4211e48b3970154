import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { idsOf, readReconcileJob, readReplanJob, splitReconcileJob } from '../../src/jobs/job-data.ts';
import { reconcileJob } from './job-bench.ts';

const replanJob = { organizationId: 'o', connectionId: 'c', runId: 'r', requestId: null };

/** As it comes back from the database. */
const stored = (job: object): unknown => JSON.parse(JSON.stringify(job));

describe('job data', () => {
  it('is read back as it was stored', () => {
    const job = reconcileJob({ requestId: null });
    assert.deepEqual(readReconcileJob(stored(job)), job);
    assert.deepEqual(readReplanJob(stored(replanJob)), replanJob);
  });

  it('holds named fields only', () => {
    const job = { ...reconcileJob(), token: 'secret' };
    const [part] = splitReconcileJob(job);
    assert.ok(part !== undefined && !('token' in part));
  });

  it('holds everybody until the guard was asked, and then a part each', () => {
    const userIds = Array.from({ length: 1200 }, (_, index) => `u${index}`);
    assert.equal(splitReconcileJob(reconcileJob({ userIds, verdict: null })).length, 1);
    const listed = reconcileJob({ userIds: [], listId: 'l', verdict: null });
    assert.deepEqual(splitReconcileJob(listed), [listed]);
    const verdict = { deactivations: 'Too many.', conversions: null };
    const parts = splitReconcileJob(reconcileJob({ userIds, verdict }));
    assert.deepEqual(
      parts.map((part) => [part.userIds.length, part.verdict]),
      [
        [500, verdict],
        [500, verdict],
        [200, verdict],
      ],
    );
    const older = readReconcileJob(
      stored({ ...parts[0], verdict: undefined, listId: undefined, groupIds: undefined }),
    );
    assert.deepEqual([older.verdict, older.listId, older.groupIds], [null, null, []]);
  });

  for (const [field, value] of Object.entries({
    organizationId: 1,
    connectionId: null,
    userIds: ['a', 1],
    listId: 1,
    groupIds: 'g',
    trigger: 'toString',
    cause: 'weather',
    requestId: undefined,
    verdict: { deactivations: 1 },
  })) {
    it(`is refused when ${field} is not what it must be`, () => {
      assert.throws(() => readReconcileJob(stored({ ...reconcileJob(), [field]: value })), /not one that/);
    });
  }

  for (const field of Object.keys(replanJob)) {
    it(`of a re-plan is refused without ${field}`, () => {
      assert.throws(() => readReplanJob(stored({ ...replanJob, [field]: undefined })), /not one that/);
    });
  }

  it('is refused when it is no object at all', () => {
    for (const data of [null, undefined, 'text', 7]) {
      assert.throws(() => readReconcileJob(data), /not one that/);
      assert.throws(() => readReplanJob(data), /not one that/);
    }
  });

  it('gives the log ids, whatever is stored', () => {
    const { organizationId, connectionId, requestId, userIds } = reconcileJob({ requestId: null });
    assert.deepEqual(idsOf({ organizationId, connectionId, requestId, userIds, name: 'Anna' }), {
      organizationId,
      connectionId,
      requestId,
      users: 1,
      userIds,
    });
    assert.deepEqual(idsOf(null), {
      organizationId: undefined,
      connectionId: undefined,
      requestId: undefined,
    });
  });
});
