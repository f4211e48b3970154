import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, htmlAnswer, type IncomingCall, type Service, type Transmission } from './answer.ts';

export interface ServerKeys {
  readonly key: string;
  readonly cert: string;
}

export interface ListenerInput {
  readonly service: Service;
  readonly port: number;
  /** Only for the links that lead here; the socket is always the loopback one. */
  readonly hostName: string;
  readonly tls: ServerKeys | undefined;
  readonly answer: (call: IncomingCall) => Promise<Answer>;
}

export interface Listener {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const MAX_BODY = 8 * 1024 * 1024;

/** Public names travel in this header when a client was redirected here instead of to the real host. */
export const PUBLIC_HOST_HEADER = 'x-emulated-host';

export async function startListener(input: ListenerInput): Promise<Listener> {
  const sockets = new Set<Socket>();
  const handle: RequestListener = (request, response) => {
    void respond(input, request, response).catch(() => response.destroy());
  };
  const server: Server = input.tls ? createSecureServer(input.tls, handle) : createServer(handle);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(input.port, '127.0.0.1', resolve);
  });
  // A listening TCP server has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `${input.tls ? 'https' : 'http'}://${input.hostName}:${port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function respond(
  input: ListenerInput,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const call = await readCall(input, request);
  let answer: Answer;
  try {
    answer = await input.answer(call);
  } catch (error) {
    // A mistake of the emulator itself, or a path that cannot be decoded.
    const isBadPath = error instanceof URIError;
    answer = htmlAnswer(isBadPath ? 400 : 500, isBadPath ? 'Bad request' : String(error));
    if (!isBadPath) console.error(error);
  }
  if (answer.delayMs) await pause(answer.delayMs);
  await transmit(answer, request, response);
}

async function readCall(input: ListenerInput, request: IncomingMessage): Promise<IncomingCall> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    // A request without an encoding gives buffers.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_BODY) throw new Error('The body is too large.');
    chunks.push(bytes);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const [path = '/', ...query] = (request.url ?? '/').split('?');
  const publicHost = headers[PUBLIC_HOST_HEADER];
  const host = publicHost ?? headers['host'] ?? '';
  return {
    service: input.service,
    method: request.method ?? 'GET',
    path,
    query: query.join('?'),
    headers,
    body: Buffer.concat(chunks).toString('utf8'),
    host,
    origin: `${publicHost !== undefined || input.tls ? 'https' : 'http'}://${host}`,
  };
}

async function transmit(answer: Answer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const transmission: Transmission | { readonly kind: 'plain' } = answer.transmission ?? { kind: 'plain' };
  if (transmission.kind === 'hang') return;
  if (transmission.kind === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  const body = Buffer.from(answer.body, 'utf8');
  const hasBody = answer.status !== 204 && answer.status !== 304;
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(hasBody ? { 'content-length': body.length } : {}),
  });
  switch (transmission.kind) {
    case 'plain':
      response.end(body);
      return;
    case 'truncate':
      response.write(body.subarray(0, Math.floor(body.length * transmission.share)), () =>
        response.destroy(),
      );
      return;
    case 'drip':
      await drip(response, body, transmission.overMs);
  }
}

const DROPS = 20;

async function drip(response: ServerResponse, body: Buffer, overMs: number): Promise<void> {
  const size = Math.max(1, Math.ceil(body.length / DROPS));
  for (let start = 0; start < body.length && !response.destroyed; start += size) {
    response.write(body.subarray(start, start + size));
    await pause(overMs / DROPS);
  }
  response.end();
}
