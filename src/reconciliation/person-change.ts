import type { UserType } from '../mapping/mapping-rule.ts';
import { match } from '../mapping/match.ts';
import type { Outcome, Subject } from '../provisioning/case.ts';
import type { CaseFacts } from '../provisioning/facts.ts';
import type { Ledger } from '../provisioning/ledger.ts';
import type { Contact, Employee } from '../provisioning/person.ts';

/** What a plan can do to a person's access, in the order in which it is told. */
export const planEffects = [
  'grantAccess',
  'revokeAccess',
  'changeRole',
  'createEmployee',
  'createContact',
  'archiveEmployee',
  'disablePortal',
] as const;

export type PlanEffect = (typeof planEffects)[number];

/** Where a person stands. Ids of records and rules that do not exist yet are null. */
export interface PersonState {
  readonly outcome: Exclude<Outcome, 'off'>;
  readonly userType: UserType | null;
  readonly securityRoleId: string | null;
  readonly winningRuleId: string | null;
  readonly employeeId: string | null;
  readonly contactId: string | null;
  readonly loginEnabled: boolean;
}

/** The records that a directory user is, or that its email finds. */
export interface Records {
  readonly employee: Employee | null;
  readonly contact: Contact | null;
}

/** The person before a decision, taken down so that the difference can be told afterwards. */
export interface PersonBefore extends Records {
  readonly subject: Subject;
  /** Everybody with the person's email: whoever of them turns out to be the person was so before. */
  readonly lookalikes: readonly (Employee | Contact)[];
}

export interface PersonChange {
  readonly before: PersonState;
  readonly after: PersonState;
  readonly effects: readonly PlanEffect[];
}

export const linkedRecords = (userId: string, ledger: Ledger): Records => ({
  employee: ledger.employeeOf(userId),
  contact: ledger.contactOf(userId),
});

export function personBefore(subject: Subject, ledger: Ledger): PersonBefore {
  const { email } = subject.identity;
  const employee = email === null ? null : ledger.employeeByEmail(email);
  const contacts = email === null ? [] : ledger.contactsByEmail(email);
  const lookalikes = employee === null ? contacts : [employee, ...contacts];
  return { subject, lookalikes, ...linkedRecords(subject.user.id, ledger) };
}

export const hasPortal = (contact: Contact | null): boolean =>
  contact?.hasPortalAccess === true && contact.status === 'active' && contact.login?.enabled === true;

export const canLogIn = ({ employee, contact }: Records): boolean =>
  employee?.login.enabled === true || hasPortal(contact);

function userTypeOf({ employee, contact }: Records): UserType | null {
  if (employee !== null) return 'employee';
  return contact?.login == null ? null : 'clientPortal';
}

function stateOf(records: Records, outcome: PersonState['outcome']): PersonState {
  const person = records.employee ?? records.contact;
  return {
    outcome,
    userType: userTypeOf(records),
    securityRoleId: person?.securityRoleId ?? null,
    winningRuleId: person?.winningRuleId ?? null,
    employeeId: records.employee?.id ?? null,
    contactId: records.contact?.id ?? null,
    loginEnabled: canLogIn(records),
  };
}

/** Under the rules as they are: `present` are the facts before any planned rule. */
function outcomeBefore(
  { subject }: PersonBefore,
  records: Records,
  present: CaseFacts,
  after: Outcome,
): PersonState['outcome'] {
  const { user } = subject;
  if (!user.active || user.deletedAt !== null) return 'inactive';
  const ids = present.memberRules.get(user.id) ?? [];
  const winner = match(ids.map((id) => present.rules.get(id)).filter((rule) => rule !== undefined));
  const governed = (records.employee ?? records.contact)?.winningRuleId ?? null;
  // Somebody whose rule never took effect waits, or was deactivated by hand, as long as the reason is the same.
  const hasStopped = after === 'held' || after === 'conflict' || after === 'inactive';
  if (winner !== null && governed !== winner.id && hasStopped) return after;
  if (governed === null) return 'noRule';
  return records.employee === null ? 'clientPortal' : 'employee';
}

export interface PlanFrame {
  /** The facts before any planned rule. */
  readonly present: CaseFacts;
  /** Rules that the plan would create. */
  readonly newRuleIds: ReadonlySet<string>;
  readonly ledger: Ledger;
}

/** The difference that a decision made; null when there is none. */
export function personChange(
  before: PersonBefore,
  outcome: Outcome,
  { present, newRuleIds, ledger }: PlanFrame,
): PersonChange | null {
  if (outcome === 'off') return null;
  const now = linkedRecords(before.subject.user.id, ledger);
  const was: Records = {
    employee: before.employee ?? sameRecord(before.lookalikes, now.employee, isEmployee),
    contact: before.contact ?? sameRecord(before.lookalikes, now.contact, isContact),
  };
  const from = stateOf(was, outcomeBefore(before, was, present, outcome));
  const to = withoutNew(stateOf(now, outcome), ledger, newRuleIds);
  const facts = { was, now, ledger, lookalikes: before.lookalikes };
  const effects = planEffects.filter((effect) => holds[effect](facts));
  const isSame = effects.length === 0 && JSON.stringify(from) === JSON.stringify(to);
  return isSame ? null : { before: from, after: to, effects };
}

const isEmployee = (it: Employee | Contact): it is Employee => 'isRoot' in it;
const isContact = (it: Employee | Contact): it is Contact => !isEmployee(it);

function sameRecord<Kind extends Employee | Contact>(
  among: readonly (Employee | Contact)[],
  record: Kind | null,
  isKind: (it: Employee | Contact) => it is Kind,
): Kind | null {
  return among.filter(isKind).find((it) => it.id === record?.id) ?? null;
}

/** Ids that a plan makes up on its way say nothing: the next run makes up others. */
function withoutNew(state: PersonState, ledger: Ledger, newRuleIds: ReadonlySet<string>): PersonState {
  const known = (id: string | null): string | null => (id === null || ledger.isNew(id) ? null : id);
  const { winningRuleId, employeeId, contactId } = state;
  return {
    ...state,
    employeeId: known(employeeId),
    contactId: known(contactId),
    winningRuleId: winningRuleId !== null && newRuleIds.has(winningRuleId) ? null : winningRuleId,
  };
}

interface EffectFacts {
  readonly was: Records;
  readonly now: Records;
  readonly ledger: Ledger;
  readonly lookalikes: readonly (Employee | Contact)[];
}

const roleOf = ({ employee, contact }: Records): string | null =>
  (employee ?? contact)?.securityRoleId ?? null;

const holds: Readonly<Record<PlanEffect, (facts: EffectFacts) => boolean>> = {
  grantAccess: ({ was, now }) => !canLogIn(was) && canLogIn(now),
  revokeAccess: ({ was, now }) => canLogIn(was) && !canLogIn(now),
  changeRole: ({ was, now }) => canLogIn(was) && canLogIn(now) && roleOf(was) !== roleOf(now),
  createEmployee: ({ now: { employee }, ledger }) => employee !== null && ledger.isNew(employee.id),
  createContact: ({ now: { contact }, ledger }) => contact !== null && ledger.isNew(contact.id),
  archiveEmployee: ({ was: { employee }, ledger }) =>
    employee !== null && ledger.employee(employee.id)?.status === 'archived',
  disablePortal: ({ was: { contact }, ledger, lookalikes }) =>
    [contact, ...lookalikes.filter(isContact)].some(
      (it) => it !== null && hasPortal(it) && !hasPortal(ledger.contact(it.id)),
    ),
};
