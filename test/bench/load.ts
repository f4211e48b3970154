import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

export interface BenchRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

export interface LoadOptions {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Requests in flight at once, each on a keep-alive connection of its own. */
  readonly connections: number;
  readonly milliseconds: number;
  /** Requests in a second: paced, late ones included in their latencies. As many as it takes when left out. */
  readonly perSecond?: number;
  /** The i-th request; called as often as the time allows. */
  readonly next: (index: number) => BenchRequest;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/**
 * Load over plain sockets: far cheaper than an HTTP client library, so that on two cores the server and not the generator
 * is measured. Fails on the first answer outside 2xx. Paced requests are timed from the moment when they were due, so that
 * one slow answer is not hidden by what could not be sent meanwhile.
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = [];
  const end = performance.now() + options.milliseconds;
  let issued = 0;
  const started = performance.now();
  const { perSecond } = options;
  /** Waits until the request is due; null where none is paced. */
  const turnOf = async (index: number): Promise<number | null> => {
    if (perSecond === undefined) return null;
    const due = started + (index * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await setTimeout(wait);
    return due;
  };
  const worker = async (): Promise<void> => {
    const socket = connect(options.port, '127.0.0.1').setNoDelay(true);
    const exchange = makeExchange(socket);
    try {
      while (performance.now() < end) {
        const index = issued++;
        const due = await turnOf(index);
        const request = encode(options, options.next(index));
        const before = due ?? performance.now();
        await exchange(request);
        latencies.push(performance.now() - before);
      }
    } finally {
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: options.connections }, worker));
  const seconds = (performance.now() - started) / 1000;
  latencies.sort((left, right) => left - right);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { requests: latencies.length, perSecond: latencies.length / seconds, p50: at(0.5), p99: at(0.99) };
}

function encode({ headers }: LoadOptions, { method, path, body = '' }: BenchRequest): string {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1'];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== '') lines.push('Content-Type: application/scim+json');
  lines.push(`Content-Length: ${Buffer.byteLength(body)}`, '', body);
  return lines.join('\r\n');
}

/** One request after the other on a socket; answers carry a Content-Length or no body. */
function makeExchange(socket: Socket): (request: string) => Promise<void> {
  let received = '';
  let settle: { resolve: () => void; reject: (error: Error) => void } | null = null;
  const fail = (error: Error): void => settle?.reject(error);
  socket.setEncoding('latin1');
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('The server closed the connection.')));
  socket.on('data', (chunk: string) => {
    received += chunk;
    const head = received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(received.slice(0, head + 2))?.[1] ?? 0);
    if (received.length < head + 4 + length) return;
    const answer = received;
    received = '';
    if (answer.startsWith('HTTP/1.1 2')) settle?.resolve();
    else fail(new Error(`Unexpected answer: ${answer.slice(0, 400)}`));
  });
  return (request) =>
    new Promise((resolve, reject) => {
      settle = { resolve, reject };
      socket.write(request);
    });
}
