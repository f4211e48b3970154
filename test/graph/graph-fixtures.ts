import { type CloudTable, makeCloudTable } from '../../src/graph/cloud-endpoints.ts';
import { type GraphClient, makeGraphClient } from '../../src/graph/graph-client.ts';
import type { GraphTokens, TokenDemand } from '../../src/graph/graph-tokens.ts';
import { makePacer, type Pacer } from '../../src/graph/pacer.ts';
import type { Timing } from '../../src/graph/timing.ts';
import { type Logger, makeLogger } from '../../src/observability/logger.ts';
import type { GraphConnection } from '../../src/operations/tenants/graph-ports.ts';

export const connection: GraphConnection = {
  organizationId: '0192f000-0000-7000-8000-00000000000a',
  connectionId: '0192f000-0000-7000-8000-00000000000b',
  cloud: 'global',
  tenantId: '11111111-2222-3333-4444-555555555555',
  applicationId: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  applicationKey: 'the-secret-value',
  flow: 'application',
};

export const silentLogger: Logger = makeLogger('silent');

/** Every line that was logged, as text. */
export function makeLogBook(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  return { lines, logger: makeLogger('debug', { write: (line: string) => void lines.push(line) }) };
}

export interface ManualTiming extends Timing {
  /** How long each sleep was to last. None of them takes any time. */
  readonly sleeps: number[];
}

/** A clock that only sleeping moves. Chance always falls on the highest value. */
export function makeManualTiming(): ManualTiming {
  let now = Date.parse('2031-01-15T10:00:00Z');
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => now,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      sleeps.push(ms);
      now += ms;
    },
    random: () => 0.999,
  };
}

export interface RecordedTokens extends GraphTokens {
  readonly demands: TokenDemand[];
}

/** Tokens `token-1`, `token-2` …: another one for every demand of a fresh one. */
function makeTokens(now: () => number): RecordedTokens {
  const demands: TokenDemand[] = [];
  let count = 1;
  let receivedAt = now();
  return {
    demands,
    get: async (_connection, demand) => {
      demands.push(demand);
      if (demand.isFresh) {
        count += 1;
        receivedAt = now();
      }
      return { accessToken: `token-${count}`, receivedAt, expiresAt: Number.MAX_SAFE_INTEGER, scopes: [] };
    },
    forget: () => {},
  };
}

export interface TestClient {
  readonly client: GraphClient;
  readonly clouds: CloudTable;
  readonly timing: ManualTiming;
  readonly tokens: RecordedTokens;
  readonly pacer: Pacer;
}

/** A client whose global cloud is the server at `graph`. */
export function makeTestClient(
  graph: string,
  { logger = silentLogger, fetch = globalThis.fetch } = {},
): TestClient {
  const timing = makeManualTiming();
  const tokens = makeTokens(timing.now);
  const pacer = makePacer(timing);
  const clouds = makeCloudTable({ global: { graph, authority: graph } });
  const client = makeGraphClient({ fetch, clouds, tokens, pacer, timing, logger });
  return { client, clouds, timing, tokens, pacer };
}

export const neverAborted = (): AbortSignal => new AbortController().signal;

export async function collect<Value>(source: AsyncIterable<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for await (const value of source) values.push(value);
  return values;
}
