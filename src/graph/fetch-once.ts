import { GraphError } from '../operations/tenants/graph-ports.ts';

export interface Attempt {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** From the start to the last byte received; connecting alone may take 10 s in Node's fetch. */
  readonly timeoutMs: number;
  /** Of the decoded body. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/** The connection failed or was cut, or the answer did not come in time. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
}

/**
 * One request, one answer. Redirects are answers like any other: following one would carry the credential to wherever it
 * points. Throws the signal's reason, `TransportError`, or `GraphError` for a body that is too large.
 */
export async function fetchOnce(fetch: Fetch, attempt: Attempt): Promise<RawAnswer> {
  const { url, method, headers, body, timeoutMs, maxBytes, signal } = attempt;
  signal.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
      ...(body === undefined ? {} : { body }),
    });
    return {
      status: response.status,
      headers: response.headers,
      text: await readText(response, maxBytes),
    };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof GraphError) throw error;
    const what = timeout.aborted ? `gave no complete answer within ${timeoutMs} ms` : 'could not be reached';
    throw new TransportError(`${url.host} ${what}`, { cause: error });
  }
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body, which closes the connection.
    if (size > maxBytes) {
      throw new GraphError('unexpected', `An answer was larger than ${maxBytes} bytes and was given up.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
