import type { MappingRule } from '../mapping/mapping-rule.ts';
import type { OpenHold } from './held-change.ts';
import type { Contact, Employee } from './person.ts';
import type { EmailSource, EmployeeDefaults, Settings } from './settings.ts';

/** A directory identity that an email candidate is already linked to. */
export interface LinkedIdentity {
  readonly directoryUserId: string;
  readonly connectionId: string;
  readonly deleted: boolean;
}

export interface SecurityRoleFacts {
  readonly id: string;
  readonly name: string;
  readonly isAdministrator: boolean;
}

/** What the organization has set, read once per unit of work. */
export interface OrganizationFacts {
  readonly settings: Settings;
  readonly defaults: EmployeeDefaults;
}

/**
 * What the PSA holds about a set of directory users, loaded with a constant number of statements and locked.
 * Keys of the address and name maps are lower case.
 */
export interface CaseFacts extends OrganizationFacts {
  readonly connections: ReadonlyMap<string, ConnectionFacts>;
  /** Every rule, enabled or not, whose group one of the users is in. */
  readonly rules: ReadonlyMap<string, MappingRule>;
  /** Directory user id → ids of the rules whose group the user is a member of. */
  readonly memberRules: ReadonlyMap<string, readonly string[]>;
  /** Records linked to one of the users or holding one of the addresses, archived ones included when linked. */
  readonly employees: readonly Employee[];
  readonly contacts: readonly Contact[];
  /** Directory user id (of a linked record) → that identity. */
  readonly identities: ReadonlyMap<string, LinkedIdentity>;
  /**
   * Taken usernames → person id: those asked for, and for every employee above the archived forms of its username that
   * exist (`…_archived`, `…_archived_2` to `…_archived_20`), so that an archive finds a free name.
   */
  readonly usernames: ReadonlyMap<string, string>;
  /** Taken login emails → person id: the addresses asked for, and the archived forms of the employees' emails. */
  readonly loginEmails: ReadonlyMap<string, string>;
  /** Job title name → id, active ones only, among those asked for. */
  readonly jobTitles: ReadonlyMap<string, string>;
  readonly securityRoles: ReadonlyMap<string, SecurityRoleFacts>;
  /** Directory users of whom Microsoft Graph says that sign-in is blocked, or that they are gone. */
  readonly blockedUsers: ReadonlySet<string>;
  /** Of the users: what waits for an administrator, or was refused and not asked again. */
  readonly openHolds: readonly OpenHold[];
  /** Ids of the employees above that tickets, invoices or other records hang on. */
  readonly employeesWithRelations: ReadonlySet<string>;
}

export interface ConnectionFacts {
  readonly id: string;
  readonly emailSource: EmailSource;
  readonly verifiedDomains: readonly string[];
  readonly allowedExternalDomains: readonly string[];
}
