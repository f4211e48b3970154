import type { Config } from './config.ts';
import type { Graph } from './graph/make-graph.ts';
import type { JobHandlers, JobQueue } from './jobs/job-queue.ts';
import { makeSyncLoop } from './jobs/sync-loop.ts';
import type { Logger } from './observability/logger.ts';
import type { Encryption } from './operations/connection-ports.ts';
import type { Clock, Identifiers, UnitOfWork } from './operations/ports.ts';
import { makeSyncConnection } from './operations/sync-connection.ts';
import type { Database } from './postgres/database.ts';
import { makeTakeDueSyncs } from './postgres/graph/due-syncs.ts';

export interface GraphSyncParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly database: Database;
  readonly jobs: JobQueue;
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly encryption: Encryption;
  readonly graph: Graph;
}

/** What keeps the mirror fresh by itself. */
export interface GraphSync {
  readonly sync: JobHandlers['sync'];
  readonly start: () => void;
  /** Leaves what is being read to another server. */
  readonly stop: () => Promise<void>;
}

const leaseSeconds = 60;
/** A server looks so often for connections whose time has come. */
const longestLookMs = 2_000;

export function composeGraphSync(parts: GraphSyncParts): GraphSync {
  const { config, logger, database, jobs, graph } = parts;
  const stopping = new AbortController();
  const loop = makeSyncLoop({
    logger,
    takeDue: makeTakeDueSyncs(database),
    sendSyncs: jobs.sendSyncs,
    lookEveryMs: Math.min(longestLookMs, config.graphPollMs / 4),
  });
  return {
    sync: makeSyncConnection({
      ...parts,
      directory: graph.directory,
      timing: { pollSeconds: config.graphPollMs / 1000, leaseSeconds },
      every,
      stopping: stopping.signal,
      keepSubscriptions: async () => {},
    }),
    start: loop.start,
    stop: async () => {
      stopping.abort();
      await loop.stop();
    },
  };
}

function every(ms: number, work: () => void): () => void {
  const timer = setInterval(work, ms).unref();
  return () => clearInterval(timer);
}
