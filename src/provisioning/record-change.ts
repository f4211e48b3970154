import type { JsonValue } from '../directory/json.ts';
import { sameJson } from '../directory/same-json.ts';
import type { Contact, Employee, Login } from './person.ts';

/** Everything of a record that a decision can change, by name; lists as they are. */
export type RecordValues = Readonly<Record<string, JsonValue>>;

export interface RecordFieldChange {
  readonly field: string;
  readonly before: JsonValue;
  readonly after: JsonValue;
}

/** What happened to one record, in full: enough to take it back. */
export interface RecordChange {
  readonly kind: 'employee' | 'contact';
  readonly id: string;
  /** The record did not exist before. */
  readonly isNew: boolean;
  readonly fields: readonly RecordFieldChange[];
}

export const isEmployee = (person: Employee | Contact): person is Employee => 'isRoot' in person;

const loginValues = (login: Login | null): RecordValues => ({
  username: login?.username ?? null,
  loginEmail: login?.email ?? null,
  loginEnabled: login?.enabled ?? false,
});

const commonValues = (it: Employee | Contact): RecordValues => ({
  firstName: it.firstName,
  lastName: it.lastName,
  securityRoleId: it.securityRoleId,
  status: it.status,
  inactivatedBy: it.inactivatedBy,
  directoryUserId: it.directoryUserId,
  winningRuleId: it.winningRuleId,
  governed: it.governed,
  ...loginValues(it.login),
});

const employeeValues = (it: Employee): RecordValues => ({
  ...commonValues(it),
  phone: it.phone,
  jobTitleId: it.jobTitleId,
  departmentId: it.departmentId,
  locationId: it.locationId,
  managerId: it.managerId,
  employmentType: it.employmentType,
  employeeRoleId: it.employeeRoleId,
  archivedAt: it.archivedAt,
  predecessorId: it.predecessorId,
  successorId: it.successorId,
});

const contactValues = (it: Contact): RecordValues => ({
  ...commonValues(it),
  accountId: it.accountId,
  accountLocationId: it.accountLocationId,
  jobTitle: it.jobTitle,
  emails: it.emails.map(({ address, type, isDefault }) => ({ address, type, isDefault })),
  phones: it.phones.map(({ number, type, isDefault }) => ({ number, type, isDefault })),
  hasPortalAccess: it.hasPortalAccess,
  hasLogin: it.login !== null,
});

export const recordValues = (person: Employee | Contact): RecordValues =>
  isEmployee(person) ? employeeValues(person) : contactValues(person);

/** Everything of a new record is a change. */
export function recordChange(before: Employee | Contact | null, after: Employee | Contact): RecordChange {
  const old = before === null ? null : recordValues(before);
  const fields = Object.entries(recordValues(after))
    .map(([field, value]) => ({ field, before: old?.[field] ?? null, after: value }))
    .filter((change) => !sameJson(change.before, change.after));
  return { kind: isEmployee(after) ? 'employee' : 'contact', id: after.id, isNew: before === null, fields };
}

/** A deletion, which nothing can take back: an undo says so. */
export const deletedRecord = (person: Employee | Contact): RecordChange => ({
  kind: isEmployee(person) ? 'employee' : 'contact',
  id: person.id,
  isNew: false,
  fields: [{ field: 'id', before: person.id, after: null }],
});

/** The record with these values in place of its own; the values were read from a record of the same kind. */
export function withRecordValues<Person extends Employee | Contact>(
  person: Person,
  values: RecordValues,
): Person {
  const { username, loginEmail, loginEnabled, hasLogin, ...plain } = { ...recordValues(person), ...values };
  const login: Login | null =
    hasLogin === false
      ? null
      : {
          sessionsEndedAt: person.login?.sessionsEndedAt ?? null,
          username: textOf(username),
          email: textOf(loginEmail),
          enabled: loginEnabled === true,
        };
  return { ...person, ...plain, login };
}

const textOf = (value: JsonValue | undefined): string | null => (typeof value === 'string' ? value : null);
