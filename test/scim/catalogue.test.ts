import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CatalogueAttribute, makeCatalogue, standardCatalogue } from '../../src/scim/catalogue.ts';
import { CORE_GROUP, CORE_USER, ENTERPRISE } from './scim-fixtures.ts';

const ACME = 'urn:ietf:params:scim:schemas:extension:acme:2.0:User';

describe('the attribute catalogue', () => {
  it('lists User, Enterprise User and Group, then the extensions of the connection', () => {
    const custom = makeCatalogue([
      { schema: ACME, name: 'Acme', resource: 'User', attributes: [{ name: 'badge' }] },
    ]);
    assert.deepEqual(
      custom.schemas.map(({ id }) => id),
      [CORE_USER, ENTERPRISE, CORE_GROUP, ACME],
    );
    assert.deepEqual(
      custom.extensions('User').map(({ id }) => id),
      [ENTERPRISE, ACME],
    );
    assert.deepEqual(custom.extensions('Group'), []);
  });

  it('compares binary values and references with case, also when a connection describes them otherwise', () => {
    const attributes = (['binary', 'reference', 'string'] as const).map((type) => ({
      name: type,
      type,
      caseExact: false,
    }));
    const custom = makeCatalogue([{ schema: 'urn:acme:1.0', name: 'Acme', attributes }]);
    const [schema] = custom.extensions('User').slice(-1);
    assert.deepEqual(
      schema?.listed.map(({ caseExact }) => caseExact),
      [true, true, false],
    );
  });

  it('gives every attribute and sub-attribute every characteristic', () => {
    const check = (attribute: CatalogueAttribute): void => {
      const { name, type, multiValued, required, caseExact, mutability, returned, uniqueness } = attribute;
      assert.ok(name !== '' && attribute.description !== '');
      assert.ok(
        ['string', 'boolean', 'integer', 'decimal', 'dateTime', 'reference', 'binary', 'complex'].includes(
          type,
        ),
      );
      for (const flag of [multiValued, required, caseExact]) assert.equal(typeof flag, 'boolean', name);
      assert.ok(['readOnly', 'readWrite', 'immutable', 'writeOnly'].includes(mutability), name);
      assert.ok(['always', 'never', 'default', 'request'].includes(returned), name);
      assert.ok(['none', 'server', 'global'].includes(uniqueness), name);
      attribute.subAttributes.forEach(check);
    };
    for (const schema of standardCatalogue.schemas) schema.listed.forEach(check);
    standardCatalogue.commonAttributes.forEach(check);
  });

  const characteristics: readonly (readonly [kind: 'User' | 'Group', path: string, expected: object])[] = [
    ['User', 'id', { caseExact: true, mutability: 'readOnly', returned: 'always', uniqueness: 'server' }],
    ['User', 'externalId', { caseExact: true, mutability: 'readWrite' }],
    ['User', 'userName', { caseExact: false, required: true, uniqueness: 'server' }],
    ['User', 'password', { mutability: 'writeOnly', returned: 'never' }],
    ['User', 'groups', { mutability: 'readOnly', multiValued: true }],
    ['User', 'emails.value', { caseExact: false, type: 'string' }],
    ['User', 'emails.type', { canonicalValues: ['work', 'home', 'other'] }],
    ['User', 'phoneNumbers.type', { canonicalValues: ['work', 'home', 'mobile', 'fax', 'pager', 'other'] }],
    ['User', 'addresses.type', { canonicalValues: ['work', 'home', 'other'] }],
    ['User', 'roles.type', { canonicalValues: [] }],
    ['User', 'x509Certificates.type', { canonicalValues: [] }],
    ['User', 'x509Certificates.value', { type: 'binary', caseExact: true }],
    ['User', 'profileUrl', { type: 'reference', caseExact: true }],
    ['User', 'manager.$ref', { type: 'reference', caseExact: true }],
    ['Group', 'members.$ref', { type: 'reference', caseExact: true }],
    ['User', 'meta.lastModified', { type: 'dateTime', mutability: 'readOnly' }],
    ['User', 'manager.displayName', { mutability: 'readOnly' }],
    ['Group', 'displayName', { required: true }],
    ['Group', 'displayName', { caseExact: false, required: true, uniqueness: 'server' }],
    ['Group', 'members.value', { mutability: 'immutable' }],
  ];
  for (const [kind, path, expected] of characteristics) {
    it(`knows ${path} of ${kind} as RFC 7643 has it`, () => {
      const [name = '', sub] = path.split('.');
      const attribute = standardCatalogue.attribute(kind, name);
      const found = sub === undefined ? attribute : attribute?.subAttribute(sub);
      const picked = Object.fromEntries(
        Object.keys(expected).map((key) => [key, Reflect.get(found ?? {}, key)]),
      );
      assert.deepEqual(picked, expected);
    });
  }

  it('lists externalId with the core schemas only', () => {
    const listing = standardCatalogue.schemas.map((schema) =>
      schema.listed.some(({ name }) => name === 'externalId'),
    );
    assert.deepEqual(listing, [true, false, true]);
  });

  it('finds names in any case and nothing that an object inherits', () => {
    assert.equal(standardCatalogue.attribute('User', 'USERNAME')?.name, 'userName');
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '']) {
      assert.equal(standardCatalogue.attribute('User', name), null);
      assert.equal(standardCatalogue.schema(name), null);
      assert.equal(standardCatalogue.attribute('User', 'emails')?.subAttribute(name), null);
    }
  });

  it('takes retired and misspelt URNs for the schema they mean', () => {
    assert.equal(standardCatalogue.schema('urn:scim:schemas:core:1.0')?.id, CORE_USER);
    assert.equal(standardCatalogue.schema('urn:scim:schemas:extension:enterprise:1.0')?.id, ENTERPRISE);
    assert.equal(standardCatalogue.schema(ENTERPRISE.replace('0:User', '0User'))?.id, ENTERPRISE);
  });

  it('cannot be changed', () => {
    const attribute = standardCatalogue.attribute('User', 'emails');
    assert.ok(Object.isFrozen(standardCatalogue) && Object.isFrozen(standardCatalogue.schemas));
    assert.ok(Object.isFrozen(attribute) && Object.isFrozen(attribute?.subAttributes));
    assert.ok(Object.isFrozen(attribute?.subAttribute('type')?.canonicalValues));
  });

  const impossible = [
    { schema: 'not a urn', name: 'A', resource: 'User', attributes: [] },
    { schema: ENTERPRISE.toUpperCase(), name: 'A', resource: 'User', attributes: [] },
    { schema: ACME, name: 'A', resource: 'User', attributes: [{ name: '__proto__' }] },
    { schema: ACME, name: 'A', resource: 'User', attributes: [{ name: 'a.b' }] },
    { schema: ACME, name: 'A', resource: 'User', attributes: [{ name: 'a' }, { name: 'A' }] },
    {
      schema: ACME,
      name: 'A',
      resource: 'User',
      attributes: [{ name: 'a', type: 'complex', subAttributes: [{ name: 'b', type: 'complex' }] }],
    },
    {
      schema: ACME,
      name: 'A',
      resource: 'User',
      attributes: [{ name: 'a', type: 'complex', subAttributes: [{ name: 'b', multiValued: true }] }],
    },
  ] as const;
  for (const extension of impossible) {
    it(`refuses the extension ${JSON.stringify(extension).slice(0, 90)}`, () =>
      assert.throws(() => makeCatalogue([extension]), RangeError));
  }
});
