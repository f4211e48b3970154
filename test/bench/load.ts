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
  /** Requests in a second: paced, what waits for a connection included in the latencies. As many as it takes when left out. */
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
 * is measured. Fails on the first answer outside 2xx. Paced requests that had to wait for an answer to another one are timed
 * from the moment when they were due, so that one slow answer is not hidden by what could not be sent meanwhile; the others
 * from when they are sent, since a timer that rings a millisecond late is none of the server's doing.
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = [];
  const end = performance.now() + options.milliseconds;
  let issued = 0;
  const started = performance.now();
  const { perSecond } = options;
  /** Waits until the request is due. Answers when that was, for one that is late by then; null for the others. */
  const turnOf = async (index: number): Promise<number | null> => {
    if (perSecond === undefined) return null;
    const due = started + (index * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait <= 0) return due;
    await setTimeout(wait);
    return null;
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
  let head = '';
  /** Bytes of the answer that are still to come; null while its head is not complete. */
  let missing: number | null = null;
  let settle: { resolve: () => void; reject: (error: Error) => void } | null = null;
  const fail = (error: Error): void => settle?.reject(error);
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('The server closed the connection.')));
  socket.on('data', (chunk: Buffer) => {
    if (missing === null) {
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(head.slice(0, end + 2))?.[1] ?? 0);
      missing = end + 4 + length - head.length;
    } else missing -= chunk.length;
    if (missing > 0) return;
    const answer = head;
    head = '';
    missing = null;
    if (answer.startsWith('HTTP/1.1 2')) settle?.resolve();
    else fail(new Error(`Unexpected answer: ${answer.slice(0, 400)}`));
  });
  return (request) =>
    new Promise((resolve, reject) => {
      settle = { resolve, reject };
      socket.write(request);
    });
}
