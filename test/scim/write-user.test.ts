import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../src/directory/json.ts';
import { StoredJson } from '../../src/directory/stored-json.ts';
import type { UserView } from '../../src/operations/resources/scim-operations.ts';
import { jsonOf } from '../../src/scim/protocol/json-parts.ts';
import { JsonText } from '../../src/scim/protocol/json-text.ts';
import { representUser } from '../../src/scim/resources/represent-user.ts';
import { writeUser } from '../../src/scim/resources/write-user.ts';
import { ENTERPRISE } from './scim-fixtures.ts';

const BASE = 'https://psa.example/scim/v2/01900000-0000-7000-8000-000000000001';

/** As PostgreSQL prints jsonb: a space behind every comma and colon. */
function printed(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(printed).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, held]) => `${JSON.stringify(name)}: ${printed(held)}`)
    .join(', ')}}`;
}

const storedAs = (attributes: JsonObject): StoredJson => new StoredJson(printed(attributes));

function viewOf(attributes: JsonObject, more: Partial<UserView['user']> = {}): UserView {
  return {
    user: {
      id: '01900000-0000-7000-8000-0000000000aa',
      userName: 'jane "jd" doe\\@fabrikam.example',
      externalId: null,
      active: true,
      version: 3,
      createdAt: '2026-03-01T09:00:00.000Z',
      lastModifiedAt: '2026-03-02T09:00:00.000Z',
      ...more,
      attributes,
    },
    groups: [{ id: '01900000-0000-7000-8000-0000000000bb', displayName: 'Sales "EMEA" \\ \u2028' }],
  };
}

const written = (view: UserView, attributes: JsonObject): string | null =>
  writeUser(view, storedAs(attributes), BASE)?.text ?? null;

describe('a user written from what is stored', () => {
  it('is the same as one that is represented member by member', () => {
    const tricky = fc.constantFrom(
      '": "',
      'a": {',
      '"manager": ',
      'urn:x:y',
      'urn:x:y": {}',
      '\\"urn:x:y": {"a": 1}',
      ': {',
      'x:y": ',
    );
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), tricky);
    const leaf: fc.Arbitrary<JsonValue> = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null));
    const name = fc.constantFrom('title', 'displayName', 'value', 'type', 'manager', 'familyName');
    const complex = fc.dictionary(name, leaf, { maxKeys: 4 });
    const extensions = fc.dictionary(
      fc.constantFrom(ENTERPRISE, 'urn:example:acme:2.0:User', 'urn:x:y'),
      fc.oneof(fc.dictionary(name, fc.oneof(leaf, complex), { maxKeys: 3 }), leaf),
      { maxKeys: 3 },
    );
    const core = fc.dictionary(
      name,
      fc.oneof(leaf, complex, fc.array(fc.oneof(leaf, complex), { maxLength: 3 })),
      {
        maxKeys: 5,
      },
    );
    const seen = { written: 0, left: 0 };
    fc.assert(
      fc.property(core, extensions, fc.option(text), text, (attributes, held, externalId, userName) => {
        const all: JsonObject = { ...attributes, ...held };
        const view = viewOf(all, { externalId, userName });
        const result = written(view, all);
        seen[result === null ? 'left' : 'written'] += 1;
        if (result !== null)
          assert.deepEqual(JSON.parse(result), JSON.parse(JSON.stringify(representUser(view, BASE))));
      }),
      { numRuns: 2000, seed: 20_261_127 },
    );
    assert.ok(seen.written > 200 && seen.left > 200, JSON.stringify(seen));
  });

  it('holds the groups, the extensions and nothing else when there are no attributes', () => {
    const view = viewOf({}, { externalId: 'E-1' });
    assert.deepEqual(
      JSON.parse(written(view, {}) ?? ''),
      JSON.parse(JSON.stringify(representUser(view, BASE))),
    );
    const extended = { [ENTERPRISE]: { department: 'Delivery' }, title: 'Engineer' };
    assert.deepEqual(JSON.parse(written(viewOf(extended), extended) ?? '').schemas, [
      'urn:ietf:params:scim:schemas:core:2.0:User',
      ENTERPRISE,
    ]);
  });

  it('is left to the representation where an extension holds nothing or a manager', () => {
    for (const held of [{}, { manager: { value: 'x' } }, { manager: 'x' }]) {
      const attributes = { [ENTERPRISE]: held };
      assert.equal(written(viewOf(attributes), attributes), null);
    }
  });

  it('stands in a list beside others that are written member by member', () => {
    const list = { total: 2, Resources: [new JsonText('{"id":"a"}'), { id: 'b', tags: [] }] };
    assert.equal(jsonOf(list), '{"total":2,"Resources":[{"id":"a"},{"id":"b","tags":[]}]}');
  });
});
