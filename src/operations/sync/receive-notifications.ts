import type { OrganizationContext } from '../context.ts';
import type { Stores, UnitOfWork } from '../ports.ts';
import type {
  FindSubscriptions,
  GraphNotification,
  ReceivedNotifications,
} from './graph-notification-ports.ts';

export interface NotificationDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly findSubscriptions: FindSubscriptions;
  /** Compares in a time that tells nothing about where the two differ. */
  readonly isHashOf: (plain: string, hash: Uint8Array) => boolean;
  /** Called after a commit that made a connection due. */
  readonly syncWaiting: () => void;
}

/**
 * What Graph says has happened is not believed, only that something has: the directory is read soon, once for however many
 * notifications. Those that do not prove where they come from are left out.
 */
export function makeReceiveNotifications({
  unitOfWork,
  findSubscriptions,
  isHashOf,
  syncWaiting,
}: NotificationDependencies) {
  return async (
    connectionId: string,
    notifications: readonly GraphNotification[],
    requestId: string | null,
  ): Promise<ReceivedNotifications> => {
    const known = await findSubscriptions(connectionId);
    const genuine = notifications.filter(({ subscriptionId, clientState, tenantId }) =>
      known.some(
        (it) =>
          it.subscriptionId === subscriptionId &&
          isHashOf(clientState, it.clientStateHash) &&
          (tenantId === null || tenantId.toLowerCase() === it.tenantId),
      ),
    );
    const rejected = notifications.length - genuine.length;
    const [owner] = known;
    if (owner === undefined || genuine.length === 0) return { accepted: 0, rejected };
    const { organizationId } = owner;
    const context: OrganizationContext = { organizationId, actor: { kind: 'system' }, requestId };
    await unitOfWork.write(context, 'none', (stores) => note(stores, connectionId, genuine));
    syncWaiting();
    return { accepted: genuine.length, rejected };
  };
}

/** `missed` and every change: read. Whatever is said of a subscription: look at it during that read. */
async function note(
  { graphSync }: Stores,
  connectionId: string,
  notifications: readonly GraphNotification[],
): Promise<void> {
  const events = new Set(notifications.map(({ lifecycleEvent }) => lifecycleEvent));
  if (events.has('reauthorizationRequired') || events.has('subscriptionRemoved')) {
    await graphSync.subscriptions.renewNow(connectionId);
  }
  await graphSync.claims.wake(connectionId);
}
