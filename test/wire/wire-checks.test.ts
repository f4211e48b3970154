import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operatorNames, runCheck } from '../support/wire-checks.ts';
import { valueAt } from '../support/wire-path.ts';

/** For every operator a value that passes and one that does not: path, value, passing root, failing root. */
const samples: Readonly<Record<string, readonly [string, unknown, unknown, unknown]>> = {
  eq: ['a', 1, { a: 1 }, { a: '1' }],
  neq: ['a', 1, { a: 2 }, { a: 1 }],
  in: ['a', [1, 2], { a: 2 }, { a: 3 }],
  eqOneOf: ['a', ['x', 'y'], { a: 'y' }, { a: 'z' }],
  includes: ['a', 1, { a: [0, 1] }, { a: [0] }],
  includesAll: ['a', [1, 2], { a: [2, 1, 0] }, { a: [1] }],
  includesAny: ['a', [1, 2], { a: [2] }, { a: [3] }],
  notIncludes: ['a[*].v', 1, { a: [{ v: 2 }] }, { a: [{ v: 1 }] }],
  contains: ['a', 'no-store', { a: 'private, no-store' }, { a: 'private' }],
  setEq: ['a', [1, 2], { a: [2, 1] }, { a: [1, 2, 3] }],
  lenEq: ['a', 0, {}, { a: [1] }],
  lenLte: ['a', 1, { a: [1] }, { a: [1, 2] }],
  minLen: ['a', 1, { a: [1] }, { a: [] }],
  gte: ['a', 2, { a: 2 }, { a: 1 }],
  lte: ['a', 2, { a: 2 }, { a: '2' }],
  between: ['a', [1, 3], { a: 3 }, { a: 4 }],
  type: ['a', 'integer', { a: 1 }, { a: 1.5 }],
  typeIfPresent: ['a', 'string', {}, { a: 1 }],
  exists: ['a', undefined, { a: 0 }, { a: null }],
  existsOr: ['a', 'b', { b: 1 }, { c: 1 }],
  absent: ['a', undefined, {}, { a: null }],
  absentOrEmpty: ['a', undefined, { a: {} }, { a: 'x' }],
  allAbsent: ['a[*].v', undefined, { a: [{}, {}] }, { a: [{}, { v: 1 }] }],
  noneNull: ['a[*].v', undefined, { a: [{ v: 1 }] }, { a: [{ v: null }] }],
  regex: ['a', '^[0-9a-f]{4}$', { a: '00ff' }, { a: '00fg' }],
  startsWith: ['a', 'Bearer', { a: 'Bearer x' }, { a: 'Basic x' }],
  endsWithId: ['l', undefined, { id: '7', l: '/Users/7' }, { id: '7', l: '/Users/17' }],
  changed: ['a', undefined, { a: 2 }, { a: 1 }],
  unchanged: ['a', undefined, { a: 1 }, { a: 2 }],
  decreased: ['a', undefined, { a: 0 }, { a: 1 }],
  disjointFromPage1: ['a', undefined, { a: [3] }, { a: [1, 3] }],
};

test('every operator passes what fits and names what does not', () => {
  assert.deepEqual(Object.keys(samples).sort(), [...operatorNames].sort());
  for (const [op, [path, value, passing, failing]] of Object.entries(samples)) {
    const surroundings = { before: 1, firstPage: [1, 2] };
    assert.equal(runCheck({ path, op, value }, { ...surroundings, root: passing }), null, op);
    assert.match(
      runCheck({ path, op, value }, { ...surroundings, root: failing }) ?? '',
      /expected .+, got /,
      op,
    );
  }
});

test('an operator that nobody knows is a failure', () => {
  assert.match(runCheck({ path: 'a', op: 'resembles' }, { root: { a: 1 } }) ?? '', /unknown operator/);
});

test('paths lead through members, URNs, indexes, conditions and whole lists', () => {
  const urn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
  const root = {
    [urn]: { manager: { value: '7' } },
    emails: [
      { type: 'home', value: 'h' },
      { type: 'work', value: 'w' },
    ],
  };
  assert.equal(valueAt(root, `['${urn}'].manager.value`), '7');
  assert.equal(valueAt(root, 'emails[0].value'), 'h');
  assert.equal(valueAt(root, 'emails[type eq "work"].value'), 'w');
  assert.deepEqual(valueAt(root, 'emails[*].value'), ['h', 'w']);
  assert.equal(valueAt(root, 'emails[type eq "other"].value'), undefined);
  assert.equal(valueAt(root, '$'), root);
});
