import type { GraphConnection } from '../operations/tenants/graph-ports.ts';
import type { GraphCall } from './graph-call.ts';
import type { GraphClient } from './graph-client.ts';
import { type GraphAnswer, passingFailure, refusalOf, tokenRefused } from './graph-failure.ts';
import { type Fields, has, readFields, readList, unexpected } from './read-json.ts';
import { isPassingStatus, MAX_ATTEMPTS, readRetryAfter, retryDelay } from './retry.ts';

/** Graph refuses longer batches as a whole. */
const BATCH_SIZE = 20;

export interface BatchRequest {
  /** For the log and for sentences. */
  readonly name: string;
  /** Paths below the version, with query; each is a GET. */
  readonly paths: readonly string[];
  /** What the calls need. */
  readonly permission: string;
  /** Expected resource units of one of them. */
  readonly units: number;
  readonly budgetMs: number;
  readonly signal: AbortSignal;
}

export interface BatchAnswer {
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
}

interface Open {
  readonly id: string;
  readonly path: string;
}

/**
 * Many GETs in few requests. Every one is throttled for itself inside an answer that is a success as a whole; only those
 * that were are asked again. The answers are in no order.
 */
export async function sendBatch(
  client: GraphClient,
  connection: GraphConnection,
  request: BatchRequest,
): Promise<readonly BatchAnswer[]> {
  const answers: BatchAnswer[] = [];
  for (let from = 0; from < request.paths.length; from += BATCH_SIZE) {
    const chunk = request.paths.slice(from, from + BATCH_SIZE);
    answers.push(...(await sendChunk(client, connection, { ...request, paths: chunk })));
  }
  return answers;
}

async function sendChunk(
  client: GraphClient,
  connection: GraphConnection,
  request: BatchRequest,
): Promise<readonly BatchAnswer[]> {
  const { timing } = client;
  const deadline = timing.now() + request.budgetMs;
  const answers: BatchAnswer[] = [];
  let open: readonly Open[] = request.paths.map((path, index) => ({ id: String(index + 1), path }));
  for (let attempt = 0; ; attempt++) {
    const round = sortOut(
      open,
      readResponses(await postBatch(client, connection, request, open)),
      timing.now(),
    );
    answers.push(...round.answers);
    open = round.open;
    if (open.length === 0) return answers;
    const delay = retryDelay(attempt, round.retryAfterMs, timing.random);
    if (attempt + 1 >= MAX_ATTEMPTS || timing.now() + delay >= deadline) {
      throw passingFailure(round.status, round.retryAfterMs);
    }
    await timing.sleep(delay, request.signal);
  }
}

async function postBatch(
  client: GraphClient,
  connection: GraphConnection,
  { name, units, permission, budgetMs, signal }: BatchRequest,
  open: readonly Open[],
): Promise<GraphAnswer> {
  const call: GraphCall = {
    name: `$batch of ${name}`,
    method: 'POST',
    url: '/$batch',
    body: { requests: open.map(({ id, path }) => ({ id, method: 'GET', url: path })) },
    // All of them are reads.
    isRepeatable: true,
    units: units * open.length,
    budgetMs,
    signal,
  };
  const answer = await client.send(connection, call);
  if (answer.status !== 200) throw refusalOf(answer, call.name, permission);
  return answer;
}

function readResponses({ body }: GraphAnswer): ReadonlyMap<string, Fields> {
  const responses = readList(readFields(body, 'a batch').responses, 'responses of a batch');
  return new Map(
    responses.map((item) => {
      const response = readFields(item, 'an answer in a batch');
      return [String(response.id), response];
    }),
  );
}

interface Round {
  readonly answers: readonly BatchAnswer[];
  /** To be asked again: throttled, failed for the moment, or not answered at all. */
  readonly open: readonly Open[];
  readonly status: number | null;
  readonly retryAfterMs: number | null;
}

function sortOut(asked: readonly Open[], responses: ReadonlyMap<string, Fields>, now: number): Round {
  const answers: BatchAnswer[] = [];
  const open: Open[] = [];
  let status: number | null = null;
  let retryAfterMs: number | null = null;
  for (const item of asked) {
    const response = responses.get(item.id);
    if (!response) {
      open.push(item);
      continue;
    }
    if (typeof response.status !== 'number') throw unexpected('an answer in a batch has no status');
    if (response.status === 401) throw tokenRefused();
    if (!isPassingStatus(response.status)) {
      answers.push({ path: item.path, status: response.status, body: response.body });
      continue;
    }
    open.push(item);
    status = response.status;
    const wait = readRetryAfter(headerOf(response, 'retry-after'), now);
    // The longest of them suits all.
    if (wait !== null) retryAfterMs = Math.max(wait, retryAfterMs ?? 0);
  }
  return { answers, open, status, retryAfterMs };
}

function headerOf(response: Fields, name: string): string | null {
  if (!has(response, 'headers')) return null;
  const headers = readFields(response.headers, 'headers in a batch');
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name);
  return found === undefined ? null : String(found[1]);
}
