import type { EmailSource } from '../../provisioning/settings.ts';
import type { ConnectionKind } from '../context.ts';
import { FieldFaults, tidy } from '../field-faults.ts';
import { applicationKeyOwner } from '../tenants/graph-connection.ts';
import type { GraphSignIn } from '../tenants/graph-sign-in-ports.ts';
import type { Cloud, Connection, DeletePolicy, Encryption } from './connection-ports.ts';
import { checkCustomExtensions } from './custom-extension-input.ts';
import type { CustomExtension } from './custom-extension-ports.ts';

/** Fields of a request; an absent one stays as it is, null clears it. */
export interface ConnectionInput {
  readonly name?: string;
  readonly tenant?: string | null;
  readonly cloud?: Cloud | null;
  readonly applicationId?: string | null;
  /** The Value of the client secret. */
  readonly applicationKey?: string | null;
  readonly emailSource?: EmailSource;
  readonly allowedExternalDomains?: readonly string[];
  readonly deletePolicy?: DeletePolicy;
  readonly customExtensions?: readonly CustomExtension[];
}

export interface NewConnection extends ConnectionInput {
  readonly name: string;
  readonly kind: ConnectionKind;
}

interface Keeping {
  readonly now: string;
  readonly encryption: Encryption;
  readonly describeKey: GraphSignIn['describeKey'];
}

interface Birth extends Keeping {
  readonly id: string;
}

const guid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const domain = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/i;

const entraFields = ['tenant', 'cloud', 'applicationId', 'applicationKey'] as const;

function checkKind(kind: ConnectionKind, input: ConnectionInput, isNew: boolean, faults: FieldFaults): void {
  if (kind === 'scim') {
    for (const field of entraFields) {
      if (input[field] != null) faults.add(`/${field}`, 'belongs to connections of kind entra');
    }
    return;
  }
  // Provisioning by SCIM works without an application registration; reading Microsoft Graph does not (REQ-50).
  const isMissing = isNew ? input.tenant == null : input.tenant === null;
  if (isMissing) faults.add('/tenant', 'is required for connections of kind entra');
}

function checkEntraValues(
  { tenant, applicationKey }: ConnectionInput,
  faults: FieldFaults,
  { describeKey }: Keeping,
): void {
  if (tenant != null && !guid.test(tenant.trim()) && !domain.test(tenant.trim())) {
    faults.add(
      '/tenant',
      'must be a domain name of the tenant, such as contoso.onmicrosoft.com, or its GUID',
    );
  }
  if (applicationKey == null) return;
  // REQ-45: Azure shows the Value once and the Secret ID for ever, so the wrong one is often copied.
  if (guid.test(applicationKey.trim())) {
    faults.add('/applicationKey', 'looks like the Secret ID of the client secret; paste its Value instead');
    return;
  }
  const key = describeKey(applicationKey.trim());
  if (key.kind === 'unusable') faults.add('/applicationKey', key.detail);
}

/** The resolved id stays as long as the same tenant of the same cloud is meant. */
function namedTenant(before: Connection, { tenant, cloud }: ConnectionInput): Partial<Connection> {
  const text = tenant === undefined ? before.tenant : tidy(tenant);
  const isSame = text === before.tenant && (cloud === undefined || (cloud ?? 'global') === before.cloud);
  return isSame ? {} : tenantOf(text);
}

/** A GUID is the tenant id; a domain name has to be resolved before the tenant id is known. */
function tenantOf(tenant: string | null): Pick<Connection, 'tenant' | 'tenantId'> {
  const text = tidy(tenant);
  if (text === null) return { tenant: null, tenantId: null };
  return { tenant: text, tenantId: guid.test(text) ? text.toLowerCase() : null };
}

const tidyDomains = (domains: readonly string[]): readonly string[] => [
  ...new Set(domains.map((name) => name.trim().toLowerCase())),
];

/** The connection as it will be stored. Throws `invalid` naming every field that is wrong. */
export function withConnectionInput(
  before: Connection,
  input: ConnectionInput,
  keeping: Keeping,
): Connection {
  const faults = new FieldFaults();
  checkKind(before.kind, input, false, faults);
  checkEntraValues(input, faults, keeping);
  checkCustomExtensions(input.customExtensions ?? [], '/customExtensions', faults);
  faults.raise();
  return merge(before, input, keeping);
}

export function readNewConnection(input: NewConnection, { id, ...keeping }: Birth): Connection {
  const faults = new FieldFaults();
  checkKind(input.kind, input, true, faults);
  checkEntraValues(input, faults, keeping);
  checkCustomExtensions(input.customExtensions ?? [], '/customExtensions', faults);
  faults.raise();
  return merge({ ...blank, id, kind: input.kind, createdAt: keeping.now }, input, keeping);
}

const blank: Omit<Connection, 'id' | 'kind' | 'createdAt'> = {
  name: '',
  tenant: null,
  tenantId: null,
  cloud: 'global',
  applicationId: null,
  applicationKeyEncrypted: null,
  applicationKeySetAt: null,
  emailSource: 'auto',
  allowedExternalDomains: [],
  deletePolicy: 'deactivateAndHide',
  customExtensions: [],
  status: 'created',
  statusDetail: null,
  graphFlow: null,
  signedInAs: null,
  grantedScopes: [],
  verifiedDomains: [],
  lastSyncAt: null,
  lastGraphSuccessAt: null,
  revision: 1,
};

function merge(before: Connection, input: ConnectionInput, { now, encryption }: Keeping): Connection {
  const { name, cloud, applicationId, applicationKey, emailSource, allowedExternalDomains } = input;
  return {
    ...before,
    ...(name === undefined ? {} : { name: name.trim() }),
    ...namedTenant(before, input),
    ...(cloud === undefined ? {} : { cloud: cloud ?? 'global' }),
    ...(applicationId === undefined ? {} : { applicationId: applicationId?.toLowerCase() ?? null }),
    ...(applicationKey === undefined
      ? {}
      : applicationKey === null
        ? { applicationKeyEncrypted: null, applicationKeySetAt: null }
        : {
            applicationKeyEncrypted: encryption.encrypt(
              applicationKey.trim(),
              applicationKeyOwner(before.id),
            ),
            applicationKeySetAt: now,
          }),
    ...(emailSource === undefined ? {} : { emailSource }),
    ...(allowedExternalDomains === undefined
      ? {}
      : { allowedExternalDomains: tidyDomains(allowedExternalDomains) }),
    deletePolicy: input.deletePolicy ?? before.deletePolicy,
    customExtensions: input.customExtensions ?? before.customExtensions,
  };
}
