import type { AdminStores } from '../../operations/organizations/admin-ports.ts';
import type { StoreMakers } from '../lazy-stores.ts';
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

export const adminStores: StoreMakers<{ readonly connection: SqlConnection }, AdminStores> = {
  settings: ({ connection }) => makeSettingsStore(connection),
  employeeDefaults: ({ connection }) => makeEmployeeDefaultsStore(connection),
  referenceData: ({ connection }) => makeReferenceDataStore(connection),
  connections: ({ connection }) => makeConnectionStore(connection),
  scimTokens: ({ connection }) => makeScimTokenStore(connection),
  scimCredentials: ({ connection }) => makeScimCredentialStore(connection),
  apiKeys: ({ connection }) => makeApiKeyStore(connection),
  organizations: ({ connection }) => makeOrganizationStore(connection),
  syncRuns: ({ connection }) => makeSyncRunStore(connection),
  mappingRules: ({ connection }) => makeMappingRuleStore(connection),
  employees: ({ connection }) => makeEmployeeStore(connection),
  contacts: ({ connection }) => makeContactStore(connection),
  relations: ({ connection }) => makeRelationStore(connection),
  lookups: ({ connection }) => makeLookupStore(connection),
  planning: ({ connection }) => makePlanningStore(connection),
  directory: ({ connection }) => makeDirectoryStore(connection),
  eventLog: ({ connection }) => makeEventLogStore(connection),
};
