import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { DirectoryUser } from '../../src/directory/directory-user.ts';
import { Ledger } from '../../src/provisioning/ledger.ts';
import type { Contact, Employee } from '../../src/provisioning/person.ts';
import { isEmployee, recordChange, recordValues } from '../../src/provisioning/record-change.ts';
import { undoRecordChange } from '../../src/reconciliation/undo-record.ts';
import { aContact, anEmployee, aRule, aUser, now, portalRule } from '../support/decision-fixtures.ts';
import { anyOrder, arrive, type Fact, factsOfEach, historySettings, type Told } from './directory-facts.ts';
import { Psa, rootOf } from './psa-model.ts';

/** Whom a directory may tell of; the name as the directory has it. */
interface Identity {
  readonly connectionId: string;
  readonly userName: string;
}

const [contoso, fabrikam] = ['contoso', 'fabrikam'];
const guestOf = (address: string): string => `${address.replace('@', '_')}#EXT#@contoso.onmicrosoft.com`;

/** People who have nothing to do with one another, at two connections; one of them is a guest (REQ-37). */
const strangers: readonly Identity[] = [
  { connectionId: contoso, userName: 'ada@contoso.com' },
  { connectionId: contoso, userName: guestOf('dee@home.example') },
  { connectionId: contoso, userName: 'bob@contoso.com' },
  { connectionId: fabrikam, userName: 'cyd@fabrikam.com' },
];
/** Everybody is called alike, and three of them have the same email. */
const rivals: readonly Identity[] = [
  { connectionId: contoso, userName: 'ada@contoso.com' },
  { connectionId: contoso, userName: guestOf('ada@contoso.com') },
  { connectionId: fabrikam, userName: 'ada@contoso.com' },
  { connectionId: fabrikam, userName: 'ada@fabrikam.com' },
];

const ruleId = (connectionId: string, group: number): string => `${connectionId}-${group}`;
const rules = [contoso, fabrikam].flatMap((connectionId) => [
  aRule({ id: ruleId(connectionId, 0), connectionId, order: 1 }),
  portalRule({ id: ruleId(connectionId, 1), connectionId, order: 2 }),
  aRule({ id: ruleId(connectionId, 2), connectionId, order: 3, securityRoleId: 'read-only' }),
]);

const localLogin = (username: string) => ({
  username,
  email: `${username}@contoso.com`,
  enabled: true,
  sessionsEndedAt: null,
});
const start = (rootEmail = 'root@contoso.com'): Psa =>
  new Psa(
    [
      rootOf(rootEmail),
      anEmployee({ id: 'local-bob', login: localLogin('bob') }),
      aContact({
        id: 'local-cyd',
        emails: [{ address: 'cyd@fabrikam.com', type: 'Work', isDefault: true }],
      }),
    ],
    rules,
  );

interface Mirrored {
  readonly user: DirectoryUser;
  readonly groups: readonly number[];
}

const blank = ({ connectionId, userName }: Identity, index: number): Mirrored => ({
  user: aUser({ id: `user-${index}`, connectionId, userName, attributes: {} }),
  groups: [],
});

/** The mirror after the fact; the same object when it says nothing new. */
function mirror(before: Mirrored, fact: Fact, { userName }: Identity): Mirrored {
  const { user, groups } = before;
  const change = (more: Partial<DirectoryUser>): Mirrored => ({
    ...before,
    user: { ...user, ...more, version: user.version + 1 },
  });
  switch (fact.kind) {
    case 'title':
      return change({ attributes: { ...user.attributes, title: fact.value } });
    case 'phone': {
      const phoneNumbers = [{ type: 'work', value: fact.value }];
      return change({ attributes: { ...user.attributes, phoneNumbers } });
    }
    case 'lastName':
      return change({ attributes: { ...user.attributes, name: { familyName: fact.value } } });
    case 'join':
      return groups.includes(fact.group) ? before : { ...before, groups: [...groups, fact.group] };
    case 'leave':
      return groups.includes(fact.group)
        ? { ...before, groups: groups.filter((it) => it !== fact.group) }
        : before;
    case 'disable':
      return change({ active: false });
    case 'enable':
      return change({ active: true, userName });
    case 'tombstone':
      return change({ active: false, userName: `${'0123456789abcdef'.repeat(2)}${userName}` });
    case 'delete':
      return user.deletedAt === null ? { ...change({ deletedAt: now }), groups: [] } : before;
    case 'restore':
      return user.deletedAt === null ? before : change({ deletedAt: null });
  }
}

/** A directory beside the PSA that it is told to. */
class Directory {
  readonly psa: Psa;
  readonly #identities: readonly Identity[];
  readonly #mirrored = new Map<number, Mirrored>();

  constructor(psa: Psa, identities: readonly Identity[]) {
    this.psa = psa;
    this.#identities = identities;
  }

  /** Answers what changed. A deleted user says nothing but that it is back. */
  tell({ who, fact, isRepeated }: Told) {
    const identity = this.#identities[who];
    assert.ok(identity);
    const before = this.#mirrored.get(who) ?? blank(identity, who);
    const isGone = before.user.deletedAt !== null && fact?.kind !== 'restore';
    const after = fact === null || isGone ? before : mirror(before, fact, identity);
    this.#mirrored.set(who, after);
    const ruleIds = after.groups.map((group) => ruleId(identity.connectionId, group));
    const cause = fact?.kind === 'join' || fact?.kind === 'leave' ? 'membership' : 'directory';
    const changed = this.psa.tell({ user: after.user, ruleIds, cause });
    if (isRepeated) this.psa.tell({ user: after.user, ruleIds, cause });
    if (isRepeated) this.psa.tell({ user: after.user, ruleIds, cause: 'replan' });
    return changed;
  }
}

