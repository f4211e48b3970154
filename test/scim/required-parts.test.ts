import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/directory/json.ts';
import { makeCatalogue } from '../../src/scim/catalogue.ts';
import { readUserPatch } from '../../src/scim/patch/read-user-patch.ts';
import { readUser } from '../../src/scim/read-user.ts';
import { assertInvalid, CORE_USER, deepFreeze, patchOf, user } from './scim-fixtures.ts';

const SITE = 'urn:acme:site:1.0';
const catalogue = makeCatalogue([
  {
    schema: SITE,
    name: 'Site',
    resource: 'User',
    attributes: [
      { name: 'desk', type: 'complex', subAttributes: [{ name: 'room', required: true }, { name: 'floor' }] },
      {
        name: 'keys',
        type: 'complex',
        multiValued: true,
        subAttributes: [{ name: 'value', required: true }, { name: 'type' }, { name: 'display' }],
      },
    ],
  },
]);

const create = (site: JsonObject) =>
  readUser(deepFreeze({ schemas: [CORE_USER], userName: 'ada@fabrikam.example', [SITE]: site }), catalogue, {
    kind: 'create',
  }).attributes[SITE];
const current = deepFreeze(user({ [SITE]: { desk: { room: '12', floor: '1' }, keys: [{ value: 'k1' }] } }));
const patch = (...operations: readonly unknown[]) =>
  readUserPatch(deepFreeze(patchOf(...operations)), catalogue)(current).attributes[SITE];

describe('a part that a complex value requires', () => {
  it('is required where the value is there, and only there', () => {
    assert.deepEqual(create({ desk: { room: '12' }, keys: [] }), { desk: { room: '12' } });
    assertInvalid(() => create({ desk: { floor: '1' } }), 'value');
    assertInvalid(() => create({ keys: [{ value: 'k1' }, { display: 'Spare' }] }), 'value');
  });

  it('cannot be cleared by PATCH, but goes with its value', () => {
    for (const operation of [
      { op: 'remove', path: `${SITE}:desk.room` },
      { op: 'replace', path: `${SITE}:desk.room`, value: '' },
      { op: 'add', path: `${SITE}:keys`, value: [{ display: 'Spare' }] },
    ])
      assertInvalid(() => patch(operation), 'value', operation.path);
    assert.deepEqual(patch({ op: 'remove', path: `${SITE}:desk` }), { keys: [{ value: 'k1' }] });
  });

  it('may come after the others of the same request', () => {
    const spare = `${SITE}:keys[type eq "spare"]`;
    assert.deepEqual(
      patch(
        { op: 'add', path: `${spare}.display`, value: 'Spare' },
        { op: 'add', path: `${spare}.value`, value: 'k2' },
      ),
      {
        desk: { room: '12', floor: '1' },
        keys: [{ value: 'k1' }, { type: 'spare', display: 'Spare', value: 'k2' }],
      },
    );
  });
});
