import type { LookupAddress } from 'node:dns';
import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';

export interface Post {
  readonly url: URL;
  /** The only places that a connection is made to. */
  readonly addresses: readonly LookupAddress[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | null;
}

const keptBytes = 1024;

/** One request over a connection of its own, made to a checked address. Redirects are answers like any other. */
export async function postOnce({ url, addresses, headers, body, signal }: Post): Promise<PostAnswer> {
  const options: RequestOptions = {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'accept-encoding': 'identity',
      'user-agent': 'Rollcall',
      connection: 'close',
    },
    // A pool could hand out a connection that was made to another address under the same name.
    agent: false,
    lookup: pinnedTo(addresses),
    signal,
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, options, resolve);
    request.on('error', reject);
    request.end(body);
  });
  const begin = await beginOf(response, signal);
  return {
    status: response.statusCode ?? 0,
    body: begin,
    retryAfter: response.headers['retry-after'] ?? null,
  };
}

/** Answers what has been looked up before, whatever the name means by now. */
function pinnedTo(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else if (first === undefined) callback(new Error('There is no address to connect to'), '');
    else callback(null, first.address, first.family);
  };
}

/** How the body begins; the rest is not read. What counts is the status, which is there: a body that breaks off is short. */
async function beginOf(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  response.on('data', (part: Buffer) => {
    parts.push(part);
    length += part.length;
    if (length >= keptBytes) response.destroy();
  });
  await new Promise<void>((resolve) => {
    response.on('close', resolve);
    response.on('error', () => undefined);
    signal.addEventListener('abort', () => response.destroy(), { once: true });
  });
  // PostgreSQL does not store U+0000.
  return Buffer.concat(parts).subarray(0, keptBytes).toString('utf8').replaceAll('\0', '\ufffd');
}
