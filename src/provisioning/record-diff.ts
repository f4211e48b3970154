import type { Contact, Employee } from './person.ts';
import type { FieldChange, FieldOrigin } from './provisioning-event.ts';

type FieldValue = string | boolean | null;
type Fields = Readonly<Record<string, FieldValue>>;

/** An employee's fields under the names of the administration API. */
export const employeeFields = (it: Employee): Fields => ({
  username: it.login.username,
  email: it.login.email,
  firstName: it.firstName,
  lastName: it.lastName,
  phone: it.phone,
  jobTitleId: it.jobTitleId,
  departmentId: it.departmentId,
  locationId: it.locationId,
  managerId: it.managerId,
  employmentType: it.employmentType,
  employeeRoleId: it.employeeRoleId,
  securityRoleId: it.securityRoleId,
  loginEnabled: it.login.enabled,
  status: it.status,
  winningRuleId: it.winningRuleId,
  predecessorId: it.predecessorId,
  successorId: it.successorId,
});

const list = (entries: readonly string[]): string | null =>
  entries.length === 0 ? null : entries.join(', ');

/** A contact's fields under the names of the administration API; lists as readable text. */
export const contactFields = (it: Contact): Fields => ({
  accountId: it.accountId,
  accountLocationId: it.accountLocationId,
  username: it.login?.username ?? null,
  firstName: it.firstName,
  lastName: it.lastName,
  jobTitle: it.jobTitle,
  emails: list(it.emails.map((email) => `${email.address} (${email.type})`)),
  phones: list(it.phones.map((phone) => `${phone.number} (${phone.type})`)),
  hasPortalAccess: it.hasPortalAccess,
  securityRoleId: it.securityRoleId,
  status: it.status,
  winningRuleId: it.winningRuleId,
});

/** The fields that differ, each with where the new value comes from; everything differs from a record that was not. */
export function changedFields(
  before: Fields | null,
  after: Fields,
  originOf: (field: string) => FieldOrigin,
): readonly FieldChange[] {
  return Object.entries(after)
    .filter(([field, value]) => (before?.[field] ?? null) !== value)
    .map(([field, value]) => ({
      field,
      before: before?.[field] ?? null,
      after: value,
      origin: originOf(field),
    }));
}
