import type { Contact, Employee } from '../../provisioning/person.ts';
import type { Page, PageRequest } from '../keyset-page.ts';

export type RelationKind = 'ticket' | 'invoice' | 'timeEntry' | 'asset';

/** A link that another PSA module holds on a person: exactly one of the two ids is set. */
export interface Relation {
  readonly id: string;
  readonly kind: RelationKind;
  readonly reference: string;
  readonly employeeId: string | null;
  readonly contactId: string | null;
  readonly createdAt: string;
}

export type RelationSummary = Pick<Relation, 'id' | 'kind' | 'reference'>;

/** Whose a record was before its connection was deleted; null where the connection did not tell. */
export interface FormerIdentity {
  readonly tenantId: string | null;
  readonly objectId: string | null;
}

export interface EmployeeView {
  readonly employee: Employee;
  /** Name of the job title that `jobTitleId` points at. */
  readonly jobTitle: string | null;
  /** Connection of the directory user the record is linked to. */
  readonly connectionId: string | null;
  /** Null while it is linked, or when it never was. */
  readonly formerIdentity: FormerIdentity | null;
  /** The first hundred. */
  readonly relations: readonly RelationSummary[];
}

export interface ContactView {
  readonly contact: Contact;
  readonly connectionId: string | null;
  /** Null while it is linked, or when it never was. */
  readonly formerIdentity: FormerIdentity | null;
}

export interface PeopleFilter<Status extends string> {
  /** Part of a name, username or email address, in any case. */
  readonly q: string | null;
  /** A whole email address, in any case. */
  readonly email: string | null;
  readonly status: Status | null;
  readonly connectionId: string | null;
  /** Only records that lost their directory user because its connection was deleted. */
  readonly isOrphan: boolean;
}

/** An employee locked together with everybody who keeps the organization administrable. */
export interface LockedEmployee {
  readonly view: EmployeeView;
  /** Employees that are active, may log in and have an administrator role; empty when they were not asked for. */
  readonly administratorIds: ReadonlySet<string>;
}

export interface Administrator {
  readonly id: string;
  readonly isRoot: boolean;
}

/** `lock`: nobody else may take one of them away until the end of the unit of work. */
export type Looking = 'look' | 'lock';

export type LockScope = 'alone' | 'withAdministrators';

/** How often an employee serves as the manager, by what names it. */
export interface ManagerUses {
  readonly employees: number;
  readonly mappingRules: number;
  readonly employeeDefaults: number;
}

export interface EmployeeStore {
  readonly list: (filter: PeopleFilter<Employee['status']>, page: PageRequest) => Promise<Page<EmployeeView>>;
  readonly get: (id: string) => Promise<EmployeeView | null>;
  /** Locks the employee, with the administrators in id order when the change could leave the organization without. */
  readonly lock: (id: string, scope: LockScope) => Promise<LockedEmployee | null>;
  /** Employees that are active, may log in and have an administrator role, in id order. */
  readonly administrators: (looking: Looking) => Promise<readonly Administrator[]>;
  readonly managerUses: (id: string) => Promise<ManagerUses>;
  /** Deletes a locked employee with its login; its predecessor and successor forget it. */
  readonly delete: (employee: Employee) => Promise<void>;
}

export interface ContactStore {
  readonly list: (filter: PeopleFilter<Contact['status']>, page: PageRequest) => Promise<Page<ContactView>>;
  readonly get: (id: string) => Promise<ContactView | null>;
  /** The contact, row locked, or null. */
  readonly lock: (id: string) => Promise<ContactView | null>;
  readonly delete: (id: string) => Promise<void>;
}

export interface RelationFilter {
  readonly employeeId: string | null;
  readonly contactId: string | null;
}

export interface RelationStore {
  readonly list: (filter: RelationFilter, page: PageRequest) => Promise<Page<Relation>>;
  readonly get: (id: string) => Promise<Relation | null>;
  readonly insert: (relation: Relation) => Promise<void>;
  /** False when there is no such relation. */
  readonly delete: (id: string) => Promise<boolean>;
}

export interface LoginLookup {
  readonly usernames: readonly string[];
  readonly emails: readonly string[];
  /** Whose own login does not count. */
  readonly exceptPersonId: string;
}

/** Lower case. */
export interface TakenLogins {
  readonly usernames: ReadonlySet<string>;
  readonly emails: ReadonlySet<string>;
}

/** Reference ids that a body brings; null where it brings none. */
export interface ReferenceIds {
  readonly departmentId: string | null;
  readonly locationId: string | null;
  readonly jobTitleId: string | null;
  readonly employeeRoleId: string | null;
  readonly securityRoleId: string | null;
  readonly managerId: string | null;
  readonly accountId: string | null;
  readonly accountLocationId: string | null;
}

/** What the ids point at; null (or false) where they point at nothing. */
export interface ReferenceFacts {
  readonly department: boolean;
  readonly location: boolean;
  readonly employeeRole: boolean;
  readonly jobTitle: { readonly isActive: boolean } | null;
  readonly securityRole: {
    readonly isExternal: boolean;
    readonly isActive: boolean;
    readonly isAdministrator: boolean;
  } | null;
  readonly manager: { readonly status: Employee['status'] } | null;
  readonly account: { readonly mainLocationId: string | null } | null;
  readonly accountLocation: { readonly accountId: string } | null;
}

/** Questions that every writer of people and rules asks before it writes. */
export interface LookupStore {
  readonly references: (ids: ReferenceIds) => Promise<ReferenceFacts>;
  readonly takenLogins: (lookup: LoginLookup) => Promise<TakenLogins>;
}
