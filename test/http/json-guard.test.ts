import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findUnsafeKey, isDeeperThan } from '../../src/http/json-guard.ts';

/** A fixed seed: a red run stays red until the code changes. */
const RUNS = { seed: 20_260_101, numRuns: 500 };

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Own keys only, written independently of the code under test. */
function hasKey(value: unknown, keys: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const isUnsafeHere = !Array.isArray(value) && Object.keys(value).some((key) => keys.includes(key));
  return isUnsafeHere || Object.values(value).some((inner) => hasKey(inner, keys));
}

const json = fc.json({ depthSize: 'large', stringUnit: 'binary' });

describe('JSON guard', () => {
  it('knows the depth of any JSON text, with any white space and any strings', () => {
    fc.assert(
      fc.property(json, fc.nat(6), (text, indent) => {
        const value: unknown = JSON.parse(text);
        const depth = depthOf(value);
        const bytes = Buffer.from(JSON.stringify(value, null, indent));
        assert.equal(isDeeperThan(bytes, depth), false);
        assert.equal(isDeeperThan(bytes, depth - 1), depth > 0);
      }),
      RUNS,
    );
  });

  it('ends on bytes that are not JSON at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(3), (bytes, depth) => {
        assert.equal(typeof isDeeperThan(bytes, depth), 'boolean');
      }),
      RUNS,
    );
  });

  it('finds a member name that reaches a prototype, however it is spelled, and no other', () => {
    const names = ['__proto__', 'constructor', 'prototype'];
    const part = fc.oneof(fc.constantFrom(...names, 'proto', 'constructors', 'userName'), fc.string());
    const escaped = (name: string) =>
      [...name].map((c, i) => (i % 2 ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)).join('');
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        json,
        (path, isEscaped, leaf) => {
          const quoted = path.map((name) =>
            isEscaped && names.includes(name) ? `"${escaped(name)}"` : JSON.stringify(name),
          );
          const text = quoted.reduceRight(
            (inner, name, i) => (i % 2 ? `[${inner}]` : `{${name}:${inner}}`),
            leaf,
          );
          const value: unknown = JSON.parse(text);
          const found = findUnsafeKey(text, value);
          assert.equal(found !== undefined, hasKey(value, names));
          if (found !== undefined) assert.ok(names.includes(found));
        },
      ),
      RUNS,
    );
  });
});
