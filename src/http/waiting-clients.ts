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
}

/** Lets what nobody waits for do its work while no client waits for an answer, and go on slowly where there always is one. */
export function makeWaitingClients(atMostMs = 20): WaitingClients {
  let waiting = 0;
  const held = new Set<() => void>();
  const leave = (): void => {
    waiting -= 1;
    if (waiting === 0) for (const goOn of held) goOn();
  };
  return {
    enter: (answer) => {
      waiting += 1;
      answer.once('close', leave);
    },
    giveWay: async () => {
      await setImmediate();
      if (waiting === 0) return;
      await new Promise<void>((resolve) => {
        const goOn = (): void => {
          clearTimeout(timer);
          held.delete(goOn);
          resolve();
        };
        const timer = setTimeout(goOn, atMostMs);
        held.add(goOn);
      });
    },
  };
}
