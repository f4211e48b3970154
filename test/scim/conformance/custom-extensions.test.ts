import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { GROUP, makeClient, type ScimClient, USER } from './scim-client.ts';

const ACME = 'urn:ietf:params:scim:schemas:extension:acme:2.0:User';
const TEAM = 'urn:acme:team:1.0';
const extensions = [
  {
    schema: ACME,
    name: 'Acme user',
    description: 'What Acme says of people.',
    attributes: [
      { name: 'badge', type: 'integer', description: 'Number on the badge.' },
      { name: 'hired', type: 'dateTime' },
      { name: 'isRemote', type: 'boolean' },
      { name: 'costShare', type: 'decimal' },
      { name: 'tags', multiValued: true },
      { name: 'code', caseExact: true },
      { name: 'origin', mutability: 'immutable' },
      { name: 'manager', canonicalValues: ['yes', 'no'] },
      {
        name: 'seats',
        type: 'complex',
        multiValued: true,
        subAttributes: [{ name: 'value' }, { name: 'type' }, { name: 'floor', type: 'integer' }],
      },
    ],
  },
  { schema: TEAM, name: 'Team', resource: 'Group', attributes: [{ name: 'costCenter', required: true }] },
];

describe('extension schemas of a connection', () => {
  let app: TestApp;
  let scim: ScimClient;
  let other: ScimClient;
  before(async () => {
    app = await startTestApp();
    scim = await makeClient(app, 'acme');
    other = await makeClient(app, 'other');
    const { status, body } = await app.admin('PATCH', `/connections/${scim.connection.connectionId}`, {
      customExtensions: extensions,
    });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body.customExtensions, extensions);
  });
  after(() => app.stop());

  test('are shown by /Schemas and /ResourceTypes of that connection alone, with every characteristic', async () => {
    const { Resources } = await scim.expect(200, 'GET', '/Schemas');
    const urns = Resources.map(({ id }: { id: string }) => id);
    assert.deepEqual(urns.slice(3), [ACME, TEAM]);
    const schema = await scim.expect(200, 'GET', `/Schemas/${ACME}`);
    assert.equal(schema.description, 'What Acme says of people.');
    assert.deepEqual(schema.attributes[0], {
      name: 'badge',
      type: 'integer',
      multiValued: false,
      description: 'Number on the badge.',
      required: false,
      caseExact: false,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'none',
    });
    const { schemaExtensions } = await scim.expect(200, 'GET', '/ResourceTypes/Group');
    assert.deepEqual(schemaExtensions, [{ schema: TEAM, required: false }]);
    assert.equal((await other.call('GET', `/Schemas/${ACME}`)).status, 404);
    assert.equal((await other.expect(200, 'GET', '/Schemas')).totalResults, 3);
  });

  test('are accepted, coerced, stored, returned and kept up to date', async () => {
    // Entra does not list extensions in schemas and sends numbers and booleans as text.
    const id = await scim.createUser('ada', {
      [ACME]: { BADGE: '7', hired: '2024-05-13T04:42:34Z', isRemote: 'True', tags: ['a', 'b'], nobody: 1 },
      [`${ACME}:costShare`]: 0.5,
    });
    const created = await scim.expect(200, 'GET', `/Users/${id}`);
    assert.deepEqual(created.schemas, [USER, ACME]);
    assert.deepEqual(created[ACME], {
      badge: 7,
      hired: '2024-05-13T04:42:34Z',
      isRemote: true,
      tags: ['a', 'b'],
      costShare: 0.5,
    });
    const patched = await scim.patch(
      `/Users/${id}`,
      { op: 'Replace', path: `${ACME}:badge`, value: 8 },
      { op: 'Add', path: `${ACME}:seats[type eq "desk"].floor`, value: '3' },
      { op: 'replace', value: { [`${ACME}:isRemote`]: 'False', [ACME]: { code: 'X1' } } },
      { op: 'remove', path: `${ACME}:tags`, value: ['a'] },
      { op: 'replace', path: `${ACME}:hired`, value: null },
    );
    assert.deepEqual(patched.body[ACME], {
      badge: 8,
      isRemote: false,
      tags: ['b'],
      costShare: 0.5,
      seats: [{ type: 'desk', floor: 3 }],
      code: 'X1',
    });
    const shown = await scim.expect(200, 'GET', `/Users/${id}?attributes=${ACME}:badge`);
    assert.deepEqual(shown[ACME], { badge: 8 });
    await scim.expect(204, 'DELETE', `/Users/${id}`);
  });

  test('refuse wrong types and changes of what is immutable', async () => {
    const id = await scim.createUser('grace', { [ACME]: { origin: 'hr' } });
    const refused = async (path: string, value: unknown) => {
      const { status, body } = await scim.patch(`/Users/${id}`, { op: 'replace', path, value });
      return [status, body.scimType];
    };
    assert.deepEqual(await refused(`${ACME}:badge`, 'seven'), [400, 'invalidValue']);
    assert.deepEqual(await refused(`${ACME}:hired`, 'yesterday'), [400, 'invalidValue']);
    assert.deepEqual(await refused(`${ACME}:origin`, 'import'), [400, 'mutability']);
    assert.deepEqual(await refused(`${ACME}:nobody`, 'x'), [400, 'invalidPath']);
    const group = { schemas: [GROUP, TEAM], displayName: 'Team', [TEAM]: { costCenter: '' } };
    assert.equal((await scim.expect(400, 'POST', '/Groups', group)).scimType, 'invalidValue');
    await scim.createGroup('Team', [], { [TEAM]: { costCenter: 'C1' } });
    assert.deepEqual(await scim.find('Groups', 'costCenter eq "c1"'), ['Team']);
    await scim.expect(204, 'DELETE', `/Users/${id}`);
  });

  test('are searched and sorted by type, case and value path', async () => {
    for (const [name, badge] of [
      ['b1', 1],
      ['b10', 10],
      ['b9', 9],
    ] as const) {
      await scim.createUser(name, {
        [ACME]: { badge, code: `C${badge}`, seats: [{ value: 's', floor: badge }], isRemote: badge > 5 },
      });
    }
    const found = (filter: string, more = '') => scim.find('Users', filter, more);
    assert.deepEqual(await found(`${ACME}:badge gt 5`, `&sortBy=${ACME}:badge`), ['b9', 'b10']);
    assert.deepEqual(await found(`${ACME}:code eq "c1"`), []);
    assert.deepEqual(await found(`${ACME}:code eq "C1"`), ['b1']);
    assert.deepEqual(await found(`${ACME}:seats[value eq "S" and floor eq 9]`), ['b9']);
    assert.deepEqual(await found(`${ACME}:isRemote eq false`), ['b1']);
    assert.equal((await found(`schemas eq "${ACME}"`)).length, 3);
    const refused = await other.call('GET', `/Users?filter=${encodeURIComponent(`${ACME}:badge pr`)}`);
    assert.deepEqual([refused.status, refused.body.scimType], [400, 'invalidFilter']);
  });

  test('find a date again in every form in which it is taken', async () => {
    const dates = [
      '2011-05-13T04:42:34Z',
      '2012-05-13t04:42:34z',
      '2013-05-13T04:42',
      '2014-05-13T04:42:34.1234567Z',
      '2015-05-13T23:59:59.9999999+02:00',
      '2016-05-13T04:42:34-0730',
      '2017-05-13T04:42:34.5',
    ];
    for (const hired of dates) {
      const name = `hired ${hired}`;
      await scim.createUser(name, { [ACME]: { hired } });
      assert.deepEqual(await scim.find('Users', `${ACME}:hired eq "${hired}"`), [name]);
    }
    const inOrder = await scim.find('Users', 'userName sw "hired "', `&sortBy=${ACME}:hired`);
    assert.deepEqual(
      inOrder,
      dates.map((hired) => `hired ${hired}`),
    );
  });

  test('leave the short name manager to the enterprise extension', async () => {
    const boss = await scim.createUser('boss');
    const id = await scim.createUser('report', { manager: boss });
    assert.deepEqual(await scim.find('Users', `id eq "${id}" and manager eq "${boss}"`), ['report']);
  });

  test('count from the next request on, and an emptied list takes them away', async () => {
    const changed = await makeClient(app, 'changed');
    const path = `/connections/${changed.connection.connectionId}`;
    const set = async (customExtensions: readonly object[]) =>
      assert.equal((await app.admin('PATCH', path, { customExtensions })).status, 200);
    const id = await changed.createUser('ada', { [ACME]: { badge: 1 } });
    assert.equal((await changed.expect(200, 'GET', `/Users/${id}`))[ACME], undefined);
    await set(extensions);
    const { status } = await changed.patch(`/Users/${id}`, { op: 'add', path: ACME, value: { badge: 2 } });
    assert.equal(status, 200);
    assert.deepEqual((await changed.expect(200, 'GET', `/Users/${id}`))[ACME], { badge: 2 });
    await set([]);
    assert.equal((await changed.expect(200, 'GET', '/Schemas')).totalResults, 3);
  });

  test('are refused with the field where they cannot work', async () => {
    const faultsOf = async (customExtensions: readonly object[]) => {
      const { status, body } = await app.admin('POST', '/connections', {
        name: 'x',
        kind: 'scim',
        customExtensions,
      });
      assert.equal(status, 400, JSON.stringify(body));
      return body.errors.map(({ pointer }: { pointer: string }) => pointer);
    };
    const attributes = [{ name: 'a' }];
    const one = (more: object) => faultsOf([{ schema: 'urn:acme:x', name: 'X', attributes, ...more }]);
    assert.deepEqual(await one({ schema: USER }), ['/customExtensions/0/schema']);
    assert.deepEqual(await one({ attributes: [{ name: 'a' }, { name: 'A' }] }), [
      '/customExtensions/0/attributes/1/name',
    ]);
    assert.deepEqual(await one({ attributes: [{ name: 'id' }] }), ['/customExtensions/0/attributes/0/name']);
    assert.deepEqual(await one({ attributes: [{ name: 'a', type: 'complex' }] }), [
      '/customExtensions/0/attributes/0/subAttributes',
    ]);
    assert.deepEqual(
      await faultsOf([
        { schema: 'urn:acme:x', name: 'X', attributes },
        { schema: 'URN:ACME:X:y', name: 'Y', attributes },
      ]),
      ['/customExtensions/1/schema'],
    );
    for (const schema of ['acme', 'http://acme.example/x', 'urn:acme:', 'urn:acme:x y'])
      await one({ schema });
    for (const name of ['__proto__', 'a.b', '', '1a', 'a:b']) await one({ attributes: [{ name }] });
    for (const name of ['constructor', 'Prototype', 'META']) await one({ attributes: [{ name }] });
    for (const schema of ['urn:scim:schemas:core:1.0', 'urn:ietf:params:scim:api:messages:2.0:PatchOp'])
      assert.deepEqual(await one({ schema }), ['/customExtensions/0/schema']);
    const many = Array.from({ length: 30 }, (_, index) => ({
      name: `a${index}`,
      type: 'complex',
      subAttributes: Array.from({ length: 20 }, (_, sub) => ({ name: `s${sub}` })),
    }));
    assert.deepEqual(await one({ attributes: many }), ['/customExtensions']);
    await one({ attributes: [] });
    await one({ attributes: Array.from({ length: 51 }, (_, index) => ({ name: `a${index}` })) });
    await one({ attributes: [{ name: 'a', type: 'colour' }] });
    await one({ attributes: [{ name: 'a', mutability: 'writeOnly' }] });
  });
});
