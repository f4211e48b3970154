import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { DirectoryUser } from '../../src/directory/directory-user.ts';
import { decide } from '../../src/provisioning/decide.ts';
import type { CaseFacts } from '../../src/provisioning/facts.ts';
import { Ledger } from '../../src/provisioning/ledger.ts';
import type { Contact, Employee } from '../../src/provisioning/person.ts';
import type { ReconcileCause } from '../../src/provisioning/reconcile-cause.ts';
import { anEmployee, aRule, aUser, factsOf, now, portalRule } from '../support/decision-fixtures.ts';

const names = ['ada', 'bob', 'cyd'] as const;
const titles = [null, 'Engineer', 'Director'] as const;
const rules = [
  aRule({ id: 'technicians', order: 1 }),
  portalRule({ id: 'customers', order: 2 }),
  aRule({ id: 'readers', order: 3, securityRoleId: 'read-only' }),
];
const ruleIds = rules.map(({ id }) => id);

/** What the directory says about one user. */
interface Facts {
  readonly active: boolean;
  readonly deleted: boolean;
  readonly title: (typeof titles)[number];
  readonly phone: string | null;
  readonly groups: readonly string[];
}

interface Step {
  readonly who: number;
  readonly facts: Facts;
  readonly cause: ReconcileCause;
}

const anyFacts: fc.Arbitrary<Facts> = fc.record({
  active: fc.boolean(),
  deleted: fc.boolean(),
  title: fc.constantFrom(...titles),
  phone: fc.constantFrom(null, '1', '2'),
  groups: fc.subarray(ruleIds),
});
const anyStep: fc.Arbitrary<Step> = fc.record({
  who: fc.nat(names.length - 1),
  facts: anyFacts,
  cause: fc.constantFrom<ReconcileCause>('directory', 'membership', 'ruleChange', 'replan'),
});
const anyHistory = fc.array(anyStep, { maxLength: 12 });

const root = anEmployee({
  id: 'root',
  isRoot: true,
  securityRoleId: 'administrator',
  login: { username: 'ada', email: 'ada@contoso.com', enabled: true, sessionsEndedAt: null },
});

/** The PSA as the core alone sees it: the records, and what the directory said last. */
class Psa {
  readonly people = new Map<string, Employee | Contact>();
  readonly users = new Map<string, DirectoryUser>();
  readonly #memberRules = new Map<string, readonly string[]>();
  readonly #titles = new Map<string, string>([['engineer', 'engineer-title']]);
  #serial = 0;

  constructor(people: readonly (Employee | Contact)[]) {
    for (const person of people) this.people.set(person.id, person);
  }

  get employees(): readonly Employee[] {
    return [...this.people.values()].filter((it): it is Employee => 'isRoot' in it);
  }

  get contacts(): readonly Contact[] {
    return [...this.people.values()].filter((it): it is Contact => 'emails' in it);
  }

