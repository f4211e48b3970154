import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { startTestApp, type TestApp } from '../support/app.ts';
import { titleOf, type WireCase } from '../support/wire-case.ts';
import { runWireCase } from '../support/wire-runner.ts';

const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.json')).sort();

async function readCases(file: string): Promise<readonly WireCase[]> {
  return JSON.parse(await readFile(new URL(file, import.meta.url), 'utf8'));
}

describe('recorded requests of provisioning clients', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.stop());

  test('every client has its file', () => {
    assert.ok(files.length >= 8, `found ${files.join(', ')}`);
  });
  for (const file of files) describe(file.replace('.json', ''), () => describeCases(file));

  async function describeCases(file: string): Promise<void> {
    for (const wireCase of await readCases(file)) {
      test(titleOf(wireCase), async () => {
        const failures = await runWireCase(app, wireCase);
        assert.equal(failures.length, 0, `\n${failures.join('\n')}`);
      });
    }
  }
});
