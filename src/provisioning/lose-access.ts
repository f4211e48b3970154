import type { Decision, Moment, Outcome, Subject } from './case.ts';
import { withContactFields } from './contact-values.ts';
import { withDirectoryFields } from './employee-values.ts';
import type { Ledger } from './ledger.ts';
import type { Contact, Employee, Login } from './person.ts';
import type { EventDraft } from './provisioning-event.ts';
import { contactEvent, employeeEvent, personEvent } from './record-event.ts';

/** A login after access has ended: sessions opened before now are over (D-08). */
export const closedLogin = (login: Login, now: string): Login =>
  login.enabled ? { ...login, enabled: false, sessionsEndedAt: now } : login;

interface Withdrawal {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly employee: (before: Employee) => Employee;
  readonly contact: (before: Contact) => Contact;
}

/** Both records of the person lose access; nothing is ever deleted. The root user is exempt (REQ-58, A-22). */
function withdraw(subject: Subject, ledger: Ledger, moment: Moment, withdrawal: Withdrawal): Decision {
  const events: EventDraft[] = [];
  const { reason } = withdrawal;
  const employee = ledger.employeeOf(subject.user.id);
  if (employee?.isRoot) {
    const followed = followDirectory(subject, employee, ledger, moment);
    // Access stays, but not as if the rule still were the reason for it.
    const isFreed = withdrawal.outcome === 'noRule' && followed.winningRuleId !== null;
    const after = isFreed ? { ...followed, winningRuleId: null } : followed;
    if (after !== employee) ledger.putEmployee({ ...after, updatedAt: moment.now });
    const act = { action: null, reason: `${reason} The root user is exempt.` };
    events.push(...employeeEvent(subject, employee, after, act));
  } else if (employee) {
    const after = withdrawal.employee(followDirectory(subject, employee, ledger, moment));
    const drafts = employeeEvent(subject, employee, after, { action: null, reason });
    if (drafts.length > 0) ledger.putEmployee({ ...after, updatedAt: moment.now });
    events.push(...drafts);
  }
  const contact = ledger.contactOf(subject.user.id);
  // Beside an employee the contact is a CRM person without login: nothing to withdraw.
  if (contact && (employee === null || contact.login !== null)) {
    const follows = subject.cause === 'directory' && subject.user.deletedAt === null;
    const after = withdrawal.contact(follows ? withContactFields(contact, subject, ledger) : contact);
    const drafts = contactEvent(subject, contact, after, { action: null, reason });
    if (drafts.length > 0) ledger.putContact({ ...after, updatedAt: moment.now });
    events.push(...drafts);
  }
  return { outcome: withdrawal.outcome, winningRule: subject.winner, events };
}

const followDirectory = (subject: Subject, employee: Employee, ledger: Ledger, moment: Moment): Employee =>
  subject.cause === 'directory' && subject.user.deletedAt === null
    ? withDirectoryFields(employee, subject, ledger, moment)
    : employee;

/** Disabled, unassigned, deleted upstream: deactivated here, never deleted (REQ-16). */
export function leaveDirectory(subject: Subject, ledger: Ledger, moment: Moment): Decision {
  const gone = subject.user.deletedAt !== null;
  return withdraw(subject, ledger, moment, {
    outcome: 'inactive',
    reason: gone ? 'Deleted in the directory.' : 'Disabled in the directory.',
    employee: (before) =>
      before.status === 'active'
        ? {
            ...before,
            status: 'inactive',
            inactivatedBy: 'sync',
            login: closedLogin(before.login, moment.now),
          }
        : before,
    contact: (before) =>
      before.status === 'active'
        ? {
            ...before,
            status: 'inactive',
            inactivatedBy: 'sync',
            login: before.login && closedLogin(before.login, moment.now),
          }
        : before,
  });
}

/**
 * No mapping rule: no access (REQ-57, A-21). A record that was never under a rule stays as it is, since identity
 * providers send people first and groups later.
 */
export function loseRule(subject: Subject, ledger: Ledger, moment: Moment): Decision {
  const known = ledger.employeeOf(subject.user.id) ?? ledger.contactOf(subject.user.id);
  if (known === null) return { outcome: 'noRule', winningRule: null, events: [] };
  return withdraw(subject, ledger, moment, {
    outcome: 'noRule',
    reason: 'No mapping rule applies.',
    ...ungoverned(moment),
  });
}

/**
 * The rule asks for the other kind of person than the one that an administrator deactivated: that stays inactive until it is
 * set to active by hand, and no login is made beside it.
 */
export function stayInactive(
  subject: Subject,
  record: Employee | Contact,
  ledger: Ledger,
  moment: Moment,
): Decision {
  const reason = 'Stays inactive: an administrator deactivated this record.';
  const withdrawal = { outcome: 'inactive', reason, ...ungoverned(moment) } as const;
  const decision = withdraw(subject, ledger, moment, withdrawal);
  return decision.events.length > 0 || subject.cause === 'replan'
    ? decision
    : { ...decision, events: [personEvent(subject, 'unchanged', reason, record)] };
}

/** What somebody under no rule has left; a record that never was under one keeps everything. */
function ungoverned({ now }: Moment): Pick<Withdrawal, 'employee' | 'contact'> {
  return {
    employee: (before) =>
      before.governed
        ? {
            ...before,
            winningRuleId: null,
            securityRoleId: null,
            login: closedLogin(before.login, now),
          }
        : before,
    contact: (before) =>
      before.governed
        ? {
            ...before,
            winningRuleId: null,
            hasPortalAccess: false,
            securityRoleId: null,
            login: before.login && closedLogin(before.login, now),
          }
        : before,
  };
}
