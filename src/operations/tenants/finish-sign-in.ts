import { isGuid } from '../../directory/object-id.ts';
import type { Connection, Encryption } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { AzureConnectDependencies } from './azure-connect.ts';
import { type BegunSignIn, beginSignIn, openSignIn, organizationOfState } from './begin-sign-in.ts';
import { graphConnectionOf } from './graph-connection.ts';
import { type GraphConnection, GraphError, type GraphFailureKind } from './graph-ports.ts';
import type { SignInAnswer } from './graph-sign-in-ports.ts';
import { dropTokens } from './graph-state.ts';
import type { StoredSignIn } from './pending-sign-in-ports.ts';
import { saveGrant } from './save-grant.ts';

/** What the administrator whose browser came back is told. */
export type SignInResult =
  | { readonly kind: 'connected'; readonly connection: Connection }
  | {
      readonly kind: 'refused';
      readonly connectionName: string;
      readonly failure: GraphFailureKind;
      readonly detail: string;
      /** Whether the connection is as usable as it was before. */
      readonly isStillConnected: boolean;
      /** Starts another sign-in, where that may help. */
      readonly retryUrl: string | null;
    }
  /** Never started here, used already, or too old. */
  | { readonly kind: 'unknown' }
  /** The connection is not what it was when the sign-in was started. */
  | { readonly kind: 'changed'; readonly detail: string };

export type FinishSignIn = (answer: SignInAnswer, requestId: string | null) => Promise<SignInResult>;

interface Returned {
  readonly context: OrganizationContext;
  readonly begun: BegunSignIn;
  readonly connection: Connection;
}

/** The second half of Azure Connect. The state alone says whose sign-in it is, and only once. */
export function makeFinishSignIn(dependencies: AzureConnectDependencies): FinishSignIn {
  const { unitOfWork, encryption, signIn } = dependencies;
  return async (answer, requestId) => {
    const returned = await takeSignIn(dependencies, answer.state ?? '', requestId);
    if (returned === null) return { kind: 'unknown' };
    const { context, begun, connection } = returned;
    try {
      const target = graphConnectionOf(context, connection, { flow: 'delegated', encryption });
      if (target.tenantId !== begun.tenantId || target.applicationId !== begun.applicationId) return changed;
      const outcome = await signIn.redeem(target, answer, begun.pending);
      // What is in memory belongs to the sign-in before.
      signIn.forget(connection.id);
      const saved = await saveGrant(dependencies, context, target, outcome);
      if (outcome.kind === 'granted') return { kind: 'connected', connection: saved };
      return {
        kind: 'refused',
        connectionName: saved.name,
        failure: outcome.failure.kind,
        detail: outcome.failure.message,
        isStillConnected: saved.status === 'connected',
        retryUrl: await retryUrlFor(dependencies, context, target, outcome.failure),
      };
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      if (error.kind === 'not-found') return { kind: 'unknown' };
      if (error.kind !== 'conflict') throw error;
      // Tokens of the tenant that it had may have been stored a moment ago.
      await unitOfWork.write(context, 'none', (stores) =>
        dropTokens(stores, context.organizationId, connection.id),
      );
      return { kind: 'changed', detail: error.message };
    }
  };
}

const changed: SignInResult = {
  kind: 'changed',
  detail: 'The connection was changed while somebody signed in for it. Connect again.',
};

/** The sign-in and its connection; from now on it cannot be used again, whatever comes of it. */
async function takeSignIn(
  { unitOfWork, clock, encryption }: AzureConnectDependencies,
  state: string,
  requestId: string | null,
): Promise<Returned | null> {
  const organizationId = organizationOfState(state);
  if (organizationId === null || !isGuid(organizationId)) return null;
  const context: OrganizationContext = { organizationId, actor: { kind: 'system' }, requestId };
  const taken = await unitOfWork.write(context, 'none', async ({ pendingSignIns, connections }) => {
    const stored = await pendingSignIns.take(state);
    const connection = stored === null ? null : await connections.get(stored.connectionId);
    return stored === null || connection === null ? null : { stored, connection };
  });
  if (taken === null || taken.stored.expiresAt <= clock.now()) return null;
  const begun = openOrNull(taken.stored, encryption);
  return begun === null ? null : { context, begun, connection: taken.connection };
}

/** Another ENCRYPTION_KEY since then: the sign-in is lost, and another one mends that. */
function openOrNull(stored: StoredSignIn, encryption: Encryption): BegunSignIn | null {
  try {
    return openSignIn(stored, encryption);
  } catch {
    return null;
  }
}

const mendedBySignIn: readonly GraphFailureKind[] = [
  'consentRequired',
  'permissionMissing',
  'signInRefused',
  'signInRequired',
  'tenantMismatch',
  'throttled',
  'unavailable',
];

async function retryUrlFor(
  dependencies: AzureConnectDependencies,
  context: OrganizationContext,
  target: GraphConnection,
  { kind }: GraphError,
): Promise<string | null> {
  if (!mendedBySignIn.includes(kind)) return null;
  const askForConsent = kind === 'consentRequired' || kind === 'permissionMissing';
  try {
    return await beginSignIn(dependencies, context, target, askForConsent);
  } catch (error) {
    if (error instanceof GraphError) return null;
    throw error;
  }
}
