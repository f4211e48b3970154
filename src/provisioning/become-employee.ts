import type { MappingRule } from '../mapping/mapping-rule.ts';
import { withoutArchiveSuffix } from './archive-name.ts';
import type { Decision, Moment, Subject } from './case.ts';
import { caseKey } from './directory-identity.ts';
import {
  blankEmployee,
  freeEmail,
  freeUsername,
  withDefaults,
  withDirectoryFields,
} from './employee-values.ts';
import { findEmployee, isTaken } from './find-record.ts';
import type { Ledger } from './ledger.ts';
import { closedLogin, stayInactive } from './lose-access.ts';
import { type Contact, type Employee, isDeactivatedByHand } from './person.ts';
import type { EventAction, EventDraft } from './provisioning-event.ts';
import { contactEvent, employeeEvent, personEvent } from './record-event.ts';

/** The winning rule asks for an employee: create, merge, restore or update one; a portal login gives way (REQ-33). */
export function becomeEmployee(
  subject: Subject,
  rule: MappingRule,
  ledger: Ledger,
  moment: Moment,
): Decision {
  const found = findEmployee(subject, ledger);
  const portal = portalContact(subject, ledger);
  const blocker = found.kind === 'conflict' ? found : portal.kind === 'conflict' ? portal : null;
  if (blocker) {
    return {
      outcome: 'conflict',
      winningRule: rule,
      events: [personEvent(subject, 'conflict', blocker.reason, blocker.record)],
    };
  }
  if (found.kind === 'none' && portal.kind === 'one' && isFormerPortalUser(subject, portal.contact))
    return stayInactive(subject, portal.contact, ledger, moment);
  const portalEvents = portal.kind === 'one' ? closePortal(subject, portal.contact, ledger, moment) : [];
  const events =
    found.kind === 'none'
      ? enter(subject, rule, ledger, moment, portalEvents.length > 0)
      : keep(subject, rule, ledger, moment, found.record, found.kind === 'email');
  return { outcome: 'employee', winningRule: rule, events: [...portalEvents, ...events] };
}

type PortalContact =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly contact: Contact }
  | { readonly kind: 'conflict'; readonly reason: string; readonly record: Contact };

/** The contact whose portal login stands in the way: the person's own one, or one whose login has or holds the email. */
function portalContact(subject: Subject, ledger: Ledger): PortalContact {
  const linked = ledger.contactOf(subject.user.id);
  if (linked?.login) return { kind: 'one', contact: linked };
  const { email } = subject.identity;
  const holder = email === null ? undefined : ledger.contactsByEmail(email).find(isLoginBehind(email));
  if (email === null || holder === undefined) return { kind: 'none' };
  if (!isTaken(subject, ledger, holder)) return { kind: 'one', contact: holder };
  return {
    kind: 'conflict',
    reason: `${email} is the portal login of another directory user.`,
    record: holder,
  };
}

/** Deactivated by hand as a portal user, other than a CRM person who never was one. */
const isFormerPortalUser = ({ user }: Subject, contact: Contact): boolean =>
  isDeactivatedByHand(contact) && (contact.hasPortalAccess || contact.directoryUserId === user.id);

/** A login that is switched off still keeps its email from everybody else. */
const isLoginBehind =
  (email: string) =>
  ({ login }: Contact): boolean =>
    login !== null && (login.enabled || (login.email !== null && caseKey(login.email) === caseKey(email)));

/** The contact stays a CRM person with its id and tickets; its login is given up and its names are free again. */
function closePortal(
  subject: Subject,
  before: Contact,
  ledger: Ledger,
  moment: Moment,
): readonly EventDraft[] {
  const after: Contact = {
    ...before,
    hasPortalAccess: false,
    securityRoleId: null,
    winningRuleId: null,
    login: null,
    updatedAt: moment.now,
  };
  ledger.putContact(after);
  const reason = 'The mapping rule makes this person an employee; a person has one login.';
  return contactEvent(subject, before, after, { action: 'accessRevoked', reason });
}

