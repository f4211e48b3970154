import type { KeyObject } from 'node:crypto';
import type { RequestListener } from 'node:http';
import express, { type Express } from 'express';
import helmet from 'helmet';
import { makeAdminRouter } from './admin-api/admin-router.ts';
import { makeDocsRouter } from './admin-api/docs-router.ts';
import { readOpenApiDocument } from './admin-api/openapi-document.ts';
import { makeSignInCallback } from './admin-api/sign-in-callback.ts';
import { composeClientProofs } from './compose-client-proofs.ts';
import { composeGraph, connectingParts } from './compose-graph.ts';
import { composeGraphSync, type GraphSync } from './compose-graph-sync.ts';
import type { Config } from './config.ts';
import type { Graph } from './graph/make-graph.ts';
import { type Authentication, makeAuthentication } from './http/authentication.ts';
import { credentialMaker, isSameCredential } from './http/credentials.ts';
import { makeEncryption, withoutEncryption } from './http/encryption.ts';
import { startFingerprint } from './http/fingerprint.ts';
import { makeNotificationEndpoint } from './http/graph-notifications.ts';
import { makeHealthRouter } from './http/health.ts';
import type { ClientProofs } from './http/prove-client.ts';
import { makeRateLimit } from './http/rate-limit.ts';
import { assignRequestId } from './http/request-id.ts';
import { makeRequestLog } from './http/request-log.ts';
import { makeTokenEndpoint } from './http/token-endpoint.ts';
import { makeWaitingClients, type WaitingClients } from './http/waiting-clients.ts';
import { type JobQueue, makeJobQueue } from './jobs/job-queue.ts';
import { makeRelayLoop, type RelayLoop } from './jobs/relay-loop.ts';
import type { Logger } from './observability/logger.ts';
import { type Metrics, makeMetrics } from './observability/metrics.ts';
import type { Encryption } from './operations/connections/connection-ports.ts';
import { makeIssueScimToken } from './operations/credentials/issue-scim-token.ts';
import { makeDeliverEvents } from './operations/deliveries/deliver-events.ts';
import { makeDeliveryRelay } from './operations/deliveries/relay-deliveries.ts';
import { makeDeliveryWatch } from './operations/deliveries/watch-deliveries.ts';
import { makeAdminOperations } from './operations/make-admin-operations.ts';
import {
  type DefaultOrganization,
  makeEnsureDefaultOrganization,
  makeRescueKey,
} from './operations/organizations/create-organization.ts';
import { makeForgetEvents } from './operations/organizations/forget-events.ts';
import type { Clock, Identifiers, UnitOfWork } from './operations/ports.ts';
import { makeForgetList } from './operations/reconcile/forget-list.ts';
import { makeReplanAll } from './operations/reconcile/replan-all.ts';
import { makeRunReconcileJob } from './operations/reconcile/run-reconcile-job.ts';
import { makeRunReplan } from './operations/reconcile/run-replan.ts';
import { makeStartReplan } from './operations/reconcile/start-replan.ts';
import { makeScimOperations } from './operations/resources/make-scim-operations.ts';
import type { JobDependencies } from './operations/resources/scim-dependencies.ts';
import { makeStartSync } from './operations/sync/start-sync.ts';
import { makeFinishSignIn } from './operations/tenants/finish-sign-in.ts';
import { type Credentials, makeCredentials } from './postgres/credentials.ts';
import { type Database, openDatabase } from './postgres/database.ts';
import { isMigrated } from './postgres/migrate.ts';
import { openPointReads, type PointReads } from './postgres/point-reads.ts';
import { RememberedTotals } from './postgres/query/remembered-totals.ts';
import type { SqlConnection } from './postgres/sql-connection.ts';
import { makeStores } from './postgres/stores.ts';
import { makeUnitOfWork } from './postgres/unit-of-work.ts';
import { whileUnavailable } from './postgres/while-unavailable.ts';
import { makeScimHandler, type ScimHandler } from './scim/scim-handler.ts';
import { uuidV7 } from './uuid-v7.ts';
import { makeWebhookSender } from './webhooks/webhook-sender.ts';

