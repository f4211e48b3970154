import type { Encryption } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import type { Clock, UnitOfWork } from '../ports.ts';
import type { GraphConnection } from './graph-ports.ts';
import type { GraphSignIn, PendingSignIn } from './graph-sign-in-ports.ts';
import type { StoredSignIn } from './pending-sign-in-ports.ts';

export interface BeginSignInDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly encryption: Encryption;
  readonly signIn: GraphSignIn;
  readonly redirectUri: string;
}

/** What the sign-in was started with: it only counts for a connection that is still the same. */
export interface BegunSignIn {
  readonly pending: PendingSignIn;
  readonly tenantId: string;
  readonly applicationId: string;
}

/** An administrator may have to find somebody with the right to consent. */
const lifetimeMs = 15 * 60_000;
const separator = '.';

/** What leads the state, so that the organization is found again when the browser comes back. */
const statePrefixOf = (organizationId: string): string => `${organizationId}${separator}`;

export function organizationOfState(state: string): string | null {
  const end = state.indexOf(separator);
  return end < 0 ? null : state.slice(0, end);
}

/** The address at which the administrator signs in. It can be used once, for a quarter of an hour. */
export async function beginSignIn(
  { unitOfWork, clock, encryption, signIn, redirectUri }: BeginSignInDependencies,
  context: OrganizationContext,
  target: GraphConnection,
  askForConsent: boolean,
): Promise<string> {
  const { connectionId, tenantId, applicationId } = target;
  const statePrefix = statePrefixOf(context.organizationId);
  const { authorizationUrl, pending } = await signIn.start(target, {
    redirectUri,
    statePrefix,
    askForConsent,
  });
  const now = clock.now();
  const begun: BegunSignIn = { pending, tenantId, applicationId };
  const stored: StoredSignIn = {
    connectionId,
    sealed: encryption.encrypt(JSON.stringify(begun), ownerOf(connectionId)),
    expiresAt: new Date(Date.parse(now) + lifetimeMs).toISOString(),
  };
  await unitOfWork.write(context, 'none', (stores) =>
    stores.pendingSignIns.insert(pending.state, stored, now),
  );
  return authorizationUrl;
}

const ownerOf = (connectionId: string): string => `sign-in ${connectionId}`;

/** Throws when it was encrypted with another key. */
export function openSignIn({ connectionId, sealed }: StoredSignIn, encryption: Encryption): BegunSignIn {
  // Written above, and authenticated by the encryption.
  return JSON.parse(encryption.decrypt(sealed, ownerOf(connectionId))) as BegunSignIn;
}
