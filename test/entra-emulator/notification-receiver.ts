import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Notification {
  readonly subscriptionId: string;
  readonly clientState: string;
  readonly changeType?: string;
  readonly lifecycleEvent?: string;
  readonly resourceData?: { readonly id: string };
}

/** A notification endpoint: echoes validation tokens, keeps what it is sent. */
export class NotificationReceiver {
  readonly received: Notification[] = [];
  readonly deliveries: (readonly Notification[])[] = [];
  /** Of the next answers; 202 afterwards. */
  statuses: number[] = [];
  echoes = true;
  url = '';
  readonly #server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://receiver.example');
    const token = url.searchParams.get('validationToken');
    if (token !== null) {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(this.echoes ? token : 'something else');
      return;
    }
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      const status = this.statuses.shift() ?? 202;
      const { value }: { value: Notification[] } = JSON.parse(text);
      this.deliveries.push(value);
      if (status === 202) this.received.push(...value);
      response.writeHead(status).end();
    });
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo;
    this.url = `http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
