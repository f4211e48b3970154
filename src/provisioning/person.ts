/** The one login of a person. Username and email are unique in the organization, without regard to case (REQ-33). */
export interface Login {
  readonly username: string | null;
  readonly email: string | null;
  readonly enabled: boolean;
  /** Sessions opened before this moment are over (D-08); RFC 3339 UTC. */
  readonly sessionsEndedAt: string | null;
}

export type Inactivator = 'sync' | 'human';

/** What links a record to the directory and to the rule that governs it. */
export interface PersonLink {
  readonly directoryUserId: string | null;
  readonly winningRuleId: string | null;
  /** True once the person has been under a rule: only then does "no rule" revoke access. */
  readonly governed: boolean;
}

export interface Employee extends PersonLink {
  readonly id: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly phone: string | null;
  readonly jobTitleId: string | null;
  readonly departmentId: string | null;
  readonly locationId: string | null;
  readonly managerId: string | null;
  readonly employmentType: string | null;
  readonly employeeRoleId: string | null;
  readonly securityRoleId: string | null;
  readonly status: 'active' | 'inactive' | 'archived';
  readonly inactivatedBy: Inactivator | null;
  readonly isRoot: boolean;
  readonly archivedAt: string | null;
  readonly predecessorId: string | null;
  readonly successorId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly login: Login;
}

export interface ContactEmail {
  readonly address: string;
  readonly type: string;
  readonly isDefault: boolean;
}

export interface ContactPhone {
  readonly number: string;
  readonly type: string;
  readonly isDefault: boolean;
}

export interface Contact extends PersonLink {
  readonly id: string;
  readonly accountId: string;
  readonly accountLocationId: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly jobTitle: string | null;
  readonly emails: readonly ContactEmail[];
  readonly phones: readonly ContactPhone[];
  readonly hasPortalAccess: boolean;
  readonly securityRoleId: string | null;
  readonly status: 'active' | 'inactive';
  readonly inactivatedBy: Inactivator | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Null while the contact never had, or gave up, a portal login. */
  readonly login: Login | null;
}

/** Kept against the sync until a human sets the record to active again. */
export const isDeactivatedByHand = (record: Employee | Contact): boolean =>
  record.status === 'inactive' && record.inactivatedBy === 'human';
