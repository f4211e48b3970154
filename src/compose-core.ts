import type { KeyObject } from 'node:crypto';
import { composeGraph } from './compose-graph.ts';
import { composeGraphSync, type GraphSync } from './compose-graph-sync.ts';
import type { Config } from './config.ts';
import type { Graph } from './graph/make-graph.ts';
import { credentialMaker } from './http/credentials.ts';
import { makeEncryption, withoutEncryption } from './http/encryption.ts';
import { makeWaitingClients, type WaitingClients } from './http/waiting-clients.ts';
import { type JobQueue, makeJobQueue } from './jobs/job-queue.ts';
import type { QueueName } from './jobs/queues.ts';
import { makeRelayLoop, type RelayLoop } from './jobs/relay-loop.ts';
import type { OnJob } from './jobs/run-job.ts';
import type { Logger } from './observability/logger.ts';
import type { Encryption } from './operations/connections/connection-ports.ts';
import { makeDeliveryRelay } from './operations/deliveries/relay-deliveries.ts';
import { makeDeliveryWatch } from './operations/deliveries/watch-deliveries.ts';
import { makeRescueKey } from './operations/organizations/create-organization.ts';
import { makeForgetEvents } from './operations/organizations/forget-events.ts';
import type { Clock, Identifiers, UnitOfWork } from './operations/ports.ts';
import type { JobDependencies } from './operations/resources/scim-dependencies.ts';
import { type Credentials, makeCredentials } from './postgres/credentials.ts';
import { type Database, openDatabase } from './postgres/database.ts';
import { openPointReads, type PointReads } from './postgres/point-reads.ts';
import { RememberedTotals } from './postgres/query/remembered-totals.ts';
import type { SqlConnection } from './postgres/sql-connection.ts';
import { makeStores } from './postgres/stores.ts';
import { makeUnitOfWork } from './postgres/unit-of-work.ts';
import { uuidV7 } from './uuid-v7.ts';
import { makeWebhookSender } from './webhooks/webhook-sender.ts';

export interface ServerParts {
  readonly config: Config;
  /** Of a migrated database; the login owns it. */
  readonly databaseUrl: string;
  /** Base of every URL that is handed out, without trailing slash. */
  readonly publicUrl: string;
  /** Null where there is none to keep secrets under; they are then refused. */
  readonly encryptionKey: KeyObject | null;
  readonly logger: Logger;
  /** For tests that count what a request costs. */
  readonly onStatement?: (text: string) => void;
}

export const clock: Clock = { now: () => new Date().toISOString() };
const identifiers: Identifiers = { next: uuidV7 };

/** Everything that talks to the database, wired once. */
interface Core {
  readonly database: Database;
  readonly pointReads: PointReads;
  readonly credentials: Credentials;
  readonly jobs: JobQueue;
  readonly unitOfWork: UnitOfWork;
  readonly scim: JobDependencies;
  readonly clients: WaitingClients;
  readonly relayLoop: RelayLoop;
}

/** What only a running server needs besides. */
export interface ServerCore extends Core {
  readonly encryption: Encryption;
  readonly graph: Graph;
  readonly graphSync: GraphSync;
}

/** What a core has to do with the rest of the server. */
export interface CoreLinks {
  readonly clients: WaitingClients;
  readonly onJob: OnJob;
  /** Where the jobs are done by another thread. */
  readonly onKick?: (only?: QueueName) => void;
}

type CoreParts = Pick<ServerParts, 'config' | 'databaseUrl' | 'logger' | 'onStatement'> & Partial<CoreLinks>;

function makeCore(parts: CoreParts): Core {
  const { config, databaseUrl, logger, onStatement, onJob, onKick, clients = makeWaitingClients() } = parts;
  const database = openDatabase({
    url: databaseUrl,
    poolSize: config.databasePoolSize,
    logger,
    ...(onStatement ? { onStatement } : {}),
  });
  const jobs = makeJobQueue({
    url: databaseUrl,
    logger,
    ...(onJob ? { onJob } : {}),
    ...(onKick ? { onKick } : {}),
  });
  const watch = makeDeliveryWatch((organizationId) => relayLoop.wake(organizationId));
  const totals = new RememberedTotals();
  const pointReads = openPointReads({ url: databaseUrl, logger, ...(onStatement ? { onStatement } : {}) });
  const makeAll = (connection: SqlConnection) =>
    makeStores(connection, {
      identifiers,
      totals,
      noteDeliveries: watch.note,
      jobs: ({ rows }) =>
        jobs.storeFor({
          query: async (text, values) => ({
            rows: [...(await rows<Record<string, unknown>>({ text, values }))],
          }),
        }),
    });
  const unitOfWork = watch.watch(makeUnitOfWork(database, makeAll, pointReads));
  const credentials = makeCredentials(database, logger);
  const deliveryRelay = makeDeliveryRelay({
    unitOfWork,
    clock,
    sendingJobsWaiting: () => jobs.kick('deliver'),
  });
  const forgetEvents = makeForgetEvents({ unitOfWork, clock, retentionDays: config.logRetentionDays });
  const relayLoop = makeRelayLoop({
    logger,
    listOrganizations: credentials.listOrganizations,
    relay: deliveryRelay.relay,
    forget: async (organizationId) => {
      await deliveryRelay.forget(organizationId);
      await forgetEvents(organizationId);
    },
  });
  const { giveWay } = clients;
  const scim = { unitOfWork, clock, identifiers, jobsWaiting: jobs.kick, giveWay };
  return { database, pointReads, credentials, jobs, unitOfWork, scim, clients, relayLoop };
}

/** Another owner key of the first organization, without a server. */
export async function makeAdminKey(parts: CoreParts): Promise<string> {
  const { unitOfWork, pointReads, database } = makeCore(parts);
  try {
    return await makeRescueKey({ unitOfWork, clock, identifiers, credentialMaker })();
  } finally {
    await Promise.all([pointReads.close(), database.close()]);
  }
}

export function makeServerCore(parts: ServerParts, links: CoreLinks): ServerCore {
  const core = makeCore({ ...parts, ...links });
  const { encryptionKey } = parts;
  const encryption = encryptionKey === null ? withoutEncryption : makeEncryption(encryptionKey);
  const graph = composeGraph({ ...parts, encryption, unitOfWork: core.unitOfWork });
  const graphSync = composeGraphSync({ ...parts, ...core, ...core.scim, encryption, graph });
  return { ...core, encryption, graph, graphSync };
}

/** Ends what runs by itself, then gives the database back. */
export async function stopCore(core: ServerCore, graceMs: number): Promise<void> {
  await Promise.all([core.relayLoop.stop(), core.graphSync.stop()]);
  await core.jobs.stop(graceMs);
  await core.credentials.close();
  await Promise.all([core.pointReads.close(), core.database.close()]);
}

/** What sends to webhooks, in jobs and for tests of a webhook. */
export const sendingParts = (config: Config, { unitOfWork, relayLoop, encryption }: ServerCore) => ({
  unitOfWork,
  clock,
  encryption,
  webhookSender: makeWebhookSender({ allowPrivate: config.webhookAllowPrivate }),
  jitter: Math.random,
  deliveriesWaiting: relayLoop.wake,
});
