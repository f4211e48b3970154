import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  /** Path with query, exactly as it came. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a text as it is. */
  readonly body?: object | string;
  /** Cuts the connection after so many bytes of the body. */
  readonly cutAfter?: number;
  /** Never answers. */
  readonly hangs?: boolean;
}

export interface LocalServer {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  readonly close: () => Promise<void>;
}

/** A server of one test, on a port of the system's choice, which remembers what it was asked. */
export async function startServer(
  answer: (request: SeenRequest, count: number) => Reply | Promise<Reply>,
): Promise<LocalServer> {
  const seen: SeenRequest[] = [];
  const server: Server = createServer((request, response) => {
    void readAll(request)
      .then(async (body) => {
        const { method = '', url = '', headers } = request;
        const one: SeenRequest = { method, url, headers, body };
        seen.push(one);
        send(response, await answer(one, seen.length));
      })
      .catch((error: unknown) => send(response, { status: 599, body: String(error) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Listening on TCP, so the address is one of host and port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, { status = 200, headers = {}, body, cutAfter, hangs }: Reply): void {
  if (hangs) return;
  const isJson = typeof body === 'object';
  const text = isJson ? JSON.stringify(body) : (body ?? '');
  const length = { 'content-length': String(Buffer.byteLength(text)) };
  response.writeHead(status, {
    ...(isJson ? { 'content-type': 'application/json' } : {}),
    ...(status === 204 ? {} : length),
    ...headers,
  });
  if (cutAfter === undefined) {
    response.end(text);
    return;
  }
  response.write(text.slice(0, cutAfter), () => response.destroy());
}
