import type { MappingRule } from '../mapping/mapping-rule.ts';
import { caseKey, type DirectoryIdentity, localPart } from './directory-identity.ts';
import type { Contact, Employee } from './person.ts';
import type { FieldOrigin } from './provisioning-event.ts';
import type { EmployeeDefaults } from './settings.ts';

export interface FieldExplanation {
  /** Name of the field in the administration API. */
  readonly field: string;
  readonly value: string | boolean | null;
  readonly origin: FieldOrigin;
  /** What the directory says for this field, null where it is silent or the field is not mapped. */
  readonly directoryValue: string | null;
}

export interface FieldSources {
  readonly identity: DirectoryIdentity;
  readonly rule: MappingRule | null;
  readonly defaults: EmployeeDefaults;
  /** Name of the employee's job title; unused for contacts. */
  readonly jobTitle: string | null;
  readonly defaultPhoneType: string;
}

const same = (left: string | null, right: string | null): boolean =>
  left === right || (left !== null && right !== null && caseKey(left) === caseKey(right));

const mapped = (field: string, value: string | null, directoryValue: string | null): FieldExplanation => ({
  field,
  value,
  origin: directoryValue !== null && same(value, directoryValue) ? 'directory' : 'local',
  directoryValue,
});

function ruled(
  field: string,
  value: string | boolean | null,
  wanted: string | boolean | null,
): FieldExplanation {
  return { field, value, origin: value === wanted ? 'rule' : 'local', directoryValue: null };
}

function filled(
  field: string,
  value: string | null,
  override: string | null,
  fallback: string | null,
): FieldExplanation {
  const origin =
    value === null ? 'local' : value === override ? 'rule' : value === fallback ? 'default' : 'local';
  return { field, value, origin, directoryValue: null };
}

/** The username came from the directory when it is the local part or one of its fallback forms. */
function username(value: string | null, identity: DirectoryIdentity): FieldExplanation {
  const local = localPart(identity.loginName);
  const ours = value !== null && (same(value, local) || caseKey(value).startsWith(`${caseKey(local)}.`));
  return { field: 'username', value, origin: ours ? 'directory' : 'local', directoryValue: local };
}

/** Where each field of an employee comes from. */
export function explainEmployee(employee: Employee, sources: FieldSources): readonly FieldExplanation[] {
  const { identity, rule, defaults } = sources;
  const overrides = rule?.overrides;
  const title =
    identity.jobTitle === null
      ? filled(
          'jobTitle',
          sources.jobTitle,
          null,
          employee.jobTitleId === defaults.jobTitleId ? sources.jobTitle : null,
        )
      : mapped('jobTitle', sources.jobTitle, identity.jobTitle);
  return [
    mapped('firstName', employee.firstName, identity.firstName),
    mapped('lastName', employee.lastName, identity.lastName),
    username(employee.login.username, identity),
    mapped('email', employee.login.email, identity.email),
    mapped('phone', employee.phone, identity.officePhone),
    title,
    filled('departmentId', employee.departmentId, overrides?.departmentId ?? null, defaults.departmentId),
    filled('locationId', employee.locationId, overrides?.locationId ?? null, defaults.locationId),
    filled('managerId', employee.managerId, overrides?.managerId ?? null, defaults.managerId),
    filled(
      'employmentType',
      employee.employmentType,
      overrides?.employmentType ?? null,
      defaults.employmentType,
    ),
    filled(
      'employeeRoleId',
      employee.employeeRoleId,
      overrides?.employeeRoleId ?? null,
      defaults.employeeRoleId,
    ),
    ruled('securityRoleId', employee.securityRoleId, rule?.securityRoleId ?? null),
    ruled('loginEnabled', employee.login.enabled, rule !== null && employee.status === 'active'),
  ];
}

/** Where each field of a contact comes from. */
export function explainContact(contact: Contact, sources: FieldSources): readonly FieldExplanation[] {
  const { identity, rule } = sources;
  const wanted = identity.email;
  const email =
    contact.emails.find((entry) => same(entry.address, wanted)) ??
    contact.emails.find((entry) => entry.isDefault);
  const phone = contact.phones.find((entry) => same(entry.type, sources.defaultPhoneType));
  return [
    mapped('firstName', contact.firstName, identity.firstName),
    mapped('lastName', contact.lastName, identity.lastName),
    username(contact.login?.username ?? null, identity),
    mapped('email', email?.address ?? null, identity.email),
    mapped('phone', phone?.number ?? null, identity.officePhone),
    mapped('jobTitle', contact.jobTitle, identity.jobTitle),
    ruled('accountId', contact.accountId, rule?.accountId ?? null),
    ruled('securityRoleId', contact.securityRoleId, rule?.securityRoleId ?? null),
    ruled('hasPortalAccess', contact.hasPortalAccess, rule !== null && contact.status === 'active'),
  ];
}
