import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { GroupChange, MemberFact, UserChange } from '../../src/directory/delta-change.ts';
import { foldGroups, foldUsers, mergeGroups, mergeUsers } from '../../src/directory/fold-delta.ts';

const row = (fields: Extract<UserChange, { kind: 'user' }>['fields'], objectId = 'u-1'): UserChange => ({
  kind: 'user',
  objectId,
  fields,
});
const soft: UserChange = { kind: 'userRemoved', objectId: 'u-1', reason: 'changed' };
const hard: UserChange = { kind: 'userRemoved', objectId: 'u-1', reason: 'deleted' };

const group = (members: readonly MemberFact[], fields = {}): GroupChange => ({
  kind: 'group',
  objectId: 'g-1',
  fields,
  members,
});
const joins = (memberId: string, type: MemberFact['type'] = 'user'): MemberFact => ({
  memberId,
  type,
  present: true,
});
const leaves = (memberId: string, type: MemberFact['type'] = 'user'): MemberFact => ({
  memberId,
  type,
  present: false,
});

describe('folding rows about users', () => {
  for (const [what, rows, fields, removed, isContested] of [
    ['nothing but the id', [row({})], {}, null, false],
    ['one row', [row({ jobTitle: 'First' })], { jobTitle: 'First' }, null, false],
    ['the same row twice', [row({ jobTitle: 'A' }), row({ jobTitle: 'A' })], { jobTitle: 'A' }, null, false],
    [
      'rows about different fields',
      [row({ mail: 'a' }), row({ surname: 'b' })],
      { mail: 'a', surname: 'b' },
      null,
      false,
    ],
    ['an emptied field', [row({ mail: null })], { mail: null }, null, false],
    [
      'equal lists',
      [row({ businessPhones: ['1'] }), row({ businessPhones: ['1'] })],
      { businessPhones: ['1'] },
      null,
      false,
    ],
    ['a soft deletion', [soft], {}, 'changed', false],
    ['a deletion for good', [hard], {}, 'deleted', false],
    ['a soft deletion, then for good', [soft, hard], {}, 'deleted', false],
    ['a deletion for good, then its former step', [hard, soft], {}, 'deleted', false],
    // graph-delta-005: the later row wins. Which one is later is not promised, hence the mark.
    [
      'two values',
      [row({ jobTitle: 'First' }), row({ jobTitle: 'Second' })],
      { jobTitle: 'Second' },
      null,
      true,
    ],
    ['a value, then none', [row({ mail: 'a' }), row({ mail: null })], { mail: null }, null, true],
    ['a change, then a soft deletion', [row({ mail: 'a' }), soft], { mail: 'a' }, 'changed', true],
    ['a soft deletion, then a restoration', [soft, row({ mail: 'a' })], { mail: 'a' }, null, true],
    ['a row about somebody gone for good', [hard, row({ mail: 'a' })], { mail: 'a' }, 'deleted', true],
    [
      'the whole round once more',
      [soft, row({ mail: 'a' }), soft, row({ mail: 'a' })],
      { mail: 'a' },
      null,
      true,
    ],
  ] as const) {
    it(`joins ${what}`, () => {
      assert.deepEqual(foldUsers(rows).get('u-1'), { fields, removed, isContested });
    });
  }

  it('keeps people apart', () => {
    const folded = foldUsers([row({ mail: 'a' }), row({ mail: 'b' }, 'u-2'), soft]);
    assert.deepEqual(folded.get('u-2'), { fields: { mail: 'b' }, removed: null, isContested: false });
    assert.equal(folded.size, 2);
  });
});

