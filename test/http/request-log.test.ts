import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import express from 'express';
import supertest from 'supertest';
import { assignRequestId } from '../../src/http/request-id.ts';
import { makeRequestLog } from '../../src/http/request-log.ts';
import { tagRequest } from '../../src/http/request-tags.ts';
import { listen } from '../../src/http/server.ts';
import { makeLogger } from '../../src/observability/logger.ts';
import { makeMetrics } from '../../src/observability/metrics.ts';
import { openRawClient } from '../support/raw-client.ts';

type Line = Record<string, unknown>;

function makeApp() {
  const lines: Line[] = [];
  const logger = makeLogger('debug', { write: (line: string) => void lines.push(JSON.parse(line)) });
  const metrics = makeMetrics();
  const app = express();
  app.use(assignRequestId, makeRequestLog(logger, metrics));
  app.use('/scim/v2/:connectionId', (request, _response, next) => {
    tagRequest(request, { connectionId: request.params.connectionId ?? '' });
    tagRequest(request, { organizationId: 'o1' });
    next();
  });
  app.get('/scim/v2/:connectionId/Users', (_request, response) => void response.json({}));
  app.get('/broken', (_request, response) => void response.sendStatus(503));
  app.get('/healthz', (_request, response) => void response.sendStatus(200));
  return { app, lines, metrics };
}

async function lineOf(lines: Line[]): Promise<Line> {
  // The line is written when the answer has left, which the client may learn first.
  for (let turn = 0; lines.length === 0 && turn < 1000; turn += 1) await new Promise(setImmediate);
  assert.equal(lines.length, 1);
  return lines[0] ?? {};
}

describe('request log', () => {
  it('writes one line with method, path, status, time, request id and connection', async () => {
    const { app, lines } = makeApp();
    await supertest(app).get('/scim/v2/c1/Users').set('X-Request-Id', 'request-0001').expect(200);
    const { time, ms, ...line } = await lineOf(lines);
    assert.ok(time && typeof ms === 'number');
    assert.deepEqual(line, {
      level: 'info',
      method: 'GET',
      path: '/scim/v2/c1/Users',
      status: 200,
      requestId: 'request-0001',
      connectionId: 'c1',
      organizationId: 'o1',
      msg: 'request',
    });
  });

  it('names the query parameters and keeps their values out', async () => {
    const { app, lines } = makeApp();
    await supertest(app).get('/scim/v2/c1/Users?filter=userName%20eq%20%22jane%40example.com%22&count=1');
    const line = await lineOf(lines);
    assert.deepEqual(line.query, ['filter', 'count']);
    assert.equal(line.path, '/scim/v2/c1/Users');
    assert.ok(!JSON.stringify(line).includes('jane'));
  });

  it('keeps headers and bodies out', async () => {
    const { app, lines } = makeApp();
    await supertest(app)
      .post('/scim/v2/c1/Users')
      .set('Authorization', 'Bearer top-secret')
      .set('User-Agent', 'agent-x')
      .send({ userName: 'jane' });
    const text = JSON.stringify(await lineOf(lines));
    for (const part of ['top-secret', 'agent-x', 'jane']) assert.ok(!text.includes(part), part);
  });

  it('raises the level for server errors and lowers it for probes', async () => {
    const broken = makeApp();
    await supertest(broken.app).get('/broken').expect(503);
    assert.equal((await lineOf(broken.lines)).level, 'warn');
    const healthy = makeApp();
    await supertest(healthy.app).get('/healthz').expect(200);
    assert.equal((await lineOf(healthy.lines)).level, 'debug');
  });

  it('shortens a very long path', async () => {
    const { app, lines } = makeApp();
    await supertest(app)
      .get(`/${'a'.repeat(4000)}`)
      .expect(404);
    assert.ok(String((await lineOf(lines)).path).length < 600);
  });

  it('marks a request that the client gave up', async () => {
    const { app, lines } = makeApp();
    const arrived = new Promise<void>((resolve) => app.get('/slow', () => resolve()));
    const server = await listen(app, { host: '127.0.0.1', port: 0 });
    const client = await openRawClient(server.port);
    client.send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await arrived;
    client.end();
    await server.drain(5000);
    assert.equal((await lineOf(lines)).abandoned, true);
  });

  it('feeds the metrics with a class instead of the path', async () => {
    const { app, lines, metrics } = makeApp();
    await supertest(app).get('/scim/v2/c1/Users').expect(200);
    await lineOf(lines);
    const text = await metrics.render();
    assert.match(text, /_count\{route="scim:Users",method="GET",status="200"\} 1/);
    assert.ok(!text.includes('c1'));
  });

  it('does not count as an answer what never was a request', async () => {
    const { app, lines } = makeApp();
    const server = await listen(app, { host: '127.0.0.1', port: 0 });
    const client = await openRawClient(server.port);
    client.send('NONSENSE\r\n\r\n');
    assert.match(await client.closed(), /^HTTP\/1\.1 400 /);
    await server.drain(1000);
    assert.deepEqual(lines, []);
  });
});
