import type { EmployeeDefaults, Settings } from '../../provisioning/settings.ts';
import type { ConnectionStore, ScimTokenStore } from '../connections/connection-ports.ts';
import type { ApiKeyRole } from '../context.ts';
import type { ScimCredentialStore } from '../credentials/scim-credential-ports.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import type { ContactStore, EmployeeStore, LookupStore, RelationStore } from '../people/people-ports.ts';
import type { PlanningStore } from '../reconcile/planning-ports.ts';
import type { ReferenceDataStore } from '../reference-data/reference-data-ports.ts';
import type { DirectoryStore, EventLogStore } from '../resources/directory-ports.ts';
import type { MappingRuleStore } from '../rules/rules-ports.ts';
import type { SyncRunStore } from '../sync/sync-run-ports.ts';

/** What is stored together with the number of its changes; the number makes the ETag. */
export interface Revised<Value> {
  readonly value: Value;
  readonly revision: number;
}

export interface SettingsStore {
  readonly get: () => Promise<Revised<Settings>>;
  /** Answers the new revision. */
  readonly save: (settings: Settings, at: string) => Promise<number>;
}

export interface EmployeeDefaultsStore {
  readonly get: () => Promise<Revised<EmployeeDefaults>>;
  readonly save: (defaults: EmployeeDefaults, at: string) => Promise<number>;
  /** Whether somebody other than the root user is an employee: only then must a manager be named. */
  readonly hasEmployeesBesideRoot: () => Promise<boolean>;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly role: ApiKeyRole;
  /** The beginning of the key, to recognise it by. */
  readonly prefix: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
}

export interface ApiKeyStore {
  readonly list: (page: PageRequest) => Promise<Page<ApiKey>>;
  /** A key that is there already stays as it is: two servers can start with the same configured one. */
  readonly insert: (key: ApiKey, hash: Uint8Array) => Promise<void>;
  /** All keys that have not expired at `at`, locked in id order. */
  readonly lockValid: (at: string) => Promise<readonly ApiKey[]>;
  /** False when there is no such key. */
  readonly delete: (id: string) => Promise<boolean>;
  /** True when a key with this hash exists. */
  readonly holds: (hash: Uint8Array) => Promise<boolean>;
  readonly deleteNamed: (name: string) => Promise<void>;
}

export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
}

export interface OrganizationStore {
  /** The organization of the unit of work, or null while it does not exist. */
  readonly get: () => Promise<Organization | null>;
  /** False when it exists already, for instance because another server came first. Makes empty settings and defaults. */
  readonly insert: (organization: Organization) => Promise<boolean>;
}

/** Stores behind the administration API. Each is bound to the organization of the unit of work. */
export interface AdminStores {
  readonly settings: SettingsStore;
  readonly employeeDefaults: EmployeeDefaultsStore;
  readonly referenceData: ReferenceDataStore;
  readonly connections: ConnectionStore;
  readonly scimTokens: ScimTokenStore;
  readonly scimCredentials: ScimCredentialStore;
  readonly apiKeys: ApiKeyStore;
  readonly organizations: OrganizationStore;
  readonly syncRuns: SyncRunStore;
  readonly mappingRules: MappingRuleStore;
  readonly employees: EmployeeStore;
  readonly contacts: ContactStore;
  readonly relations: RelationStore;
  readonly lookups: LookupStore;
  readonly planning: PlanningStore;
  readonly directory: DirectoryStore;
  readonly eventLog: EventLogStore;
}
