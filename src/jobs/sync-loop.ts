import type { Logger } from '../observability/logger.ts';
import type { SyncJob } from '../operations/ports.ts';

export interface SyncLoopParts {
  readonly logger: Logger;
  /** Connections whose time has come, each answered to one server only. */
  readonly takeDue: () => Promise<readonly Omit<SyncJob, 'requestId'>[]>;
  readonly sendSyncs: (jobs: readonly SyncJob[]) => Promise<void>;
  readonly lookEveryMs: number;
}

export interface SyncLoop {
  readonly start: () => void;
  /** Waits for the look that is under way. */
  readonly stop: () => Promise<void>;
}

/** Turns connections that are due into jobs. Times are in the database, so that a lost server loses none. */
export function makeSyncLoop({ logger, takeDue, sendSyncs, lookEveryMs }: SyncLoopParts): SyncLoop {
  let timer: NodeJS.Timeout | null = null;
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
    if (!isStopped) comeBack();
  };
  const comeBack = (): void => {
    timer = setTimeout(() => {
      looking = look();
    }, lookEveryMs).unref();
  };

  return {
    start: comeBack,
    stop: async () => {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      await looking;
    },
  };
}
