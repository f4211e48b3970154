import type { Connection, Encryption, GraphFlow } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { GraphConnection, GraphError, GraphFailureKind } from './graph-ports.ts';

/** What an application key is bound to when it is encrypted. */
export const applicationKeyOwner = (connectionId: string): string => `application key ${connectionId}`;

/** Everything Microsoft Graph is asked with. Throws `conflict` naming what is missing. */
export function graphConnectionOf(
  { organizationId }: OrganizationContext,
  connection: Connection,
  { flow, encryption }: { readonly flow: GraphFlow; readonly encryption: Encryption },
): GraphConnection {
  const { id, kind, cloud, tenantId, applicationId, applicationKeyEncrypted } = connection;
  requireEntra(kind);
  if (tenantId === null || applicationId === null || applicationKeyEncrypted === null) {
    throw missing({ tenant: tenantId, applicationId, applicationKey: applicationKeyEncrypted });
  }
  return {
    organizationId,
    connectionId: id,
    cloud,
    tenantId,
    applicationId,
    applicationKey: openKey(id, applicationKeyEncrypted, encryption),
    flow,
  };
}

/** What can be told to be missing without asking anybody for the id of the tenant. Throws `conflict`. */
export function requireApplication({ kind, applicationId, applicationKeyEncrypted }: Connection): void {
  requireEntra(kind);
  if (applicationId === null || applicationKeyEncrypted === null)
    throw missing({ applicationId, applicationKey: applicationKeyEncrypted });
}

function requireEntra(kind: Connection['kind']): void {
  if (kind === 'entra') return;
  throw new OperationError('conflict', 'Only a connection of kind entra has a tenant to connect to.');
}

function missing(values: Readonly<Record<string, unknown>>): OperationError {
  const names = Object.keys(values).filter((name) => values[name] === null);
  return new OperationError(
    'conflict',
    `The connection needs ${names.join(', ')} before its tenant can be connected.`,
    { missing: names },
  );
}

function openKey(connectionId: string, encrypted: Uint8Array, encryption: Encryption): string {
  try {
    return encryption.decrypt(encrypted, applicationKeyOwner(connectionId));
  } catch (error) {
    if (error instanceof OperationError) throw error;
    throw new OperationError(
      'conflict',
      'The application key of the connection cannot be opened; was ENCRYPTION_KEY changed? Paste the key again.',
      { cause: error },
    );
  }
}

/** Whether its directory can be read: Azure Connect has succeeded and nothing has ended it since. */
export const isConnected = ({ status, graphFlow }: Connection): boolean =>
  status === 'connected' && graphFlow !== null;

/** Refused by Microsoft after it was connected or tried; that may end without anybody coming back here. */
export const mayRecover = ({ status, graphFlow }: Connection): boolean =>
  graphFlow !== null &&
  (status === 'failed' || status === 'consentRequired' || status === 'permissionMissing');

const statusOf = (kind: GraphFailureKind): Connection['status'] =>
  kind === 'consentRequired' || kind === 'permissionMissing' ? kind : 'failed';

/** The connection after Graph or the identity platform refused: one that failed in passing stays as it is. */
export const afterGraphFailure = (connection: Connection, failure: GraphError): Connection =>
  failure.isPassing
    ? connection
    : { ...connection, status: statusOf(failure.kind), statusDetail: failure.message };

/** A failure of Graph as the refusal of an operation that cannot go on without it. */
export const refusalOf = (failure: GraphError): OperationError =>
  new OperationError(failure.isPassing ? 'unavailable' : 'conflict', failure.message, { cause: failure });
