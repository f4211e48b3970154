import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { makeErrorReporter } from '../../src/jobs/error-reporter.ts';
import { makeLogger } from '../../src/observability/logger.ts';

describe('errors between jobs', () => {
  let lines: string[];
  let report: (cause: unknown) => void;
  beforeEach(() => {
    lines = [];
    report = makeErrorReporter(makeLogger('info', { write: (line: string) => void lines.push(line) }));
    mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  });
  afterEach(() => mock.timers.reset());

  const away = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

  it('are logged once while they repeat, and counted', () => {
    for (let count = 0; count < 5; count += 1) report(away());
    assert.equal(lines.length, 1);
    mock.timers.tick(30_000);
    report(away());
    assert.equal(lines.length, 2);
    assert.equal(JSON.parse(lines[1] ?? '').repeats, 4);
  });

  it('are the same when only another worker met them', () => {
    report(new Error('Query read timeout (Queue: reconcile, Worker: 1)'));
    report(new Error('Query read timeout (Queue: replan, Worker: 2)'));
    assert.equal(lines.length, 1);
  });

  it('are logged at once when they are of another kind', () => {
    report(away());
    report(new Error('something else'));
    assert.equal(lines.length, 2);
  });

  it('show the message and code of a copied error, and none of the row values it carries', () => {
    const { message, stack } = new Error('duplicate key');
    report({ message, stack, code: '23505', detail: 'Key (email)=(anna.berg@example.com) already exists.' });
    const { err } = JSON.parse(lines[0] ?? '');
    assert.equal(err.message, 'duplicate key');
    assert.equal(err.code, '23505');
    assert.ok(!lines.join().includes('anna'));
  });

  it('may be anything', () => {
    for (const cause of [undefined, null, 'text', {}]) assert.doesNotThrow(() => report(cause));
    assert.equal(lines.length, 1);
  });
});
