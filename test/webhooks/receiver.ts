import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export interface ReceivedEvent {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came over the wire; signatures are over exactly this. */
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into payloads whose shape is what they check
  readonly body: any;
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: readonly ReceivedEvent[];
  /** How requests are answered from now on; 204 at first. */
  answer: (listener: RequestListener) => void;
  readonly close: () => Promise<void>;
}

/** A target of webhooks on a port of the system's choice. */
export async function startReceiver(host = '127.0.0.1'): Promise<Receiver> {
  const received: ReceivedEvent[] = [];
  let answer: RequestListener = (_request, response) => response.writeHead(204).end();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      const body = text.startsWith('{') ? JSON.parse(text) : null;
      received.push({ path: request.url ?? '', headers: request.headers, text, body });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}/hooks`,
    port,
    received,
    answer: (listener) => {
      answer = listener;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Throws unless the request carries a signature made with the secret, as a receiver would find out. */
export function verify(event: ReceivedEvent, secret: string): unknown {
  const { headers } = event;
  return new Webhook(secret).verify(event.text, {
    'webhook-id': String(headers['webhook-id']),
    'webhook-timestamp': String(headers['webhook-timestamp']),
    'webhook-signature': String(headers['webhook-signature']),
  });
}
