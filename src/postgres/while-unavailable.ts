import { setTimeout as sleep } from 'node:timers/promises';
import { OperationError } from '../operations/operation-error.ts';

interface Patience {
  /** How long new attempts may begin. */
  readonly forMs: number;
  readonly pauseMs: number;
}

/**
 * Attempts it again while the database is `unavailable`: at the start of a server it has answered a moment ago, so on a busy
 * machine it is only slow. What is attempted must be safe to do twice.
 */
export async function whileUnavailable<Result>(
  attempt: () => Promise<Result>,
  { forMs, pauseMs }: Patience = { forMs: 30_000, pauseMs: 250 },
): Promise<Result> {
  const deadline = performance.now() + forMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const isAway = error instanceof OperationError && error.kind === 'unavailable';
      if (!isAway || performance.now() >= deadline) throw error;
    }
    await sleep(pauseMs);
  }
}
