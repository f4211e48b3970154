import type { EmployeeDefaults } from '../../provisioning/settings.ts';
import { FieldFaults, tidy } from '../field-faults.ts';
import { checkEmployeeLists, checkSecurityRole, noReferences } from '../people/check-references.ts';
import type { Stores } from '../ports.ts';
import { missingDefaults } from './missing-defaults.ts';

/** Ids are kept in lower case, as the database answers them. */
const readId = (id: string | null | undefined): string | null => id?.toLowerCase() ?? null;

export const readDefaults = (input: Partial<EmployeeDefaults>): EmployeeDefaults => ({
  departmentId: readId(input.departmentId),
  locationId: readId(input.locationId),
  managerId: readId(input.managerId),
  jobTitleId: readId(input.jobTitleId),
  employmentType: tidy(input.employmentType ?? null),
  securityRoleId: readId(input.securityRoleId),
  employeeRoleId: readId(input.employeeRoleId),
  accountId: readId(input.accountId),
});

async function faultsOf(stores: Stores, defaults: EmployeeDefaults): Promise<FieldFaults> {
  const faults = new FieldFaults();
  const { employmentType: _text, ...given } = defaults;
  const ids = { ...noReferences, ...given };
  const facts = await stores.lookups.references(ids);
  checkEmployeeLists({ ids, facts, faults, base: '' });
  checkSecurityRole({ ids, facts, faults, base: '' }, 'internal');
  if (ids.accountId !== null && facts.account === null)
    faults.add('/accountId', `There is no account ${ids.accountId}.`);
  return faults;
}

/** Throws `invalid` with a pointer for everything that the defaults point at and that is not there or not active. */
export async function checkDefaults(stores: Stores, defaults: EmployeeDefaults): Promise<void> {
  (await faultsOf(stores, defaults)).raise();
}

/** Defaults that point at what is not there or not active (any more): the name of the field → what is wrong. */
export async function faultyDefaults(
  stores: Stores,
  defaults: EmployeeDefaults,
): Promise<ReadonlyMap<string, string>> {
  const faults = (await faultsOf(stores, defaults)).all();
  return new Map(faults.map(({ pointer, detail }) => [pointer.slice(1), detail] as const));
}

/** The defaults as new people get them: without what is not active any more. */
export async function usableDefaults(stores: Stores, defaults: EmployeeDefaults): Promise<EmployeeDefaults> {
  const faulty = await faultyDefaults(stores, defaults);
  return { ...defaults, ...Object.fromEntries([...faulty.keys()].map((field) => [field, null])) };
}

/** Which of these defaults cannot be set now: the name of the field → the reason. */
export async function defaultsInTheWay(
  stores: Stores,
  defaults: EmployeeDefaults,
): Promise<ReadonlyMap<string, string>> {
  const { provisioningMode } = (await stores.settings.get()).value;
  const gaps = provisioningMode === 'off' ? [] : await missingDefaults(stores, defaults);
  return new Map([
    ...gaps.map((field) => [field, 'Provisioning is on and needs a value.'] as const),
    ...(await faultyDefaults(stores, defaults)),
  ]);
}
