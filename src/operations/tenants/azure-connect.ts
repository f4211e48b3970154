import { foundConnection } from '../connections/change-connection.ts';
import type { Connection, Encryption, GraphFlow } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { EndSubscriptions } from '../sync/end-subscriptions.ts';
import { beginSignIn } from './begin-sign-in.ts';
import { graphConnectionOf, refusalOf, requireApplication } from './graph-connection.ts';
import { type GraphConnection, GraphError } from './graph-ports.ts';
import type { GraphSignIn, TenantResolver } from './graph-sign-in-ports.ts';
import { afterDisconnection, dropTokens } from './graph-state.ts';
import { proveReading } from './prove-reading.ts';
import { resolveTenant, withNamedTenant } from './resolve-tenant.ts';
import { type SaveGrantDependencies, saveGrant } from './save-grant.ts';

export interface AzureConnectDependencies extends SaveGrantDependencies {
  readonly encryption: Encryption;
  readonly signIn: GraphSignIn;
  readonly tenants: TenantResolver;
  readonly endSubscriptions: EndSubscriptions;
  /** Where the browser comes back to; an app registration has to know it letter by letter (REQ-39). */
  readonly redirectUri: string;
}

export type ConnectResult =
  /** The administrator's browser has to go there. */
  | { readonly kind: 'signIn'; readonly authorizationUrl: string }
  | { readonly kind: 'tried'; readonly connection: Connection };

export interface AzureConnectOperations {
  /** Azure Connect (REQ-53): starts a sign-in, or tries the application's own credentials at once. */
  readonly connect: (context: OrganizationContext, id: string, flow: GraphFlow) => Promise<ConnectResult>;
  /** Drops the tokens; the mirror and people stay, and so does provisioning by SCIM. */
  readonly disconnect: (context: OrganizationContext, id: string) => Promise<Connection>;
}

const tryBudgetMs = 25_000;
const lookUpBudgetMs = 10_000;

export function makeAzureConnectOperations(dependencies: AzureConnectDependencies): AzureConnectOperations {
  const { unitOfWork, signIn } = dependencies;
  return {
    connect: async (context, id, flow) => {
      const connection = await namedConnection(dependencies, context, id);
      const target = graphConnectionOf(context, connection, { flow, encryption: dependencies.encryption });
      if (flow === 'application') return tryApplication(dependencies, context, target);
      await requireTenant(dependencies.tenants, target);
      const askForConsent =
        connection.status === 'consentRequired' || connection.status === 'permissionMissing';
      try {
        const authorizationUrl = await beginSignIn(dependencies, context, target, askForConsent);
        return { kind: 'signIn', authorizationUrl };
      } catch (error) {
        throw error instanceof GraphError ? refusalOf(error) : error;
      }
    },
    disconnect: async (context, id) => {
      const going = await unitOfWork.read(context, ({ connections }) => connections.get(id));
      await dependencies.endSubscriptions(context, foundConnection(going, id));
      const connection = await unitOfWork.write(context, 'exclusive', async (stores) => {
        const before = foundConnection(await stores.connections.lock(id), id);
        if (before.graphFlow === null) return before;
        const after = afterDisconnection(before);
        await stores.connections.saveGraphState(after);
        await dropTokens(stores, context.organizationId, id);
        return after;
      });
      signIn.forget(id);
      return connection;
    },
  };
}

const noTenantId =
  'The identity platform could not be asked for the id of the tenant. The connection is as it was; try again later.';

/** The connection with its tenant id, which is asked for once more when it was not known. */
async function namedConnection(
  { unitOfWork, tenants }: AzureConnectDependencies,
  context: OrganizationContext,
  id: string,
): Promise<Connection> {
  const present = foundConnection(
    await unitOfWork.read(context, ({ connections }) => connections.get(id)),
    id,
  );
  requireApplication(present);
  const named = await resolveTenant(tenants, present);
  if (named.kind === 'known') return present;
  if (named.kind === 'unanswered') throw new OperationError('unavailable', noTenantId);
  return unitOfWork.write(context, 'exclusive', async ({ connections }) => {
    const before = foundConnection(await connections.lock(id), id);
    if (before.tenant !== present.tenant || before.cloud !== present.cloud || before.tenantId !== null)
      return before;
    const after = { ...withNamedTenant(before, named), statusDetail: null };
    await connections.saveGraphState(after);
    return after;
  });
}

/** Whoever is sent to the sign-in page of a tenant that does not exist never comes back. */
async function requireTenant(tenants: TenantResolver, { cloud, tenantId }: GraphConnection): Promise<void> {
  const signal = AbortSignal.timeout(lookUpBudgetMs);
  try {
    const answer = await tenants.resolve(cloud, tenantId, signal);
    if (answer.kind !== 'found') throw new OperationError('conflict', answer.detail);
  } catch (error) {
    if (error instanceof GraphError) throw refusalOf(error);
    throw signal.aborted ? tooLate(error) : error;
  }
}

const tooLate = (cause: unknown): OperationError =>
  new OperationError(
    'unavailable',
    'Microsoft did not answer in time. The connection is as it was; try again later.',
    { cause },
  );

async function tryApplication(
  dependencies: AzureConnectDependencies,
  context: OrganizationContext,
  target: GraphConnection,
): Promise<ConnectResult> {
  const signal = AbortSignal.timeout(tryBudgetMs);
  try {
    const tried = await dependencies.signIn.connectApplication(target, signal);
    const outcome = await proveReading(dependencies.graphDirectory, target, tried, signal);
    const connection = await saveGrant(dependencies, context, target, outcome);
    if (outcome.kind === 'refused' && outcome.failure.isPassing) throw refusalOf(outcome.failure);
    return { kind: 'tried', connection };
  } catch (error) {
    if (!signal.aborted || error instanceof OperationError) throw error;
    throw tooLate(error);
  }
}
