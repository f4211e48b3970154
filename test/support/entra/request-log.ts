import type { IncomingCall, Service } from './answer.ts';

export interface LoggedRequest {
  readonly sequence: number;
  /** Wall time. */
  readonly at: number;
  readonly service: Service;
  readonly method: string;
  /** As the client knows it: a public name when the client was redirected here. */
  readonly host: string;
  readonly path: string;
  readonly query: string;
  /** Only those that matter; the authorization is reduced to its scheme. */
  readonly headers: Readonly<Record<string, string>>;
  /** `uti` of the access token that came along, or null for none. */
  readonly tokenId: string | null;
  readonly tenantId: string | null;
  readonly appId: string | null;
  /** JSON bodies of Graph, and what forms say besides secrets. */
  readonly body: unknown;
  /** 0 when the connection was broken or never answered. */
  readonly status: number;
  /** Resource units. */
  readonly cost: number;
  /** The faults that changed the answer. */
  readonly faults: readonly string[];
  /** Number of the batch request that it came in. */
  readonly batch: number | null;
}

export interface LogFilter {
  readonly service?: Service;
  readonly method?: string;
  readonly host?: string;
  /** A path, or the beginning of one when it ends with `*`. */
  readonly path?: string;
  readonly tenantId?: string;
  readonly appId?: string;
  readonly status?: number;
  readonly after?: number;
}

const CAPACITY = 200_000;

const KEPT_HEADERS = [
  'client-request-id',
  'consistencylevel',
  'content-type',
  'prefer',
  'user-agent',
  'x-ms-throttle-priority',
] as const;

/** Parts of a token request that are no secrets. */
const KEPT_FIELDS: ReadonlySet<string> = new Set([
  'client_id',
  'grant_type',
  'scope',
  'redirect_uri',
  'client_info',
  'claims',
]);

export function headersOfInterest(headers: IncomingCall['headers']): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (value !== undefined) kept[name] = value;
  }
  const scheme = headers['authorization']?.split(' ', 1)[0];
  if (scheme !== undefined) kept['authorization'] = scheme;
  return kept;
}

export function bodyOfInterest({ service, body, headers }: IncomingCall): unknown {
  if (body === '') return null;
  if (service === 'login') {
    return Object.fromEntries(
      [...new URLSearchParams(body)].map(([name, value]) => [name, KEPT_FIELDS.has(name) ? value : '…']),
    );
  }
  if (service !== 'graph' || !headers['content-type']?.includes('json')) return null;
  try {
    const value: unknown = JSON.parse(body);
    return value;
  } catch {
    return null;
  }
}

/** Everything that was asked, to prove what was asked and what was not. */
export class RequestLog {
  #requests: LoggedRequest[] = [];
  #sequence = 0;

  /** The number of the next request. */
  nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  add(request: LoggedRequest): void {
    this.#requests.push(request);
    if (this.#requests.length > CAPACITY) this.#requests = this.#requests.slice(-CAPACITY / 2);
  }

  clear(): void {
    this.#requests = [];
  }

  read(filter: LogFilter = {}): readonly LoggedRequest[] {
    const { path, after = 0, ...same } = filter;
    const wanted = Object.entries(same);
    return this.#requests.filter((request) => {
      if (request.sequence <= after || (path !== undefined && !matchesPath(request.path, path))) return false;
      const fields: Readonly<Record<string, unknown>> = { ...request };
      return wanted.every(([name, value]) => fields[name] === value);
    });
  }
}

export function matchesPath(path: string, pattern: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}
