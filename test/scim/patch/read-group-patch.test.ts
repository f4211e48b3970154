import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GroupContent, MemberStep } from '../../../src/directory/directory-group.ts';
import type { InvalidReason } from '../../../src/operations/operation-error.ts';
import { makeCatalogue } from '../../../src/scim/catalogue.ts';
import { readGroupPatch } from '../../../src/scim/patch/read-group-patch.ts';
import {
  assertRejectedAsInvalid,
  CORE_GROUP,
  CORE_USER,
  countTurns,
  deepFreeze,
  group,
  patchOf,
} from '../scim-fixtures.ts';

const ACME = 'urn:ietf:params:scim:schemas:extension:acme:2.0:Group';
const catalogue = makeCatalogue([
  {
    schema: ACME,
    name: 'Acme',
    resource: 'Group',
    attributes: [{ name: 'tags', multiValued: true }, { name: 'owner' }],
  },
]);

const read = (...operations: readonly unknown[]) =>
  readGroupPatch(deepFreeze(patchOf(...operations)), catalogue);
const add = (...ids: string[]): MemberStep => ({ kind: 'add', ids });
const remove = (...ids: string[]): MemberStep => ({ kind: 'remove', ids });
const replace = (...ids: string[]): MemberStep => ({ kind: 'replace', ids });

const memberships: readonly (readonly [
  when: string,
  operations: readonly unknown[],
  steps: readonly MemberStep[],
])[] = [
  [
    'Entra adds with a null $ref',
    [{ op: 'Add', path: 'members', value: [{ $ref: null, value: 'a' }] }],
    [add('a')],
  ],
  [
    'neighbouring additions are one set',
    [
      { op: 'Add', path: 'members', value: [{ value: 'a' }] },
      { op: 'Add', path: 'members', value: [{ value: 'b' }, { value: 'a' }] },
      { op: 'Remove', path: 'members', value: [{ value: 'c' }] },
      { op: 'Remove', path: 'members[value eq "d"]' },
      { op: 'Add', path: 'members', value: [{ value: 'e' }] },
    ],
    [add('a', 'b'), remove('c', 'd'), add('e')],
  ],
  [
    'Entra and JumpCloud remove by a list of values',
    [{ op: 'Remove', path: 'members', value: [{ $ref: null, value: 'a' }, { value: 'b' }] }],
    [remove('a', 'b')],
  ],
  ['a removal that lists nobody removes nobody', [{ op: 'Remove', path: 'members', value: [] }], []],
  ['remove by condition', [{ op: 'remove', path: 'members[value eq "a"]' }], [remove('a')]],
  [
    'remove by a condition over several',
    [{ op: 'remove', path: 'Members[Value EQ "a" or value eq "b" or (value eq "c" and type eq "User")]' }],
    [remove('a', 'b', 'c')],
  ],
  [
    'remove by a condition that holds for nobody',
    [{ op: 'remove', path: 'members[value eq "a" and value eq "b"]' }],
    [],
  ],
  ['remove without value or condition empties', [{ op: 'remove', path: 'members' }], [replace()]],
  ['remove with a null value empties', [{ op: 'remove', path: 'members', value: null }], [replace()]],
  [
    'replace by a list (validator)',
    [{ op: 'replace', path: 'members', value: [{ value: 'a' }, { value: 'b' }] }],
    [replace('a', 'b')],
  ],
  ['replace by nothing (Okta)', [{ op: 'replace', path: 'members', value: [] }], [replace()]],
  ['replace by null', [{ op: 'replace', path: 'members', value: null }], [replace()]],
  [
    'add and remove of the same member stay in order',
    [
      { op: 'add', path: 'members', value: [{ value: 'a' }] },
      { op: 'remove', path: 'members[value eq "a"]' },
    ],
    [add('a'), remove('a')],
  ],
  [
    'two replaces are not joined',
    [
      { op: 'replace', path: 'members', value: ['a'] },
      { op: 'replace', path: 'members', value: ['b'] },
    ],
    [replace('a'), replace('b')],
  ],
  [
    'Okta: remove by condition, then add with display',
    [
      { op: 'remove', path: 'members[value eq "a"]' },
      { op: 'add', path: 'members', value: [{ value: 'b', display: 'b@x' }] },
    ],
    [remove('a'), add('b')],
  ],
  ['path-less add', [{ op: 'add', value: { members: [{ value: 'a' }] } }], [add('a')]],
  [
    'path-less replace with members',
    [{ op: 'replace', value: { Members: [{ value: 'a' }] } }],
    [replace('a')],
  ],
  [
    'path-less replace with an empty list (Okta)',
    [{ op: 'replace', value: { id: 'g', members: [] } }],
    [replace()],
  ],
  ['path-less replace with members null says nothing', [{ op: 'replace', value: { members: null } }], []],
  ['the core URN before the name', [{ op: 'add', path: `${CORE_GROUP}:members`, value: 'a' }], [add('a')]],
  ...[
    'a',
    ['a'],
    { value: 'a' },
    [{ Value: 'a' }],
    [{ $ref: 'https://x/scim/v2/c/Users/a' }],
    [{ $ref: 'a' }],
    [null, 'a', 'a'],
  ].map(
    (value) =>
      [`a member as ${JSON.stringify(value)}`, [{ op: 'add', path: 'members', value }], [add('a')]] as const,
  ),
  ['a member id that is a number', [{ op: 'add', path: 'members', value: [{ value: 7 }] }], [add('7')]],
  ['adding nobody', [{ op: 'add', path: 'members', value: [] }], []],
];

