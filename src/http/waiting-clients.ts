import { setImmediate, setTimeout } from 'node:timers/promises';

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
  /**
   * Whether no client has asked for anything for about two seconds and none waits. Says yes at once and no after `lookAgainMs`, so
   * that it may be asked until it is yes.
   */
  readonly areQuiet: () => Promise<boolean>;
  /** Where they are counted: another thread that is given it gives way to the same clients. */
  readonly shared: SharedArrayBuffer;
}

export interface WaitingClientsOptions {
  readonly atMostMs?: number;
  readonly lookAgainMs?: number;
  /** Whole seconds of a clock that all threads share and nobody sets. */
  readonly seconds?: () => number;
  readonly shared?: SharedArrayBuffer;
}

/** What is shared: how many wait, and the second in which the last one came; 0 before the first. */
const waitingAt = 0;
const lastAt = 1;
const quietSeconds = 2;
const secondsOfMachine = (): number => process.hrtime()[0];

/** Lets what nobody waits for do its work while no client waits for an answer, and go on slowly where there always is one. */
export function makeWaitingClients(options: WaitingClientsOptions = {}): WaitingClients {
  const { atMostMs = 20, lookAgainMs = 100, seconds = secondsOfMachine } = options;
  const { shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT) } = options;
  const state = new Int32Array(shared);
  const leave = (): void => {
    if (Atomics.sub(state, waitingAt, 1) === 1) Atomics.notify(state, waitingAt);
  };
  return {
    shared,
    enter: (answer) => {
      Atomics.add(state, waitingAt, 1);
      Atomics.store(state, lastAt, seconds());
      answer.once('close', leave);
    },
    giveWay: async () => {
      await setImmediate();
      const deadline = performance.now() + atMostMs;
      for (;;) {
        const waiting = Atomics.load(state, waitingAt);
        const left = deadline - performance.now();
        if (waiting === 0 || left <= 0) return;
        await Atomics.waitAsync(state, waitingAt, waiting, left).value;
      }
    },
    areQuiet: async () => {
      const isQuiet =
        Atomics.load(state, waitingAt) === 0 && seconds() - Atomics.load(state, lastAt) > quietSeconds;
      if (!isQuiet) await setTimeout(lookAgainMs);
      return isQuiet;
    },
  };
}
