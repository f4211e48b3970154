import type { OrganizationContext } from '../context.ts';
import type { Stores } from '../ports.ts';
import type { DecisionTools } from '../reconcile/decision-tools.ts';
import { purgeDeleted } from '../reconcile/deleted-to-plan.ts';
import { decideWaiting } from '../reconcile/reconcile.ts';
import { manualEvents } from './manual-events.ts';

/** An employee or contact, with the directory user that it is linked to. */
interface LinkedRecord {
  readonly id: string;
  readonly directoryUserId: string | null;
}

/**
 * Nobody needs to be asked any more about a record that was deleted by hand. Other directory users that waited because of it
 * are decided again; its own user is not, or the person whom an administrator removed would come right back.
 */
export async function settleDeleted(
  stores: Stores,
  context: OrganizationContext,
  record: LinkedRecord,
  tools: DecisionTools,
): Promise<void> {
  const at = tools.clock.now();
  const waiting = await stores.heldChanges.dissolve({ recordId: record.id, effects: null, at });
  await purgeOwn(stores, record);
  const others = waiting.map(({ connectionId, userIds }) => ({
    connectionId,
    userIds: userIds.filter((id) => id !== record.directoryUserId),
  }));
  await decideWaiting(stores, others, manualEvents(context, null), tools);
}

/** The access that a held change would have taken was taken by hand. */
export async function settleLockedOut(stores: Stores, record: LinkedRecord, at: string): Promise<void> {
  await stores.heldChanges.dissolve({ recordId: record.id, effects: ['deactivate', 'revokeAccess'], at });
  await purgeOwn(stores, record);
}

/** A user that was deleted stayed in the mirror for the sake of the login only. */
async function purgeOwn(stores: Stores, { directoryUserId }: LinkedRecord): Promise<void> {
  if (directoryUserId === null) return;
  const users = await stores.users.lockAlsoDeleted([directoryUserId]);
  await purgeDeleted(
    stores,
    users.filter(({ deletedAt }) => deletedAt !== null),
  );
}
