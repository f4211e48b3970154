import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import express from 'express';
import supertest from 'supertest';
import { makeHealthRouter, type Readiness } from '../../src/http/health.ts';
import { makeLogger } from '../../src/observability/logger.ts';
import { makeMetrics } from '../../src/observability/metrics.ts';

function makeApp(isReady: () => Promise<Readiness>) {
  const lines: string[] = [];
  const logger = makeLogger('info', { write: (line: string) => void lines.push(line) });
  const metrics = makeMetrics();
  metrics.observeJob('replan', 'completed', 2);
  const app = express().use(makeHealthRouter({ isReady, metrics, logger, checkTimeoutMs: 20 }));
  return { client: supertest(app), lines };
}

const ready = async () => ({ ready: true, detail: 'database reachable and migrated' });

describe('health endpoints', () => {
  it('say that the process is alive, whatever the database does', async () => {
    const { client } = makeApp(() => Promise.reject(new Error('database away')));
    const answer = await client.get('/healthz').expect(200);
    assert.deepEqual(answer.body, { status: 'ok' });
    assert.equal(answer.headers['cache-control'], 'no-store');
  });

  it('say ready with 200 and not ready with 503', async () => {
    const up = await makeApp(ready).client.get('/readyz').expect(200);
    assert.deepEqual(up.body, { status: 'ready', detail: 'database reachable and migrated' });
    const down = await makeApp(async () => ({ ready: false, detail: 'migrating' }))
      .client.get('/readyz')
      .expect(503);
    assert.deepEqual(down.body, { status: 'unavailable', detail: 'migrating' });
  });

  it('answer 503 without the reason when the check itself fails, and log the reason', async () => {
    const { client, lines } = makeApp(() => Promise.reject(new Error('connect ECONNREFUSED db.internal')));
    const answer = await client.get('/readyz').expect(503);
    assert.ok(!answer.text.includes('db.internal'));
    assert.ok(lines.join().includes('db.internal'));
  });

  it('answer 503 when the check hangs', async () => {
    const answer = await makeApp(() => new Promise(() => {}))
      .client.get('/readyz')
      .expect(503);
    assert.match(answer.body.detail, /did not finish in time/);
  });

  it('expose the metrics as Prometheus text', async () => {
    const answer = await makeApp(ready).client.get('/metrics').expect(200);
    assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/);
    assert.match(answer.text, /rollcall_job_duration_seconds_count\{job="replan",outcome="completed"\} 1/);
  });

  it('answer HEAD, and 405 with Allow to other methods', async () => {
    const { client } = makeApp(ready);
    await client.head('/healthz').expect(200);
    const refused = await client.post('/readyz').expect(405);
    assert.equal(refused.headers.allow, 'GET, HEAD');
  });

  it('leave other paths to the next router', async () => {
    await makeApp(ready).client.get('/health').expect(404);
  });
});