describe('the membership steps of a group PATCH', () => {
  for (const [when, operations, steps] of memberships) {
    it(when, async () => {
      const change = await read(...operations);
      assert.deepEqual(change.memberSteps, steps);
      assert.equal(change.content, null);
    });
  }

  it('leave conditions about more than ids to the store, in order', async () => {
    const conditions = [
      'display eq "a"',
      'not (value eq "a")',
      'value sw "a"',
      'type eq "Group"',
      'value eq "a" or display co "b"',
      'value eq "a" and $ref ew "a"',
    ];
    for (const condition of conditions) {
      const { memberSteps } = await read(
        { op: 'add', path: 'members', value: ['a'] },
        { op: 'remove', path: `members[${condition}]` },
        { op: 'add', path: 'members', value: ['b'] },
      );
      assert.deepEqual(
        memberSteps.map(({ kind }) => kind),
        ['add', 'removeWhere', 'add'],
        condition,
      );
    }
  });

  it('take 100,000 members in one request, read in steps', async () => {
    const value = Array.from({ length: 100_000 }, (_, i) => ({ $ref: null, value: `usr_${i}` }));
    const { result, turns } = await countTurns(read({ op: 'Add', path: 'members', value }));
    const [step] = result.memberSteps;
    assert.equal(step?.kind === 'add' && step.ids.length, 100_000);
    assert.ok(turns >= 10, `the event loop turned ${turns} times`);
  });

  it('take 10,000 single additions as one step, read in steps', async () => {
    const single = Array.from({ length: 10_000 }, (_, i) => ({
      op: 'Add',
      path: 'members',
      value: [{ value: `usr_${i}` }],
    }));
    const { result, turns } = await countTurns(read(...single));
    assert.equal(result.memberSteps.length, 1);
    assert.ok(turns >= 10, `the event loop turned ${turns} times`);
  });
});

const contents: readonly (readonly [
  when: string,
  operations: readonly unknown[],
  rest: Partial<GroupContent>,
])[] = [
  ['rename by path', [{ op: 'Replace', path: 'displayName', value: 'New' }], { displayName: 'New' }],
  ['rename without path', [{ op: 'replace', value: { displayName: 'New' } }], { displayName: 'New' }],
  ['external id without path', [{ op: 'replace', value: { externalId: 'new' } }], { externalId: 'new' }],
  ['external id cleared', [{ op: 'remove', path: 'externalId' }], { externalId: null }],
  [
    'Okta sends the id beside the name',
    [{ op: 'replace', value: { id: 'g', displayName: 'New' } }],
    { displayName: 'New' },
  ],
  [
    'authentik sends the whole group',
    [{ op: 'replace', value: { schemas: [CORE_GROUP], externalId: 'pk-1', displayName: 'Engineers' } }],
    { externalId: 'pk-1' },
  ],
  [
    'an extension of the connection',
    [
      { op: 'add', path: `${ACME}:tags`, value: ['x', 'x', 'y'] },
      { op: 'add', value: { [`${ACME}:owner`]: 'Ada' } },
    ],
    { attributes: { [ACME]: { tags: ['x', 'y'], owner: 'Ada' } } },
  ],
];

