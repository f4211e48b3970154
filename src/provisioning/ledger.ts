import { caseKey } from './directory-identity.ts';
import type { CaseFacts, LinkedIdentity } from './facts.ts';
import type { Contact, Employee } from './person.ts';

/** The records that decisions of one unit of work have made or changed. */
export interface LedgerChanges {
  readonly jobTitles: readonly { readonly id: string; readonly name: string }[];
  readonly employees: readonly Employee[];
  readonly contacts: readonly Contact[];
}

export interface ChangedPerson {
  readonly before: Employee | Contact | null;
  readonly after: Employee | Contact;
}

/**
 * The facts as they stand after the decisions already taken in the same batch: two new people of one batch cannot both
 * take a username, and a freed name is free for the next one. Local to one unit of work, no I/O.
 */
export class Ledger {
  #facts: CaseFacts;
  readonly #employees = new Map<string, Employee>();
  readonly #contacts = new Map<string, Contact>();
  /** Directory user id → ids of employees and contacts linked to it. */
  readonly #linked = new IdIndex();
  /** Address key → ids of the people that log in with it or have it among their addresses. */
  readonly #addressed = new IdIndex();
  readonly #usernames = new Map<string, string>();
  readonly #loginEmails = new Map<string, string>();
  readonly #jobTitles = new Map<string, string>();
  readonly #changedEmployees = new Set<string>();
  readonly #changedContacts = new Set<string>();
  readonly #identities = new Map<string, LinkedIdentity>();
  readonly #known = new Set<string>();
  /** The changed records as they were; null for new ones. */
  readonly #originals = new Map<string, Employee | Contact | null>();
  readonly #newJobTitles: { id: string; name: string }[] = [];

  constructor(facts: CaseFacts) {
    this.#facts = facts;
    this.absorb(facts);
  }

  /** Of the people that are being decided now. */
  get facts(): CaseFacts {
    return this.#facts;
  }

