/** `off`: directory changes are mirrored and the PSA stays untouched (REQ-48, A-20). */
export type ProvisioningMode = 'off' | 'azureAdSync';
/** What becomes of a directory job title that the PSA list does not hold. */
export type UnknownJobTitle = 'create' | 'useDefault' | 'keep';
/** Whether a reverted conversion restores the archived employee in place although it has history. */
export type RestoreArchived = 'whenNoHistory' | 'always';
/** Which directory value is the person's email (REQ-22, A-09). */
export type EmailSource = 'auto' | 'userPrincipalName' | 'mail';

export interface Guard {
  readonly maxDeactivations: number;
  readonly maxDeactivationsPercent: number;
  readonly maxConversions: number;
  readonly windowMinutes: number;
}

export interface Settings {
  readonly provisioningMode: ProvisioningMode;
  readonly unknownJobTitle: UnknownJobTitle;
  readonly defaultPhoneType: string;
  readonly restoreArchived: RestoreArchived;
  readonly guard: Guard;
}

/** Values used where directory and rule are silent (REQ-46, 47). */
export interface EmployeeDefaults {
  readonly departmentId: string | null;
  readonly locationId: string | null;
  readonly managerId: string | null;
  readonly jobTitleId: string | null;
  readonly employmentType: string | null;
  readonly securityRoleId: string | null;
  readonly employeeRoleId: string | null;
  readonly accountId: string | null;
}
