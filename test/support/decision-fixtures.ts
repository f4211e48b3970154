import type { DirectoryUser } from '../../src/directory/directory-user.ts';
import type { MappingRule } from '../../src/mapping/mapping-rule.ts';
import type { Decision, PersonCase } from '../../src/provisioning/case.ts';
import { decide } from '../../src/provisioning/decide.ts';
import type { CaseFacts } from '../../src/provisioning/facts.ts';
import { Ledger } from '../../src/provisioning/ledger.ts';
import type { Contact, Employee } from '../../src/provisioning/person.ts';

export const now = '2026-03-01T10:00:00.000Z';
const connectionId = 'connection';

export const aRule = (over: Partial<MappingRule> = {}): MappingRule => ({
  id: 'rule',
  connectionId,
  groupId: 'group',
  order: 1,
  userType: 'employee',
  securityRoleId: 'technician',
  accountId: null,
  accountLocationId: null,
  overrides: {
    departmentId: null,
    locationId: null,
    managerId: null,
    employmentType: null,
    employeeRoleId: null,
  },
  enabled: true,
  note: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  group: { id: 'g', name: 'PSA Engineers', createdAt: null, firstSeenAt: null, state: 'found' },
  ...over,
});

export const portalRule = (over: Partial<MappingRule> = {}): MappingRule =>
  aRule({
    id: 'portal-rule',
    userType: 'clientPortal',
    securityRoleId: 'external-user',
    accountId: 'account',
    accountLocationId: 'main-location',
    ...over,
  });

export const aUser = (over: Partial<DirectoryUser> = {}): DirectoryUser => ({
  id: 'user',
  connectionId,
  objectId: null,
  userName: 'ada.lovelace@contoso.com',
  externalId: null,
  active: true,
  attributes: { name: { givenName: 'Ada', familyName: 'Lovelace' } },
  version: 1,
  createdAt: now,
  lastModifiedAt: now,
  deletedAt: null,
  ...over,
});

export const anEmployee = (over: Partial<Employee> = {}): Employee => ({
  id: 'employee',
  firstName: 'Augusta',
  lastName: 'King',
  phone: null,
  jobTitleId: null,
  departmentId: null,
  locationId: null,
  managerId: null,
  employmentType: null,
  employeeRoleId: null,
  securityRoleId: 'administrator',
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
  login: {
    username: 'ada.lovelace',
    email: 'ada.lovelace@contoso.com',
    enabled: true,
    sessionsEndedAt: null,
  },
  ...over,
});

export const aContact = (over: Partial<Contact> = {}): Contact => ({
  id: 'contact',
  accountId: 'account',
  accountLocationId: 'main-location',
  firstName: 'Augusta',
  lastName: 'King',
  jobTitle: null,
  emails: [{ address: 'ada.lovelace@contoso.com', type: 'Work', isDefault: true }],
  phones: [],
  hasPortalAccess: false,
  securityRoleId: null,
  status: 'active',
  inactivatedBy: null,
  directoryUserId: null,
  winningRuleId: null,
  governed: false,
  createdAt: now,
  updatedAt: now,
  login: null,
  ...over,
});

export interface World {
  readonly rules?: readonly MappingRule[];
  readonly employees?: readonly Employee[];
  readonly contacts?: readonly Contact[];
  readonly facts?: Partial<CaseFacts>;
  readonly users?: readonly DirectoryUser[];
}

/** Facts as the loader would give them, for users that are all members of all the rules' groups. */
export function factsOf(world: World): CaseFacts {
  const people = [...(world.employees ?? []), ...(world.contacts ?? [])];
  const holders = (pick: (login: NonNullable<Employee['login']>) => string | null): Map<string, string> =>
    new Map(
      people.flatMap((person) => {
        const name = person.login === null ? null : pick(person.login);
        return name === null ? [] : [[name.toLowerCase(), person.id] as const];
      }),
    );
  const users = world.users ?? [aUser()];
  return {
    settings: {
      provisioningMode: 'azureAdSync',
      unknownJobTitle: 'create',
      defaultPhoneType: 'Work',
      restoreArchived: 'whenNoHistory',
      guard: { maxDeactivations: 20, maxDeactivationsPercent: 10, maxConversions: 5, windowMinutes: 60 },
    },
    defaults: {
      departmentId: 'default-department',
      locationId: 'default-location',
      managerId: 'root',
      jobTitleId: 'default-title',
      employmentType: 'Full-time',
      securityRoleId: 'read-only',
      employeeRoleId: 'default-role',
      accountId: null,
    },
    connections: new Map([
      [
        connectionId,
        { id: connectionId, emailSource: 'auto', verifiedDomains: [], allowedExternalDomains: [] },
      ],
    ]),
    rules: new Map((world.rules ?? []).map((rule) => [rule.id, rule])),
    memberRules: new Map(users.map((user) => [user.id, (world.rules ?? []).map((rule) => rule.id)])),
    employees: world.employees ?? [],
    contacts: world.contacts ?? [],
    identities: new Map(),
    usernames: holders((login) => login.username),
    loginEmails: holders((login) => login.email),
    jobTitles: new Map(),
    securityRoles: new Map(),
    openHolds: [],
    blockedUsers: new Set(),
    employeesWithRelations: new Set(),
    ...world.facts,
  };
}

export interface Decided {
  readonly decision: Decision;
  readonly ledger: Ledger;
  readonly employees: readonly Employee[];
  readonly contacts: readonly Contact[];
}

/** Decides one person in a world and shows what would be written. */
export function decideIn(world: World, person: Partial<PersonCase> = {}): Decided {
  const ledger = new Ledger(factsOf(world));
  let count = 0;
  const moment = { now, newId: () => `new-${++count}` };
  const decision = decide({ user: aUser(), previous: null, cause: 'directory', ...person }, ledger, moment);
  const { employees, contacts } = ledger.changes();
  return { decision, ledger, employees, contacts };
}

/** The one element of a list that must hold exactly one. */
export function only<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`Expected one item, got ${items.length}.`);
  return item;
}
