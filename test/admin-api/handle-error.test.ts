import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import express from 'express';
import request from 'supertest';
import { makeErrorHandler } from '../../src/admin-api/handle-error.ts';
import { assignRequestId } from '../../src/http/request-id.ts';
import { makeLogger } from '../../src/observability/logger.ts';
import { OperationError } from '../../src/operations/operation-error.ts';
import { startTestApp } from '../support/app.ts';
import { createTestDatabase } from '../support/database.ts';

function makeBench(error: unknown) {
  const lines: Record<string, unknown>[] = [];
  const logger = makeLogger('info', { write: (line: string) => lines.push(JSON.parse(line)) });
  const app = express();
  app.use(assignRequestId);
  app.get('/', () => {
    throw error;
  });
  app.use(makeErrorHandler(logger));
  return { lines, answer: () => request(app).get('/') };
}

describe('failures of the administration API', () => {
  it('that nobody expected are 500, logged once with the error, and shown without its message', async () => {
    const { lines, answer } = makeBench(new TypeError('cannot read the secret thing'));
    const { status, headers, text } = await answer();
    assert.equal(status, 500);
    assert.match(headers['content-type'] ?? '', /^application\/problem\+json/);
    assert.ok(!text.includes('secret'));
    assert.ok(text.includes(headers['x-request-id'] ?? 'none'));
    assert.equal(lines.length, 1);
    assert.match(JSON.stringify(lines[0]), /cannot read the secret thing/);
    assert.equal(lines[0]?.requestId, headers['x-request-id']);
  });

  it('have the status that the kind of refusal means, and are no error of the server', async () => {
    const kinds = [
      ['not-found', 404],
      ['conflict', 409],
      ['held', 409],
      ['invalid', 400],
      ['stale', 412],
      ['forbidden', 403],
    ] as const;
    for (const [kind, status] of kinds) {
      const { lines, answer } = makeBench(new OperationError(kind, 'A sentence.'));
      const { body, status: answered } = await answer();
      assert.equal(answered, status);
      assert.equal(body.detail, 'A sentence.');
      assert.deepEqual(lines, []);
    }
  });

  it('name faults, missing fields, relations and uses', async () => {
    const relation = { id: 'r', kind: 'ticket', reference: 'T-1' };
    const use = { kind: 'employees', count: 2 };
    const { answer } = makeBench(
      new OperationError('conflict', 'A sentence.', {
        fields: [{ pointer: '/name', detail: 'is wrong' }],
        missing: ['departmentId'],
        blockers: [relation, use],
      }),
    );
    assert.deepEqual((await answer()).body, {
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'A sentence.',
      errors: [{ pointer: '/name', detail: 'is wrong' }],
      missing: ['departmentId'],
      relations: [relation],
      usedBy: [use],
    });
  });

  it('are 503 with Retry-After while the database is away', async () => {
    const database = await createTestDatabase();
    const app = await startTestApp({ database });
    try {
      assert.equal((await app.admin('GET', '/settings')).status, 200);
      await database.drop();
      const { status, headers } = await app.admin('GET', '/settings');
      assert.equal(status, 503);
      assert.match(headers.get('retry-after') ?? '', /^\d+$/);
    } finally {
      await app.stop();
    }
  });
});
