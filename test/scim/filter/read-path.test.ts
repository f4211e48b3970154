import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ResourceKind } from '../../../src/operations/resource-query.ts';
import { standardCatalogue } from '../../../src/scim/catalogue.ts';
import { readPath } from '../../../src/scim/filter/read-path.ts';
import { readSortPath } from '../../../src/scim/filter/read-sort-path.ts';
import { assertInvalid, CORE_USER, ENTERPRISE } from '../scim-fixtures.ts';

function show(text: string, kind: ResourceKind = 'User'): string {
  const path = readPath(text, kind, standardCatalogue);
  if (path.kind === 'schema') return `schema ${path.schema.name}`;
  const where = path.where === null ? '' : '[…]';
  return `${path.attribute.name}${where}${path.sub === null ? '' : `.${path.sub.name}`}`;
}

describe('a PATCH path', () => {
  const paths: readonly (readonly [text: string, shown: string])[] = [
    ['userName', 'userName'],
    [' USERNAME ', 'userName'],
    ['name.givenName', 'name.givenName'],
    ['emails[type eq "work"]', 'emails[…]'],
    ['emails[type eq "work" and not (value co "]")].value', 'emails[…].value'],
    ['manager', 'manager'],
    ['Manager.Value', 'manager.value'],
    [ENTERPRISE, 'schema Enterprise User'],
    [`${ENTERPRISE.toLowerCase()}:MANAGER.$REF`, 'manager.$ref'],
    [CORE_USER, 'schema User'],
    [`${CORE_USER}:emails[type eq "work"].value`, 'emails[…].value'],
    ['meta.created', 'meta.created'],
  ];
  for (const [text, shown] of paths) it(`${text} means ${shown}`, () => assert.equal(show(text), shown));

  it('of one kind is unknown to the other', () => {
    assert.equal(show('members[value eq "a"]', 'Group'), 'members[…]');
    assertInvalid(() => show('members'), 'path');
    assertInvalid(() => show('manager', 'Group'), 'path');
  });

  it('of 50,000 dots or brackets is refused at once', () => {
    for (const part of ['.', 'a.', '[', 'emails[', '(', '"', '\\"'])
      assertInvalid(() => show(part.repeat(50_000)), 'path');
  });
});

describe('a sort path', () => {
  const sorted = (text: string, kind: ResourceKind = 'User') => readSortPath(text, kind, standardCatalogue);

  it('is read like a filter path', () => {
    assert.deepEqual(sorted('USERNAME'), {
      extension: null,
      attribute: 'userName',
      subAttribute: null,
      multiValued: false,
      type: 'string',
      caseExact: false,
    });
    assert.equal(sorted('emails')?.subAttribute, 'value');
    assert.equal(sorted('name.familyName')?.subAttribute, 'familyName');
    assert.equal(sorted(`${ENTERPRISE}:department`)?.extension, ENTERPRISE);
    assert.equal(sorted('meta.lastModified')?.type, 'dateTime');
    assert.equal(sorted('meta.location')?.attribute, 'id');
    assert.equal(sorted('manager.$ref')?.subAttribute, 'value');
  });

  for (const text of [
    '',
    'favouriteColour',
    'name',
    'addresses',
    'password',
    'groups',
    'groups.$ref',
    ENTERPRISE,
    'a.b.c',
  ]) {
    it(`${text || 'nothing'} is ignored`, () => assert.equal(sorted(text), null));
  }

  it('members is ignored', () => assert.equal(sorted('members', 'Group'), null));
});
