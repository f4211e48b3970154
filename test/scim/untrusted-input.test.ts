import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { OperationError } from '../../src/operations/operation-error.ts';
import { standardCatalogue } from '../../src/scim/catalogue.ts';
import { readFilter } from '../../src/scim/filter/read-filter.ts';
import { readPath } from '../../src/scim/filter/read-path.ts';
import { readGroupPatch } from '../../src/scim/patch/read-group-patch.ts';
import { readUserPatch } from '../../src/scim/patch/read-user-patch.ts';
import { readGroup } from '../../src/scim/read-group.ts';
import { readUser } from '../../src/scim/read-user.ts';
import { CORE_GROUP, CORE_USER, ENTERPRISE, PATCH_OP, user } from './scim-fixtures.ts';

const names = [
  '__proto__',
  'constructor',
  'constructor.prototype',
  'prototype',
  'toString',
  '__proto__.polluted',
];
const before = snapshot();

function snapshot(): string {
  const shared = [Object.prototype, Array.prototype, Object, Function.prototype];
  return JSON.stringify(shared.map((object) => Object.getOwnPropertyNames(object)));
}

/** Runs a reader; refusing is as good as accepting here, breaking is neither. */
function attempt(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof OperationError && error.kind === 'invalid', String(error));
  }
}

/** `JSON.parse` makes `__proto__` an own key, an object literal would not. */
const parse = (json: string): unknown => JSON.parse(json);

afterEach(() => {
  assert.equal(snapshot(), before);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

describe('names of the prototype', () => {
  for (const name of names) {
    it(`${name} in filters and paths is unknown`, () => {
      for (const text of [
        `${name} eq "x"`,
        `emails[${name} eq "x"]`,
        `emails.${name} pr`,
        `${ENTERPRISE}:${name} eq 1`,
      ]) {
        assert.throws(() => readFilter(text, 'User', standardCatalogue), OperationError);
      }
      for (const text of [name, `emails.${name}`, `emails[type eq "x"].${name}`, `${CORE_USER}:${name}`]) {
        assert.throws(() => readPath(text, 'User', standardCatalogue), OperationError);
      }
    });

    it(`${name} as a key of a body is left out`, () => {
      const value = `{"${name}":{"polluted":1}}`;
      const text = `{"schemas":["${CORE_USER}"],"userName":"a","${name}":{"polluted":1},"name":${value},"emails":[${value}],
        "${ENTERPRISE}":${value},"${ENTERPRISE}:${name}":${value}}`;
      const content = readUser(parse(text), standardCatalogue, { kind: 'create' });
      assert.deepEqual(content.attributes, {});
    });

    it(`${name} as a key of a PATCH value changes nothing`, () => {
      const value = `{"${name}":{"polluted":1}}`;
      const text = `{"schemas":["${PATCH_OP}"],"Operations":[{"op":"replace","value":${value}},
        {"op":"add","path":"name","value":${value}},{"op":"add","path":"emails","value":[${value}]},
        {"op":"remove","path":"emails","value":[${value}]},{"op":"add","path":"${ENTERPRISE}","value":${value}}]}`;
      const stored = user({ emails: [{ value: 'a' }] });
      assert.deepEqual(readUserPatch(parse(text), standardCatalogue)(stored), stored);
    });

    it(`${name} as a key of messages and members is no key of theirs`, async () => {
      const value = `{"${name}":{"op":"add","value":"a","schemas":["${PATCH_OP}"]}}`;
      for (const text of [value, `{"schemas":["${PATCH_OP}"],"Operations":[${value}]}`]) {
        assert.throws(() => readUserPatch(parse(text), standardCatalogue), OperationError);
        await assert.rejects(readGroupPatch(parse(text), standardCatalogue), OperationError);
      }
      const group = `{"schemas":["${CORE_GROUP}"],"displayName":"G","members":[${value}]}`;
      await assert.rejects(readGroup(parse(group), standardCatalogue), OperationError);
    });
  }

  it('stored under such a name comes out as it was', () => {
    const stored = user(Object.freeze(JSON.parse('{"__proto__":{"a":1},"title":"x"}')));
    const change = readUserPatch(
      { schemas: [PATCH_OP], Operations: [{ op: 'remove', path: 'title' }] },
      standardCatalogue,
    );
    assert.equal(JSON.stringify(change(stored).attributes), '{"__proto__":{"a":1}}');
  });
});

describe('bulk and depth', () => {
  it('deeply nested values are refused or left out without recursion', () => {
    const deep = parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    const nested = parse(`${'{"name":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
    for (const value of [deep, nested]) {
      for (const key of ['unknown', 'title', 'name', 'emails', 'manager', ENTERPRISE, CORE_USER]) {
        attempt(() =>
          readUser({ schemas: [CORE_USER], userName: 'a', [key]: value }, standardCatalogue, {
            kind: 'create',
          }),
        );
      }
      attempt(() => readUser(value, standardCatalogue, { kind: 'create' }));
      attempt(() => readUserPatch(value, standardCatalogue));
      attempt(() => readUserPatch({ schemas: [PATCH_OP], Operations: value }, standardCatalogue));
    }
  });

  it('a schema inside a schema inside a schema is not followed', () => {
    let value: unknown = { title: 'x' };
    for (let level = 0; level < 10_000; level += 1) value = { [CORE_USER]: value };
    const given = { schemas: [CORE_USER], userName: 'a', [CORE_USER]: value };
    assert.deepEqual(readUser(given, standardCatalogue, { kind: 'create' }).attributes, {});
  });

  it('long texts in every place are read or refused', () => {
    const parts = [
      '.',
      'a',
      '"',
      '\\',
      '\\\\',
      '(',
      '[',
      ' ',
      'not (',
      'a and ',
      ':',
      'urn:',
      'emails[type eq "',
      '\u0000',
      'é',
    ];
    for (const part of parts) {
      const text = part.repeat(Math.ceil(1_000_000 / part.length));
      attempt(() => readFilter(text, 'User', standardCatalogue));
      attempt(() => readFilter(text.slice(0, 8192), 'User', standardCatalogue));
      attempt(() => readPath(text, 'User', standardCatalogue));
      attempt(() => readPath(text.slice(0, 1024), 'User', standardCatalogue));
      attempt(() => readUser({ schemas: [text], userName: text }, standardCatalogue, { kind: 'create' }));
      attempt(() =>
        readUser({ schemas: [CORE_USER], userName: 'a', [text]: text }, standardCatalogue, {
          kind: 'create',
        }),
      );
      attempt(() =>
        readUserPatch(
          { schemas: [PATCH_OP], Operations: [{ op: 'add', path: text, value: text }] },
          standardCatalogue,
        ),
      );
    }
  });

  it('the largest accepted PATCH of the longest list is applied', () => {
    const roles = Array.from({ length: 1000 }, (_, i) => ({ value: `r${i}` }));
    const operations = Array.from({ length: 150 }, (_, i) => ({ op: 'add', path: 'roles', value: `r${i}` }));
    const change = readUserPatch({ schemas: [PATCH_OP], Operations: operations }, standardCatalogue);
    assert.deepEqual(change(user({ roles })), user({ roles }));
  });
});