describe('the content of a group PATCH', () => {
  for (const [when, operations, rest] of contents) {
    it(`${when}; the membership is not touched`, async () => {
      const change = await read(...operations);
      assert.deepEqual(change.memberSteps, []);
      assert.deepEqual(change.content?.(deepFreeze(group())), group(rest));
    });
  }

  it('and members change in one request', async () => {
    const change = await read({ op: 'replace', value: { displayName: 'New', members: ['a'] } });
    assert.deepEqual(change.memberSteps, [replace('a')]);
    assert.equal(change.content?.(group()).displayName, 'New');
  });

  it('is null when only unknown and read-only members were sent', async () => {
    assert.deepEqual(await read({ op: 'replace', value: { id: 'g', colour: 'red', meta: {} } }), {
      content: null,
      memberSteps: [],
    });
  });
});

const refusals: readonly (readonly [when: string, operation: unknown, reason: InvalidReason])[] = [
  ['removing displayName', { op: 'remove', path: 'displayName' }, 'mutability'],
  ['an empty displayName', { op: 'replace', path: 'displayName', value: '' }, 'value'],
  ['a blank displayName without path', { op: 'replace', value: { displayName: '  ' } }, 'value'],
  ['an attribute of users', { op: 'replace', path: 'userName', value: 'x' }, 'path'],
  ['the URN of users', { op: 'replace', path: `${CORE_USER}:displayName`, value: 'x' }, 'path'],
  [
    'changing a member in place',
    { op: 'replace', path: 'members[value eq "a"].value', value: 'b' },
    'mutability',
  ],
  [
    'replacing a selected member',
    { op: 'replace', path: 'members[value eq "a"]', value: { value: 'b' } },
    'mutability',
  ],
  ['removing a part of the members', { op: 'remove', path: 'members.display' }, 'mutability'],
  ['selecting members by what they do not have', { op: 'remove', path: 'members[colour eq "a"]' }, 'path'],
  ['a member without an id', { op: 'add', path: 'members', value: [{ display: 'a' }] }, 'value'],
  ['a member with an empty id', { op: 'add', path: 'members', value: [{ value: '' }] }, 'value'],
  ['a member with an overlong id', { op: 'add', path: 'members', value: ['x'.repeat(257)] }, 'value'],
  ['a member id with U+0000', { op: 'add', path: 'members', value: ['a\0'] }, 'value'],
  ['a member that is a list', { op: 'add', path: 'members', value: [['a']] }, 'value'],
  ['a member that is true', { op: 'add', path: 'members', value: [true] }, 'value'],
  ['removal of a member without an id', { op: 'remove', path: 'members', value: [{}] }, 'value'],
  ['100,001 members', { op: 'add', path: 'members', value: Array(100_001).fill('a') }, 'too-many'],
];

describe('a PATCH of a group that is refused', () => {
  for (const [when, operation, reason] of refusals) {
    it(`${when}: ${reason}`, () => assertRejectedAsInvalid(read(operation), reason));
  }

  it('more than 20 conditions that only the store can answer', async () => {
    const one = { op: 'remove', path: 'members[display sw "a"]' };
    assert.equal((await read(...Array(20).fill(one))).memberSteps.length, 20);
    await assertRejectedAsInvalid(read(...Array(21).fill(one)), 'too-many');
  });

  it('more than 100,000 members over all operations', async () => {
    const half = (prefix: string) => ({
      op: 'add',
      path: 'members',
      value: Array.from({ length: 60_000 }, (_, i) => `${prefix}${i}`),
    });
    await assertRejectedAsInvalid(read(half('a'), half('b')), 'too-many');
  });
});
