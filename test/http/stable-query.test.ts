import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import express, { type ErrorRequestHandler } from 'express';
import supertest from 'supertest';
import { pinQuery, QueryError } from '../../src/http/stable-query.ts';

function makeApp(limits?: Parameters<typeof pinQuery>[0]) {
  const app = express();
  const showError: ErrorRequestHandler = (error, _request, response, _next) => {
    response.status(418).json({ kind: error instanceof QueryError ? error.kind : 'other' });
  };
  app.use(pinQuery(limits));
  app.get('/written', (request, response) => {
    Object.assign(request.query, { count: 5 });
    response.json({ count: request.query.count });
  });
  app.use('/nested', (request, response) => void response.json(request.query));
  app.get('/read', (request, response) => {
    response.json({
      query: request.query,
      isPlain: Object.getPrototypeOf(request.query) === null,
      inherited: typeof request.query.toString,
    });
  });
  app.use(showError);
  return app;
}

describe('stable query', () => {
  it('keeps what a handler writes into it, which Express 5 alone would lose', async () => {
    const bare = express().get('/written', (request, response) => {
      Object.assign(request.query, { count: 5 });
      response.json({ count: request.query.count });
    });
    assert.equal((await supertest(bare).get('/written?count=2')).body.count, '2');
    assert.equal((await supertest(makeApp()).get('/written?count=2')).body.count, 5);
  });

  it('decodes names and values, keeps repeated names as a list and valueless ones as empty', async () => {
    const answer = await supertest(makeApp()).get('/read?filter=a%20eq+%22b%22&x=1&x=2&aadOptscim062020');
    assert.deepEqual(answer.body.query, { filter: 'a eq "b"', x: ['1', '2'], aadOptscim062020: '' });
  });

  it('has no prototype and drops names that reach one', async () => {
    const { body } = await supertest(makeApp()).get(
      '/read?__proto__=1&constructor=2&prototype=3&%5F_proto__=4&__proto__[x]=5&a=6',
    );
    assert.deepEqual(body, { query: { '__proto__[x]': '5', a: '6' }, isPlain: true, inherited: 'undefined' });
  });

  it('sees the whole query inside a mounted router', async () => {
    assert.deepEqual((await supertest(makeApp()).get('/nested/deep?a=1')).body, { a: '1' });
  });

  it('leaves malformed percent escapes alone', async () => {
    assert.deepEqual((await supertest(makeApp()).get('/read?a=%zz').expect(200)).body.query, { a: '%zz' });
  });

  it('refuses a query that is too long or has too many parameters', async () => {
    const app = makeApp({ maxLength: 20, maxNames: 3 });
    assert.equal(
      (
        await supertest(app)
          .get(`/read?a=${'b'.repeat(19)}`)
          .expect(418)
      ).body.kind,
      'too-long',
    );
    assert.equal((await supertest(app).get('/read?a&b&c&d').expect(418)).body.kind, 'too-many-names');
    assert.equal((await supertest(app).get('/read?a&a&a&a').expect(418)).body.kind, 'too-many-names');
    await supertest(app)
      .get(`/read?a=${'b'.repeat(18)}`)
      .expect(200);
    await supertest(app).get('/read?a&b&c').expect(200);
  });
});
