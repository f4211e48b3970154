import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { validate } from './json-schema.ts';

const schemas: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  '#/Name': { type: 'string', minLength: 2, maxLength: 3, pattern: '^a' },
};
const check = (schema: object, value: unknown) =>
  validate(schema, value, '', (reference) => schemas[reference] ?? {});

describe('comparison of answers with their schema', () => {
  const object = {
    type: 'object',
    additionalProperties: false,
    required: ['id'],
    properties: {
      id: { type: 'string', format: 'uuid' },
      at: { type: ['string', 'null'], format: 'date-time' },
      names: { type: 'array', items: { $ref: '#/Name' }, maxItems: 2 },
      count: { type: 'integer', minimum: 0, maximum: 5 },
      kind: { type: 'string', enum: ['a', 'b'] },
    },
  };
  const id = '0199c1a0-0000-7000-8000-00000000ffff';

  it('accepts what conforms', () => {
    const value = { id, at: '2026-11-24T12:00:00.000Z', names: ['ab', 'abc'], count: 5, kind: 'a' };
    assert.deepEqual(check(object, value), []);
    assert.deepEqual(check(object, { id, at: null }), []);
  });

  it('finds every way of not conforming', () => {
    const wrong: readonly [string, unknown][] = [
      ['/id is missing', {}],
      ['/id is no uuid', { id: 'x' }],
      ['/at is no date-time', { id, at: '2026-11-24T12:00:00+01:00' }],
      ['/at is integer', { id, at: 5 }],
      ['/names/1 is too short', { id, names: ['ab', 'a'] }],
      ['/names/0 is too long', { id, names: ['abcd'] }],
      ['/names/0 has the wrong form', { id, names: ['bb'] }],
      ['/names has too many items', { id, names: ['ab', 'ab', 'ab'] }],
      ['/count is below', { id, count: -1 }],
      ['/count is above', { id, count: 6 }],
      ['/count is number', { id, count: 1.5 }],
      ['/kind is "c"', { id, kind: 'c' }],
      ['/other is not in the schema', { id, other: 1 }],
      ['/ is array', []],
    ];
    for (const [fault, value] of wrong) {
      const found = check(object, value);
      assert.ok(
        found.some((text) => text.startsWith(fault)),
        `${fault}: ${JSON.stringify(found)}`,
      );
    }
  });

  it('checks the values of free fields against their schema', () => {
    const counts = { type: 'object', additionalProperties: { type: 'integer' } };
    assert.deepEqual(check(counts, { created: 1 }), []);
    assert.equal(check(counts, { created: 'one' }).length, 1);
  });

  it('fails on a keyword that it does not know instead of skipping it', () => {
    assert.throws(() => check({ patternProperties: {} }, 1), /Unknown schema keyword patternProperties/);
  });
});
