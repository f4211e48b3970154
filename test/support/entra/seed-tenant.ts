import type { Json } from './directory-object.ts';
import { seededGuid, seededRandom } from './seeded-random.ts';
import type { TenantDirectory } from './tenant-directory.ts';

export interface SeedInput {
  readonly users: number;
  readonly groups: number;
  /** Groups that each user is a direct member of. */
  readonly groupsPerUser?: number;
  /** So many of the groups have another one as a member. */
  readonly nestedGroups?: number;
  /** Every n-th user is a guest; 0 for none. */
  readonly guestEvery?: number;
  /** Every n-th user is blocked from signing in; 0 for none. */
  readonly disabledEvery?: number;
  /** Same seed, same ids and names. */
  readonly seed?: number;
}

export interface Seeded {
  readonly userIds: readonly string[];
  readonly groupIds: readonly string[];
}

const GIVEN_NAMES = [
  'Ada',
  'Grace',
  'Radia',
  'Edsger',
  'Barbara',
  'Donald',
  'Frances',
  'Ken',
  'Margaret',
  'Alan',
];
const SURNAMES = ['Ferro', 'Okafor', 'Lindqvist', 'Moreau', 'Tanaka', 'Novak', 'Silva', 'Haddad', 'Brandt'];
const DEPARTMENTS = ['Service', 'Projects', 'Sales', 'Finance', 'Operations'];
const JOB_TITLES = [
  'Engineer',
  'Senior Engineer',
  'Dispatcher',
  'Account Manager',
  'Controller',
  'Consultant',
];

function pick(list: readonly string[], index: number): string {
  return list[index % list.length] ?? '';
}

/** A population of any size, in one go. */
export function seedTenant(tenant: TenantDirectory, input: SeedInput): Seeded {
  const random = seededRandom(input.seed ?? 1);
  const prefix = (input.seed ?? 1) === 1 ? '' : `s${input.seed}.`;
  const userIds: string[] = [];
  for (let index = 0; index < input.users; index += 1) {
    const id = seededGuid(random);
    tenant.addUser({ id, ...userProperties(tenant, input, index, prefix) });
    userIds.push(id);
  }
  const groupIds = seedGroups(tenant, input, userIds, () => seededGuid(random));
  return { userIds, groupIds };
}

function userProperties(tenant: TenantDirectory, input: SeedInput, index: number, prefix: string) {
  const givenName = pick(GIVEN_NAMES, index);
  const surname = pick(SURNAMES, index * 7 + 3);
  const domain = tenant.domains[0] ?? 'example.onmicrosoft.com';
  const alias = `${prefix}${givenName}.${surname}.${index + 1}`.toLowerCase();
  const isGuest = isEvery(input.guestEvery, index);
  const guest: Record<string, Json> = isGuest
    ? { userType: 'Guest', externalUserState: 'Accepted', creationType: 'Invitation' }
    : {};
  return {
    userPrincipalName: isGuest ? `${alias}_partner.example#EXT#@${domain}` : `${alias}@${domain}`,
    mail: isGuest ? `${alias}@partner.example` : `${alias}@${domain}`,
    displayName: `${givenName} ${surname}`,
    givenName,
    surname,
    jobTitle: pick(JOB_TITLES, index * 3),
    department: pick(DEPARTMENTS, index),
    businessPhones: [`+1 555 ${String(index).padStart(7, '0')}`],
    employeeId: `E-${index + 1}`,
    accountEnabled: !isEvery(input.disabledEvery, index),
    ...guest,
  };
}

function isEvery(every: number | undefined, index: number): boolean {
  return every !== undefined && every > 0 && index % every === every - 1;
}

function seedGroups(
  tenant: TenantDirectory,
  input: SeedInput,
  userIds: readonly string[],
  makeId: () => string,
): string[] {
  const members: string[][] = Array.from({ length: input.groups }, () => []);
  const perUser = Math.min(input.groupsPerUser ?? 3, input.groups);
  userIds.forEach((id, index) => {
    for (let turn = 0; turn < perUser; turn += 1) {
      // Neighbours share their first group only, so that groups overlap in many ways.
      members[(index + turn * (1 + (index % 7))) % input.groups]?.push(id);
    }
  });
  const groupIds = members.map((list, index) =>
    tenant.addGroup({ id: makeId(), displayName: `Group ${index + 1}`, members: list }),
  );
  for (let index = 0; index < Math.min(input.nestedGroups ?? 0, groupIds.length - 1); index += 1) {
    tenant.addMembers(pick(groupIds, index), [pick(groupIds, index + 1)]);
  }
  return groupIds;
}
