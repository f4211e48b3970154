import { randomUUID } from 'node:crypto';
import type { Change } from './change-log.ts';
import { type DeliverySettings, reachable } from './delivery-settings.ts';
import { type EmulatorClock, HOUR } from './emulator-clock.ts';
import { EndpointHealth } from './endpoint-health.ts';
import { seededRandom, shuffled } from './seeded-random.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';
import type { TenantDirectory } from './tenant-directory.ts';

export interface Delivery {
  readonly url: string;
  readonly body: { readonly value: readonly object[] };
  /** 0 when nobody answered. */
  readonly status: number;
  readonly attempt: number;
}

const GIVES_UP_AFTER = 4 * HOUR;

interface Parcel {
  readonly url: string;
  readonly notifications: readonly object[];
  readonly createdAt: number;
}

/** Sends change notifications to the addresses of the subscriptions. */
export class Notifier {
  readonly settings: DeliverySettings;
  readonly deliveries: Delivery[] = [];
  readonly #subscriptions: Subscriptions;
  readonly #clock: EmulatorClock;
  readonly #waiting = new Map<string, object[]>();
  readonly #health = new EndpointHealth();
  readonly #closing = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #running = new Set<Promise<void>>();

  constructor(subscriptions: Subscriptions, settings: DeliverySettings, clock: EmulatorClock) {
    this.#subscriptions = subscriptions;
    this.settings = settings;
    this.#clock = clock;
  }

  watch(tenant: TenantDirectory): void {
    tenant.onChange((change) => {
      if (this.#subscriptions.isEmpty) return;
      for (const subscription of this.#subscriptions.all) {
        if (subscription.tenantId !== tenant.id || subscription.awaitsReauthorization) continue;
        const changeType = changeTypeFor(subscription, change);
        if (changeType !== null) this.#enqueue(subscription, tenant, change, changeType);
      }
    });
  }

  /** The only lifecycle event that users and groups have. */
  requireReauthorization(subscription: Subscription): void {
    subscription.awaitsReauthorization = true;
    this.#send(subscription.lifecycleNotificationUrl ?? subscription.notificationUrl, {
      subscriptionId: subscription.id,
      subscriptionExpirationDateTime: new Date(subscription.expiresAt).toISOString(),
      tenantId: subscription.tenantId,
      clientState: this.settings.clientState ?? subscription.clientState,
      lifecycleEvent: 'reauthorizationRequired',
      resource: subscription.resource,
    });
  }

  /** Everything that is due has been delivered or given up. */
  async settled(): Promise<void> {
    while (this.#timers.size > 0 || this.#running.size > 0) {
      if (this.#running.size > 0) await Promise.all(this.#running);
      else await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(this.#running);
  }

  #enqueue(
    subscription: Subscription,
    { id: tenantId }: TenantDirectory,
    change: Change,
    changeType: string,
  ): void {
    const kind = change.about === 'user' ? 'User' : 'Group';
    this.#send(subscription.notificationUrl, {
      changeType,
      clientState: this.settings.clientState ?? subscription.clientState,
      resource: `${kind}s/${change.id}`,
      resourceData: {
        '@odata.type': `#Microsoft.Graph.${kind}`,
        '@odata.id': `${kind}s/${change.id}`,
        id: change.id,
        organizationId: tenantId,
        sequenceNumber: change.sequence,
      },
      subscriptionExpirationDateTime: new Date(subscription.expiresAt).toISOString(),
      subscriptionId: subscription.id,
      tenantId,
    });
  }

  #send(url: string, notification: object): void {
    if (this.settings.isSilent) return;
    const waiting = this.#waiting.get(url);
    if (waiting) {
      waiting.push({ id: randomUUID(), ...notification });
      return;
    }
    this.#waiting.set(url, [{ id: randomUUID(), ...notification }]);
    this.#later(this.settings.collectMs, () => this.#dispatch(url));
  }

  #dispatch(url: string): void {
    const collected = this.#waiting.get(url) ?? [];
    this.#waiting.delete(url);
    const { shuffle, sendsTwice } = this.settings;
    const notifications = shuffle === null ? collected : shuffled(collected, seededRandom(shuffle));
    if (this.settings.loseNext > 0) {
      this.settings.loseNext -= 1;
      return;
    }
    if (this.#health.isDropped(url)) return;
    const parcel: Parcel = { url, notifications, createdAt: this.#clock.now() };
    const send = (): void => {
      this.#track(this.#deliver(parcel, 1));
      if (sendsTwice) this.#track(this.#deliver(parcel, 1));
    };
    const pause = this.#health.pauseFor(url);
    if (pause > 0) this.#later(pause, send);
    else send();
  }

  async #deliver(parcel: Parcel, attempt: number): Promise<void> {
    const body = { value: parcel.notifications };
    const started = performance.now();
    const status = await this.#post(parcel.url, JSON.stringify(body));
    if (this.#closing.signal.aborted) return;
    this.#health.note(parcel.url, performance.now() - started);
    this.deliveries.push({ url: parcel.url, body, status, attempt });
    if (status >= 200 && status < 300) return;
    const pause = this.settings.retryMs * 2 ** (attempt - 1);
    if (this.#clock.now() + pause > parcel.createdAt + GIVES_UP_AFTER) return;
    this.#later(pause, () => this.#track(this.#deliver(parcel, attempt + 1)));
  }

  async #post(url: string, body: string): Promise<number> {
    try {
      const response = await fetch(reachable(url, this.settings), {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.settings.timeoutMs)]),
      });
      await response.text();
      return response.status;
    } catch {
      // Not reached, or too slow: both are repeated.
      return 0;
    }
  }

  #track(work: Promise<void>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }

  #later(pause: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, pause);
    this.#timers.add(timer);
  }
}

/** `deleted` is for good; everything else, the recycle bin included, is an update. */
function changeTypeFor({ resource, changeTypes }: Subscription, change: Change): string | null {
  const [collection, id, relation] = resource.split('/');
  if (collection !== (change.about === 'user' ? 'users' : 'groups')) return null;
  if (id !== undefined && id !== change.id) return null;
  if (relation !== undefined && !(relation === 'members' && change.about === 'members')) return null;
  const type = change.about !== 'members' && change.what === 'purged' ? 'deleted' : 'updated';
  return changeTypes.includes(type) ? type : null;
}
