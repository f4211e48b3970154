import type { Connection, CredentialMaker, NewCredential } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { type FieldFault, OperationError } from '../operation-error.ts';
import type { Clock, Identifiers, UnitOfWork } from '../ports.ts';
import { readExpiry } from './credential-input.ts';
import type { ScimCredential, ScimCredentialKind } from './scim-credential-ports.ts';

export interface ScimCredentialDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly credentialMaker: CredentialMaker;
  /** Called after a commit that ended a credential. */
  readonly forgetCredentials: () => void;
}

export interface NewScimCredential {
  readonly kind: ScimCredentialKind;
  readonly name: string;
  readonly expiresAt?: string | null;
  /** Of the kinds that trust a tenant; default: the tenant of the connection. */
  readonly tenantId?: string;
  /** Of a federated identity. */
  readonly subject?: string;
  /** Of the kinds that trust a tenant. */
  readonly audiences?: readonly string[];
  /** Of an Entra token. */
  readonly callerApplicationId?: string;
}

export interface CreatedScimCredential {
  readonly credential: ScimCredential;
  /** The client secret, shown to the administrator now and never again; null for the other kinds. */
  readonly secret: string | null;
}

export interface ScimCredentialOperations {
  readonly list: (
    context: OrganizationContext,
    connectionId: string,
    page: PageRequest,
  ) => Promise<Page<ScimCredential>>;
  readonly create: (
    context: OrganizationContext,
    connectionId: string,
    input: NewScimCredential,
  ) => Promise<CreatedScimCredential>;
  readonly revoke: (context: OrganizationContext, connectionId: string, id: string) => Promise<void>;
}

/** The audience that Entra gives all custom applications; what tells customers apart is the tenant. */
const CUSTOM_APPLICATION_AUDIENCE = '8adf8e6e-67b2-4cf2-a259-e3dc5476c621';
/** Entra's provisioning service. */
const PROVISIONING_SERVICE = '00000014-0000-0000-c000-000000000000';
/** Microsoft asks for one to three years. */
const SECRET_LIFETIME_YEARS = 2;

export function makeScimCredentialOperations(
  dependencies: ScimCredentialDependencies,
): ScimCredentialOperations {
  const { unitOfWork, clock, identifiers, credentialMaker, forgetCredentials } = dependencies;
  return {
    list: (context, connectionId, page) =>
      unitOfWork.read(context, async (stores) => {
        requireConnection(await stores.connections.get(connectionId), connectionId);
        return stores.scimCredentials.list(connectionId, page);
      }),
    create: (context, connectionId, input) => {
      const secret = input.kind === 'clientSecret' ? credentialMaker.makeClientSecret() : null;
      const id = identifiers.next();
      return unitOfWork.write(context, 'none', async (stores) => {
        const found = await stores.connections.lock(connectionId);
        const connection = requireConnection(found, connectionId);
        const credential = describe(input, { id, connection, secret, now: clock.now() });
        await stores.scimCredentials.insert(credential, secret?.hash ?? null);
        return { credential, secret: secret?.plain ?? null };
      });
    },
    revoke: async (context, connectionId, id) => {
      await unitOfWork.write(context, 'none', async (stores) => {
        if (await stores.scimCredentials.delete(connectionId, id)) return;
        throw new OperationError('not-found', `There is no credential ${id} of connection ${connectionId}.`);
      });
      forgetCredentials();
    },
  };
}

function requireConnection(connection: Connection | null, id: string): Connection {
  if (connection !== null) return connection;
  throw new OperationError('not-found', `There is no connection ${id}.`);
}

interface NewFacts {
  readonly id: string;
  readonly connection: Connection;
  readonly secret: NewCredential | null;
  readonly now: string;
}

const membersOf: Readonly<Record<ScimCredentialKind, readonly TrustMember[]>> = {
  clientSecret: [],
  federatedIdentity: ['tenantId', 'subject', 'audiences'],
  entraToken: ['tenantId', 'audiences', 'callerApplicationId'],
};
const trustMembers = ['tenantId', 'subject', 'audiences', 'callerApplicationId'] as const;
type TrustMember = (typeof trustMembers)[number];

/** Members that the kind must have or cannot have. */
function checkMembers(input: NewScimCredential): void {
  const fields: FieldFault[] = [];
  for (const name of trustMembers) {
    if (input[name] !== undefined && !membersOf[input.kind].includes(name)) {
      fields.push({ pointer: `/${name}`, detail: `does not belong to the kind ${input.kind}; leave it out` });
    }
  }
  if (input.kind === 'federatedIdentity') {
    for (const name of ['subject', 'audiences'] as const) {
      if (input[name] === undefined) fields.push({ pointer: `/${name}`, detail: 'is required' });
    }
  }
  if (fields.length > 0) {
    throw new OperationError('invalid', `The kind ${input.kind} needs other members.`, {
      reason: 'value',
      fields,
    });
  }
}

function describe(input: NewScimCredential, { id, connection, secret, now }: NewFacts): ScimCredential {
  checkMembers(input);
  const { kind, subject, audiences, callerApplicationId } = input;
  const isSecret = kind === 'clientSecret';
  const caller = kind === 'entraToken' ? (callerApplicationId ?? PROVISIONING_SERVICE) : null;
  const accepted = audiences ?? (kind === 'entraToken' ? [CUSTOM_APPLICATION_AUDIENCE] : []);
  return {
    id,
    connectionId: connection.id,
    kind,
    name: input.name.trim(),
    prefix: secret?.prefix ?? null,
    tenantId: isSecret ? null : tenantOf(input.tenantId, connection),
    subject: subject?.trim() ?? null,
    callerApplicationId: caller?.toLowerCase() ?? null,
    audiences: [...new Set(accepted)],
    createdAt: now,
    expiresAt: readExpiry(input.expiresAt, now) ?? (isSecret ? yearsAfter(now, SECRET_LIFETIME_YEARS) : null),
    lastUsedAt: null,
  };
}

function yearsAfter(now: string, years: number): string {
  const moment = new Date(now);
  moment.setUTCFullYear(moment.getUTCFullYear() + years);
  return moment.toISOString();
}

/** A connection to a tenant takes tokens of that tenant only. */
function tenantOf(given: string | undefined, connection: Connection): string {
  const tenantId = given?.toLowerCase() ?? connection.tenantId;
  if (tenantId === null) {
    const detail = 'is required, because the tenant of the connection is not known; give the directory GUID';
    throw invalidTenant(detail);
  }
  if (connection.tenantId !== null && tenantId !== connection.tenantId) {
    throw invalidTenant(`must be ${connection.tenantId}, the tenant of the connection; leave it out`);
  }
  return tenantId;
}

const invalidTenant = (detail: string): OperationError =>
  new OperationError('invalid', `The tenant id ${detail}.`, {
    reason: 'value',
    fields: [{ pointer: '/tenantId', detail }],
  });
