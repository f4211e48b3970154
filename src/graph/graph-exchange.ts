import { randomUUID } from 'node:crypto';
import type { GraphConnection } from '../operations/tenants/graph-ports.ts';
import { readClaimsChallenge } from './claims-challenge.ts';
import { fetchOnce, type RawAnswer, TransportError } from './fetch-once.ts';
import type { GraphCall, GraphCallInProgress, GraphOutcome } from './graph-call.ts';
import { errorCodeOf } from './graph-failure.ts';
import type { PacedAnswer } from './pacer.ts';
import { isPassingStatus, readRetryAfter } from './retry.ts';

const ATTEMPT_TIMEOUT_MS = 30_000;
/** Far above any page of the directory. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** One request in its turn, and what its answer calls for. */
export async function exchange(progress: GraphCallInProgress, accessToken: string): Promise<GraphOutcome> {
  const { parts, connection, call, signal, deadline } = progress;
  const turn = await parts.pacer.begin(laneOf(connection), {
    units: call.units,
    isUrgent: call.isBackground !== true,
    deadline,
    signal,
  });
  const clientRequestId = randomUUID();
  let paced: PacedAnswer = {};
  try {
    const raw = await request(progress, accessToken, clientRequestId);
    const outcome = judge(raw, call, parts.timing.now());
    paced = pacingOf(raw, outcome);
    report(progress, { raw, outcome, clientRequestId });
    return outcome;
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    parts.logger.warn(
      { connectionId: connection.connectionId, call: call.name, clientRequestId, err: error },
      'Microsoft Graph gave no answer',
    );
    return { kind: 'passing', status: null, retryAfterMs: null, wasUnseen: false, cause: error };
  } finally {
    turn.end(paced);
  }
}

/** Limits count per application and tenant, whichever connection asks. */
const laneOf = ({ cloud, tenantId, applicationId }: GraphConnection): string =>
  `${cloud} ${tenantId} ${applicationId}`.toLowerCase();

function request(
  { parts, call, url, signal }: GraphCallInProgress,
  accessToken: string,
  clientRequestId: string,
): Promise<RawAnswer> {
  return fetchOnce(parts.fetch, {
    url,
    method: call.method ?? 'GET',
    headers: {
      accept: call.accepts === 'text' ? 'text/plain' : 'application/json',
      ...call.headers,
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(call.isBackground ? { 'x-ms-throttle-priority': 'Low' } : {}),
      'client-request-id': clientRequestId,
      'return-client-request-id': 'true',
      authorization: `Bearer ${accessToken}`,
    },
    body: call.body === undefined ? undefined : JSON.stringify(call.body),
    timeoutMs: ATTEMPT_TIMEOUT_MS,
    maxBytes: MAX_ANSWER_BYTES,
    signal,
  });
}

function judge({ status, headers, text }: RawAnswer, call: GraphCall, now: number): GraphOutcome {
  if (status === 401) {
    return { kind: 'unauthorized', claims: readClaimsChallenge(headers.get('www-authenticate')) };
  }
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), now);
  if (isPassingStatus(status)) return { kind: 'passing', status, retryAfterMs, wasUnseen: status === 429 };
  const isSuccess = status >= 200 && status < 300;
  if (text === '' || (isSuccess && call.accepts === 'text')) {
    return { kind: 'answer', answer: { status, headers, body: text === '' ? null : text } };
  }
  try {
    const body: unknown = JSON.parse(text);
    return { kind: 'answer', answer: { status, headers, body } };
  } catch (error) {
    // A refusal is one whatever its text; a success that cannot be read was cut or rewritten on the way.
    if (!isSuccess) return { kind: 'answer', answer: { status, headers, body: null } };
    return { kind: 'passing', status: null, retryAfterMs, wasUnseen: false, cause: error };
  }
}

const numberIn = (headers: Headers, name: string): number | null => {
  const text = headers.get(name);
  const value = text === null ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
};

function pacingOf({ headers }: RawAnswer, outcome: GraphOutcome): PacedAnswer {
  const isThrottled = outcome.kind === 'passing' && outcome.status === 429;
  return {
    units: numberIn(headers, 'x-ms-resource-unit'),
    limitShare: numberIn(headers, 'x-ms-throttle-limit-percentage'),
    pauseMs: isThrottled ? outcome.retryAfterMs : null,
    wasThrottled: isThrottled,
  };
}

interface Seen {
  readonly raw: RawAnswer;
  readonly outcome: GraphOutcome;
  readonly clientRequestId: string;
}

function report({ parts, connection, call }: GraphCallInProgress, { raw, outcome, clientRequestId }: Seen) {
  const { status, headers } = raw;
  const facts = {
    connectionId: connection.connectionId,
    call: call.name,
    status,
    clientRequestId,
    graphRequestId: headers.get('request-id'),
  };
  // That something does not exist is an answer like another.
  if (outcome.kind === 'answer' && (status < 400 || status === 404)) {
    parts.logger.debug(facts, 'Microsoft Graph answered');
    return;
  }
  const code = outcome.kind === 'answer' ? errorCodeOf(outcome.answer.body) : '';
  parts.logger.warn(
    {
      ...facts,
      code: code === '' ? null : code,
      throttleScope: headers.get('x-ms-throttle-scope'),
      throttleReason: headers.get('x-ms-throttle-information'),
    },
    'Microsoft Graph did not do a call',
  );
}