export interface ApplicationParts {
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

export interface Application {
  readonly listener: RequestListener;
  /** Makes sure of the first organization and its key, and takes up the jobs. */
  readonly start: () => Promise<DefaultOrganization>;
  /** Finishes running jobs and gives the database back. The HTTP server must have been drained before. */
  readonly stop: (graceMs: number) => Promise<void>;
}

const clock: Clock = { now: () => new Date().toISOString() };
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
interface ServerCore extends Core {
  readonly encryption: Encryption;
  readonly graph: Graph;
  readonly graphSync: GraphSync;
}

/** Metrics only of a running server. */
type CoreParts = Pick<ApplicationParts, 'config' | 'databaseUrl' | 'logger' | 'onStatement'> & {
  metrics?: Metrics;
};

function makeCore({ config, databaseUrl, logger, onStatement, metrics }: CoreParts): Core {
  const database = openDatabase({
    url: databaseUrl,
    poolSize: config.databasePoolSize,
    logger,
    ...(onStatement ? { onStatement } : {}),
  });
  const jobs = makeJobQueue({ url: databaseUrl, logger, ...(metrics ? { onJob: metrics.observeJob } : {}) });
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
  const clients = makeWaitingClients();
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

function makeServerCore(parts: ApplicationParts, metrics: Metrics): ServerCore {
  const core = makeCore({ ...parts, metrics });
  const { encryptionKey } = parts;
  const encryption = encryptionKey === null ? withoutEncryption : makeEncryption(encryptionKey);
  const graph = composeGraph({ ...parts, encryption, unitOfWork: core.unitOfWork });
  const graphSync = composeGraphSync({ ...parts, ...core, ...core.scim, encryption, graph });
  return { ...core, encryption, graph, graphSync };
}

/** The composition root: the only place that knows every adapter. */
export function compose(parts: ApplicationParts): Application {
  const { config, logger } = parts;
  const metrics = makeMetrics({ processMetrics: true });
  const core = makeServerCore(parts, metrics);
  metrics.watchDirectoryAges(core.graphSync.directoryAges);
  const { database, credentials, jobs, scim, graphSync } = core;
  return {
    listener: makeListener(parts, core, metrics),
    start: async () => {
      const ensureDefault = makeEnsureDefaultOrganization({ ...scim, credentialMaker });
      const organization = await whileUnavailable(() => ensureDefault(config.adminApiKey ?? null));
      await jobs.start({
        reconcile: makeRunReconcileJob(scim),
        replan: makeRunReplan(scim),
        sync: graphSync.sync,
        deliver: makeDeliverEvents(sendingParts(config, core)),
        forgetList: makeForgetList(scim),
      });
      core.relayLoop.start();
      graphSync.start();
      logger.info({ organizationId: organization.organizationId }, 'ready');
      return organization;
    },
    stop: async (graceMs) => {
      await Promise.all([core.relayLoop.stop(), graphSync.stop()]);
      await jobs.stop(graceMs);
      await credentials.close();
      await Promise.all([core.pointReads.close(), database.close()]);
    },
  };
}

/** What sends to webhooks, in jobs and for tests of a webhook. */
const sendingParts = (config: Config, { unitOfWork, relayLoop, encryption }: ServerCore) => ({
  unitOfWork,
  clock,
  encryption,
  webhookSender: makeWebhookSender({ allowPrivate: config.webhookAllowPrivate }),
  jitter: Math.random,
  deliveriesWaiting: relayLoop.wake,
});

const scimMount = '/scim/v2';
const isUnderScim = /^\/scim\/v2(?=[/?]|$)/i;

/** SCIM is answered on Node's own request and response, everything else by the Express application. */
function makeListener(parts: ApplicationParts, core: ServerCore, metrics: Metrics): RequestListener {
  const proofs = composeClientProofs({ ...parts, ...core });
  const authentication = makeAuthentication({ ...proofs, lookup: core.credentials, now: Date.now });
  const logRequest = makeRequestLog(parts.logger, metrics);
  const scim = makeScim(parts, core, authentication);
  const app = makeApp(parts, core, { metrics, logRequest, authentication, proofs });
  return (request, response) => {
    const url = request.url ?? '/';
    if (!isUnderScim.test(url)) return app(request, response);
    core.clients.enter(response);
    logRequest(request, response, () => scim(request, response, url.slice(scimMount.length)));
  };
}

function makeScim(parts: ApplicationParts, core: ServerCore, authentication: Authentication): ScimHandler {
  return makeScimHandler({
    operations: makeScimOperations({ ...core.scim, ...core.graphSync }),
    authentication: {
      authenticate: async (connectionId, token) => {
        const found = await authentication.scimToken(connectionId, token);
        if (found) core.credentials.touchScimToken(found.organizationId, found.scimTokenId);
        return found;
      },
      findExtensions: core.credentials.findConnectionExtensions,
    },
    publicUrl: parts.publicUrl,
    logger: parts.logger,
    rateLimit: makeRateLimit({
      perSecond: parts.config.rateLimitPerSecond,
      now: () => performance.now(),
    }),
  });
}

interface AppParts {
  readonly metrics: Metrics;
  readonly logRequest: ReturnType<typeof makeRequestLog>;
  readonly authentication: Authentication;
  readonly proofs: ClientProofs;
}

function makeApp(
  parts: ApplicationParts,
  core: ServerCore,
  { metrics, logRequest, authentication, proofs }: AppParts,
): Express {
  const { publicUrl, logger } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(assignRequestId);
  app.use(logRequest);
  app.use(helmet());
  const isReady = async () => {
    const ready = await isMigrated(core.database);
    return {
      ready,
      detail: ready ? 'The database answers and is migrated.' : 'The database needs a migration.',
    };
  };
  app.use(makeHealthRouter({ isReady, metrics, logger }));
  const document = readOpenApiDocument();
  app.use(makeDocsRouter(document, publicUrl));
  const finishSignIn = makeFinishSignIn(connectingParts({ ...core, publicUrl, clock }));
  app.use(makeSignInCallback({ finishSignIn, logger }));
  app.use(makeNotificationEndpoint({ receive: core.graphSync.receiveNotifications, logger }));
  const issue = makeIssueScimToken({ ...core.scim, credentialMaker });
  app.use(makeTokenEndpoint({ prove: proofs.prove, issue, logger }));
  app.use('/api/v1', makeAdmin(parts, core, authentication, document));
  return app;
}

function makeAdmin(
  parts: ApplicationParts,
  core: ServerCore,
  authentication: Authentication,
  document: ReturnType<typeof readOpenApiDocument>,
) {
  const { config, publicUrl, logger } = parts;
  const { credentials, scim } = core;
  const { operatorApiKey } = config;
  const connecting = connectingParts({ ...core, publicUrl, clock });
  const operations = makeAdminOperations({
    ...scim,
    ...sendingParts(config, core),
    ...connecting,
    credentialMaker,
    startFingerprint,
    organizationDirectory: { list: credentials.listOrganizations },
    startReplan: makeStartReplan(scim),
    startSync: makeStartSync({ ...scim, recover: connecting.recover }),
    replanAll: makeReplanAll(scim),
    forgetCredentials: authentication.forget,
  });
  return makeAdminRouter({
    operations,
    authentication: {
      findKey: authentication.apiKey,
      isOperatorKey: operatorApiKey === undefined ? null : (plain) => isSameCredential(plain, operatorApiKey),
      noteUse: (key) => credentials.touchApiKey(key.organizationId, key.apiKeyId),
    },
    document,
    logger,
    publicUrl: () => publicUrl,
  });
}
