import { lookup } from 'node:dns/promises';
import type { WebhookAnswer, WebhookSender } from '../operations/deliveries/webhook-ports.ts';
import { describeFault } from './describe-fault.ts';
import { postOnce } from './post-once.ts';
import { type Resolve, resolveTarget, TargetFault } from './resolve-target.ts';
import { makeWebhookSecret, signatureHeaders } from './sign-request.ts';
import { refusalOfUrl, type TargetPolicy } from './target-policy.ts';

export interface WebhookSenderOptions extends TargetPolicy {
  /** From the first step to the last byte that is looked at. */
  readonly timeoutMs?: number;
  /** How names become addresses; the system's own way when absent. */
  readonly resolve?: Resolve;
}

const systemResolve: Resolve = (host) => lookup(host, { all: true, verbatim: true });

/** Sends events to targets on the word of an administrator, and therefore only where requests do no harm. */
export function makeWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const { timeoutMs = 15_000, resolve = systemResolve } = options;
  return {
    refusalOf: (url) => refusalOfUrl(url, options),
    makeSecret: makeWebhookSecret,
    post: async (request) => {
      const started = performance.now();
      const signal = AbortSignal.timeout(timeoutMs);
      const send = async (): Promise<Omit<WebhookAnswer, 'durationMs'>> => {
        // The rules may have become stricter since the URL was stored.
        const refusal = refusalOfUrl(request.url, options);
        if (refusal !== null) throw new TargetFault(`Nothing is sent: the URL ${refusal}.`);
        const url = new URL(request.url);
        const addresses = await unlessAborted(resolveTarget(url, resolve, options), signal);
        const headers = signatureHeaders(request);
        const { status, body, retryAfter } = await postOnce({
          url,
          addresses,
          headers,
          body: request.body,
          signal,
        });
        return { status, body, fault: null, retryAfterSeconds: readRetryAfter(retryAfter) };
      };
      const answer = await send().catch((error: unknown) => ({
        status: null,
        body: null,
        fault: describeFault(error, timeoutMs),
        retryAfterSeconds: null,
      }));
      return { ...answer, durationMs: Math.round(performance.now() - started) };
    },
  };
}

/** A look-up of the system cannot be stopped, only left behind. */
function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function readRetryAfter(text: string | null): number | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const seconds = (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}
