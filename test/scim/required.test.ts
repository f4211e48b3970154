import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/directory/json.ts';
import { makeCatalogue } from '../../src/scim/catalogue.ts';
import { readGroupPatch } from '../../src/scim/patch/read-group-patch.ts';
import { readUserPatch } from '../../src/scim/patch/read-user-patch.ts';
import { readUser } from '../../src/scim/read-user.ts';
import {
  assertInvalid,
  assertRejectedAsInvalid,
  CORE_USER,
  deepFreeze,
  group,
  patchOf,
  user,
} from './scim-fixtures.ts';

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

describe('an attribute that an extension requires', () => {
  const TEAM = 'urn:acme:team:1.0';
  const teams = makeCatalogue([
    {
      schema: TEAM,
      name: 'Team',
      resource: 'Group',
      attributes: [{ name: 'costCenter', required: true }, { name: 'room' }],
    },
  ]);
  const change = async (team: JsonObject, ...operations: readonly unknown[]) => {
    const { content } = await readGroupPatch(deepFreeze(patchOf(...operations)), teams);
    return content?.(deepFreeze(group({ attributes: { [TEAM]: team } }))).attributes[TEAM];
  };
  const room = { op: 'add', path: `${TEAM}:room`, value: '12' };

  it('has to come with the first of the others, in the same PATCH', async () => {
    await assertRejectedAsInvalid(change({}, room), 'value');
    const costCenter = { op: 'add', value: { [TEAM]: { costCenter: 'C1' } } };
    assert.deepEqual(await change({}, room, costCenter), { room: '12', costCenter: 'C1' });
  });

  it('goes with the whole extension, and not alone', async () => {
    const team = { costCenter: 'C1', room: '1' };
    await assertRejectedAsInvalid(change(team, { op: 'remove', path: `${TEAM}:costCenter` }), 'mutability');
    assert.equal(await change(team, { op: 'remove', path: TEAM }), undefined);
    assert.equal(await change(team, { op: 'replace', value: { [TEAM]: null } }), undefined);
  });

  it('is not asked of what was stored before the schema asked for it', async () => {
    assert.deepEqual(await change({ room: '1' }, room), { room: '12' });
  });
});
