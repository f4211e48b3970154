import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/directory/json.ts';
import { makeCatalogue } from '../../src/scim/catalogue.ts';
import { readUserPatch } from '../../src/scim/patch/read-user-patch.ts';
import { readGroup, replaceGroup } from '../../src/scim/read-group.ts';
import { readUser } from '../../src/scim/read-user.ts';
import {
  assertInvalid,
  assertRejectedAsInvalid,
  CORE_GROUP,
  CORE_USER,
  deepFreeze,
  group,
  patchOf,
  user,
} from './scim-fixtures.ts';

const SITE = 'urn:acme:site:1.0';
const TEAM = 'urn:acme:team:1.0';
const place = [{ name: 'building' }, { name: 'zip' }];
const catalogue = makeCatalogue([
  {
    schema: SITE,
    name: 'Site',
    resource: 'User',
    attributes: [
      { name: 'place', type: 'complex', mutability: 'immutable', subAttributes: place },
      {
        name: 'contract',
        type: 'complex',
        subAttributes: [{ name: 'number', mutability: 'immutable' }, { name: 'ends' }],
      },
      {
        name: 'keys',
        type: 'complex',
        multiValued: true,
        subAttributes: [{ name: 'value', mutability: 'immutable' }, { name: 'display' }],
      },
    ],
  },
  {
    schema: TEAM,
    name: 'Team',
    resource: 'Group',
    attributes: [{ name: 'origin', mutability: 'immutable' }, { name: 'room' }],
  },
]);

/** As PostgreSQL gives them back: members of objects in an order of its own. */
const stored: JsonObject = {
  place: { zip: '1', building: 'B' },
  contract: { ends: '2030', number: 'C1' },
  keys: [{ value: 'k1' }, { value: 'k2', display: 'Spare' }],
};
const current = deepFreeze(user({ [SITE]: stored }, { externalId: null }));

const put = (site: JsonObject) =>
  readUser(
    deepFreeze({ schemas: [CORE_USER], userName: current.userName, [SITE]: site }),
    catalogue,
    deepFreeze({ kind: 'replace', current }),
  ).attributes[SITE];
const patch = (...operations: readonly unknown[]) =>
  readUserPatch(deepFreeze(patchOf(...operations)), catalogue)(current).attributes[SITE];

describe('an immutable complex value', () => {
  const same = { building: 'B', zip: '1' };

  it('may be sent again with its members in any order, by PUT and by PATCH', () => {
    assert.deepEqual(put({ ...stored, place: same }), stored);
    assert.deepEqual(patch({ op: 'replace', path: `${SITE}:place`, value: same }), stored);
  });

  it('is refused when one of its members differs', () => {
    assertInvalid(() => put({ place: { building: 'C', zip: '1' } }), 'mutability');
    assertInvalid(() => patch({ op: 'add', path: `${SITE}:place.zip`, value: '2' }), 'mutability');
  });
});

describe('an immutable part of a complex value', () => {
  it('is set once, beside parts that change', () => {
    assert.deepEqual(
      patch({ op: 'replace', path: `${SITE}:contract`, value: { number: 'C1', ends: '2031' } }),
      {
        ...stored,
        contract: { number: 'C1', ends: '2031' },
      },
    );
    assertInvalid(() => patch({ op: 'replace', path: `${SITE}:contract.number`, value: 'C2' }), 'mutability');
    assertInvalid(() => patch({ op: 'remove', path: `${SITE}:contract.number` }), 'mutability');
    assertInvalid(() => put({ contract: { number: 'C2' } }), 'mutability');
  });

  it('stays when a PUT leaves it out, and goes with the whole value', () => {
    assert.deepEqual(put({ place: { zip: '1', building: 'B' }, contract: { ends: '2031' } }), {
      place: stored.place,
      contract: { number: 'C1', ends: '2031' },
    });
    assert.deepEqual(patch({ op: 'remove', path: `${SITE}:contract` }), {
      place: stored.place,
      keys: stored.keys,
    });
  });

  it('does not change within an element, which may be removed and replaced', () => {
    const first = `${SITE}:keys[value eq "k1"]`;
    assertInvalid(() => patch({ op: 'replace', path: `${first}.value`, value: 'k3' }), 'mutability');
    assertInvalid(() => patch({ op: 'add', path: first, value: { value: 'k3' } }), 'mutability');
    assertInvalid(() => patch({ op: 'remove', path: `${first}.value` }), 'mutability');
    assert.deepEqual(patch({ op: 'replace', path: `${first}.display`, value: 'Main' }), {
      ...stored,
      keys: [
        { value: 'k1', display: 'Main' },
        { value: 'k2', display: 'Spare' },
      ],
    });
    assert.deepEqual(
      patch({ op: 'remove', path: first }, { op: 'add', path: `${SITE}:keys`, value: [{ value: 'k3' }] }),
      { ...stored, keys: [{ value: 'k2', display: 'Spare' }, { value: 'k3' }] },
    );
  });
});

describe('a PUT of a group', () => {
  const before = deepFreeze(group({ attributes: { [TEAM]: { room: '12', origin: 'HR' } } }));
  const replace = async (extensions: JsonObject) => {
    const body = { schemas: [CORE_GROUP], displayName: 'Engineers', ...extensions };
    return replaceGroup((await readGroup(body, catalogue)).content, before, catalogue);
  };

  it('keeps the immutable values of its extensions and takes the others as they come', async () => {
    const kept = { displayName: 'Engineers', externalId: null, attributes: { [TEAM]: { origin: 'HR' } } };
    assert.deepEqual(await replace({}), kept);
    assert.deepEqual(await replace({ [TEAM]: { origin: 'HR' } }), kept);
    await assertRejectedAsInvalid(replace({ [TEAM]: { origin: 'IT' } }), 'mutability');
  });
});
