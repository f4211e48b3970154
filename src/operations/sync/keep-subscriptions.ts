import type { CredentialMaker } from '../connections/connection-ports.ts';
import {
  GraphError,
  type GraphSubscription,
  type GraphSubscriptions,
  type SubscribedResource,
} from '../tenants/graph-ports.ts';
import type { KeptSubscription } from './graph-sync-ports.ts';
import type { SyncRound } from './sync-round.ts';

export interface SubscriptionDependencies {
  readonly subscriptions: GraphSubscriptions;
  readonly credentialMaker: Pick<CredentialMaker, 'makeClientSecret'>;
  /** Where Graph sends notifications of a connection; null where it cannot reach us, and polls have to do. */
  readonly addressesOf: (connectionId: string) => NotificationAddresses | null;
}

export interface NotificationAddresses {
  readonly notificationUrl: string;
  readonly lifecycleNotificationUrl: string;
}

const resources: readonly SubscribedResource[] = ['/users', '/groups'];
/** Just under what Graph allows. */
const lifetimeMinutes = 41_700;
const dayMs = 86_400_000;
/** After Graph had no room, no way to us or no time. */
const retryMs = 3_600_000;

/**
 * Keeps one subscription for users and one for groups alive: renewed at half of their life, and made again when Graph has
 * lost them, which it does not tell. Notifications only make reads earlier; nothing depends on them.
 */
export function makeKeepSubscriptions(dependencies: SubscriptionDependencies) {
  return async (round: SyncRound): Promise<void> => {
    const { connectionId, parts } = round;
    const addresses = dependencies.addressesOf(connectionId);
    const now = Date.parse(parts.clock.now());
    const dueIn = addresses === null ? dayMs : await keepAll(dependencies, round, addresses);
    const at = new Date(now + dueIn).toISOString();
    await round.write('none', ({ graphSync }) => graphSync.subscriptions.setDue(connectionId, at));
  };
}

/** Answers in how many milliseconds to look again. */
async function keepAll(
  dependencies: SubscriptionDependencies,
  round: SyncRound,
  addresses: NotificationAddresses,
): Promise<number> {
  const { graph, signal } = round.parts;
  try {
    const kept = await round.write('none', ({ graphSync }) =>
      graphSync.subscriptions.list(round.connectionId),
    );
    const present = await dependencies.subscriptions.list(graph, signal);
    // One that tells a former address of this server tells nobody any more: it goes, and another one is made.
    const isHere = ({ notificationUrl }: GraphSubscription) => notificationUrl === addresses.notificationUrl;
    const isKept = ({ id }: GraphSubscription) => kept.some((it) => it.id === id);
    const useless = present.filter((it) => isHere(it) !== isKept(it));
    for (const { id } of useless) await dependencies.subscriptions.delete(graph, id, signal);
    const ids = new Set(present.filter(isHere).map(({ id }) => id));
    const dues: number[] = [];
    for (const resource of resources) {
      const known = kept.find((it) => it.resource === resource);
      dues.push(
        await keepOne(dependencies, round, addresses, { resource, known, isThere: ids.has(known?.id ?? '') }),
      );
    }
    return Math.min(dayMs, ...dues);
  } catch (error) {
    // The polls go on, and say so themselves when there is more to it.
    if (error instanceof GraphError) return retryMs;
    throw error;
  }
}

interface Wanted {
  readonly resource: SubscribedResource;
  readonly known: KeptSubscription | undefined;
  readonly isThere: boolean;
}

async function keepOne(
  dependencies: SubscriptionDependencies,
  round: SyncRound,
  addresses: NotificationAddresses,
  { resource, known, isThere }: Wanted,
): Promise<number> {
  const now = Date.parse(round.parts.clock.now());
  if (known !== undefined && isThere) {
    const renewIn = Date.parse(known.renewAt) - now;
    if (renewIn > 0) return renewIn;
    const { graph, signal } = round.parts;
    const renewed = await dependencies.subscriptions.renew(graph, { id: known.id, lifetimeMinutes }, signal);
    if (renewed !== null) return save(round, { ...known, expiresAt: renewed.expiresAt }, null);
  }
  try {
    const made = await subscribe(dependencies, round, addresses, resource);
    // What happened while Graph had lost it was told to nobody.
    if (known !== undefined) {
      await round.write('none', ({ graphSync }) => graphSync.claims.wake(round.connectionId));
    }
    return made;
  } catch (error) {
    // Groups need a permission that reading them does not; users are subscribed to all the same.
    if (error instanceof GraphError && error.kind === 'permissionMissing') return dayMs;
    throw error;
  }
}

async function subscribe(
  { subscriptions, credentialMaker }: SubscriptionDependencies,
  round: SyncRound,
  addresses: NotificationAddresses,
  resource: SubscribedResource,
): Promise<number> {
  const { graph, signal } = round.parts;
  const { plain: clientState, hash } = credentialMaker.makeClientSecret();
  const request = { ...addresses, resource, clientState, lifetimeMinutes };
  const outcome = await subscriptions.create(graph, request, signal);
  if (outcome.kind !== 'subscribed') return retryMs;
  const { id, expiresAt } = outcome.subscription;
  return save(round, { resource, id, expiresAt, renewAt: expiresAt }, hash);
}

/** Answers in how many milliseconds it is to be renewed: at half of the life it has left. */
async function save(
  round: SyncRound,
  subscription: KeptSubscription,
  hash: Uint8Array | null,
): Promise<number> {
  const now = Date.parse(round.parts.clock.now());
  const renewIn = Math.max(0, Date.parse(subscription.expiresAt) - now) / 2;
  const renewAt = new Date(now + renewIn).toISOString();
  await round.write('none', ({ graphSync }) =>
    graphSync.subscriptions.save(round.connectionId, { ...subscription, renewAt }, hash),
  );
  return renewIn;
}
