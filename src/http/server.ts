import {
  createServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { uuidV7 } from '../uuid-v7.ts';

export type ListenOptions = {
  readonly host: string;
  /** 0: a free port chosen by the operating system. */
  readonly port: number;
  /** From the first byte of a request to the last one of its body. */
  readonly requestTimeoutMs?: number;
  readonly headersTimeoutMs?: number;
  /** Longer than the idle time of common load balancers, so that they close first and never hit a dead socket. */
  readonly keepAliveTimeoutMs?: number;
  /** A connection on which nothing moves in either direction for this long is cut. */
  readonly idleTimeoutMs?: number;
};

export type RunningServer = {
  readonly host: string;
  readonly port: number;
  /** Stops accepting, lets running requests finish for `graceMs`, then cuts what is left; says how many were cut. */
  drain(graceMs: number): Promise<{ readonly cut: number }>;
};

/** Listening failed; the message is one line that says what to do. */
export class ListenError extends Error {
  constructor(message: string, options: ErrorOptions) {
    super(message, options);
    this.name = 'ListenError';
  }
}

const LISTEN_ADVICE: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) =>
    `Port ${port} on ${host} is already in use. Stop the program that listens there, or set PORT to a free port.`,
  EACCES: (host, port) =>
    `This user may not listen on port ${port} of ${host}. Set PORT to 1024 or higher, or grant the permission.`,
  EADDRNOTAVAIL: (host) =>
    `${host} is not an address of this machine. Set HOST to one, or to 0.0.0.0 for all.`,
  ENOTFOUND: (host) => `The name ${host} does not resolve. Set HOST to an address of this machine.`,
};

function listenError(cause: NodeJS.ErrnoException, { host, port }: ListenOptions): ListenError {
  const advice = LISTEN_ADVICE[cause.code ?? '']?.(host, port);
  return new ListenError(advice ?? `Cannot listen on ${host} port ${port}: ${cause.message}`, { cause });
}

const PARSE_FAILURES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Every open socket with its unanswered requests. */
type OpenSockets = Map<Socket, Set<ServerResponse>>;

/** What never became a request (broken syntax, headers too large, too slow) still gets a status and a request id. */
function answerBrokenRequests(server: Server, open: OpenSockets): void {
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    const unanswered = stream instanceof Socket ? [...(open.get(stream) ?? [])] : [];
    const midAnswer = unanswered.some((response) => response.headersSent);
    if (error.code === 'ECONNRESET' || !stream.writable || midAnswer) {
      stream.destroy(error);
      return;
    }
    const status = PARSE_FAILURES[error.code ?? ''] ?? 400;
    stream.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\nX-Request-Id: ${uuidV7()}\r\n\r\n`,
    );
    // Cutting at once could lose the answer on its way; waiting for the peer could last for ever.
    setTimeout(() => stream.destroy(), 1000).unref();
  });
}

function setTimeouts(server: Server, options: ListenOptions): void {
  server.requestTimeout = options.requestTimeoutMs ?? 30_000;
  server.headersTimeout = Math.min(options.headersTimeoutMs ?? 10_000, server.requestTimeout);
  server.keepAliveTimeout = options.keepAliveTimeoutMs ?? 75_000;
  server.setTimeout(options.idleTimeoutMs ?? 120_000);
}

function trackSockets(server: Server, isDraining: () => boolean): OpenSockets {
  const open: OpenSockets = new Map();
  server.on('connection', (socket) => {
    open.set(socket, new Set());
    socket.once('close', () => open.delete(socket));
  });
  server.prependListener('request', ({ socket }, response) => {
    const unanswered = open.get(socket);
    unanswered?.add(response);
    if (isDraining()) response.setHeader('Connection', 'close');
    response.once('close', () => {
      unanswered?.delete(response);
      if (isDraining() && unanswered?.size === 0) socket.destroySoon();
    });
  });
  return open;
}

/**
 * Own bookkeeping instead of `closeIdleConnections`, which counts a connection that has not sent anything yet as
 * busy and leaves a kept-alive one open when its last answer is out.
 */
function drainServer(server: Server, open: OpenSockets, graceMs: number): Promise<{ cut: number }> {
  return new Promise((resolve, reject) => {
    let cut = 0;
    const deadline = setTimeout(() => {
      for (const [socket, unanswered] of open) {
        cut += unanswered.size;
        socket.destroy();
      }
    }, graceMs);
    server.close((error) => {
      clearTimeout(deadline);
      if (error) reject(error);
      else resolve({ cut });
    });
    for (const [socket, unanswered] of open) {
      if (unanswered.size === 0) socket.destroySoon();
      for (const response of unanswered) {
        if (!response.headersSent) response.setHeader('Connection', 'close');
      }
    }
  });
}

function bind(server: Server, options: ListenOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(listenError(error, options));
    server.once('error', fail);
    server.listen({ host: options.host, port: options.port }, () => {
      server.off('error', fail);
      const address = server.address();
      if (address !== null && typeof address === 'object') resolve(address);
      else reject(new Error('The server listens on something that is not a TCP port'));
    });
  });
}

export async function listen(app: RequestListener, options: ListenOptions): Promise<RunningServer> {
  // The default interval of 30 s would let a slow sender live twice as long as the timeouts say.
  const server = createServer({ connectionsCheckingInterval: 1000 }, app);
  setTimeouts(server, options);
  let draining: Promise<{ cut: number }> | undefined;
  const open = trackSockets(server, () => draining !== undefined);
  answerBrokenRequests(server, open);
  const { address, port } = await bind(server, options);
  return {
    host: address,
    port,
    drain(graceMs) {
      draining ??= drainServer(server, open, graceMs);
      return draining;
    },
  };
}