describe('folding rows about groups', () => {
  const membersOf = (rows: readonly GroupChange[]) => [
    ...(foldGroups(rows).get('g-1')?.members.values() ?? []),
  ];

  for (const [what, rows, members, isContested] of [
    [
      'members of several pages (graph-delta-009)',
      [group([joins('a')]), group([joins('b')])],
      [joins('a'), joins('b')],
      false,
    ],
    [
      'one who joined and one who left (graph-delta-008)',
      [group([joins('a'), leaves('b')])],
      [joins('a'), leaves('b')],
      false,
    ],
    ['a member that comes twice', [group([joins('a')]), group([joins('a')])], [joins('a')], false],
    ['a nested group', [group([joins('g-2', 'group')])], [joins('g-2', 'group')], false],
    [
      'a removal that does not say of what',
      [group([leaves('a', 'unknown')])],
      [leaves('a', 'unknown')],
      false,
    ],
    [
      'a removal that does not say of what beside one that does',
      [group([leaves('a', 'group')]), group([leaves('a', 'unknown')])],
      [leaves('a', 'group')],
      false,
    ],
    ['one who joined, then left', [group([joins('a')]), group([leaves('a')])], [leaves('a')], true],
    ['one who left and joined in the same row', [group([leaves('a'), joins('a')])], [joins('a')], true],
  ] as const) {
    it(`joins ${what}`, () => {
      assert.deepEqual(membersOf(rows), members);
      assert.equal(foldGroups(rows).get('g-1')?.isContested, isContested);
    });
  }

  it('joins properties and members that come in different rows, in either order', () => {
    const rows = [group([joins('a')]), group([], { displayName: 'PSA Engineers', securityEnabled: true })];
    for (const order of [rows, [...rows].reverse()]) {
      const folded = foldGroups(order).get('g-1');
      assert.deepEqual(folded?.fields, { displayName: 'PSA Engineers', securityEnabled: true });
      assert.deepEqual([...(folded?.members.keys() ?? [])], ['a']);
    }
  });

  it('remembers the members of a group that was deleted and came back', () => {
    const folded = foldGroups([
      group([joins('a')]),
      { kind: 'groupRemoved', objectId: 'g-1', reason: 'changed' },
      group([], { displayName: 'Again' }),
    ]).get('g-1');
    assert.deepEqual([folded?.removed, folded?.isContested, folded?.members.size], [null, true, 1]);
  });
});

// ── For all reads: one state of a directory, told in any way, is understood as that state. ──

/** Objects like those that a reader makes. */
const plain = { noNullPrototype: true };

/** What is really so of a user: which fields changed to what, or how it was removed. */
const userFact = fc.oneof(
  fc.record(
    {
      jobTitle: fc.option(fc.string({ maxLength: 3 })),
      mail: fc.option(fc.string({ maxLength: 3 })),
      accountEnabled: fc.boolean(),
      businessPhones: fc.array(fc.string({ maxLength: 2 }), { maxLength: 2 }),
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
  fc.constantFrom('changed' as const, 'deleted' as const),
);
const directoryOfUsers = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), userFact, plain);

const groupFact = fc.record({
  fields: fc.record(
    { displayName: fc.string({ maxLength: 3 }), securityEnabled: fc.boolean() },
    { requiredKeys: [], noNullPrototype: true },
  ),
  members: fc.dictionary(
    fc.constantFrom('m', 'n', 'o', 'p', 'q'),
    fc.record({ type: fc.constantFrom('user' as const, 'group' as const), present: fc.boolean() }, plain),
    plain,
  ),
});
const directoryOfGroups = fc.dictionary(fc.constantFrom('a', 'b', 'c'), groupFact, plain);

type Facts<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** The rows with the fewest facts each: every one could come alone. */
function userRows(facts: Facts<typeof directoryOfUsers>): readonly UserChange[] {
  return Object.entries(facts).flatMap(([objectId, fact]): readonly UserChange[] => {
    if (typeof fact === 'string') return [{ kind: 'userRemoved', objectId, reason: fact }];
    const fields = Object.entries(fact).map(([name, value]) => row({ [name]: value }, objectId));
    return [row({}, objectId), ...fields];
  });
}

function groupRows(facts: Facts<typeof directoryOfGroups>): readonly GroupChange[] {
  return Object.entries(facts).flatMap(([objectId, { fields, members }]) => [
    ...Object.entries(fields).map(
      ([name, value]): GroupChange => ({ kind: 'group', objectId, fields: { [name]: value }, members: [] }),
    ),
    ...Object.entries(members).flatMap(([memberId, fact]): readonly GroupChange[] => [
      { kind: 'group', objectId, fields: {}, members: [{ memberId, ...fact }] },
      // A row may leave out the type; the same fact all the same.
      {
        kind: 'group',
        objectId,
        fields: {},
        members: [{ memberId, type: 'unknown', present: fact.present }],
      },
    ]),
    { kind: 'group', objectId, fields: {}, members: [] },
  ]);
}

/** The rows in another order, some of them several times, all of them at least once. */
const retold = <Row>(rows: readonly Row[]): fc.Arbitrary<readonly Row[]> =>
  fc.array(fc.nat({ max: Math.max(0, rows.length - 1) }), { maxLength: rows.length * 2 }).chain((extra) => {
    const all = [
      ...rows,
      ...(rows.length === 0 ? [] : extra.flatMap((index) => rows.slice(index, index + 1))),
    ];
    return fc.shuffledSubarray(all, { minLength: all.length });
  });

