import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { checkArchitecture } from './support/architecture-rules.ts';
import { findCycles } from './support/find-cycles.ts';
import { scanSource } from './support/scan-source.ts';

/** Only has to be high enough to notice a checker that looks into the wrong folder; raise it as the tree grows. */
const MIN_FILES = 250;

function check(path: string) {
  const { fileCount, violations } = checkArchitecture(resolve(import.meta.dirname, path));
  return {
    fileCount,
    found: violations.map(({ rule, file, detail }) => `${rule}: ${file} ${detail}`).sort(),
  };
}

/** One file of the fixture per way of breaking a rule; `directory/innocent.ts` only talks about it. */
const EXPECTED = [
  'asynchronous-core: directory/waits.ts waits for something',
  'banned-scimmy: scim/banned-by-destructuring.ts uses a part of scimmy that client text must not reach',
  'banned-scimmy: scim/banned-by-index.ts uses a part of scimmy that client text must not reach',
  'banned-scimmy: scim/banned-by-path.ts uses a part of scimmy that client text must not reach',
  'banned-scimmy: scim/banned-by-subpath.ts uses a part of scimmy that client text must not reach',
  'barrel: directory/index.ts is an index file',
  'computed-import: admin-api/computed.ts in line 3',
  'computed-import: admin-api/computed.ts makes a require function',
  'cycle: operations/round-one.ts operations/round-one.ts → operations/round-two.ts → operations/round-one.ts',
  'folder-import: config.ts imports uuid-v7.ts',
  'folder-import: directory/takes-leaf.ts imports uuid-v7.ts',
  'folder-import: graph/knows-too-much.ts imports operations/create-user.ts, and of operations/ only ports.ts, ' +
    '*-ports.ts, context.ts, operation-error.ts are open to it',
  'folder-import: mapping/looks-ahead.ts imports provisioning/',
  'folder-import: observability/looks-up.ts imports http/',
  'folder-import: operations/takes-technology.ts imports postgres/',
  'folder-import: operations/takes-technology.ts imports uuid-v7.ts',
  'folder-import: provisioning/looks-ahead.ts imports reconciliation/',
  'folder-import: reconciliation/looks-ahead.ts imports operations/',
  'folder-import: scim/neighbour.ts imports postgres/',
  'impure-core: directory/impure.ts uses Date()',
  'impure-core: directory/impure.ts uses Date.now',
  'impure-core: directory/impure.ts uses Math.random',
  'impure-core: directory/impure.ts uses a global with state',
  'impure-core: directory/impure.ts uses fetch or a timer',
  'impure-core: directory/impure.ts uses new Date()',
  'node-import: directory/imports-node.ts imports node:crypto',
  'node-import: operations/takes-technology.ts imports node:crypto',
  'not-typescript: observability/untyped.mjs is not .ts',
  'outside-src: http/leaves.ts imports ../../package.json',
  'package-import: compose.ts imports the package knex',
  'package-import: config.ts imports the package pg',
  'package-import: directory/imports-package.ts imports the package fs',
  'package-import: directory/imports-package.ts imports the package zod',
  'package-import: jobs/imports-package.ts imports the package @azure/msal-node',
  'package-import: jobs/imports-package.ts imports the package express',
  'package-import: scim/neighbour.ts imports the package knex',
  'process-env: compose.ts reads process.env',
  'process-env: http/leaves.ts imports node:process',
  'process-env: postgres/store.ts reads process.env',
  'unit-of-work: postgres/opens-unit-of-work.ts opens a unit of work',
  'unknown-place: helpers/misc.ts lies in a place that the architecture does not know',
  'unknown-place: stray.ts lies in a place that the architecture does not know',
];

describe('architecture', () => {
  it('holds in src/', () => {
    const { fileCount, found } = check('../src');
    assert.deepEqual(found, []);
    assert.ok(fileCount >= MIN_FILES, `only ${fileCount} files were seen`);
  });

  it('is really checked: every way of breaking a rule is found, and nothing else', () => {
    const { found } = check('fixtures/architecture-violations');
    assert.deepEqual(found, [...EXPECTED].sort());
  });
});

describe('scanner of source files', () => {
  const specifiersOf = (text: string) => scanSource(text).references.map(({ specifier }) => specifier);

  for (const [text, expected] of [
    [`import a from 'x'`, ['x']],
    [`import a, { b as c, type D } from "x";import'y'`, ['x', 'y']],
    [`import type {\n  A,\n} from 'x'`, ['x']],
    [`import * as all from 'x'; export * as b from 'y'; export * from 'z'`, ['x', 'y', 'z']],
    [`export type { A } from 'x'`, ['x']],
    [`export { from } from 'x'`, ['x']],
    ["const a = await import('x'), b = import(`y`), c = import(/* why */ 'z')", ['x', 'y', 'z']],
    ['const a = import(`x${1}`), b = import(name)', [null, null]],
    [`type A = import('x').B; let c: typeof import("y")`, ['x', 'y']],
    [`import data from 'x' with { type: 'json' }`, ['x']],
    [`import.meta.url; const imports = { from: 'x' }; object.import('y')`, []],
    [`// import a from 'x'\n/* import 'y' */ const a = "import 'z'"`, []],
    [`const a = /import 'x'/; const b = 4 / 2; import 'y'; const c = 6 / 3`, ['y']],
    ["const a = `${`import 'x' ${\"}\"}`} import 'y'`; import 'z'", ['z']],
    [`const a = 'it\\'s'; import 'x'; const b = "\\\\"; import 'y'`, ['x', 'y']],
    [`const quote = /["']/.test(a); import 'x'`, ['x']],
    [`export const from = 'x'; export function read(from: 'y') {}`, []],
  ] as const) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(specifiersOf(text), expected);
    });
  }

  it('keeps every position, so that lines can be named', () => {
    const text = "/* a\n b */ const c = `d\n${'e'}`;\nimport 'f';\n";
    const { code, references } = scanSource(text);
    assert.equal(code.length, text.length);
    assert.deepEqual(references, [{ specifier: 'f', line: 4 }]);
  });
});

describe('finder of cycles', () => {
  it('shows the shortest way round, once per group', () => {
    const graph = new Map([
      ['a', ['b', 'd']],
      ['b', ['c']],
      ['c', ['a', 'missing']],
      ['d', ['d']],
      ['e', ['a']],
    ]);
    assert.deepEqual(findCycles(graph), [
      ['a', 'b', 'c', 'a'],
      ['d', 'd'],
    ]);
  });
});
