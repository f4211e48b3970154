import { connect, type Socket } from 'node:net';

/** A TCP client that sends exactly what it is told; for what HTTP libraries refuse to do. */
export type RawClient = {
  send(text: string): void;
  /** Everything received so far once it matches. */
  until(pattern: RegExp): Promise<string>;
  /** Everything received by the time the server closed the connection. */
  closed(): Promise<string>;
  end(): void;
};

export function openRawClient(port: number): Promise<RawClient> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1');
    let received = '';
    let isClosed = false;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.on('close', () => {
      isClosed = true;
    });
    // Once connected, a reset is a way of closing: tests look at what arrived before it.
    socket.on('error', reject);

    const waitFor = (reached: () => boolean) =>
      new Promise<string>((resolveWait) => {
        const look = () => {
          if (!reached()) return;
          socket.off('data', look).off('close', look);
          resolveWait(received);
        };
        socket.on('data', look).on('close', look);
        look();
      });

    socket.once('connect', () =>
      resolve({
        send: (text) => void socket.write(text),
        until: (pattern) => waitFor(() => pattern.test(received) || isClosed),
        closed: () => waitFor(() => isClosed),
        end: () => void socket.destroy(),
      }),
    );
  });
}
