import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { checkCustomExtensions } from '../../src/operations/connections/custom-extension-input.ts';
import type { CustomExtension } from '../../src/operations/connections/custom-extension-ports.ts';
import { FieldFaults } from '../../src/operations/field-faults.ts';
import { standardCatalogue } from '../../src/scim/catalogue.ts';
import { makeConnectionCatalogues } from '../../src/scim/connection-catalogues.ts';

const { schemas } = parse(
  readFileSync(new URL('../../openapi/admin.yaml', import.meta.url), 'utf8'),
).components;
const urn = fc.stringMatching(new RegExp(schemas.CustomExtension.properties.schema.pattern));
const name = fc.stringMatching(new RegExp(schemas.CustomAttributeName.pattern));
const type = fc.constantFrom('string', 'boolean', 'integer', 'decimal', 'dateTime', 'reference', 'binary');
const attribute = fc.oneof(
  fc.record({ name: name.map((text) => text.slice(0, 64)), type, multiValued: fc.boolean() }),
  fc.record({
    name: name.map((text) => text.slice(0, 64)),
    type: fc.constant('complex' as const),
    subAttributes: fc.array(fc.record({ name: name.map((text) => text.slice(0, 64)), type }), {
      maxLength: 4,
    }),
  }),
);
const extension: fc.Arbitrary<CustomExtension> = fc.record({
  schema: urn.map((text) => text.slice(0, 200)),
  name: fc.constant('X'),
  resource: fc.constantFrom('User', 'Group'),
  attributes: fc.array(attribute, { minLength: 1, maxLength: 6 }),
});

function isAccepted(extensions: readonly CustomExtension[]): boolean {
  const faults = new FieldFaults();
  checkCustomExtensions(extensions, '', faults);
  try {
    faults.raise();
    return true;
  } catch {
    return false;
  }
}

describe('catalogues of connections', () => {
  it('are the standard one where a connection describes nothing', () => {
    assert.equal(makeConnectionCatalogues()('[]'), standardCatalogue);
  });

  it('are built once for each set of extensions', () => {
    const catalogueOf = makeConnectionCatalogues();
    const json = JSON.stringify([{ schema: 'urn:acme:User', name: 'A', attributes: [{ name: 'badge' }] }]);
    assert.equal(catalogueOf(json), catalogueOf(json));
    assert.ok(catalogueOf(json).schema('URN:ACME:USER')?.attribute('BADGE'));
  });

  it('can be built of everything that a connection is allowed to describe', () => {
    const catalogueOf = makeConnectionCatalogues();
    fc.assert(
      fc.property(fc.array(extension, { maxLength: 3 }), (extensions) => {
        fc.pre(isAccepted(extensions));
        const catalogue = catalogueOf(JSON.stringify(extensions));
        for (const { schema } of extensions) assert.equal(catalogue.schema(schema)?.id, schema);
      }),
      { seed: 7644, numRuns: 500 },
    );
  });
});
