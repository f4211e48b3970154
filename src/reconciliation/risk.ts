import type { Decision } from '../provisioning/case.ts';
import type { HeldCause, HeldEffect } from '../provisioning/held-change.ts';
import type { Ledger } from '../provisioning/ledger.ts';
import type { Contact, Employee } from '../provisioning/person.ts';
import type { FieldChange } from '../provisioning/provisioning-event.ts';
import { canLogIn, hasPortal, linkedRecords, type PersonBefore, type Records } from './person-change.ts';

/** What of a decision needs to be asked about. */
export interface Risk {
  readonly effect: HeldEffect;
  /** `guard`: only where there are too many of them; everything else is always stopped. */
  readonly cause: HeldCause;
  readonly reason: string;
  readonly employeeId: string | null;
  readonly contactId: string | null;
  readonly changes: readonly FieldChange[];
}

/** Null for a decision that harms nobody. To be asked right after the decision was made in the ledger. */
export function riskOf(before: PersonBefore, decision: Decision, ledger: Ledger): Risk | null {
  const [event] = decision.events;
  const named = { employeeId: event?.employeeId ?? null, contactId: event?.contactId ?? null };
  const changes = decision.events.flatMap((it) => it.changes);
  if (event?.action === 'conflict') {
    return { ...named, effect: 'merge', cause: 'conflict', reason: event.reason, changes };
  }
  if (event?.action === 'held') {
    return { ...named, effect: 'convert', cause: 'root', reason: event.reason, changes };
  }
  const touched = before.lookalikes.filter((it) => isTakenOver(it, before, ledger));
  const shield = shieldReason(before, touched, ledger);
  if (shield !== null) return { ...named, effect: 'merge', cause: 'takeoverShield', reason: shield, changes };
  const now = linkedRecords(before.subject.user.id, ledger);
  const was: Records = {
    employee: before.employee ?? touched.find(isEmployee) ?? null,
    contact: before.contact ?? touched.find(isContact) ?? null,
  };
  const records = { employeeId: was.employee?.id ?? null, contactId: was.contact?.id ?? null };
  if (isConversion(was, now, ledger)) {
    return { ...records, effect: 'convert', cause: 'guard', reason: event?.reason ?? '', changes };
  }
  if (!canLogIn(was) || canLogIn(now)) return null;
  const effect = decision.outcome === 'inactive' ? 'deactivate' : 'revokeAccess';
  return { ...records, effect, cause: 'guard', reason: event?.reason ?? '', changes };
}

const isEmployee = (it: Employee | Contact): it is Employee => 'isRoot' in it;
const isContact = (it: Employee | Contact): it is Contact => !isEmployee(it);

const current = (it: Employee | Contact, ledger: Ledger): Employee | Contact | null =>
  isEmployee(it) ? ledger.employee(it.id) : ledger.contact(it.id);

/** A record of nobody or of somebody else that the decision has changed. */
const isTakenOver = (it: Employee | Contact, { subject }: PersonBefore, ledger: Ledger): boolean =>
  it.directoryUserId !== subject.user.id && current(it, ledger) !== it;

function isConversion(was: Records, now: Records, ledger: Ledger): boolean {
  if (was.employee !== null && ledger.employee(was.employee.id)?.status === 'archived') return true;
  return hasPortal(was.contact) && now.employee !== null && was.employee === null;
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

/**
 * Whoever can name an address at some identity provider must not get the record of the person who has it: where the
 * verified domains of a connection are known, it takes over records of its own domains only.
 */
function shieldReason(
  { subject }: PersonBefore,
  touched: readonly (Employee | Contact)[],
  ledger: Ledger,
): string | null {
  const { email } = subject.identity;
  if (touched.length === 0 || email === null) return null;
  const { user } = subject;
  const former = touched.filter(isEmployee).map((it) => ledger.identityOf(it));
  if (former.some((it) => it !== null && it.connectionId !== '' && it.connectionId !== user.connectionId)) {
    return `${email} belongs to an employee that came from another connection.`;
  }
  const { verifiedDomains = [], allowedExternalDomains = [] } =
    ledger.facts.connections.get(user.connectionId) ?? {};
  const known = [...verifiedDomains, ...allowedExternalDomains].map((domain) => domain.toLowerCase());
  if (verifiedDomains.length === 0 || known.includes(domainOf(email))) return null;
  return (
    `${email} is not of a domain that the connection has verified or that is allowed for it, and a record with this ` +
    'address exists already.'
  );
}
