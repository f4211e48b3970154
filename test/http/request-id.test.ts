import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import express from 'express';
import supertest from 'supertest';
import { assignRequestId, requestIdOf } from '../../src/http/request-id.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const app = express();
app.use(assignRequestId);
app.get('/id', (request, response) => void response.json({ seen: requestIdOf(request) }));

describe('request id', () => {
  it('is on every answer, also on one that no route gave', async () => {
    const answer = await supertest(app).get('/nowhere').expect(404);
    assert.match(String(answer.headers['x-request-id']), UUID_V7);
  });

  it('is the same for the handler and for the client', async () => {
    const answer = await supertest(app).get('/id');
    assert.equal(answer.body.seen, answer.headers['x-request-id']);
  });

  it('differs between requests', async () => {
    const ids = await Promise.all([1, 2, 3].map(async () => (await supertest(app).get('/id')).body.seen));
    assert.equal(new Set(ids).size, 3);
  });

  for (const sent of ['12345678', 'entra.cycle_7-a', 'x'.repeat(128)]) {
    it(`keeps the client's own id of ${sent.length} harmless characters`, async () => {
      const answer = await supertest(app).get('/id').set('X-Request-Id', sent);
      assert.equal(answer.headers['x-request-id'], sent);
    });
  }

  for (const [reason, sent] of [
    ['too short', '1234567'],
    ['too long', 'x'.repeat(129)],
    ['with a space', 'line one two'],
    ['with markup', '<script>alert(1)</script>'],
    ['empty', ''],
  ] as const) {
    it(`replaces an id that is ${reason}`, async () => {
      const answer = await supertest(app).get('/id').set('X-Request-Id', sent);
      assert.match(String(answer.headers['x-request-id']), UUID_V7);
    });
  }
});
