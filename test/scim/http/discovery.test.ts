import assert from 'node:assert/strict';
import { test } from 'node:test';
import { standardCatalogue } from '../../../src/scim/catalogue.ts';
import {
  BULK,
  ENTERPRISE,
  ERROR,
  GROUP,
  LIST,
  makeScimHarness,
  OTHER_CONNECTION,
  USER,
} from './scim-harness.ts';

interface ShownAttribute {
  readonly name: string;
  readonly subAttributes?: readonly ShownAttribute[];
  readonly canonicalValues?: readonly string[];
}

test('discovery is readable without a token', async () => {
  const harness = makeScimHarness();
  for (const path of ['/ServiceProviderConfig', '/Schemas', '/ResourceTypes', `/Schemas/${USER}`]) {
    await harness.anonymous('get', `${harness.base}${path}`).expect(200);
  }
});

test('the configuration has every field, what is off included, and one primary scheme', async () => {
  const harness = makeScimHarness();
  const { headers, body } = await harness.send('get', '/ServiceProviderConfig').expect(200);
  assert.equal(headers.location, harness.location('/ServiceProviderConfig'));
  assert.equal(body.meta.location, harness.location('/ServiceProviderConfig'));
  for (const name of ['patch', 'bulk', 'filter', 'changePassword', 'sort', 'etag']) {
    assert.equal(typeof body[name].supported, 'boolean', name);
  }
  for (const scheme of body.authenticationSchemes) {
    for (const name of ['type', 'name', 'description', 'specUri', 'documentationUri']) {
      assert.equal(typeof scheme[name], 'string', name);
    }
  }
  assert.equal(body.authenticationSchemes.filter(({ primary }: { primary: boolean }) => primary).length, 1);
});

test('the limits it announces are the limits that hold', async () => {
  const harness = makeScimHarness();
  const { body } = await harness.send('get', '/ServiceProviderConfig').expect(200);
  const { bulk, filter, pagination } = body;

  await harness.send('get', '/Users').expect(200);
  await harness.send('get', '/Users?count=99999').expect(200);
  const counts = harness.operations.asked.queries.map(({ page }) => page.count);
  assert.deepEqual(counts, [pagination.defaultPageSize, pagination.maxPageSize]);
  assert.equal(filter.maxResults, pagination.maxPageSize);

  const envelope = (count: number) => ({ schemas: [BULK], Operations: Array(count).fill({ method: 'GET' }) });
  await harness.withBody('post', '/Bulk', envelope(bulk.maxOperations)).expect(200);
  await harness.withBody('post', '/Bulk', envelope(bulk.maxOperations + 1)).expect(413);
  const padded = { ...envelope(0), padding: 'x'.repeat(bulk.maxPayloadSize) };
  await harness.withBody('post', '/Bulk', padded).expect(413);
});

test('schemas list User, Enterprise User and Group with absolute addresses', async () => {
  const harness = makeScimHarness();
  const { body } = await harness.send('get', '/Schemas').expect(200);
  assert.deepEqual([body.schemas, body.totalResults, body.itemsPerPage, body.startIndex], [[LIST], 3, 3, 1]);
  const ids = body.Resources.map(({ id }: { id: string }) => id);
  assert.deepEqual(new Set(ids), new Set([USER, ENTERPRISE, GROUP]));
  for (const { id, meta } of body.Resources) assert.equal(meta.location, harness.location(`/Schemas/${id}`));
});

test('every attribute and sub-attribute carries all its characteristics', async () => {
  const harness = makeScimHarness();
  const { body } = await harness.send('get', '/Schemas').expect(200);
  const characteristics = [
    'type',
    'multiValued',
    'required',
    'caseExact',
    'mutability',
    'returned',
    'uniqueness',
  ];
  const check = (attribute: ShownAttribute, path: string) => {
    for (const name of characteristics)
      assert.ok(name in attribute, `${path}.${attribute.name} lacks ${name}`);
    for (const sub of attribute.subAttributes ?? []) check(sub, `${path}.${attribute.name}`);
  };
  let count = 0;
  for (const { id, attributes } of body.Resources) {
    for (const attribute of attributes) {
      check(attribute, id);
      count += 1;
    }
  }
  assert.ok(count > 25, `only ${count} attributes were looked at`);
});