/** A new employee, or the archived one of this person brought back. */
function enter(
  subject: Subject,
  rule: MappingRule,
  ledger: Ledger,
  moment: Moment,
  isConversion: boolean,
): readonly EventDraft[] {
  const archived = ledger.archivedEmployeeOf(subject.user.id);
  const hasHistory = archived !== null && ledger.facts.employeesWithRelations.has(archived.id);
  if (archived !== null && (!hasHistory || ledger.facts.settings.restoreArchived === 'always')) {
    return restore(subject, rule, ledger, moment, archived);
  }
  const blank = { ...blankEmployee(subject, moment), predecessorId: archived?.id ?? null };
  const filled = withDirectoryFields(blank, subject, ledger, moment);
  const created = governed(subject, rule, withDefaults(filled, rule, ledger), moment);
  ledger.putEmployee(created);
  if (archived) ledger.putEmployee({ ...archived, successorId: created.id, updatedAt: moment.now });
  const action: EventAction = isConversion || archived ? 'converted' : 'created';
  return employeeEvent(subject, null, created, { action, reason: ruleReason(rule) });
}

function restore(
  subject: Subject,
  rule: MappingRule,
  ledger: Ledger,
  moment: Moment,
  archived: Employee,
): readonly EventDraft[] {
  const original = archived.login.username === null ? null : withoutArchiveSuffix(archived.login.username);
  const isFree = original !== null && ledger.usernameHolder(original) === null;
  const named: Employee = {
    ...archived,
    status: 'active',
    inactivatedBy: null,
    archivedAt: null,
    login: {
      ...archived.login,
      username: isFree ? original : freeUsername(subject, ledger, archived.id),
      email: freeEmail(subject, ledger, archived.id, null),
    },
  };
  const filled = withDirectoryFields(named, subject, ledger, moment);
  const restored = governed(subject, rule, withDefaults(filled, rule, ledger), moment);
  ledger.putEmployee(restored);
  return employeeEvent(subject, archived, restored, { action: 'restored', reason: ruleReason(rule) });
}

/** The record is there: merge it on the first match, follow the directory afterwards. */
function keep(
  subject: Subject,
  rule: MappingRule,
  ledger: Ledger,
  moment: Moment,
  before: Employee,
  isMerge: boolean,
): readonly EventDraft[] {
  const follows = isMerge || !before.governed || subject.cause === 'directory';
  const fields = follows ? withDirectoryFields(before, subject, ledger, moment) : before;
  const filled = isMerge || !before.governed ? withDefaults(fields, rule, ledger) : fields;
  const after = governed(subject, rule, filled, moment);
  const action: EventAction | null = isMerge ? 'merged' : null;
  const taken = follows ? takenEmail(subject, after) : null;
  const reason = keepReason(rule, after, taken);
  const events = employeeEvent(subject, before, after, { action, reason });
  if (events.length > 0) ledger.putEmployee({ ...after, updatedAt: moment.now });
  else if (taken !== null) return [personEvent(subject, 'unchanged', reason, after)];
  return events;
}

/** Linked to this directory user and under this rule: existing access is overridden (REQ-54 to REQ-58). */
function governed(subject: Subject, rule: MappingRule, employee: Employee, moment: Moment): Employee {
  const linked = { ...employee, directoryUserId: subject.user.id, winningRuleId: rule.id, governed: true };
  if (employee.isRoot) return linked;
  if (isDeactivatedByHand(employee))
    return { ...linked, securityRoleId: rule.securityRoleId, login: closedLogin(employee.login, moment.now) };
  const wasInactive = employee.status === 'inactive';
  const settled =
    subject.cause === 'replan' && employee.governed && !wasInactive && employee.winningRuleId === rule.id;
  if (settled) return linked;
  return {
    ...linked,
    status: 'active',
    inactivatedBy: null,
    securityRoleId: rule.securityRoleId,
    login: { ...employee.login, enabled: true },
  };
}

const groupName = (rule: MappingRule): string => rule.group.name ?? rule.groupId;
const ruleReason = (rule: MappingRule): string => `Member of ${groupName(rule)} (Order ${rule.order}).`;

/** The directory's email, when the person keeps another one because somebody else logs in with it. */
function takenEmail({ identity }: Subject, { login }: Employee): string | null {
  const { email } = identity;
  return email === null || (login.email !== null && caseKey(login.email) === caseKey(email)) ? null : email;
}

function keepReason(rule: MappingRule, after: Employee, taken: string | null): string {
  const email =
    taken === null ? '' : ` Warning: somebody else logs in with ${taken}; the email stays as it is.`;
  return isDeactivatedByHand(after)
    ? `${ruleReason(rule)} Stays inactive: an administrator deactivated this record.${email}`
    : `${ruleReason(rule)}${email}`;
}
