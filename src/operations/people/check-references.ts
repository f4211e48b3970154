import type { FieldFaults } from '../field-faults.ts';
import type { ReferenceFacts, ReferenceIds } from './people-ports.ts';

export const noReferences: ReferenceIds = {
  departmentId: null,
  locationId: null,
  jobTitleId: null,
  employeeRoleId: null,
  securityRoleId: null,
  managerId: null,
  accountId: null,
  accountLocationId: null,
};

export interface ReferenceCheck {
  readonly ids: ReferenceIds;
  readonly facts: ReferenceFacts;
  readonly faults: FieldFaults;
  /** JSON pointer of the object that holds the ids; empty for the body itself. */
  readonly base: string;
}

/** The lists that an employee or a rule's overrides point at. */
export function checkEmployeeLists({ ids, facts, faults, base }: ReferenceCheck): void {
  const require = (id: string | null, exists: boolean, field: string, what: string): void => {
    if (id !== null && !exists) faults.add(`${base}/${field}`, `There is no ${what} ${id}.`);
  };
  require(ids.departmentId, facts.department, 'departmentId', 'department');
  require(ids.locationId, facts.location, 'locationId', 'location');
  require(ids.employeeRoleId, facts.employeeRole, 'employeeRoleId', 'employee role');
  require(ids.jobTitleId, facts.jobTitle !== null, 'jobTitleId', 'job title');
  if (facts.jobTitle?.isActive === false) {
    faults.add(`${base}/jobTitleId`, 'The job title is inactive; name an active one.');
  }
  require(ids.managerId, facts.manager !== null, 'managerId', 'employee');
  if (facts.manager !== null && facts.manager.status !== 'active') {
    faults.add(`${base}/managerId`, 'The manager is not active; name an active employee.');
  }
}

/** Employees have internal roles, client portal users external ones; either must be active. */
export function checkSecurityRole(check: ReferenceCheck, wanted: 'internal' | 'external'): void {
  const { ids, facts, faults, base } = check;
  const pointer = `${base}/securityRoleId`;
  if (ids.securityRoleId === null) return;
  const role = facts.securityRole;
  if (role === null) {
    faults.add(pointer, `There is no security role ${ids.securityRoleId}.`);
    return;
  }
  if (!role.isActive) faults.add(pointer, 'The security role is inactive; name an active one.');
  if (role.isExternal !== (wanted === 'external')) {
    const whom = wanted === 'external' ? 'Client portal users' : 'Employees';
    faults.add(
      pointer,
      `${whom} need an ${wanted} security role; this one is ${role.isExternal ? 'external' : 'internal'}.`,
    );
  }
}

export interface Place {
  readonly accountId: string | null;
  readonly accountLocationId: string | null;
}

/**
 * Account and location as they will be stored: without a location the account's main one, and a location only of its own
 * account. `ids` are those of the wanted place.
 */
export function checkPlace({ ids, facts, faults, base }: ReferenceCheck): Place {
  if (ids.accountId === null) return { accountId: null, accountLocationId: null };
  if (facts.account === null) {
    faults.add(`${base}/accountId`, `There is no account ${ids.accountId}.`);
    return ids;
  }
  if (ids.accountLocationId === null) {
    if (facts.account.mainLocationId === null) {
      faults.add(`${base}/accountLocationId`, 'The account has no main location; name one of its locations.');
    }
    return { accountId: ids.accountId, accountLocationId: facts.account.mainLocationId };
  }
  if (facts.accountLocation?.accountId !== ids.accountId) {
    faults.add(`${base}/accountLocationId`, `The account has no location ${ids.accountLocationId}.`);
  }
  return ids;
}
