import { caseKey } from './directory-identity.ts';
import type { CaseFacts, LinkedIdentity } from './facts.ts';
import type { Contact, Employee } from './person.ts';

/** The records that decisions of one unit of work have made or changed. */
export interface LedgerChanges {
  readonly jobTitles: readonly { readonly id: string; readonly name: string }[];
  readonly employees: readonly Employee[];
  readonly contacts: readonly Contact[];
}

/**
 * The facts as they stand after the decisions already taken in the same batch: two new people of one batch cannot both
 * take a username, and a freed name is free for the next one. Local to one unit of work, no I/O.
 */
export class Ledger {
  readonly facts: CaseFacts;
  readonly #employees = new Map<string, Employee>();
  readonly #contacts = new Map<string, Contact>();
  readonly #usernames: Map<string, string>;
  readonly #loginEmails: Map<string, string>;
  readonly #jobTitles: Map<string, string>;
  readonly #changedEmployees = new Set<string>();
  readonly #changedContacts = new Set<string>();
  readonly #identities: Map<string, LinkedIdentity>;
  readonly #newJobTitles: { id: string; name: string }[] = [];

  constructor(facts: CaseFacts) {
    this.facts = facts;
    for (const employee of facts.employees) this.#employees.set(employee.id, employee);
    for (const contact of facts.contacts) this.#contacts.set(contact.id, contact);
    this.#usernames = new Map(facts.usernames);
    this.#loginEmails = new Map(facts.loginEmails);
    this.#jobTitles = new Map(facts.jobTitles);
    this.#identities = new Map(facts.identities);
    for (const person of [...facts.employees, ...facts.contacts]) this.#hold(person);
  }

  employee(id: string): Employee | null {
    return this.#employees.get(id) ?? null;
  }

  /** The employee that this directory user is, archived ones aside. */
  employeeOf(directoryUserId: string): Employee | null {
    return this.#find(
      this.#employees,
      (it) => it.directoryUserId === directoryUserId && it.status !== 'archived',
    );
  }

  contactOf(directoryUserId: string): Contact | null {
    return this.#find(this.#contacts, (it) => it.directoryUserId === directoryUserId);
  }

  /** The employee of this directory user that was archived last and not yet succeeded, null when there is none. */
  archivedEmployeeOf(directoryUserId: string): Employee | null {
    let latest: Employee | null = null;
    for (const it of this.#employees.values()) {
      if (it.directoryUserId !== directoryUserId || it.status !== 'archived' || it.successorId !== null)
        continue;
      if (latest === null || (it.archivedAt ?? '') > (latest.archivedAt ?? '')) latest = it;
    }
    return latest;
  }

  /** The employee with this login email; never an archived one. */
  employeeByEmail(email: string): Employee | null {
    const key = caseKey(email);
    return this.#find(
      this.#employees,
      (it) => it.status !== 'archived' && it.login.email !== null && caseKey(it.login.email) === key,
    );
  }

  contactsByEmail(email: string): readonly Contact[] {
    const key = caseKey(email);
    const login = (it: Contact): boolean => it.login?.email != null && caseKey(it.login.email) === key;
    return [...this.#contacts.values()].filter(
      (it) => login(it) || it.emails.some((entry) => caseKey(entry.address) === key),
    );
  }

  /** The identity that a record is linked to; null when it is linked to none that still exists. */
  identityOf(record: Employee | Contact): LinkedIdentity | null {
    return record.directoryUserId === null ? null : (this.#identities.get(record.directoryUserId) ?? null);
  }

  usernameHolder(username: string): string | null {
    return this.#usernames.get(caseKey(username)) ?? null;
  }

  emailHolder(email: string): string | null {
    return this.#loginEmails.get(caseKey(email)) ?? null;
  }

  jobTitleId(name: string): string | null {
    return this.#jobTitles.get(caseKey(name)) ?? null;
  }

  addJobTitle(id: string, name: string): void {
    this.#jobTitles.set(caseKey(name), id);
    this.#newJobTitles.push({ id, name });
  }

  putEmployee(employee: Employee): void {
    const before = this.#employees.get(employee.id);
    if (before) this.#release(before);
    this.#employees.set(employee.id, employee);
    this.#changedEmployees.add(employee.id);
    this.#hold(employee);
    this.#link(employee);
  }

  putContact(contact: Contact): void {
    const before = this.#contacts.get(contact.id);
    if (before) this.#release(before);
    this.#contacts.set(contact.id, contact);
    this.#changedContacts.add(contact.id);
    this.#hold(contact);
    this.#link(contact);
  }

  changes(): LedgerChanges {
    return {
      jobTitles: this.#newJobTitles,
      employees: [...this.#employees.values()].filter((it) => this.#changedEmployees.has(it.id)),
      contacts: [...this.#contacts.values()].filter((it) => this.#changedContacts.has(it.id)),
    };
  }

  #find<Item>(items: ReadonlyMap<string, Item>, wanted: (item: Item) => boolean): Item | null {
    for (const item of items.values()) if (wanted(item)) return item;
    return null;
  }

  /** Who was linked in this batch is a live identity for everybody decided after it. */
  #link(person: Employee | Contact): void {
    const id = person.directoryUserId;
    if (id !== null && !this.#identities.has(id)) {
      this.#identities.set(id, { directoryUserId: id, connectionId: '', deleted: false });
    }
  }

  #hold(person: Employee | Contact): void {
    if (person.login?.username != null) this.#usernames.set(caseKey(person.login.username), person.id);
    if (person.login?.email != null) this.#loginEmails.set(caseKey(person.login.email), person.id);
  }

  #release(person: Employee | Contact): void {
    const { username = null, email = null } = person.login ?? {};
    if (username !== null && this.usernameHolder(username) === person.id)
      this.#usernames.delete(caseKey(username));
    if (email !== null && this.emailHolder(email) === person.id) this.#loginEmails.delete(caseKey(email));
  }
}
