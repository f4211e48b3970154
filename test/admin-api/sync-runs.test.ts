import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestApp, type TestApp } from '../support/app.ts';

const unknownId = '0199c1a0-0000-7000-8000-00000000ffff';

describe('sync runs', () => {
  let app: TestApp;
  let connectionId: string;
  const first = async (path: string) => (await app.admin('GET', path)).body.items[0].id;

  before(async () => {
    app = await startTestApp();
    ({ connectionId } = await app.createScimConnection());
  });
  after(() => app.stop());

  const ended = async (id: string) => {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const { body } = await app.admin('GET', `/sync-runs/${id}`);
      if (!['queued', 'running'].includes(body.state) || Date.now() > deadline) return body;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  it('do not start before the employee defaults are complete (REQ-49)', async () => {
    const { status, body } = await app.admin('POST', `/connections/${connectionId}/sync`);
    assert.equal(status, 409);
    assert.ok(body.missing.includes('departmentId'));
    assert.equal((await app.admin('GET', '/sync-runs')).body.items.length, 0);
  });

  it('do not start for a connection that does not exist', async () => {
    assert.equal((await app.admin('POST', `/connections/${unknownId}/sync`)).status, 404);
  });

  it('are answered with where to follow them, and end (REQ-61)', async () => {
    const roles = (await app.admin('GET', '/security-roles')).body.items;
    const saved = await app.admin('PUT', '/employee-defaults', {
      departmentId: await first('/departments'),
      locationId: await first('/locations'),
      managerId: await first('/employees'),
      jobTitleId: await first('/job-titles'),
      employmentType: 'Full-time',
      securityRoleId: roles.find(({ name }: { name: string }) => name === 'Technician').id,
      employeeRoleId: await first('/employee-roles'),
    });
    assert.equal(saved.status, 200);
    const { status, headers, body } = await app.admin('POST', `/connections/${connectionId}/sync`);
    assert.equal(status, 202);
    assert.equal(headers.get('location'), `/api/v1/sync-runs/${body.id}`);
    assert.equal(body.connectionId, connectionId);
    const run = await ended(body.id);
    assert.equal(run.state, 'succeeded');
    assert.deepEqual(run.progress, { done: 0, total: 0 });
    assert.ok(run.startedAt && run.endedAt);
    assert.equal((await app.admin('GET', `/connections/${connectionId}`)).body.lastSync, run.endedAt);
  });

  it('are one at a time: many requests at once follow the same run', async () => {
    const starts = Array.from({ length: 5 }, () => app.admin('POST', `/connections/${connectionId}/sync`));
    const answers = await Promise.all(starts);
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
    const { body } = await app.admin('GET', `/sync-runs?connectionId=${connectionId}`);
    const known = new Set(body.items.map(({ id }: { id: string }) => id));
    for (const answer of answers) assert.ok(known.has(answer.body.id));
    for (const answer of answers) assert.equal((await ended(answer.body.id)).state, 'succeeded');
  });

  it('are listed newest first, narrowed to a connection', async () => {
    const { body } = await app.admin('GET', `/sync-runs?connectionId=${connectionId}`);
    const ids = body.items.map(({ id }: { id: string }) => id);
    assert.deepEqual(ids, [...ids].sort().reverse());
    assert.equal((await app.admin('GET', `/sync-runs?connectionId=${unknownId}`)).body.items.length, 0);
    assert.equal((await app.admin('GET', '/sync-runs?connectionId=x')).status, 400);
  });

  it('cannot be cancelled once they have ended', async () => {
    const id = await first('/sync-runs');
    assert.equal((await app.admin('POST', `/sync-runs/${id}/cancel`)).status, 409);
    assert.equal((await app.admin('POST', `/sync-runs/${unknownId}/cancel`)).status, 404);
  });
});
