import { foundConnection } from '../connections/change-connection.ts';
import type { Connection } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { Clock, UnitOfWork } from '../ports.ts';
import { afterGraphFailure, mayRecover } from './graph-connection.ts';
import { type GraphConnection, type GraphDirectory, GraphError } from './graph-ports.ts';
import type { GrantOutcome } from './graph-sign-in-ports.ts';
import { afterGrant } from './graph-state.ts';

export interface SaveGrantDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly graphDirectory: GraphDirectory;
}

const organizationBudgetMs = 5_000;

/**
 * Puts down what came of an attempt to connect. A refused sign-in leaves a connected tenant connected: its tokens are
 * as good as before. The application that tried at once and failed is what its administrator now wants to use.
 */
export async function saveGrant(
  { unitOfWork, clock, graphDirectory }: SaveGrantDependencies,
  context: OrganizationContext,
  tried: GraphConnection,
  outcome: GrantOutcome,
): Promise<Connection> {
  const verifiedDomains = outcome.kind === 'granted' ? await readDomains(graphDirectory, tried) : null;
  return unitOfWork.write(context, 'exclusive', async ({ connections, graphSync }) => {
    const { connectionId, flow } = tried;
    const before = foundConnection(await connections.lock(connectionId), connectionId);
    requireSame(before, tried);
    const after =
      outcome.kind === 'granted'
        ? afterGrant(before, outcome.grant, {
            graphFlow: flow,
            verifiedDomains,
            lastGraphSuccessAt: clock.now(),
          })
        : afterRefusal(before, tried, outcome);
    if (after !== before) await connections.saveGraphState(after);
    // Also before its first sync it is asked again by itself; nothing is read before somebody asks.
    if (mayRecover(after)) await graphSync.claims.begin(connectionId);
    return after;
  });
}

function afterRefusal(
  before: Connection,
  { flow }: GraphConnection,
  { failure, grantedScopes }: Extract<GrantOutcome, { kind: 'refused' }>,
): Connection {
  if (flow === 'delegated' && before.status === 'connected') return before;
  const after = afterGraphFailure(before, failure);
  if (after === before) return before;
  const tried = flow === 'application' ? { graphFlow: flow, signedInAs: null, grantedScopes: [] } : {};
  return { ...after, ...tried, ...(grantedScopes.length === 0 ? {} : { grantedScopes }) };
}

/** Null when they cannot be read: the permission for that is not among those that are asked for. */
export async function readDomains(
  directory: GraphDirectory,
  connection: GraphConnection,
): Promise<readonly string[] | null> {
  const signal = AbortSignal.timeout(organizationBudgetMs);
  try {
    return (await directory.organization(connection, signal)).verifiedDomains;
  } catch (error) {
    if (error instanceof GraphError || signal.aborted) return null;
    throw error;
  }
}

function requireSame(now: Connection, tried: GraphConnection): void {
  const isSame =
    now.tenantId === tried.tenantId && now.applicationId === tried.applicationId && now.cloud === tried.cloud;
  if (isSame) return;
  throw new OperationError(
    'conflict',
    'The connection was changed while it was being connected. Connect again.',
  );
}
