import type { MappingRule } from '../mapping/mapping-rule.ts';
import type { CaseFacts, ConnectionFacts, LinkedIdentity, SecurityRoleFacts } from '../provisioning/facts.ts';
import type { OpenHold } from '../provisioning/held-change.ts';
import type { Contact, Employee, Login } from '../provisioning/person.ts';
import type { EmployeeDefaults, Settings } from '../provisioning/settings.ts';
import { readOptionalTimestamp, readTimestamp } from './timestamp.ts';

type Pairs = readonly (readonly [string, string])[];

/** The one row of `loadCasesText`; times are still as PostgreSQL puts them into JSON. */
export interface CaseRow {
  readonly employees: readonly (Omit<Employee, 'login'> & { readonly login: Login | null })[] | null;
  readonly contacts: readonly Contact[] | null;
  readonly isStale: boolean;
  readonly settings: Settings | null;
  readonly defaults: EmployeeDefaults | null;
  readonly connections: readonly ConnectionFacts[] | null;
  readonly rules: readonly MappingRule[] | null;
  readonly memberRules: readonly (readonly [userId: string, ruleIds: readonly string[]])[] | null;
  readonly identities: readonly LinkedIdentity[] | null;
  readonly usernames: Pairs | null;
  readonly loginEmails: Pairs | null;
  readonly jobTitles: Pairs | null;
  readonly securityRoles: readonly SecurityRoleFacts[] | null;
  readonly blockedUsers: readonly string[] | null;
  readonly openHolds: readonly OpenHold[] | null;
  readonly employeesWithRelations: readonly string[] | null;
}

const noLogin: Login = { username: null, email: null, enabled: false, sessionsEndedAt: null };

const readLogin = (login: Login): Login => ({
  ...login,
  sessionsEndedAt: readOptionalTimestamp(login.sessionsEndedAt),
});

const times = (record: { readonly createdAt: string; readonly updatedAt: string }) => ({
  createdAt: readTimestamp(record.createdAt),
  updatedAt: readTimestamp(record.updatedAt),
});

const byId = <Item extends { readonly id: string }>(
  items: readonly Item[] | null,
): ReadonlyMap<string, Item> => new Map((items ?? []).map((item) => [item.id, item]));

function readRule(rule: MappingRule): MappingRule {
  const createdAt = readOptionalTimestamp(rule.group.createdAt);
  const firstSeenAt = readOptionalTimestamp(rule.group.firstSeenAt);
  return { ...rule, ...times(rule), group: { ...rule.group, createdAt, firstSeenAt } };
}

export function readCaseFacts(row: CaseRow): CaseFacts {
  if (row.settings === null || row.defaults === null) {
    throw new Error('The organization of the context has no settings: it does not exist');
  }
  return {
    settings: row.settings,
    defaults: row.defaults,
    connections: byId(row.connections),
    rules: byId(row.rules?.map(readRule) ?? null),
    memberRules: new Map(row.memberRules),
    employees: (row.employees ?? []).map((employee) => ({
      ...employee,
      ...times(employee),
      archivedAt: readOptionalTimestamp(employee.archivedAt),
      login: employee.login === null ? noLogin : readLogin(employee.login),
    })),
    contacts: (row.contacts ?? []).map((contact) => ({
      ...contact,
      ...times(contact),
      login: contact.login === null ? null : readLogin(contact.login),
    })),
    identities: new Map((row.identities ?? []).map((identity) => [identity.directoryUserId, identity])),
    usernames: new Map(row.usernames),
    loginEmails: new Map(row.loginEmails),
    jobTitles: new Map(row.jobTitles),
    securityRoles: byId(row.securityRoles),
    blockedUsers: new Set(row.blockedUsers),
    openHolds: row.openHolds ?? [],
    employeesWithRelations: new Set(row.employeesWithRelations),
  };
}
