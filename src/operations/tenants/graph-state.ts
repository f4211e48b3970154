import type { Connection } from '../connections/connection-ports.ts';
import type { Stores } from '../ports.ts';
import { mayRecover } from './graph-connection.ts';
import type { GraphGrant } from './graph-sign-in-ports.ts';

const unconnected = { graphFlow: null, signedInAs: null, grantedScopes: [] } as const;

export const isOtherApplication = (before: Connection, after: Connection): boolean =>
  before.tenantId !== after.tenantId ||
  before.cloud !== after.cloud ||
  before.applicationId !== after.applicationId;

/** Whether a key or a token in memory may belong to what the connection was before. */
export const isOtherIdentity = (before: Connection, after: Connection): boolean =>
  isOtherApplication(before, after) || before.applicationKeySetAt !== after.applicationKeySetAt;

/**
 * What a change of the configuration leaves of the way to Microsoft Graph. Another tenant or application has to be connected
 * anew; a new key takes over from the old one without an interruption, so that secrets can be rotated. Without a key nothing
 * can be read.
 */
export function withGraphStateAfter(before: Connection, after: Connection): Connection {
  if (after.status === 'disabled' || !isOtherIdentity(before, after)) return after;
  const isUntouched = before.status === 'created' && before.graphFlow === null;
  if (isOtherApplication(before, after)) {
    const detail = 'The tenant or the application was changed. Use Azure Connect again.';
    return {
      ...after,
      ...unconnected,
      verifiedDomains: [],
      status: 'created',
      statusDetail: isUntouched ? (after.tenantId === null ? after.statusDetail : null) : detail,
    };
  }
  if (after.applicationKeySetAt === null && !isUntouched) {
    const statusDetail = 'The application key was removed. Enter one and use Azure Connect again.';
    return { ...after, ...unconnected, status: 'created', statusDetail };
  }
  if (before.status === 'connected' || isUntouched) return after;
  if (mayRecover(before))
    return {
      ...after,
      statusDetail: 'The application key was changed. It is tried within the next minutes.',
    };
  return {
    ...after,
    status: 'created',
    statusDetail: 'The application key was changed. Use Azure Connect again.',
  };
}

export const afterGrant = (
  connection: Connection,
  { grantedScopes, principal }: GraphGrant,
  facts: Pick<Connection, 'graphFlow' | 'lastGraphSuccessAt'> & {
    readonly verifiedDomains: readonly string[] | null;
  },
): Connection => ({
  ...connection,
  status: 'connected',
  statusDetail: null,
  graphFlow: facts.graphFlow,
  signedInAs: principal,
  grantedScopes,
  // Reading the organization takes a permission of its own, so nothing new may be known.
  verifiedDomains: facts.verifiedDomains ?? connection.verifiedDomains,
  lastGraphSuccessAt: facts.lastGraphSuccessAt,
});

export const afterDisconnection = (connection: Connection): Connection => ({
  ...connection,
  ...unconnected,
  status: 'created',
  statusDetail: 'The tenant was disconnected. Use Azure Connect to read its directory again.',
});

/** Ends what was signed in; the tokens of a tenant must not survive the connection to it. */
export async function dropTokens(
  { tokenCaches }: Stores,
  organizationId: string,
  connectionId: string,
): Promise<void> {
  await tokenCaches.delete({ organizationId, connectionId, flow: 'delegated' });
}
