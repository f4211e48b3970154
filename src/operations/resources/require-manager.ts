import { OperationError } from '../operation-error.ts';
import type { Stores } from '../ports.ts';

/** A manager must be a user of the same connection: a dangling reference fails loudly, the client never looks again. */
export async function requireManager(
  stores: Stores,
  connectionId: string,
  managerId: string | null,
): Promise<void> {
  if (managerId === null) return;
  const missing = await stores.users.missing(connectionId, [managerId]);
  if (missing.length === 0) return;
  throw new OperationError('invalid', `The manager ${managerId} is no user of this connection.`, {
    reason: 'value',
  });
}
