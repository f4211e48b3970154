import { foundConnection } from '../connections/change-connection.ts';
import type { Connection, Encryption } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import { afterGraphFailure, graphConnectionOf, mayRecover } from './graph-connection.ts';
import type { GraphConnection } from './graph-ports.ts';
import type { GrantOutcome, GraphSignIn } from './graph-sign-in-ports.ts';
import { afterGrant, isOtherApplication } from './graph-state.ts';
import { proveReading } from './prove-reading.ts';
import { readDomains, type SaveGrantDependencies } from './save-grant.ts';

export interface RecoverDependencies extends SaveGrantDependencies {
  readonly encryption: Encryption;
  readonly signIn: GraphSignIn;
}

/**
 * Asks Microsoft once more about a connection that it refused: somebody may have consented, added the permission or entered
 * a new key meanwhile. Answers the connection as it is then; any other connection is answered as it came. Throws `conflict`
 * when something is missing to ask with, and the reason of `signal` when that was aborted.
 */
export type RecoverConnection = (
  context: OrganizationContext,
  connection: Connection,
  signal: AbortSignal,
) => Promise<Connection>;

export function makeRecoverConnection(dependencies: RecoverDependencies): RecoverConnection {
  return async (context, connection, signal) => {
    const { graphFlow: flow } = connection;
    if (flow === null || !mayRecover(connection)) return connection;
    const target = graphConnectionOf(context, connection, { flow, encryption: dependencies.encryption });
    const checked = await dependencies.signIn.check(target, signal);
    const outcome = await proveReading(dependencies.graphDirectory, target, checked, signal);
    return save(dependencies, context, { connection, target, outcome });
  };
}

interface Answered {
  readonly connection: Connection;
  readonly target: GraphConnection;
  readonly outcome: GrantOutcome;
}

async function save(
  { unitOfWork, clock, graphDirectory }: RecoverDependencies,
  context: OrganizationContext,
  { connection, target, outcome }: Answered,
): Promise<Connection> {
  const verifiedDomains = outcome.kind === 'granted' ? await readDomains(graphDirectory, target) : null;
  return unitOfWork.write(context, 'exclusive', async (stores) => {
    const before = foundConnection(await stores.connections.lock(connection.id), connection.id);
    // Whoever changed or connected it meanwhile knows better.
    if (isOtherApplication(connection, before) || before.graphFlow !== target.flow || !mayRecover(before))
      return before;
    if (outcome.kind === 'refused') {
      const after = afterGraphFailure(before, outcome.failure);
      if (after !== before) await stores.connections.saveGraphState(after);
      return after;
    }
    const grant = { ...outcome.grant, principal: before.signedInAs };
    const facts = { graphFlow: target.flow, verifiedDomains, lastGraphSuccessAt: clock.now() };
    const after = afterGrant(before, grant, facts);
    await stores.connections.saveGraphState(after);
    await stores.graphSync.claims.wake(connection.id);
    return after;
  });
}
