import { setImmediate } from 'node:timers/promises';
import { recoveringPart } from './compose-graph.ts';
import type { Config } from './config.ts';
import type { Graph } from './graph/make-graph.ts';
import { credentialMaker, isHashOf } from './http/credentials.ts';
import { lifecyclePath, notificationPath } from './http/graph-notifications.ts';
import type { WaitingClients } from './http/waiting-clients.ts';
import type { JobHandlers, JobQueue } from './jobs/job-queue.ts';
import { makeSyncLoop } from './jobs/sync-loop.ts';
import type { Logger } from './observability/logger.ts';
import type { DirectoryAge } from './observability/metrics.ts';
import type { Encryption } from './operations/connections/connection-ports.ts';
import type { Clock, Identifiers, UnitOfWork } from './operations/ports.ts';
import type { ReceiveNotifications } from './operations/sync/graph-notification-ports.ts';
import { makeKeepSubscriptions, type NotificationAddresses } from './operations/sync/keep-subscriptions.ts';
import { makeReceiveNotifications } from './operations/sync/receive-notifications.ts';
import { makeSyncConnection } from './operations/sync/sync-connection.ts';
import { type EvaluateGroups, makeEvaluateGroups } from './operations/tenants/evaluate-groups.ts';
import type { Database } from './postgres/database.ts';
import { makeFindSubscriptions, makeListGraphAges, makeTakeDueSyncs } from './postgres/graph/due-syncs.ts';

export interface GraphSyncParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly publicUrl: string;
  readonly database: Database;
  readonly jobs: JobQueue;
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly clients: WaitingClients;
  readonly encryption: Encryption;
  readonly graph: Graph;
}

/** What keeps the mirror fresh by itself. */
export interface GraphSync {
  readonly sync: JobHandlers['sync'];
  readonly receiveNotifications: ReceiveNotifications;
  readonly evaluateGroups: EvaluateGroups;
  /** Something was made due. */
  readonly syncWaiting: () => void;
  readonly directoryAges: () => Promise<readonly DirectoryAge[]>;
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
      ...parts.clients,
      directory: graph.directory,
      recover: recoveringPart(parts),
      timing: { pollSeconds: config.graphPollMs / 1000, leaseSeconds },
      every,
      turn: setImmediate,
      stopping: stopping.signal,
      keepSubscriptions: makeKeepSubscriptions({
        subscriptions: graph.subscriptions,
        credentialMaker,
        addressesOf: (connectionId) => addressesOf(parts, connectionId),
      }),
    }),
    receiveNotifications: makeReceiveNotifications({
      unitOfWork: parts.unitOfWork,
      findSubscriptions: makeFindSubscriptions(database),
      isHashOf,
      syncWaiting: loop.lookSoon,
    }),
    evaluateGroups: makeEvaluateGroups({ ...parts, directory: graph.directory }),
    syncWaiting: loop.lookSoon,
    directoryAges: makeListGraphAges(database),
    start: loop.start,
    stop: async () => {
      stopping.abort();
      await loop.stop();
    },
  };
}

/** Graph only calls https; other addresses are for clouds that are somewhere else. */
function addressesOf(
  { config, publicUrl }: GraphSyncParts,
  connectionId: string,
): NotificationAddresses | null {
  const isElsewhere = Object.values(config.cloudOverrides).some(({ graph }) => graph !== undefined);
  if (!publicUrl.startsWith('https:') && !isElsewhere) return null;
  return {
    notificationUrl: `${publicUrl}${notificationPath}/${connectionId}`,
    lifecycleNotificationUrl: `${publicUrl}${lifecyclePath}/${connectionId}`,
  };
}

function every(ms: number, work: () => void): () => void {
  const timer = setInterval(work, ms).unref();
  return () => clearInterval(timer);
}
