import type { Logger } from '../observability/logger.ts';
import type { SyncJob } from '../operations/ports.ts';

/** Changes come in bursts, and one read tells them all. */
const soonMs = 500;

export interface SyncLoopParts {
  readonly logger: Logger;
  /** Connections whose time has come, each answered to one server only. */
  readonly takeDue: () => Promise<readonly Omit<SyncJob, 'requestId'>[]>;
  readonly sendSyncs: (jobs: readonly SyncJob[]) => Promise<void>;
  readonly lookEveryMs: number;
}

export interface SyncLoop {
  readonly start: () => void;
  /** Something has become due: looks in a moment, once for however many say so. */
  readonly lookSoon: () => void;
  /** Waits for the look that is under way. */
  readonly stop: () => Promise<void>;
}

/** Turns connections that are due into jobs. Times are in the database, so that a lost server loses none. */
export function makeSyncLoop({ logger, takeDue, sendSyncs, lookEveryMs }: SyncLoopParts): SyncLoop {
  let timer: NodeJS.Timeout | null = null;
  let isSoon = false;
  let looking: Promise<void> = Promise.resolve();
  let isStopped = false;
  let hasFailed = false;

  const look = async (): Promise<void> => {
    try {
      const due = await takeDue();
      if (due.length > 0) await sendSyncs(due.map((row) => ({ ...row, requestId: null })));
      hasFailed = false;
    } catch (error) {
      // Once: the database may be away for long.
      if (!hasFailed) logger.warn({ err: error }, 'Reads of directories have to wait');
      hasFailed = true;
    }
    comeBack(isSoon ? soonMs : lookEveryMs);
  };
  const comeBack = (ms: number): void => {
    if (timer !== null) clearTimeout(timer);
    if (isStopped) return;
    timer = setTimeout(() => {
      timer = null;
      isSoon = false;
      looking = look();
    }, ms).unref();
  };

  return {
    start: () => comeBack(lookEveryMs),
    lookSoon: () => {
      if (isSoon) return;
      isSoon = true;
      // While a look is under way there is no timer: it comes back soon by itself.
      if (timer !== null) comeBack(soonMs);
    },
    stop: async () => {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      await looking;
    },
  };
}
