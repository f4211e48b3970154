import { type GraphConnection, GraphError } from '../operations/tenants/graph-ports.ts';
import { allowedUrl, graphHosts } from './cloud-endpoints.ts';
import type {
  GraphCall,
  GraphCallInProgress,
  GraphClientParts,
  GraphOutcome,
  PassingOutcome,
} from './graph-call.ts';
import { exchange } from './graph-exchange.ts';
import { type GraphAnswer, passingFailure, tokenRefused } from './graph-failure.ts';
import type { IssuedToken, TokenDemand } from './graph-tokens.ts';
import { MAX_ATTEMPTS, retryDelay } from './retry.ts';
import type { Timing } from './timing.ts';

export interface GraphClient {
  /** The answer, whatever its status, once no retry can better it. Throws `GraphError`, or the signal's reason. */
  readonly send: (connection: GraphConnection, call: GraphCall) => Promise<GraphAnswer>;
  readonly timing: Timing;
}

const VERSION = '/v1.0';
/** A token that is not older holds all permissions there are. */
const SURELY_CURRENT_MS = 5_000;

export function makeGraphClient(parts: GraphClientParts): GraphClient {
  return { timing: parts.timing, send: (connection, call) => send(parts, connection, call) };
}

async function send(
  parts: GraphClientParts,
  connection: GraphConnection,
  call: GraphCall,
): Promise<GraphAnswer> {
  const endpoints = parts.clouds[connection.cloud];
  const address = call.url.startsWith('/') ? `${endpoints.graph}${VERSION}${call.url}` : call.url;
  // Before a token is even asked for: a link to elsewhere must not be called with one, nor without.
  const url = allowedUrl(address, graphHosts(endpoints));
  const budget = AbortSignal.timeout(call.budgetMs);
  const signal = AbortSignal.any([call.signal, budget]);
  const deadline = parts.timing.now() + call.budgetMs;
  try {
    return await attemptUntilDone({ parts, connection, call, url, deadline, signal });
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason;
    throw budget.aborted && !(error instanceof GraphError) ? passingFailure(null, null, error) : error;
  }
}

async function attemptUntilDone(progress: GraphCallInProgress): Promise<GraphAnswer> {
  const { parts, signal } = progress;
  let demand: TokenDemand = {};
  let wasRenewed = false;
  for (let attempt = 0; ; attempt++) {
    const token = await tokenFor(progress, demand);
    let outcome: GraphOutcome;
    if ('accessToken' in token) {
      outcome = await exchange(progress, token.accessToken);
      demand = {};
    } else {
      outcome = token;
    }
    if (outcome.kind === 'answer') {
      if (wasRenewed || !mayKnowMoreByNow(outcome.answer, token, parts.timing.now())) return outcome.answer;
      wasRenewed = true;
      demand = { isFresh: true };
      continue;
    }
    if (outcome.kind === 'unauthorized') {
      if (wasRenewed) throw tokenRefused();
      wasRenewed = true;
      const { claims } = outcome;
      demand = { isFresh: true, ...(claims === null ? {} : { claims }) };
      continue;
    }
    await parts.timing.sleep(delayBeforeNext(progress, outcome, attempt), signal);
  }
}

/**
 * Permissions are written in a token when it is issued: what was consented to since, here or in Entra, is in another one only.
 * Not asked about again at once, because mostly the permission is simply missing.
 */
function mayKnowMoreByNow(answer: GraphAnswer, token: IssuedToken | PassingOutcome, now: number): boolean {
  return answer.status === 403 && 'accessToken' in token && now - token.receivedAt >= SURELY_CURRENT_MS;
}

/** Throws when the call must not be repeated, or not in the time that is left. */
function delayBeforeNext(
  { parts, call, deadline }: GraphCallInProgress,
  { status, retryAfterMs, wasUnseen, cause }: PassingOutcome,
  attempt: number,
): number {
  const isRepeatable = call.isRepeatable ?? call.method !== 'POST';
  const delay = retryDelay(attempt, retryAfterMs, parts.timing.random);
  const isOver = attempt + 1 >= MAX_ATTEMPTS || parts.timing.now() + delay >= deadline;
  if (!isOver && (isRepeatable || wasUnseen)) return delay;
  throw cause instanceof GraphError ? cause : passingFailure(status, retryAfterMs, cause);
}

/** The identity platform may be away for a moment too; that is waited for like an absent Graph. */
async function tokenFor(
  { parts, connection, signal }: GraphCallInProgress,
  demand: TokenDemand,
): Promise<IssuedToken | PassingOutcome> {
  try {
    return await parts.tokens.get(connection, demand, signal);
  } catch (error) {
    if (!(error instanceof GraphError && error.isPassing)) throw error;
    const retryAfterMs = error.retryAfterSeconds === null ? null : error.retryAfterSeconds * 1000;
    return { kind: 'passing', status: null, retryAfterMs, wasUnseen: true, cause: error };
  }
}
