import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ResourceFilter, ResourceKind } from '../../../src/operations/resource-query.ts';
import { standardCatalogue } from '../../../src/scim/catalogue.ts';
import { elementMatches } from '../../../src/scim/filter/element-matches.ts';
import { readFilter } from '../../../src/scim/filter/read-filter.ts';
import { replaceLocations } from '../../../src/scim/filter/replace-locations.ts';

const BASE = 'https://psa.example/scim/v2/c1';
const ID = '0190aaaa-0000-7000-8000-00000000000a';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const replaced = (text: string, kind: ResourceKind): ResourceFilter =>
  replaceLocations(readFilter(text, kind, standardCatalogue), kind, BASE);

const holds = (location: string, operator: string, text: string): boolean => {
  switch (operator) {
    case 'eq':
      return location === text;
    case 'ne':
      return location !== text;
    case 'co':
      return location.includes(text);
    case 'sw':
      return location.startsWith(text);
    case 'ew':
      return location.endsWith(text);
    case 'gt':
      return location > text;
    case 'ge':
      return location >= text;
    case 'lt':
      return location < text;
    default:
      return location <= text;
  }
};

const places = [
  ['meta.location', 'User', 'Users'],
  ['meta.location', 'Group', 'Groups'],
  ['groups.$ref', 'User', 'Groups'],
  ['members.$ref', 'Group', 'Users'],
  [`${ENTERPRISE}:manager.$ref`, 'User', 'Users'],
] as const;

describe('conditions on locations', () => {
  for (const [name, kind, endpoint] of places) {
    it(`${name} of a ${kind} compares as the text that is shown`, () => {
      const location = `${BASE}/${endpoint}/${ID}`;
      const beginnings = Array.from(location, (_, index) => location.slice(0, index + 1));
      const endings = Array.from(location, (_, index) => location.slice(index));
      const middles = Array.from({ length: location.length - 12 }, (_, at) => location.slice(at, at + 12));
      const others = [
        `${BASE}/${endpoint}/0`,
        `${BASE}/${endpoint}/z`,
        'a',
        'z',
        `${location}x`,
        'https://other/',
      ];
      for (const text of [...beginnings, ...endings, ...middles, ...others]) {
        for (const operator of ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']) {
          const filter = replaced(`${name} ${operator} ${JSON.stringify(text)}`, kind);
          // Either part that may be compared holds the id.
          const found = elementMatches({ value: ID, id: ID }, withoutNames(filter));
          assert.equal(found, holds(location, operator, text), `${operator} ${text}`);
        }
      }
    });
  }

  it('absent references are neither present nor equal to anything, and equal to null', () => {
    assert.equal(elementMatches({}, withoutNames(replaced('groups.$ref pr', 'User'))), false);
    assert.equal(elementMatches({}, withoutNames(replaced('groups.$ref eq null', 'User'))), true);
    assert.equal(elementMatches({}, withoutNames(replaced('groups.$ref ne null', 'User'))), false);
    assert.equal(elementMatches({}, withoutNames(replaced('groups.$ref sw "h"', 'User'))), false);
  });

  it('are found inside not, and, or and brackets; everything else stays as it was', () => {
    const location = `${BASE}/Groups/${ID}`;
    const filter = replaced(`not (title pr and groups[type eq "direct" and $ref eq "${location}"])`, 'User');
    assert.doesNotMatch(JSON.stringify(filter), /\$ref|psa\.example/);
    const untouched = readFilter(
      'userName eq "a" or not (emails[type eq "work"])',
      'User',
      standardCatalogue,
    );
    assert.deepEqual(replaceLocations(untouched, 'User', BASE), untouched);
  });
});

/** The same on an element `{ value }`: all comparisons are about the id, whatever attribute holds it. */
function withoutNames(filter: ResourceFilter): ResourceFilter {
  switch (filter.kind) {
    case 'all':
    case 'any':
      return { kind: filter.kind, of: filter.of.map(withoutNames) };
    case 'not':
      return { kind: 'not', of: withoutNames(filter.of) };
    case 'element':
      return { ...filter, where: withoutNames(filter.where) };
    default: {
      assert.equal(filter.path.type, 'string');
      assert.ok(filter.path.attribute === 'id' || filter.path.subAttribute === 'value');
      return { ...filter, path: { ...filter.path, subAttribute: 'value' } };
    }
  }
}
