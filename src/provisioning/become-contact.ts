import type { MappingRule } from '../mapping/mapping-rule.ts';
import { archivedForm } from './archive-name.ts';
import type { Decision, Moment, Subject } from './case.ts';
import { blankContact, newPortalLogin, withContactFields } from './contact-values.ts';
import { personNames } from './directory-identity.ts';
import { findContact, findEmployee } from './find-record.ts';
import type { Ledger } from './ledger.ts';
import { closedLogin, stayInactive } from './lose-access.ts';
import { type Contact, type Employee, isDeactivatedByHand } from './person.ts';
import type { EventAction, EventDraft } from './provisioning-event.ts';
import { contactEvent, employeeEvent, personEvent } from './record-event.ts';

/** The winning rule asks for a portal user: an employee is archived first (REQ-29 to REQ-34), then a contact gets the login. */
export function becomeContact(subject: Subject, rule: MappingRule, ledger: Ledger, moment: Moment): Decision {
  const employee = findEmployee(subject, ledger);
  const contact = findContact(subject, ledger);
  const blocker = employee.kind === 'conflict' ? employee : contact.kind === 'conflict' ? contact : null;
  if (blocker) return stop(subject, rule, 'conflict', blocker.reason, blocker.record);
  if (employee.kind !== 'none' && employee.record.isRoot) {
    return stop(subject, rule, 'held', 'The root user is never converted to a portal user.', employee.record);
  }
  // A former employee who is a contact as well is one by now, unless the employee is what the directory user is linked to.
  const isFormer = employee.kind === 'linked' || (employee.kind === 'email' && contact.kind === 'none');
  if (isFormer && isDeactivatedByHand(employee.record))
    return stayInactive(subject, employee.record, ledger, moment);
  if (contact.kind === 'none' && (rule.accountId === null || rule.accountLocationId === null)) {
    return stop(
      subject,
      rule,
      'failed',
      'The mapping rule names no account location for new contacts.',
      null,
    );
  }
  const archived = employee.kind === 'none' ? [] : archive(subject, employee.record, ledger, moment);
  const isConversion = archived.length > 0;
  const entered =
    contact.kind === 'none'
      ? enter(subject, rule, ledger, moment, isConversion)
      : keep(
          subject,
          rule,
          ledger,
          moment,
          contact.record,
          contact.kind === 'email' ? 'merged' : null,
          isConversion,
        );
  return { outcome: 'clientPortal', winningRule: rule, events: [...archived, ...entered] };
}

function stop(
  subject: Subject,
  rule: MappingRule,
  action: 'conflict' | 'held' | 'failed',
  reason: string,
  record: Employee | Contact | null,
): Decision {
  const outcome = action === 'failed' ? 'conflict' : action;
  return { outcome, winningRule: rule, events: [personEvent(subject, action, reason, record)] };
}

/** Out of HR, kept for its history: names suffixed and thereby freed, login closed (REQ-31, A-14). */
function archive(subject: Subject, before: Employee, ledger: Ledger, moment: Moment): readonly EventDraft[] {
  const { username, email } = before.login;
  const login = closedLogin(before.login, moment.now);
  const after: Employee = {
    ...before,
    directoryUserId: subject.user.id,
    status: 'archived',
    inactivatedBy: null,
    archivedAt: moment.now,
    winningRuleId: null,
    updatedAt: moment.now,
    login: {
      ...login,
      username: username && archivedForm(username, (form) => ledger.usernameHolder(form)),
      email: email && archivedForm(email, (form) => ledger.emailHolder(form)),
    },
  };
  ledger.putEmployee(after);
  const reason = 'The mapping rule makes this person a client portal user; a person has one login.';
  return employeeEvent(subject, before, after, { action: 'archived', reason });
}

function enter(
  subject: Subject,
  rule: MappingRule,
  ledger: Ledger,
  moment: Moment,
  isConversion: boolean,
): readonly EventDraft[] {
  if (rule.accountId === null || rule.accountLocationId === null) return [];
  const place = { accountId: rule.accountId, accountLocationId: rule.accountLocationId };
  const blank = { ...blankContact(moment.newId(), moment.now), ...place, ...personNames(subject.identity) };
  const filled = withContactFields(blank, subject, ledger);
  const created = governed(subject, rule, filled, ledger, moment);
  ledger.putContact(created);
  return contactEvent(subject, null, created, {
    action: isConversion ? 'converted' : 'created',
    reason: ruleReason(rule),
  });
}

function keep(
  subject: Subject,
  rule: MappingRule,
  ledger: Ledger,
  moment: Moment,
  before: Contact,
  act: EventAction | null,
  isConversion: boolean,
): readonly EventDraft[] {
  const follows = act === 'merged' || isConversion || !before.governed || subject.cause === 'directory';
  const fields = follows ? withContactFields(before, subject, ledger) : before;
  const after = governed(subject, rule, fields, ledger, moment);
  const action = isConversion ? 'converted' : act;
  const events = contactEvent(subject, before, after, { action, reason: keepReason(rule, before, after) });
  if (events.length > 0) ledger.putContact({ ...after, updatedAt: moment.now });
  return events;
}

/** Linked, under this rule, with portal access and the rule's role (REQ-55, REQ-56). */
function governed(
  subject: Subject,
  rule: MappingRule,
  contact: Contact,
  ledger: Ledger,
  moment: Moment,
): Contact {
  const linked = { ...contact, directoryUserId: subject.user.id, winningRuleId: rule.id, governed: true };
  const login = contact.login ?? newPortalLogin(subject, ledger, contact.id);
  if (isDeactivatedByHand(contact))
    return { ...linked, securityRoleId: rule.securityRoleId, login: closedLogin(login, moment.now) };
  const wasInactive = contact.status === 'inactive';
  const settled =
    subject.cause === 'replan' && contact.governed && !wasInactive && contact.winningRuleId === rule.id;
  if (settled) return linked;
  return {
    ...linked,
    status: 'active',
    inactivatedBy: null,
    hasPortalAccess: true,
    securityRoleId: rule.securityRoleId,
    login: { ...login, enabled: true },
  };
}

const groupName = (rule: MappingRule): string => rule.group.name ?? rule.groupId;
const ruleReason = (rule: MappingRule): string => `Member of ${groupName(rule)} (Order ${rule.order}).`;

/** A merged contact stays under its account; a rule that names another one is worth a warning. */
function keepReason(rule: MappingRule, before: Contact, after: Contact): string {
  if (after.status === 'inactive')
    return `${ruleReason(rule)} Stays inactive: an administrator deactivated this record.`;
  if (rule.accountId !== null && rule.accountId !== before.accountId) {
    return `${ruleReason(rule)} Warning: the rule names another account; the contact stays under its own.`;
  }
  return ruleReason(rule);
}