const users = strangers.length;
const anyFacts = factsOfEach(users, 10);
const anOrder = anyOrder(users, 30);
const settings = historySettings(500);

describe('histories of two directories', () => {
  it('of people who have nothing in common end alike, however they are mixed and repeated (REQ-09, D-05)', () => {
    const end = (told: readonly Told[]): readonly string[] => {
      const directory = new Directory(start(), strangers);
      for (const one of told) directory.tell(one);
      return directory.psa.state();
    };
    fc.assert(
      fc.property(anyFacts, anOrder, anOrder, (facts, one, other) => {
        assert.deepEqual(end(arrive(facts, one)), end(arrive(facts, other)));
      }),
      settings,
    );
  });

  it('of one person lead to the same access and fields, in whatever order the last facts arrive (D-09)', () => {
    const lastFacts = fc
      .record({
        title: fc.option(fc.constantFrom('Engineer', 'Director')),
        phone: fc.option(fc.constantFrom('1', '2')),
        lastName: fc.option(fc.constantFrom('Doe', 'Roe')),
        groups: fc.subarray([0, 1, 2]),
      })
      .map(({ title, phone, lastName, groups }): readonly Fact[] => [
        ...(title === null ? [] : [{ kind: 'title' as const, value: title }]),
        ...(phone === null ? [] : [{ kind: 'phone' as const, value: phone }]),
        ...(lastName === null ? [] : [{ kind: 'lastName' as const, value: lastName }]),
        ...groups.map((group) => ({ kind: 'join' as const, group })),
      ]);
    const shuffled = lastFacts.chain((facts) =>
      fc.tuple(fc.shuffledSubarray([...facts], { minLength: facts.length }), fc.constant(facts)),
    );
    const end = (who: number, facts: readonly Fact[]): unknown => {
      const directory = new Directory(start(), strangers);
      for (const fact of [null, ...facts]) directory.tell({ who, fact, isRepeated: false });
      const person = directory.psa.signedInBy(`user-${who}`);
      if (person === null) return null;
      const { firstName, lastName, securityRoleId, winningRuleId } = person;
      const { username, email } = person.login ?? {};
      const phones = isEmployee(person) ? [person.phone] : person.phones.map(({ number }) => number);
      const title = directory.psa.titleOf(person);
      return { firstName, lastName, securityRoleId, winningRuleId, username, email, phones, title };
    };
    fc.assert(
      fc.property(fc.nat(users - 1), shuffled, (who, [one, other]) => {
        assert.deepEqual(end(who, one), end(who, other));
      }),
      settings,
    );
  });

  for (const [whose, identities] of [
    ['strangers', strangers],
    ['people with one name and one email', rivals],
  ] as const) {
    it(`of ${whose} leave one login each, nobody deleted and the root user untouched, at every step (REQ-16, REQ-33, A-22)`, () => {
      fc.assert(
        fc.property(anyFacts, anOrder, fc.boolean(), (facts, order, isRoot) => {
          const directory = new Directory(start(isRoot ? 'ada@contoso.com' : undefined), identities);
          const { psa } = directory;
          for (const one of arrive(facts, order)) {
            const known = [...psa.people.values()];
            directory.tell(one);
            psa.assertOneLoginEach();
            psa.assertRootKept();
            for (const { id, directoryUserId } of known) {
              const isAlive = psa.users.get(directoryUserId ?? '')?.deletedAt === null;
              const now = psa.people.get(id)?.directoryUserId;
              assert.ok(now !== undefined, 'nobody is deleted');
              if (isAlive) assert.equal(now, directoryUserId, 'nobody takes the record of another user');
            }
          }
        }),
        settings,
      );
    });

    it(`of ${whose} are undone step by step: every record is as it was, and what is new has no access`, () => {
      fc.assert(
        fc.property(anyFacts, anOrder, (facts, order) => {
          const directory = new Directory(start(), identities);
          for (const one of arrive(facts, order)) {
            const was = new Map(directory.psa.people);
            const changed = directory.tell({ ...one, isRepeated: false });
            assertUndone(directory.psa, was, changed);
          }
        }),
        settings,
      );
    });
  }
});

type Changed = ReturnType<Psa['tell']>;

/** Undoes in a ledger of its own, so that the history goes on. */
function assertUndone(psa: Psa, was: ReadonlyMap<string, Employee | Contact>, changed: Changed): void {
  const ledger = new Ledger(psa.facts());
  const references = changed.flatMap(({ before }) =>
    before === null ? [] : Object.values(recordValues(before)),
  );
  const existing = new Set(references.filter((it) => typeof it === 'string'));
  const facts = { ledger, now, existing, administratorIds: new Set(['root']) };
  for (const { before, after } of changed.toReversed())
    assert.deepEqual(undoRecordChange(recordChange(before, after), facts), []);
  for (const { before, after } of changed) {
    const undone = ledger.employee(after.id) ?? ledger.contact(after.id);
    assert.ok(undone);
    const former = was.get(after.id);
    assert.equal(former, before ?? undefined);
    if (former !== undefined) assert.deepEqual(recordValues(undone), recordValues(former));
    else assert.deepEqual([undone.status, undone.login?.enabled ?? false], ['inactive', false]);
  }
}
