import pg from 'pg';
import type { DirectoryGroup } from '../../src/directory/directory-group.ts';
import type { DirectoryUser } from '../../src/directory/directory-user.ts';
import type { OrganizationContext } from '../../src/operations/context.ts';
import type { JobStore, UnitOfWork } from '../../src/operations/ports.ts';
import { type Database, type DatabaseOptions, openDatabase } from '../../src/postgres/database.ts';
import { makeStores } from '../../src/postgres/stores.ts';
import { makeUnitOfWork } from '../../src/postgres/unit-of-work.ts';
import type { Contact, Employee, Login } from '../../src/provisioning/person.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import { createTestDatabase } from '../support/database.ts';

const noJobs: JobStore = {
  enqueueReconcile: () => Promise.reject(new Error('no jobs in these tests')),
  enqueueReplan: () => Promise.reject(new Error('no jobs in these tests')),
  enqueueSync: () => Promise.reject(new Error('no jobs in these tests')),
  enqueueDeliveries: () => Promise.reject(new Error('no jobs in these tests')),
};

export const openUnitOfWork = (database: Database): UnitOfWork =>
  makeUnitOfWork(database, (connection) =>
    makeStores(connection, { jobs: () => noJobs, identifiers: { next: uuidV7 } }),
  );

/** A migrated database, the stores on it, and a look past row-level security for what tests check. */
export interface World {
  readonly url: string;
  readonly database: Database;
  readonly unitOfWork: UnitOfWork;
  /** As the owner of the cluster: no row-level security. */
  readonly owner: pg.Client;
  readonly close: () => Promise<void>;
}

export async function openWorld(options: Partial<DatabaseOptions> = {}): Promise<World> {
  const { url, drop } = await createTestDatabase();
  const database = openDatabase({ url, poolSize: 4, ...options });
  const owner = new pg.Client({ connectionString: url });
  owner.on('error', () => undefined);
  await owner.connect();
  return {
    url,
    database,
    unitOfWork: openUnitOfWork(database),
    owner,
    close: async () => {
      await owner.end();
      await database.close();
      await drop();
    },
  };
}

export interface Tenant {
  readonly context: OrganizationContext;
  readonly organizationId: string;
  readonly connectionId: string;
}

/** An organization with one connection. */
export async function addTenant({ unitOfWork, owner }: World, name = 'Default'): Promise<Tenant> {
  const organizationId = uuidV7();
  const context: OrganizationContext = { organizationId, actor: { kind: 'system' }, requestId: 'test' };
  await unitOfWork.write(context, 'exclusive', (stores) =>
    stores.organizations.insert({ id: organizationId, name, createdAt: now() }),
  );
  return { context, organizationId, connectionId: await addConnection(owner, organizationId) };
}

export async function addConnection(owner: pg.Client, organizationId: string): Promise<string> {
  const connectionId = uuidV7();
  await owner.query(
    `insert into connections (organization_id, connection_id, name, kind) values ($1, $2, 'Okta', 'scim')`,
    [organizationId, connectionId],
  );
  return connectionId;
}

export const now = (): string => new Date().toISOString();

export function userOf(tenant: Tenant, given: Partial<DirectoryUser> = {}): DirectoryUser {
  const id = uuidV7();
  return {
    id,
    connectionId: tenant.connectionId,
    userName: `${id}@fabrikam.example`,
    externalId: null,
    objectId: null,
    active: true,
    attributes: {},
    version: 1,
    createdAt: now(),
    lastModifiedAt: now(),
    deletedAt: null,
    ...given,
  };
}

export function groupOf(tenant: Tenant, given: Partial<DirectoryGroup> = {}): DirectoryGroup {
  const id = uuidV7();
  return {
    id,
    connectionId: tenant.connectionId,
    displayName: `Group ${id}`,
    externalId: null,
    objectId: null,
    attributes: {},
    memberCount: 0,
    version: 1,
    createdAt: now(),
    lastModifiedAt: now(),
    deletedAt: null,
    ...given,
  };
}

export async function insertUsers(
  { unitOfWork }: World,
  tenant: Tenant,
  users: readonly Partial<DirectoryUser>[],
): Promise<readonly DirectoryUser[]> {
  const made = users.map((given) => userOf(tenant, given));
  await unitOfWork.write(tenant.context, 'none', async (stores) => {
    for (const user of made) await stores.users.insert(user);
  });
  return made;
}

export async function insertGroup(
  { unitOfWork }: World,
  tenant: Tenant,
  given: Partial<DirectoryGroup> = {},
  memberIds: readonly string[] = [],
): Promise<DirectoryGroup> {
  const group = groupOf(tenant, given);
  const { memberCount } = await unitOfWork.write(tenant.context, 'none', async (stores) => {
    await stores.groups.insert(group);
    return stores.memberships.add(group, memberIds);
  });
  return { ...group, memberCount };
}

export const login = (given: Partial<Login> = {}): Login => ({
  username: null,
  email: null,
  enabled: true,
  sessionsEndedAt: null,
  ...given,
});

export function employeeOf(given: Partial<Employee> = {}): Employee {
  return {
    id: uuidV7(),
    firstName: 'Ada',
    lastName: 'Lovelace',
    phone: null,
    jobTitleId: null,
    departmentId: null,
    locationId: null,
    managerId: null,
    employmentType: null,
    employeeRoleId: null,
    securityRoleId: null,
    status: 'active',
    inactivatedBy: null,
    isRoot: false,
    archivedAt: null,
    predecessorId: null,
    successorId: null,
    createdAt: now(),
    updatedAt: now(),
    directoryUserId: null,
    winningRuleId: null,
    governed: false,
    login: login(),
    ...given,
  };
}

/** An account with its main location, for contacts to live under. */
export async function addAccount(
  owner: pg.Client,
  { organizationId }: Tenant,
): Promise<{ readonly accountId: string; readonly accountLocationId: string }> {
  const accountId = uuidV7();
  const accountLocationId = uuidV7();
  await owner.query('insert into accounts (organization_id, account_id, name) values ($1, $2, $3)', [
    organizationId,
    accountId,
    `Account ${accountId}`,
  ]);
  await owner.query(
    `insert into account_locations (organization_id, account_location_id, account_id, name, is_main)
      values ($1, $2, $3, 'Main', true)`,
    [organizationId, accountLocationId, accountId],
  );
  return { accountId, accountLocationId };
}

export function contactOf(
  place: { readonly accountId: string; readonly accountLocationId: string },
  given: Partial<Contact> = {},
): Contact {
  return {
    id: uuidV7(),
    ...place,
    firstName: 'Ada',
    lastName: 'Lovelace',
    jobTitle: null,
    emails: [],
    phones: [],
    hasPortalAccess: true,
    securityRoleId: null,
    status: 'active',
    inactivatedBy: null,
    createdAt: now(),
    updatedAt: now(),
    directoryUserId: null,
    winningRuleId: null,
    governed: false,
    login: null,
    ...given,
  };
}
