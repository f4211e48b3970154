import { claimsChallenge } from './access-tokens.ts';
import { type Answer, htmlAnswer, jsonAnswer, type Service } from './answer.ts';
import type { ActiveFault, FaultEffect } from './faults.ts';
import { type ErrorContext, GraphError, representError } from './graph-error.ts';
import { LoginError, representLoginError } from './login-error.ts';
import { tooManyRequests } from './resource-units.ts';

export interface FaultContext extends ErrorContext {
  readonly service: Service;
  /** Of the request, for links that lead back to it. */
  readonly url: string;
  readonly strangerOrigin: string;
  /** The 410 of this very request, when it is a delta request with a token. */
  readonly resync: () => GraphError;
  readonly scope: string;
}

/** The answer that replaces the real one, when a fault has one. The request then has no effect. */
export function answerInstead(faults: readonly ActiveFault[], context: FaultContext): Answer | undefined {
  for (const { effect } of faults) {
    const answer = replacement(effect, context);
    if (answer) return answer;
  }
  return undefined;
}

function replacement(effect: FaultEffect, context: FaultContext): Answer | undefined {
  switch (effect.kind) {
    case 'answer':
      return scriptedAnswer(effect, context);
    case 'html':
      return htmlAnswer(
        effect.status ?? 502,
        '<html><head><title>Bad Gateway</title></head><body>…</body></html>',
      );
    case 'hang':
      return { status: 0, headers: {}, body: '', transmission: { kind: 'hang' } };
    case 'reset':
      return { status: 0, headers: {}, body: '', transmission: { kind: 'reset' } };
    case 'claims-challenge':
      return representError(claimsChallenge(context.now), context);
    case 'resync':
      return effect.code === 'syncStateNotFound'
        ? representError(new GraphError(400, 'syncStateNotFound', 'The sync state was not found.'), context)
        : representError(context.resync(), context);
    default:
      return undefined;
  }
}

function scriptedAnswer(effect: Extract<FaultEffect, { kind: 'answer' }>, context: FaultContext): Answer {
  const retry: Record<string, string> =
    effect.retryAfter === undefined ? {} : { 'retry-after': String(effect.retryAfter) };
  const headers = { ...retry, ...effect.headers };
  if (typeof effect.body === 'string') return { status: effect.status, headers, body: effect.body };
  if (effect.body !== undefined) return jsonAnswer(effect.status, effect.body, headers);
  const own = context.service === 'login' ? loginRefusal(effect, context) : graphRefusal(effect, context);
  return { ...own, status: effect.status, headers: { ...own.headers, ...headers } };
}

function loginRefusal(effect: Extract<FaultEffect, { kind: 'answer' }>, context: FaultContext): Answer {
  const error = effect.status >= 500 || effect.status === 429 ? 'temporarily_unavailable' : 'invalid_request';
  const refusal = new LoginError(effect.code ?? error, 90033, 'A transient error has occurred; try again.');
  return representLoginError(refusal, context.now, context.clientRequestId);
}

const GRAPH_CODES: Readonly<Record<number, string>> = {
  401: 'InvalidAuthenticationToken',
  403: 'Authorization_RequestDenied',
  404: 'Request_ResourceNotFound',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  502: 'BadGateway',
  503: 'ServiceNotAvailable',
  504: 'GatewayTimeout',
};

function graphRefusal(effect: Extract<FaultEffect, { kind: 'answer' }>, context: FaultContext): Answer {
  if (effect.status === 429) {
    return representError(tooManyRequests(1, context.scope, 'CPULimitExceeded'), context);
  }
  const code = effect.code ?? GRAPH_CODES[effect.status] ?? 'UnknownError';
  return representError(new GraphError(effect.status, code, 'An injected fault.'), context);
}

/** What the faults do to an answer that was made. */
export function disturbAnswer(faults: readonly ActiveFault[], context: FaultContext, answer: Answer): Answer {
  return faults.reduce((disturbed, { effect }) => disturb(effect, context, disturbed), answer);
}

function disturb(effect: FaultEffect, context: FaultContext, answer: Answer): Answer {
  switch (effect.kind) {
    case 'delay':
      return { ...answer, delayMs: (answer.delayMs ?? 0) + effect.ms };
    case 'truncate':
      return { ...answer, transmission: { kind: 'truncate', share: effect.share ?? 0.5 } };
    case 'drip':
      return { ...answer, transmission: { kind: 'drip', overMs: effect.ms } };
    case 'invalid-json':
      return { ...answer, body: answer.body.slice(0, Math.floor(answer.body.length / 2)) };
    case 'oversize':
      return { ...answer, body: `${' '.repeat(effect.bytes)}${answer.body}` };
    case 'foreign-link':
      return withPage(answer, (page) => linksTo(page, effect.origin ?? context.strangerOrigin));
    case 'duplicate-rows':
      return withPage(answer, (page) => ({ ...page, value: rowsOf(page).flatMap((row) => [row, row]) }));
    case 'repeat-page':
      return withPage(answer, ({ '@odata.deltaLink': _end, ...page }) => ({
        ...page,
        '@odata.nextLink': context.url,
      }));
    case 'limit-percentage':
      return withHeaders(answer, { 'x-ms-throttle-limit-percentage': String(effect.value) });
    case 'headers':
      return withHeaders(answer, effect.headers);
    default:
      return answer;
  }
}

type Page = Readonly<Record<string, unknown>>;

function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function withPage(answer: Answer, change: (page: Page) => Page): Answer {
  if (answer.status !== 200 || !answer.body.startsWith('{')) return answer;
  // The body was made here, as a JSON object.
  return { ...answer, body: JSON.stringify(change(JSON.parse(answer.body) as Page)) };
}

function rowsOf({ value }: Page): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function linksTo(page: Page, origin: string): Page {
  const moved = Object.entries(page).map(([name, value]) => {
    const isLink = (name === '@odata.nextLink' || name === '@odata.deltaLink') && typeof value === 'string';
    return [name, isLink ? value.replace(/^https?:\/\/[^/]+/, origin) : value];
  });
  return Object.fromEntries(moved);
}
