import type { Caller } from './caller.ts';
import { MINUTE, SECOND } from './emulator-clock.ts';
import { GraphError } from './graph-error.ts';
import type { ODataQuery } from './odata-query.ts';
import type { TenantDirectory } from './tenant-directory.ts';

/** A bucket that fills up evenly. */
class TokenBucket {
  readonly capacity: number;
  readonly #window: number;
  #level: number;
  #at: number;

  constructor(capacity: number, window: number, now: number) {
    this.capacity = capacity;
    this.#window = window;
    this.#level = capacity;
    this.#at = now;
  }

  #fill(now: number): void {
    const gained = ((now - this.#at) / this.#window) * this.capacity;
    this.#level = Math.min(this.capacity, this.#level + gained);
    this.#at = now;
  }

  /** Milliseconds until there is enough; 0 when it was taken. */
  take(amount: number, now: number): number {
    this.#fill(now);
    if (this.#level >= amount) {
      this.#level -= amount;
      return 0;
    }
    return ((amount - this.#level) / this.capacity) * this.#window;
  }

  get usedShare(): number {
    return 1 - this.#level / this.capacity;
  }
}

export interface Usage {
  readonly units: number;
  readonly requests: number;
  readonly refused: number;
}

/** `$select` makes a request cheaper, and so does a small page; nothing is free. */
export function costOf(base: number, query: ODataQuery): number {
  const top = Number(query.get('top') ?? 100);
  const cost = base - (query.get('select') ? 1 : 0) + (query.get('expand') ? 1 : 0) - (top < 20 ? 1 : 0);
  return Math.max(1, cost);
}

function readCapacity(tenant: TenantDirectory): number {
  const users = tenant.users.liveCount;
  if (users < 50) return 3500;
  return users <= 500 ? 5000 : 8000;
}

export interface Charge {
  readonly caller: Caller;
  readonly tenant: TenantDirectory;
  readonly cost: number;
  readonly isWrite: boolean;
  readonly now: number;
}

/** What each application has used in each tenant, and the limits of it. */
export class ResourceUnits {
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #usage = new Map<string, { units: number; requests: number; refused: number }>();

  /** Headers of the answer, or the 429. */
  charge(charge: Charge): Readonly<Record<string, string>> {
    const { caller, tenant, cost, isWrite, now } = charge;
    const usage = this.#usageOf(caller);
    usage.requests += 1;
    usage.units += cost;
    const pair = `${caller.appId} ${caller.tenantId}`;
    const read = this.#bucket(`${pair} read ${readCapacity(tenant)}`, readCapacity(tenant), 10 * SECOND, now);
    const limits = [
      {
        bucket: read,
        amount: cost,
        scope: 'Tenant_Application/ReadWrite',
        reason: 'ResourceUnitLimitExceeded',
      },
      {
        bucket: this.#bucket(`${caller.appId} all`, 150_000, 20 * SECOND, now),
        amount: cost,
        scope: 'Application/ReadWrite',
        reason: 'ResourceUnitLimitExceeded',
      },
      {
        bucket: this.#bucket(`${pair} write`, 3000, 2.5 * MINUTE, now),
        amount: isWrite ? 1 : 0,
        scope: 'Tenant_Application/Write',
        reason: 'WriteLimitExceeded',
      },
    ];
    for (const { bucket, amount, scope, reason } of limits) {
      const wait = bucket.take(amount, now);
      if (wait === 0 || tenant.settings.throttling === 'observe') continue;
      usage.refused += 1;
      throw tooManyRequests(Math.ceil(wait / SECOND), `${scope}/${caller.appId}/${caller.tenantId}`, reason);
    }
    const headers: Record<string, string> = { 'x-ms-resource-unit': String(cost) };
    if (read.usedShare >= 0.8) headers['x-ms-throttle-limit-percentage'] = read.usedShare.toFixed(2);
    return headers;
  }

  /** Sums since the start, or since they were last cleared. */
  usage(): readonly ({ readonly appId: string; readonly tenantId: string } & Usage)[] {
    return [...this.#usage].map(([key, usage]) => {
      const [appId = '', tenantId = ''] = key.split(' ');
      return { appId, tenantId, ...usage };
    });
  }

  clear(): void {
    this.#usage.clear();
    this.#buckets.clear();
  }

  #bucket(key: string, capacity: number, window: number, now: number): TokenBucket {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(capacity, window, now);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #usageOf({ appId, tenantId }: Caller) {
    const key = `${appId} ${tenantId}`;
    const usage = this.#usage.get(key) ?? { units: 0, requests: 0, refused: 0 };
    this.#usage.set(key, usage);
    return usage;
  }
}

export function tooManyRequests(retryAfter: number, scope: string, reason: string): GraphError {
  return new GraphError(429, 'TooManyRequests', 'Too many requests were sent.', {
    'retry-after': String(Math.max(1, retryAfter)),
    'x-ms-throttle-scope': scope,
    'x-ms-throttle-information': reason,
  });
}
