import type { Subject } from './case.ts';
import { caseKey } from './directory-identity.ts';
import type { Ledger } from './ledger.ts';
import type { Contact, Employee } from './person.ts';

/** Which PSA record is this person: by link, else by email for the first match only (REQ-07, D-05). */
export type IdentityMatch<Record> =
  | { readonly kind: 'none' }
  | { readonly kind: 'linked'; readonly record: Record }
  | { readonly kind: 'email'; readonly record: Record }
  /** Nothing may be written until an administrator has decided. */
  | { readonly kind: 'conflict'; readonly reason: string; readonly record: Record };

/** True when another live directory user holds the record: a person has at most one directory identity. */
export function isTaken(subject: Subject, ledger: Ledger, record: Employee | Contact): boolean {
  if (record.directoryUserId === null || record.directoryUserId === subject.user.id) return false;
  const identity = ledger.identityOf(record);
  return identity !== null && !identity.deleted;
}

const takenReason = (email: string): string =>
  `${email} belongs to a record that another directory user is linked to already.`;

export function findEmployee(subject: Subject, ledger: Ledger): IdentityMatch<Employee> {
  const linked = ledger.employeeOf(subject.user.id);
  if (linked) return { kind: 'linked', record: linked };
  const { email } = subject.identity;
  const record = email === null ? null : ledger.employeeByEmail(email);
  if (email === null || record === null) return { kind: 'none' };
  if (isTaken(subject, ledger, record)) return { kind: 'conflict', reason: takenReason(email), record };
  return { kind: 'email', record };
}

export function findContact(subject: Subject, ledger: Ledger): IdentityMatch<Contact> {
  const linked = ledger.contactOf(subject.user.id);
  if (linked) return { kind: 'linked', record: linked };
  const { email } = subject.identity;
  const candidates = email === null ? [] : bestContacts(ledger.contactsByEmail(email), email);
  const [record, second] = candidates;
  if (email === null || record === undefined) return { kind: 'none' };
  if (second !== undefined) {
    return {
      kind: 'conflict',
      reason: `${candidates.length} contacts hold ${email}; none was changed.`,
      record,
    };
  }
  if (isTaken(subject, ledger, record)) return { kind: 'conflict', reason: takenReason(email), record };
  return { kind: 'email', record };
}

/** Active before inactive, default address before another one. */
function bestContacts(candidates: readonly Contact[], email: string): readonly Contact[] {
  const rank = (it: Contact): number => {
    const isDefault = it.emails.some((entry) => entry.isDefault && caseKey(entry.address) === caseKey(email));
    return (it.status === 'active' ? 2 : 0) + (isDefault ? 1 : 0);
  };
  const best = Math.max(...candidates.map(rank));
  return candidates.filter((it) => rank(it) === best);
}