describe('folding a read, whatever the way it is told', () => {
  it('gives the same users in any order and repetition', () => {
    fc.assert(
      fc.property(
        directoryOfUsers.chain((facts) => fc.tuple(fc.constant(facts), retold(userRows(facts)))),
        ([facts, rows]) => {
          const folded = foldUsers(rows);
          assert.deepEqual(folded, foldUsers(userRows(facts)));
          for (const [objectId, fact] of Object.entries(facts)) {
            const isGone = typeof fact === 'string';
            assert.deepEqual(folded.get(objectId), {
              fields: isGone ? {} : fact,
              removed: isGone ? fact : null,
              isContested: false,
            });
          }
        },
      ),
    );
  });

  it('gives the same groups and members in any order and repetition', () => {
    fc.assert(
      fc.property(
        directoryOfGroups.chain((facts) => fc.tuple(fc.constant(facts), retold(groupRows(facts)))),
        ([facts, rows]) => {
          const folded = foldGroups(rows);
          for (const [objectId, { fields, members }] of Object.entries(facts)) {
            const found = folded.get(objectId);
            assert.deepEqual(found?.fields, fields);
            assert.equal(found?.isContested, false);
            const known = [...(found?.members.values() ?? [])].map(({ memberId, ...fact }) => [
              memberId,
              fact,
            ]);
            assert.deepEqual(Object.fromEntries(known), members);
          }
          assert.equal(folded.size, Object.keys(facts).length);
        },
      ),
    );
  });

  it('gives the same result for every way of cutting the rows into pages, contradictions included', () => {
    const anyUserRow: fc.Arbitrary<UserChange> = fc.oneof(
      fc.record({
        kind: fc.constant('user' as const),
        objectId: fc.constantFrom('a', 'b'),
        fields: fc.record(
          { mail: fc.constantFrom('x', 'y', null) },
          { requiredKeys: [], noNullPrototype: true },
        ),
      }),
      fc.record({
        kind: fc.constant('userRemoved' as const),
        objectId: fc.constantFrom('a', 'b'),
        reason: fc.constantFrom('changed' as const, 'deleted' as const),
      }),
    );
    fc.assert(
      fc.property(
        fc.array(anyUserRow, { maxLength: 12 }),
        fc.nat({ max: 12 }),
        fc.nat({ max: 12 }),
        (rows, one, other) => {
          const [from, to] = [Math.min(one, other), Math.max(one, other)];
          const pages = [rows.slice(0, from), rows.slice(from, to), rows.slice(to)];
          const merged = pages.map(foldUsers).reduce(mergeUsers);
          assert.deepEqual(merged, foldUsers(rows));
          // A replay of the whole round changes nothing but may show a contradiction that was there.
          const replayed = foldUsers([...rows, ...rows]);
          for (const [objectId, { fields, removed }] of merged) {
            assert.deepEqual(replayed.get(objectId)?.fields, fields);
            assert.equal(replayed.get(objectId)?.removed, removed);
          }
        },
      ),
    );
  });

  it('likewise for groups, and leaves the parts that it joins as they were', () => {
    const anyGroupRow: fc.Arbitrary<GroupChange> = fc.record({
      kind: fc.constant('group' as const),
      objectId: fc.constantFrom('a', 'b'),
      fields: fc.record(
        { displayName: fc.constantFrom('x', 'y') },
        { requiredKeys: [], noNullPrototype: true },
      ),
      members: fc.array(
        fc.record(
          {
            memberId: fc.constantFrom('m', 'n'),
            type: fc.constantFrom('user' as const, 'unknown' as const),
            present: fc.boolean(),
          },
          plain,
        ),
        { maxLength: 3 },
      ),
    });
    fc.assert(
      fc.property(fc.array(anyGroupRow, { maxLength: 10 }), fc.nat({ max: 10 }), (rows, cut) => {
        const [earlier, later] = [foldGroups(rows.slice(0, cut)), foldGroups(rows.slice(cut))];
        const before = structuredClone([earlier, later]);
        assert.deepEqual(mergeGroups(earlier, later), foldGroups(rows));
        assert.deepEqual([earlier, later], before);
      }),
    );
  });

  it('finds a contradiction wherever the contradicting rows stand', () => {
    const rows = [row({ mail: 'a' }), row({ surname: 'b' }), soft];
    const orders = [rows, [rows[2], rows[0], rows[1]], [rows[0], rows[2], rows[1]]];
    for (const order of orders) {
      assert.equal(foldUsers(order.filter((it) => it !== undefined)).get('u-1')?.isContested, true);
    }
  });
});
