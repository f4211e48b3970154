import { type GraphConnection, type GraphDirectory, GraphError } from './graph-ports.ts';
import type { GrantOutcome } from './graph-sign-in-ports.ts';

/** An object id that no directory has. */
const nobody = '00000000-0000-0000-0000-000000000000';

/**
 * The outcome, refused where users or groups cannot be read with what was granted. Permissions are not always written in a
 * token, and those that are can be withdrawn while it is good.
 */
export async function proveReading(
  directory: GraphDirectory,
  connection: GraphConnection,
  outcome: GrantOutcome,
  signal: AbortSignal,
): Promise<GrantOutcome> {
  if (outcome.kind === 'refused') return outcome;
  try {
    await Promise.all([
      directory.getUser(connection, nobody, signal),
      directory.getGroups(connection, [nobody], signal),
    ]);
    return outcome;
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    return { kind: 'refused', failure: error, grantedScopes: outcome.grant.grantedScopes };
  }
}
