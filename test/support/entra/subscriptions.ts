import type { EmulatorClock } from './emulator-clock.ts';

export interface Subscription {
  readonly id: string;
  readonly tenantId: string;
  readonly appId: string;
  readonly creatorId: string;
  /** Without a slash in front. */
  readonly resource: string;
  readonly changeTypes: readonly string[];
  readonly notificationUrl: string;
  readonly lifecycleNotificationUrl: string | null;
  readonly clientState: string | null;
  expiresAt: number;
  /** After a lifecycle notification nothing is delivered until the client has answered it. */
  awaitsReauthorization: boolean;
}

/** Limits of all tenants and of one, besides the one of the application in a tenant. */
const APPLICATION_QUOTA = 50_000;
const TENANT_QUOTA = 1000;

export type QuotaScope = 'application' | 'tenant' | 'application in the tenant';

/** The subscriptions of all tenants. Expired ones are gone without a word. */
export class Subscriptions {
  readonly #clock: EmulatorClock;
  readonly #byId = new Map<string, Subscription>();

  constructor(clock: EmulatorClock) {
    this.#clock = clock;
  }

  add(subscription: Subscription): void {
    this.#byId.set(subscription.id, subscription);
  }

  /** Silently: the client is not told. */
  remove(id: string): boolean {
    return this.#byId.delete(id);
  }

  find(id: string): Subscription | undefined {
    const subscription = this.#byId.get(id);
    return subscription && subscription.expiresAt > this.#clock.now() ? subscription : undefined;
  }

  get isEmpty(): boolean {
    return this.#byId.size === 0;
  }

  get all(): readonly Subscription[] {
    const now = this.#clock.now();
    for (const { id, expiresAt } of this.#byId.values()) if (expiresAt <= now) this.#byId.delete(id);
    return [...this.#byId.values()];
  }

  /** The quota that one more would break. */
  exceededQuota(tenantId: string, appId: string, perPair: number): QuotaScope | undefined {
    const ofApp = this.all.filter((one) => one.appId === appId);
    if (ofApp.length >= APPLICATION_QUOTA) return 'application';
    const ofTenant = this.all.filter((one) => one.tenantId === tenantId);
    if (ofTenant.length >= TENANT_QUOTA) return 'tenant';
    const ofPair = ofApp.filter((one) => one.tenantId === tenantId);
    return ofPair.length >= perPair ? 'application in the tenant' : undefined;
  }
}
