import assert from 'node:assert/strict';
import type { DirectoryUser } from '../../src/directory/directory-user.ts';
import type { MappingRule } from '../../src/mapping/mapping-rule.ts';
import { decide } from '../../src/provisioning/decide.ts';
import type { CaseFacts } from '../../src/provisioning/facts.ts';
import { type ChangedPerson, Ledger } from '../../src/provisioning/ledger.ts';
import type { Contact, Employee } from '../../src/provisioning/person.ts';
import type { ReconcileCause } from '../../src/provisioning/reconcile-cause.ts';
import { isEmployee } from '../../src/provisioning/record-change.ts';
import { anEmployee, factsOf, now } from '../support/decision-fixtures.ts';

export interface Telling {
  readonly user: DirectoryUser;
  readonly ruleIds: readonly string[];
  readonly cause: ReconcileCause;
}

export const rootOf = (email: string): Employee =>
  anEmployee({
    id: 'root',
    isRoot: true,
    securityRoleId: 'administrator',
    login: { username: email.split('@')[0] ?? email, email, enabled: true, sessionsEndedAt: null },
  });

/** The PSA as the core alone sees it: the records, and what the directory said last. */
export class Psa {
  readonly people = new Map<string, Employee | Contact>();
  readonly users = new Map<string, DirectoryUser>();
  readonly #rules: readonly MappingRule[];
  readonly #memberRules = new Map<string, readonly string[]>();
  readonly #titles = new Map<string, string>([['engineer', 'engineer-title']]);
  #serial = 0;

  constructor(people: readonly (Employee | Contact)[], rules: readonly MappingRule[]) {
    this.#rules = rules;
    for (const person of people) this.people.set(person.id, person);
  }

  /** Answers the records that changed. */
  tell({ user, ruleIds, cause }: Telling): readonly ChangedPerson[] {
    const previous = this.users.get(user.id) ?? null;
    this.users.set(user.id, user);
    this.#memberRules.set(user.id, ruleIds);
    const ledger = new Ledger(this.facts());
    decide({ user, previous: cause === 'directory' ? previous : null, cause }, ledger, {
      now,
      newId: () => `new-${++this.#serial}`,
    });
    this.take(ledger);
    return ledger.changedPeople();
  }

  take(ledger: Ledger): void {
    const changes = ledger.changes();
    for (const person of [...changes.employees, ...changes.contacts]) this.people.set(person.id, person);
    for (const { id, name } of changes.jobTitles) this.#titles.set(name.toLowerCase(), id);
  }

  /** The one record by which the directory user signs in; null when there is none. */
  signedInBy(userId: string): Employee | Contact | null {
    const [record, ...others] = [...this.people.values()].filter(
      (it) => it.directoryUserId === userId && it.login?.enabled === true,
    );
    assert.deepEqual(others, []);
    return record ?? null;
  }

  titleOf(person: Employee | Contact): string | null {
    if (!isEmployee(person)) return person.jobTitle?.toLowerCase() ?? null;
    const [name] = [...this.#titles].find(([, id]) => id === person.jobTitleId) ?? [];
    return name ?? person.jobTitleId;
  }

  /** Without ids, which depend on the order in which records were made. */
  state(): readonly string[] {
    const told = [...this.people.values()].map((person) => ({
      ...person,
      id: isEmployee(person) && person.isRoot ? 'root' : '',
      ...(isEmployee(person)
        ? {
            jobTitleId: this.titleOf(person),
            predecessorId: person.predecessorId !== null,
            successorId: person.successorId !== null,
          }
        : {}),
    }));
    return told.map((person) => JSON.stringify(person)).sort();
  }

  /** Throws when two could log in as the same person, by email, by name or by directory identity. */
  assertOneLoginEach(): void {
    const seen = new Set<string>();
    const claim = (kind: string, key: string | null | undefined): void => {
      if (key == null) return;
      const claimed = `${kind} ${key.toLowerCase()}`;
      assert.ok(!seen.has(claimed), `${claimed} is held twice`);
      seen.add(claimed);
    };
    for (const { login, directoryUserId } of this.people.values()) {
      claim('username', login?.username);
      claim('email', login?.email);
      if (login?.enabled) claim('enabled login of', directoryUserId);
    }
  }

  assertRootKept(): void {
    const root = this.people.get('root');
    assert.ok(root !== undefined && isEmployee(root));
    assert.deepEqual(
      [root.status, root.login.enabled, root.securityRoleId],
      ['active', true, 'administrator'],
    );
  }

  facts(): CaseFacts {
    const users = [...this.users.values()];
    const people = [...this.people.values()];
    const identities = users.map(({ id, connectionId, deletedAt }) => {
      const identity = { directoryUserId: id, connectionId, deleted: deletedAt !== null };
      return [id, identity] as const;
    });
    const administrator = { id: 'administrator', name: 'Administrator', isAdministrator: true };
    return factsOf({
      rules: this.#rules,
      employees: people.filter(isEmployee),
      contacts: people.filter((it): it is Contact => !isEmployee(it)),
      users,
      facts: {
        memberRules: this.#memberRules,
        jobTitles: this.#titles,
        identities: new Map(identities),
        securityRoles: new Map([[administrator.id, administrator]]),
      },
    });
  }
}
