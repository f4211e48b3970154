import { setImmediate } from 'node:timers/promises';

/** An answer, as far as it ends: given, or given up. */
interface Answer {
  readonly once: (event: 'close', listener: () => void) => unknown;
}

export interface WaitingClients {
  /** Counts the request from now on until its answer is over. */
  readonly enter: (answer: Answer) => void;
  /**
   * Settles after a turn of the event loop, and when no client waits or has been given way for `atMostMs`. For work in
   * the background, between two of its steps: what holds locks that clients wait for must not wait for clients.
   */
  readonly giveWay: () => Promise<void>;
  /** Where they are counted: another thread that is given it gives way to the same clients. */
  readonly shared: SharedArrayBuffer;
}

export interface WaitingClientsOptions {
  readonly atMostMs?: number;
  readonly shared?: SharedArrayBuffer;
}

/** Lets what nobody waits for do its work while no client waits for an answer, and go on slowly where there always is one. */
export function makeWaitingClients(options: WaitingClientsOptions = {}): WaitingClients {
  const { atMostMs = 20, shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT) } = options;
  const counter = new Int32Array(shared);
  const leave = (): void => {
    if (Atomics.sub(counter, 0, 1) === 1) Atomics.notify(counter, 0);
  };
  return {
    shared,
    enter: (answer) => {
      Atomics.add(counter, 0, 1);
      answer.once('close', leave);
    },
    giveWay: async () => {
      await setImmediate();
      const deadline = performance.now() + atMostMs;
      for (;;) {
        const waiting = Atomics.load(counter, 0);
        const left = deadline - performance.now();
        if (waiting === 0 || left <= 0) return;
        await Atomics.waitAsync(counter, 0, waiting, left).value;
      }
    },
  };
}
