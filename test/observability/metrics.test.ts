import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeMetrics } from '../../src/observability/metrics.ts';

describe('metrics', () => {
  it('counts requests by route class, method and status', async () => {
    const metrics = makeMetrics();
    metrics.observeRequest({ routeClass: 'scim:Users', method: 'POST', status: 201, seconds: 0.003 });
    metrics.observeRequest({ routeClass: 'scim:Users', method: 'POST', status: 201, seconds: 0.2 });
    const text = await metrics.render();
    const labels = 'route="scim:Users",method="POST",status="201"';
    assert.ok(text.includes(`rollcall_http_request_duration_seconds_count{${labels}} 2`));
    assert.ok(text.includes(`rollcall_http_request_duration_seconds_bucket{le="0.005",${labels}} 1`));
    assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/);
  });

  it('counts the tries of jobs by outcome, with their time', async () => {
    const metrics = makeMetrics();
    metrics.observeJob('sync', 'failed', 0.1);
    metrics.observeJob('sync', 'completed', 40);
    metrics.observeJob('sync', 'completed', 2);
    const text = await metrics.render();
    const labels = 'job="sync",outcome="completed"';
    assert.ok(text.includes(`rollcall_job_duration_seconds_count{${labels}} 2`));
    assert.ok(text.includes(`rollcall_job_duration_seconds_bucket{le="5",${labels}} 1`));
    assert.ok(text.includes('rollcall_job_duration_seconds_count{job="sync",outcome="failed"} 1'));
  });

  it('keeps two applications of one process apart', async () => {
    const [one, other] = [makeMetrics(), makeMetrics()];
    one.observeJob('sync', 'completed', 1);
    assert.ok(!(await other.render()).includes('completed'));
  });

  it('tells about the process only when asked to', async () => {
    assert.ok(!(await makeMetrics().render()).includes('process_cpu'));
    assert.ok(
      (await makeMetrics({ processMetrics: true }).render()).includes('process_resident_memory_bytes'),
    );
  });
});