test('members of groups are said to be users, since groups in groups are refused', async () => {
  const harness = makeScimHarness();
  const { body } = await harness.send('get', `/Schemas/${GROUP}`).expect(200);
  const members = body.attributes.find(({ name }: ShownAttribute) => name === 'members');
  const find = (name: string) => members.subAttributes.find((sub: ShownAttribute) => sub.name === name);
  assert.deepEqual(find('$ref').referenceTypes, ['User']);
  assert.deepEqual(find('type').canonicalValues, ['User']);
});

test('externalId and the usual types are there for mapping editors to find', async () => {
  const harness = makeScimHarness();
  const { body } = await harness.send('get', `/Schemas/${USER}`).expect(200);
  const find = (name: string): ShownAttribute | undefined =>
    body.attributes.find((attribute: ShownAttribute) => attribute.name === name);
  assert.ok(find('externalId'));
  for (const [name, type] of [
    ['emails', 'work'],
    ['phoneNumbers', 'fax'],
    ['phoneNumbers', 'mobile'],
    ['addresses', 'work'],
  ] as const) {
    const types = find(name)?.subAttributes?.find((sub) => sub.name === 'type');
    assert.ok(types?.canonicalValues?.includes(type), `${name} ${type}`);
  }
});

test('one schema and one resource type are found by name in any case, an unknown one is 404', async () => {
  const harness = makeScimHarness();
  const schema = await harness.send('get', `/Schemas/${ENTERPRISE.toUpperCase()}`).expect(200);
  assert.equal(schema.body.id, ENTERPRISE);
  assert.equal(schema.headers.location, harness.location(`/Schemas/${ENTERPRISE}`));
  const type = await harness.send('get', '/ResourceTypes/Group').expect(200);
  assert.deepEqual([type.body.id, type.body.endpoint, type.body.schema], ['Group', '/Groups', GROUP]);
  for (const path of ['/Schemas/urn:nothing', '/ResourceTypes/Device', '/ServiceProviderConfig/x']) {
    const { status, body } = await harness.send('get', path);
    assert.deepEqual([status, body.schemas], [404, [ERROR]], path);
  }
});

test('resource types name the extensions a resource may hold', async () => {
  const harness = makeScimHarness();
  const { body } = await harness.send('get', '/ResourceTypes').expect(200);
  const [user, group] = body.Resources;
  assert.deepEqual(user.schemaExtensions, [{ schema: ENTERPRISE, required: false }]);
  assert.deepEqual(group.schemaExtensions, []);
  assert.equal(user.meta.location, harness.location('/ResourceTypes/User'));
});

test('a filter on discovery is 403', async () => {
  const harness = makeScimHarness();
  for (const path of ['/Schemas', '/ResourceTypes', '/ServiceProviderConfig']) {
    const { status, body } = await harness.send('get', `${path}?filter=id%20pr`);
    assert.deepEqual([status, body.status], [403, '403'], path);
  }
  await harness.send('get', '/Schemas?count=1&attributes=id').expect(200);
});

test('the documents of two connections differ in nothing but the address', async () => {
  const harness = makeScimHarness();
  const one = await harness.send('get', '/Schemas').expect(200);
  const other = await harness.sendTo(`/scim/v2/${OTHER_CONNECTION}/Schemas`, 'get').expect(200);
  assert.notDeepEqual(one.body, other.body);
  const moved = JSON.stringify(other.body).replaceAll(OTHER_CONNECTION, harness.base.split('/').at(-1) ?? '');
  assert.deepEqual(JSON.parse(moved), one.body);
});

test('what the schemas show is what the catalogue holds', async () => {
  const harness = makeScimHarness();
  const { body } = await harness.send('get', `/Schemas/${GROUP}`).expect(200);
  const shown = body.attributes.map(({ name }: ShownAttribute) => name);
  assert.deepEqual(
    shown,
    standardCatalogue.core('Group').listed.map(({ name }) => name),
  );
});
