import type { Employee } from '../../provisioning/person.ts';
import type { CredentialMaker, NewCredential } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import type { Clock, Identifiers, Stores, UnitOfWork } from '../ports.ts';
import { createItem, type ReferenceInput } from '../reference-data/reference-data-operations.ts';
import type { ReferenceItem, ReferenceKind } from '../reference-data/reference-data-ports.ts';
import type { ApiKey, Organization } from './admin-ports.ts';

export interface CreateOrganizationDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly credentialMaker: CredentialMaker;
}

export interface NewOrganization {
  readonly name: string;
  readonly rootEmail?: string | null;
  readonly requestId: string | null;
}

export interface CreatedOrganization {
  readonly organization: Organization;
  readonly rootEmployeeId: string;
  /** An owner key, shown now and never again. */
  readonly plain: string;
}

export type CreateOrganization = (input: NewOrganization) => Promise<CreatedOrganization>;

/** The one that every installation starts with. A fixed id, so that two servers that start at once agree on it. */
const defaultOrganizationId = '01900000-0000-7000-8000-000000000001';

const systemContext = (organizationId: string, requestId: string | null): OrganizationContext => ({
  organizationId,
  actor: { kind: 'system' },
  requestId,
});

/** The product's own security roles: two for client portal users, the others for employees. */
const securityRoles: readonly ReferenceInput[] = [
  { name: 'Administrator', isAdministrator: true, isSystem: true },
  { name: 'Technician', isSystem: true },
  { name: 'Read Only', isSystem: true },
  { name: 'External User', isExternal: true, isSystem: true },
  { name: 'External Manager', isExternal: true, isSystem: true },
];

export function makeCreateOrganization(dependencies: CreateOrganizationDependencies): CreateOrganization {
  const { unitOfWork, clock, identifiers, credentialMaker } = dependencies;
  return async ({ name, rootEmail = null, requestId }) => {
    const id = identifiers.next();
    const organization: Organization = { id, name: name.trim(), createdAt: clock.now() };
    const credential = credentialMaker.makeApiKey();
    const context = systemContext(id, requestId);
    const rootEmployeeId = await unitOfWork.write(context, 'none', async (stores) => {
      const root = await setUp(stores, organization, rootEmail, dependencies);
      await insertOwnerKey(stores, 'First key', credential, dependencies);
      return root;
    });
    if (rootEmployeeId === null) throw new Error(`The organization id ${id} is taken`);
    return { organization, rootEmployeeId, plain: credential.plain };
  };
}

export interface DefaultOrganization {
  readonly organizationId: string;
  /** False when the organization was there already. */
  readonly isNew: boolean;
  /** An owner key that was made because there was none; to be shown once. */
  readonly generatedKey: string | null;
}

export type EnsureDefaultOrganization = (adminApiKey: string | null) => Promise<DefaultOrganization>;

const CONFIGURED_KEY = 'ADMIN_API_KEY';

/**
 * What every start of the server makes sure of: the organization `Default` exists, and the configured admin key is its
 * owner key. A key that was configured before and is not any more stops working. Without a configured key one is
 * generated at the first start only.
 */
export function makeEnsureDefaultOrganization(
  dependencies: CreateOrganizationDependencies,
): EnsureDefaultOrganization {
  const { unitOfWork, clock, credentialMaker } = dependencies;
  const organizationId = defaultOrganizationId;
  return (adminApiKey) => {
    const organization: Organization = { id: organizationId, name: 'Default', createdAt: clock.now() };
    return unitOfWork.write(systemContext(organizationId, null), 'none', async (stores) => {
      const isNew = (await setUp(stores, organization, null, dependencies)) !== null;
      if (adminApiKey !== null) {
        await ensureConfiguredKey(stores, credentialMaker.describeApiKey(adminApiKey), dependencies);
        return { organizationId, isNew, generatedKey: null };
      }
      await stores.apiKeys.deleteNamed(CONFIGURED_KEY);
      const owners = (await stores.apiKeys.lockValid(clock.now())).filter(({ role }) => role === 'owner');
      if (owners.length > 0) return { organizationId, isNew, generatedKey: null };
      const generated = credentialMaker.makeApiKey();
      await insertOwnerKey(stores, 'First key', generated, dependencies);
      return { organizationId, isNew, generatedKey: generated.plain };
    });
  };
}

/** Makes another owner key of the default organization, for whoever has lost the first one. */
export function makeRescueKey(dependencies: CreateOrganizationDependencies): () => Promise<string> {
  return async () => {
    const credential = dependencies.credentialMaker.makeApiKey();
    const context = systemContext(defaultOrganizationId, null);
    await dependencies.unitOfWork.write(context, 'none', (stores) =>
      insertOwnerKey(stores, 'Made on the server', credential, dependencies),
    );
    return credential.plain;
  };
}

async function ensureConfiguredKey(
  stores: Stores,
  credential: NewCredential,
  dependencies: CreateOrganizationDependencies,
): Promise<void> {
  if (await stores.apiKeys.holds(credential.hash)) return;
  await stores.apiKeys.deleteNamed(CONFIGURED_KEY);
  await insertOwnerKey(stores, CONFIGURED_KEY, credential, dependencies);
}

async function insertOwnerKey(
  stores: Stores,
  name: string,
  { prefix, hash }: NewCredential,
  { clock, identifiers }: CreateOrganizationDependencies,
): Promise<void> {
  const key: ApiKey = {
    id: identifiers.next(),
    name,
    role: 'owner',
    prefix,
    createdAt: clock.now(),
    expiresAt: null,
    lastUsedAt: null,
  };
  await stores.apiKeys.insert(key, hash);
}

/** The id of the root employee; null when the organization exists already, and then nothing is written. */
async function setUp(
  stores: Stores,
  organization: Organization,
  rootEmail: string | null,
  { clock, identifiers }: CreateOrganizationDependencies,
): Promise<string | null> {
  if (!(await stores.organizations.insert(organization))) return null;
  const now = clock.now();
  const create = (kind: ReferenceKind, input: ReferenceInput): Promise<ReferenceItem> =>
    createItem(stores, { kind, accountId: null }, input, { identifiers, now });

  const department = await create('departments', { name: 'Administration' });
  const location = await create('locations', { name: 'Headquarters', isMain: true });
  const jobTitle = await create('jobTitles', { name: 'System Administrator' });
  const employeeRole = await create('employeeRoles', { name: 'Staff', isDefault: true });
  let administratorId = '';
  for (const input of securityRoles) {
    const role = await create('securityRoles', input);
    if (role.values.isAdministrator === true) administratorId = role.id;
  }
  const root: Employee = {
    ...blankRoot,
    id: identifiers.next(),
    departmentId: department.id,
    locationId: location.id,
    jobTitleId: jobTitle.id,
    employeeRoleId: employeeRole.id,
    securityRoleId: administratorId,
    createdAt: now,
    updatedAt: now,
    login: { username: 'root', email: rootEmail, enabled: true, sessionsEndedAt: null },
  };
  await stores.people.apply({ jobTitles: [], employees: [root], contacts: [] });
  return root.id;
}

const blankRoot = {
  firstName: 'Root',
  lastName: 'User',
  phone: null,
  managerId: null,
  employmentType: 'Full-time',
  status: 'active',
  inactivatedBy: null,
  isRoot: true,
  directoryUserId: null,
  winningRuleId: null,
  governed: false,
  archivedAt: null,
  predecessorId: null,
  successorId: null,
} as const satisfies Partial<Employee>;
