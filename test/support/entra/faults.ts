import type { Service } from './answer.ts';
import { matchesPath } from './request-log.ts';
import { type Random, seededRandom } from './seeded-random.ts';

export interface FaultMatch {
  readonly service?: Service;
  readonly method?: string;
  /** A path with its version (`/v1.0/users/delta`), or the beginning of one when it ends with `*`. */
  readonly path?: string;
  /** A part of the raw query. */
  readonly query?: string;
  readonly tenantId?: string;
  readonly appId?: string;
}

export type FaultEffect =
  /** Answers instead: any status, with a body of the service's own making unless one is given. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly code?: string;
      readonly retryAfter?: number | string;
      readonly headers?: Readonly<Record<string, string>>;
      /** A text as it is, everything else as JSON. */
      readonly body?: unknown;
    }
  /** A gateway's error page. */
  | { readonly kind: 'html'; readonly status?: number }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** The connection breaks before an answer. */
  | { readonly kind: 'reset' }
  /** The connection breaks in the middle of the body. */
  | { readonly kind: 'truncate'; readonly share?: number }
  /** A complete answer that is not JSON. */
  | { readonly kind: 'invalid-json' }
  /** The body comes in drops. */
  | { readonly kind: 'drip'; readonly ms: number }
  /** So many bytes of white space in front of the body. */
  | { readonly kind: 'oversize'; readonly bytes: number }
  /** A delta token is refused: `resyncRequired` with 410 and Location, or `syncStateNotFound` with 400. */
  | { readonly kind: 'resync'; readonly code?: 'resyncRequired' | 'syncStateNotFound' }
  /** Next and delta links lead to another host. */
  | { readonly kind: 'foreign-link'; readonly origin?: string }
  /** Every row of the page twice. */
  | { readonly kind: 'duplicate-rows' }
  /** The next link leads to the same page again. */
  | { readonly kind: 'repeat-page' }
  /** 401 with a claims challenge. */
  | { readonly kind: 'claims-challenge' }
  | { readonly kind: 'limit-percentage'; readonly value: number }
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> };

export interface FaultInput {
  /** Nothing matches everything. */
  readonly match?: FaultMatch;
  readonly effect: FaultEffect;
  /** Left out: until it is taken away. */
  readonly times?: number;
  /** So many matching requests pass first. */
  readonly after?: number;
  /** From 0 to 1; 1 when left out. */
  readonly probability?: number;
  /** Of the probability. */
  readonly seed?: number;
}

export interface FaultTarget {
  readonly service: Service;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly tenantId: string | null;
  readonly appId: string | null;
}

interface Armed {
  readonly id: string;
  readonly input: FaultInput;
  readonly random: Random;
  seen: number;
  hits: number;
}

export interface ActiveFault {
  readonly id: string;
  readonly effect: FaultEffect;
}

export interface FaultReport {
  readonly id: string;
  readonly input: FaultInput;
  readonly hits: number;
}

/** What goes wrong, where, and how often. */
export class Faults {
  readonly #armed = new Map<string, Armed>();
  #count = 0;

  inject(input: FaultInput): string {
    this.#count += 1;
    const id = `fault-${this.#count}`;
    this.#armed.set(id, { id, input, random: seededRandom(input.seed ?? 1), seen: 0, hits: 0 });
    return id;
  }

  remove(id: string): void {
    this.#armed.delete(id);
  }

  clear(): void {
    this.#armed.clear();
  }

  report(): readonly FaultReport[] {
    return [...this.#armed.values()].map(({ id, input, hits }) => ({ id, input, hits }));
  }

  /** The faults that strike this request, in the order in which they were injected. */
  strike(target: FaultTarget): readonly ActiveFault[] {
    const active: ActiveFault[] = [];
    for (const fault of this.#armed.values()) {
      const { match = {}, effect, times, after = 0, probability = 1 } = fault.input;
      if (!matches(match, target)) continue;
      fault.seen += 1;
      if (fault.seen <= after || (times !== undefined && fault.hits >= times)) continue;
      if (probability < 1 && fault.random() >= probability) continue;
      fault.hits += 1;
      active.push({ id: fault.id, effect });
    }
    return active;
  }
}

function matches(match: FaultMatch, target: FaultTarget): boolean {
  const { path, query, ...same } = match;
  if (path !== undefined && !matchesPath(target.path, path)) return false;
  if (query !== undefined && !target.query.includes(query)) return false;
  const fields: Readonly<Record<string, unknown>> = { ...target };
  return Object.entries(same).every(([name, value]) => fields[name] === value);
}
