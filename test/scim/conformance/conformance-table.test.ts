import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { test } from 'node:test';

const testFolder = new URL('../../', import.meta.url);

test('every test that the conformance table of the README names is there', async () => {
  const readme = await readFile(new URL('../README.md', testFolder), 'utf8');
  const [, section = ''] = readme.split(/^## SCIM conformance$/m);
  const rows = section.split(/^## /m)[0]?.match(/^\| (?:7643|7644|9865) .*$/gm) ?? [];
  assert.ok(rows.length >= 30, `only ${rows.length} rows`);
  for (const row of rows) {
    const tests = row.split('|').at(-2) ?? '';
    const paths = [...tests.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    assert.ok(paths.length > 0, row);
    for (const path of paths) await access(new URL(path, testFolder));
  }
});