  /** Goes on with other people. What is known already, and what was decided, stands against older facts. */
  absorb(facts: CaseFacts): void {
    this.#facts = facts;
    for (const [key, personId] of facts.usernames) this.#learnName(this.#usernames, key, personId);
    for (const [key, personId] of facts.loginEmails) this.#learnName(this.#loginEmails, key, personId);
    for (const [key, id] of facts.jobTitles) if (!this.#jobTitles.has(key)) this.#jobTitles.set(key, id);
    for (const [id, identity] of facts.identities) this.#learnIdentity(id, identity);
    for (const person of [...facts.employees, ...facts.contacts]) this.#learnPerson(person);
  }

  /** True for a record that no facts told of: a decision made it. */
  isNew(personId: string): boolean {
    return !this.#known.has(personId);
  }

  employee(id: string): Employee | null {
    return this.#employees.get(id) ?? null;
  }

  contact(id: string): Contact | null {
    return this.#contacts.get(id) ?? null;
  }

  /** The employee that this directory user is, archived ones aside. */
  employeeOf(directoryUserId: string): Employee | null {
    return this.#employeesAmong(this.#linked.idsOf(directoryUserId)).find(isCurrent) ?? null;
  }

  contactOf(directoryUserId: string): Contact | null {
    return this.#contactsAmong(this.#linked.idsOf(directoryUserId))[0] ?? null;
  }

  /** The employee of this directory user that was archived last and not yet succeeded, null when there is none. */
  archivedEmployeeOf(directoryUserId: string): Employee | null {
    let latest: Employee | null = null;
    for (const it of this.#employeesAmong(this.#linked.idsOf(directoryUserId))) {
      if (it.status !== 'archived' || it.successorId !== null) continue;
      if (latest === null || (it.archivedAt ?? '') > (latest.archivedAt ?? '')) latest = it;
    }
    return latest;
  }

  /** Ids of all records linked to this directory user, archived ones among them. */
  recordIdsOf(directoryUserId: string): readonly string[] {
    return this.#linked.idsOf(directoryUserId);
  }

  /** The employee with this login email; never an archived one. */
  employeeByEmail(email: string): Employee | null {
    return this.#employeesAmong(this.#addressed.idsOf(caseKey(email))).find(isCurrent) ?? null;
  }

  /** In id order. */
  contactsByEmail(email: string): readonly Contact[] {
    return this.#contactsAmong(this.#addressed.idsOf(caseKey(email)));
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
    this.#changedEmployees.add(employee.id);
    this.#remember(employee.id);
    this.#replace(this.#employees.get(employee.id), employee);
  }

  putContact(contact: Contact): void {
    this.#changedContacts.add(contact.id);
    this.#remember(contact.id);
    this.#replace(this.#contacts.get(contact.id), contact);
  }

  changes(): LedgerChanges {
    return {
      jobTitles: this.#newJobTitles,
      employees: [...this.#employees.values()].filter((it) => this.#changedEmployees.has(it.id)),
      contacts: [...this.#contacts.values()].filter((it) => this.#changedContacts.has(it.id)),
    };
  }

  /** Each changed record once: as the facts told of it, and as it is now. */
  changedPeople(): readonly ChangedPerson[] {
    return [...this.#originals].flatMap(([id, before]) => {
      const after = this.#employees.get(id) ?? this.#contacts.get(id);
      return after === undefined ? [] : [{ before, after }];
    });
  }

  #remember(id: string): void {
    if (this.#originals.has(id)) return;
    this.#originals.set(id, this.#employees.get(id) ?? this.#contacts.get(id) ?? null);
  }

  #employeesAmong(ids: readonly string[]): readonly Employee[] {
    return ids.map((id) => this.#employees.get(id)).filter((it) => it !== undefined);
  }

  #contactsAmong(ids: readonly string[]): readonly Contact[] {
    return ids.map((id) => this.#contacts.get(id)).filter((it) => it !== undefined);
  }

  #learnPerson(person: Employee | Contact): void {
    if (this.#known.has(person.id)) return;
    this.#known.add(person.id);
    this.#enter(person);
  }

  #enter(person: Employee | Contact): void {
    if ('isRoot' in person) this.#employees.set(person.id, person);
    else this.#contacts.set(person.id, person);
    if (person.directoryUserId !== null) this.#linked.add(person.directoryUserId, person.id);
    for (const key of addressKeys(person)) this.#addressed.add(key, person.id);
    this.#hold(person);
  }

  #replace(before: Employee | Contact | undefined, after: Employee | Contact): void {
    if (before) {
      if (before.directoryUserId !== null) this.#linked.remove(before.directoryUserId, before.id);
      for (const key of addressKeys(before)) this.#addressed.remove(key, before.id);
      this.#release(before);
    }
    this.#enter(after);
    this.#link(after);
  }

  /** Who was linked in this batch is a live identity for everybody decided after it. */
  #link(person: Employee | Contact): void {
    const id = person.directoryUserId;
    if (id !== null) this.#learnIdentity(id, { directoryUserId: id, connectionId: '', deleted: false });
  }

  #learnIdentity(id: string, identity: LinkedIdentity): void {
    if (!this.#identities.has(id)) this.#identities.set(id, identity);
  }

  /** A person that is known already holds what its record says. */
  #learnName(names: Map<string, string>, key: string, personId: string): void {
    if (names.has(key) || this.#employees.has(personId) || this.#contacts.has(personId)) return;
    names.set(key, personId);
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

const isCurrent = (employee: Employee): boolean => employee.status !== 'archived';

/** A key may come twice. */
function addressKeys(person: Employee | Contact): readonly string[] {
  const own = 'emails' in person ? person.emails.map(({ address }) => caseKey(address)) : [];
  const email = person.login?.email ?? null;
  return email === null ? own : own.concat(caseKey(email));
}

/** Key → ids, in id order. */
class IdIndex {
  readonly #ids = new Map<string, readonly string[]>();

  idsOf(key: string): readonly string[] {
    return this.#ids.get(key) ?? [];
  }

  add(key: string, id: string): void {
    const ids = this.idsOf(key);
    if (ids.includes(id)) return;
    this.#ids.set(key, ids.length === 0 ? [id] : ids.concat(id).sort());
  }

  remove(key: string, id: string): void {
    const left = this.idsOf(key).filter((it) => it !== id);
    if (left.length === 0) this.#ids.delete(key);
    else this.#ids.set(key, left);
  }
}
