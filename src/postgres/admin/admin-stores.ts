import type { AdminStores } from '../../operations/admin-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { makeApiKeyStore } from './api-key-store.ts';
import { makeConnectionStore } from './connection-store.ts';
import { makeEmployeeDefaultsStore } from './employee-defaults-store.ts';
import { makeOrganizationStore } from './organization-store.ts';
import { makeReferenceDataStore } from './reference-data-store.ts';
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
    apiKeys: makeApiKeyStore(connection),
    organizations: makeOrganizationStore(connection),
    syncRuns: makeSyncRunStore(connection),
  };
}
