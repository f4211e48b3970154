import type { EmployeeDefaults } from '../../provisioning/settings.ts';
import { OperationError } from '../operation-error.ts';
import type { Stores } from '../ports.ts';

const mandatory = [
  'departmentId',
  'locationId',
  'managerId',
  'jobTitleId',
  'employmentType',
  'securityRoleId',
  'employeeRoleId',
] as const satisfies readonly (keyof EmployeeDefaults)[];

/**
 * Mandatory defaults without a value (REQ-46, 49). While the root user is the only employee nobody else can be the
 * manager, so that one gap is accepted.
 */
export async function missingDefaults(
  stores: Stores,
  defaults: EmployeeDefaults,
): Promise<readonly string[]> {
  const gaps = mandatory.filter((field) => defaults[field] === null);
  if (!gaps.includes('managerId') || (await stores.employeeDefaults.hasEmployeesBesideRoot())) return gaps;
  return gaps.filter((field) => field !== 'managerId');
}

export async function requireCompleteDefaults(stores: Stores, defaults: EmployeeDefaults): Promise<void> {
  const missing = await missingDefaults(stores, defaults);
  if (missing.length === 0) return;
  const detail = `Employee defaults are incomplete: ${missing.join(', ')} ${missing.length === 1 ? 'has' : 'have'} no value.`;
  throw new OperationError('conflict', detail, { missing });
}