  take({ who, facts, cause }: Step): void {
    const user = userOf(who, facts);
    const previous = this.users.get(user.id) ?? null;
    this.users.set(user.id, user);
    this.#memberRules.set(user.id, facts.groups);
    const ledger = new Ledger(this.#facts());
    decide({ user, previous: cause === 'directory' ? previous : null, cause }, ledger, {
      now,
      newId: () => `new-${++this.#serial}`,
    });
    const changes = ledger.changes();
    for (const person of [...changes.employees, ...changes.contacts]) this.people.set(person.id, person);
    for (const { id, name } of changes.jobTitles) this.#titles.set(name.toLowerCase(), id);
  }

  /** Without ids, which depend on the order in which records were made. */
  state(): unknown {
    const titleNames = new Map([...this.#titles].map(([name, id]) => [id, name]));
    const told = [...this.people.values()].map((person) => ({
      ...person,
      id: 'isRoot' in person && person.isRoot ? 'root' : '',
      ...('isRoot' in person
        ? {
            jobTitleId: titleNames.get(person.jobTitleId ?? '') ?? person.jobTitleId,
            predecessorId: person.predecessorId !== null,
            successorId: person.successorId !== null,
          }
        : {}),
    }));
    return told.map((person) => JSON.stringify(person)).sort();
  }

  #facts(): CaseFacts {
    const users = [...this.users.values()];
    return factsOf({
      rules,
      employees: this.employees,
      contacts: this.contacts,
      users,
      facts: {
        memberRules: this.#memberRules,
        jobTitles: this.#titles,
        identities: new Map(
          users.map(({ id, connectionId, deletedAt }) => [
            id,
            { directoryUserId: id, connectionId, deleted: deletedAt !== null },
          ]),
        ),
      },
    });
  }
}

function userOf(who: number, facts: Facts): DirectoryUser {
  const name = names[who] ?? names[0];
  return aUser({
    id: `user-${name}`,
    userName: `${name}@contoso.com`,
    active: facts.active,
    deletedAt: facts.deleted ? now : null,
    attributes: {
      name: { givenName: name, familyName: 'Doe' },
      ...(facts.title === null ? {} : { title: facts.title }),
      ...(facts.phone === null ? {} : { phoneNumbers: [{ type: 'work', value: facts.phone }] }),
    },
  });
}

/** Throws when two could log in as the same person, by email, by name or by directory identity. */
function assertOneLoginEach(psa: Psa): void {
  const seen = new Set<string>();
  const claim = (kind: string, key: string | null | undefined): void => {
    if (key == null) return;
    const claimed = `${kind} ${key.toLowerCase()}`;
    assert.ok(!seen.has(claimed), `${claimed} is held twice`);
    seen.add(claimed);
  };
  for (const { login, directoryUserId } of psa.people.values()) {
    claim('username', login?.username);
    claim('email', login?.email);
    if (login?.enabled) claim('enabled login of', directoryUserId);
  }
}

const settings = { numRuns: 1500, seed: 20_261_127 };
const start = (): Psa => new Psa([root]);

describe('any history of the directory', () => {
  it('REQ-33 leaves at most one enabled login per person, email and username, at every step', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const psa = start();
        for (const step of history) {
          psa.take(step);
          assertOneLoginEach(psa);
        }
      }),
      settings,
    );
  });

  it('REQ-16 deletes nobody at any step, and changes no id', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const psa = start();
        for (const step of history) {
          const before = [...psa.people.keys()];
          psa.take(step);
          assert.ok(before.every((id) => psa.people.has(id)));
        }
      }),
      settings,
    );
  });

  it('REQ-58 A-22 leaves the root user active, enabled and with its role', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const psa = start();
        for (const step of history) {
          psa.take(step);
          const kept = psa.people.get('root') as Employee;
          assert.deepEqual(
            [kept.status, kept.login.enabled, kept.securityRoleId],
            ['active', true, 'administrator'],
          );
        }
      }),
      settings,
    );
  });

  it('REQ-09 changes nothing when the last facts are told again, however often and for whatever cause', () => {
    fc.assert(
      fc.property(anyHistory, anyStep, fc.array(anyStep, { maxLength: 4 }), (history, last, again) => {
        const psa = start();
        for (const step of [...history, last]) psa.take(step);
        psa.take({ ...last, cause: 'directory' });
        const settled = psa.state();
        for (const { cause } of again) psa.take({ ...last, cause });
        assert.deepEqual(psa.state(), settled);
      }),
      settings,
    );
  });

  it('ends in the same PSA state whatever the order and repetition in which the facts of people arrive', () => {
    const told = fc.tuple(anyFacts, anyFacts, anyFacts);
    const order = fc.array(fc.nat(names.length - 1), { maxLength: 8 });
    fc.assert(
      fc.property(told, order, order, (facts, one, other) => {
        const end = (telling: readonly number[]): unknown => {
          const psa = start();
          for (const who of [...telling, 0, 1, 2]) {
            psa.take({ who, facts: facts[who] ?? facts[0], cause: 'directory' });
          }
          return psa.state();
        };
        assert.deepEqual(end(one), end(other));
      }),
      settings,
    );
  });

  it('D-07 gives a login exactly to those who are active and under a rule once everything is told', () => {
    fc.assert(
      fc.property(anyHistory, anyFacts, fc.constantFrom(1, 2), (history, facts, who) => {
        const psa = start();
        for (const step of history) psa.take(step);
        psa.take({ who, facts, cause: 'directory' });
        const id = userOf(who, facts).id;
        const enabled = [...psa.people.values()].filter(
          (it) => it.directoryUserId === id && it.login?.enabled === true,
        );
        const isWanted = facts.active && !facts.deleted && facts.groups.length > 0;
        assert.equal(enabled.length, isWanted ? 1 : 0);
      }),
      settings,
    );
  });
});
