import type { Employee } from '../../provisioning/person.ts';
import type { EmployeeDefaults } from '../../provisioning/settings.ts';
import { type FieldFaults, patched, patchedText, tidy } from '../field-faults.ts';
import { noReferences } from './check-references.ts';
import type { ReferenceIds } from './people-ports.ts';

/** What an administrator may write of an employee; a member that is absent stays as it is. */
export interface EmployeeInput {
  readonly username?: string;
  readonly email?: string | null;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly phone?: string | null;
  readonly jobTitleId?: string | null;
  readonly departmentId?: string | null;
  readonly locationId?: string | null;
  readonly managerId?: string | null;
  readonly employmentType?: string | null;
  readonly employeeRoleId?: string | null;
  readonly securityRoleId?: string | null;
  readonly loginEnabled?: boolean;
  readonly status?: 'active' | 'inactive';
}

/** An employee before its first values: active, with a login, everything optional from the employee defaults (REQ-46). */
export function blankEmployee(id: string, now: string, defaults: EmployeeDefaults): Employee {
  return {
    id,
    firstName: '',
    lastName: '',
    phone: null,
    jobTitleId: defaults.jobTitleId,
    departmentId: defaults.departmentId,
    locationId: defaults.locationId,
    managerId: defaults.managerId,
    employmentType: defaults.employmentType,
    employeeRoleId: defaults.employeeRoleId,
    securityRoleId: defaults.securityRoleId,
    status: 'active',
    inactivatedBy: null,
    isRoot: false,
    archivedAt: null,
    predecessorId: null,
    successorId: null,
    createdAt: now,
    updatedAt: now,
    directoryUserId: null,
    winningRuleId: null,
    governed: false,
    login: { username: null, email: null, enabled: true, sessionsEndedAt: null },
  };
}

/** The lists and people that the input newly points at; what is there already is not questioned again. */
export function newReferences(before: Employee, input: EmployeeInput): ReferenceIds {
  const fresh = (given: string | null | undefined, present: string | null): string | null =>
    given === undefined || given === present ? null : given;
  return {
    ...noReferences,
    departmentId: fresh(input.departmentId, before.departmentId),
    locationId: fresh(input.locationId, before.locationId),
    jobTitleId: fresh(input.jobTitleId, before.jobTitleId),
    employeeRoleId: fresh(input.employeeRoleId, before.employeeRoleId),
    securityRoleId: fresh(input.securityRoleId, before.securityRoleId),
    managerId: fresh(input.managerId, before.managerId),
  };
}

/** A synced person that comes under no rule gets no login back by being activated (REQ-57). */
const mayLogInAgain = (employee: Employee): boolean => !employee.governed || employee.winningRuleId !== null;

function wantedLogin(before: Employee, input: EmployeeInput, faults: FieldFaults): boolean {
  const status = patched(input.status, before.status);
  if (status !== 'active') {
    if (input.loginEnabled === true) faults.add('/loginEnabled', 'Only an active employee can have a login.');
    return false;
  }
  const isReactivated = before.status !== 'active';
  return patched(input.loginEnabled, isReactivated ? mayLogInAgain(before) : before.login.enabled);
}

/** The employee as the input wants it. An inactive status by hand is a human's, which the sync respects. */
export function withEmployeeInput(
  before: Employee,
  input: EmployeeInput,
  now: string,
  faults: FieldFaults,
): Employee {
  const status = patched(input.status, before.status);
  const enabled = wantedLogin(before, input, faults);
  const username = input.username === undefined ? before.login.username : tidy(input.username);
  const firstName = patched(input.firstName, before.firstName).trim();
  const lastName = patched(input.lastName, before.lastName).trim();
  if (input.username !== undefined && username === null)
    faults.add('/username', 'An employee needs a username.');
  if (firstName === '') faults.add('/firstName', 'An employee needs a first name.');
  if (lastName === '') faults.add('/lastName', 'An employee needs a last name.');
  if (input.managerId === before.id) faults.add('/managerId', 'Nobody is their own manager.');
  const isOut = (before.login.enabled && !enabled) || (before.status === 'active' && status !== 'active');
  return {
    ...before,
    firstName,
    lastName,
    phone: patchedText(input.phone, before.phone),
    jobTitleId: patched(input.jobTitleId, before.jobTitleId),
    departmentId: patched(input.departmentId, before.departmentId),
    locationId: patched(input.locationId, before.locationId),
    managerId: patched(input.managerId, before.managerId),
    employmentType: patchedText(input.employmentType, before.employmentType),
    employeeRoleId: patched(input.employeeRoleId, before.employeeRoleId),
    securityRoleId: patched(input.securityRoleId, before.securityRoleId),
    status,
    inactivatedBy: status === 'active' ? null : input.status === 'inactive' ? 'human' : before.inactivatedBy,
    login: {
      username,
      email: patchedText(input.email, before.login.email),
      enabled,
      sessionsEndedAt: isOut ? now : before.login.sessionsEndedAt,
    },
  };
}
