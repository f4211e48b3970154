export type UserType = 'employee' | 'clientPortal';

/** Values a rule sets for new records and empty fields, where it differs from the employee defaults. */
export interface RuleOverrides {
  readonly departmentId: string | null;
  readonly locationId: string | null;
  readonly managerId: string | null;
  readonly employmentType: string | null;
  readonly employeeRoleId: string | null;
}

/** `unknown`: the group was never seen; `missing`: it was seen and is gone. */
export type GroupState = 'unknown' | 'found' | 'missing';

/** The rule's group as the mirror knows it. `age` decides ties: the earlier the older; RFC 3339 UTC. */
export interface RuleGroup {
  readonly id: string | null;
  readonly name: string | null;
  /** `createdDateTime` of the directory, when known from Graph. */
  readonly createdAt: string | null;
  /** First time the mirror saw the group, when it did. */
  readonly firstSeenAt: string | null;
  readonly state: GroupState;
}

/** Group → user type, role, account; carries an Order. The lowest Order wins, on a tie the oldest group (REQ-05, 06). */
export interface MappingRule {
  readonly id: string;
  readonly connectionId: string;
  /** As the administrator entered it: an Entra object id, or a SCIM externalId or id. */
  readonly groupId: string;
  readonly order: number;
  readonly userType: UserType;
  readonly securityRoleId: string;
  readonly accountId: string | null;
  readonly accountLocationId: string | null;
  readonly overrides: RuleOverrides;
  readonly enabled: boolean;
  readonly note: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly group: RuleGroup;
}
