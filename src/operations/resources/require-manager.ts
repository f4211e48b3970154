import { OperationError } from '../operation-error.ts';
import type { Stores } from '../ports.ts';

/** Who writes just the manager has to name a user of the same connection: else the client would never look again. */
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
