import type { AdminStores } from '../../operations/admin-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { makeApiKeyStore } from './api-key-store.ts';
import { makeConnectionStore } from './connection-store.ts';
import { makeContactStore } from './contact-store.ts';
import { makeDirectoryStore } from './directory-store.ts';
import { makeEmployeeDefaultsStore } from './employee-defaults-store.ts';
import { makeEmployeeStore } from './employee-store.ts';
import { makeEventLogStore } from './event-log-store.ts';
import { makeLookupStore } from './lookup-store.ts';
import { makeMappingRuleStore } from './mapping-rule-store.ts';
import { makeOrganizationStore } from './organization-store.ts';
import { makePlanningStore } from './planning-store.ts';
import { makeReferenceDataStore } from './reference-data-store.ts';
import { makeRelationStore } from './relation-store.ts';
import { makeScimCredentialStore } from './scim-credential-store.ts';
import { makeScimTokenStore } from './scim-token-store.ts';
import { makeSettingsStore } from './settings-store.ts';
import { makeSyncRunStore } from './sync-run-store.ts';

export function makeAdminStores(connection: SqlConnection): AdminStores {
  return {
    settings: makeSettingsStore(connection),
    employeeDefaults: makeEmployeeDefaultsStore(connection),
    referenceData: makeReferenceDataStore(connection),
    connections: makeConnectionStore(connection),
    scimTokens: makeScimTokenStore(connection),
    scimCredentials: makeScimCredentialStore(connection),
    apiKeys: makeApiKeyStore(connection),
    organizations: makeOrganizationStore(connection),
    syncRuns: makeSyncRunStore(connection),
    mappingRules: makeMappingRuleStore(connection),
    employees: makeEmployeeStore(connection),
    contacts: makeContactStore(connection),
    relations: makeRelationStore(connection),
    lookups: makeLookupStore(connection),
    planning: makePlanningStore(connection),
    directory: makeDirectoryStore(connection),
    eventLog: makeEventLogStore(connection),
  };
}
