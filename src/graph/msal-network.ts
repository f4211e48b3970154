import {
  AuthError,
  type INetworkModule,
  type NetworkRequestOptions,
  type NetworkResponse,
} from '@azure/msal-node';
import { GraphError } from '../operations/tenants/graph-ports.ts';
import { allowedUrl } from './cloud-endpoints.ts';
import { type Fetch, fetchOnce, type RawAnswer, TransportError } from './fetch-once.ts';
import { isPassingStatus, readRetryAfter } from './retry.ts';

/** The library itself would wait for minutes. */
const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** The library lets errors of its own kind through and hides all others. */
class CarriedFailure extends AuthError {
  readonly failure: GraphError;

  constructor(failure: GraphError) {
    super('network_failure', '', failure.message);
    // The library's constructor has made it a plain AuthError.
    Object.setPrototypeOf(this, CarriedFailure.prototype);
    this.failure = failure;
  }
}

/** The failure behind an error of the library, when it came from this module. */
export const carriedFailure = (error: unknown): GraphError | null =>
  error instanceof CarriedFailure ? error.failure : null;

export interface MsalNetworkParts {
  readonly fetch: Fetch;
  readonly allowedHosts: readonly string[];
  readonly now: () => number;
}

/**
 * How the sign-in library reaches the identity platform. Answers that a retry may better never reach the library: it would
 * answer by itself for the next minute, whatever the identity platform says by then.
 */
export function makeMsalNetwork({ fetch, allowedHosts, now }: MsalNetworkParts): INetworkModule {
  async function send<Body>(
    method: 'GET' | 'POST',
    address: string,
    options: NetworkRequestOptions = {},
  ): Promise<NetworkResponse<Body>> {
    try {
      const answer = await fetchOnce(fetch, {
        url: allowedUrl(address, allowedHosts),
        method,
        headers: options.headers ?? {},
        body: method === 'POST' ? (options.body ?? '') : undefined,
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_ANSWER_BYTES,
        signal: new AbortController().signal,
      });
      return {
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
        // The library's own types say what it expects; it checks the fields that it uses.
        body: readBody(answer, now()) as Body,
      };
    } catch (error) {
      if (error instanceof GraphError) throw new CarriedFailure(error);
      if (error instanceof TransportError) throw new CarriedFailure(unavailable(null, error));
      throw error;
    }
  }

  return {
    sendGetRequestAsync: (url, options) => send('GET', url, options),
    sendPostRequestAsync: (url, options) => send('POST', url, options),
  };
}

function readBody({ status, headers, text }: RawAnswer, now: number): object {
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), now);
  if (isPassingStatus(status)) throw unavailable(retryAfterMs, null);
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null) return body;
  } catch (error) {
    // A proxy on the way answers in HTML.
    throw unavailable(retryAfterMs, error);
  }
  throw unavailable(retryAfterMs, null);
}

export function unavailable(retryAfterMs: number | null, cause: unknown): GraphError {
  return new GraphError(
    'unavailable',
    'The Microsoft identity platform is not available at the moment. It is tried again; check the way out to the internet ' +
      'if it stays so.',
    {
      retryAfterSeconds: retryAfterMs === null ? null : Math.ceil(retryAfterMs / 1000),
      ...(cause === null ? {} : { cause }),
    },
  );
}
