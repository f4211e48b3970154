import type { RequestListener } from 'node:http';
import express, { type Express } from 'express';
import helmet from 'helmet';
import { makeAdminRouter } from './admin-api/admin-router.ts';
import { answerUnknownPath, makeDocsRouter } from './admin-api/docs-router.ts';
import { readOpenApiDocument } from './admin-api/openapi-document.ts';
import { makeSignInCallback } from './admin-api/sign-in-callback.ts';
import { type Background, jobHandlers, type StartBackground } from './compose-background.ts';
import { composeClientProofs } from './compose-client-proofs.ts';
import {
  clock,
  makeServerCore,
  type ServerCore,
  type ServerParts,
  sendingParts,
  stopCore,
} from './compose-core.ts';
import { connectingParts } from './compose-graph.ts';
import { type Authentication, makeAuthentication } from './http/authentication.ts';
import { credentialMaker, isSameCredential } from './http/credentials.ts';
import { startFingerprint } from './http/fingerprint.ts';
import { makeNotificationEndpoint } from './http/graph-notifications.ts';
import { makeHealthRouter } from './http/health.ts';
import type { ClientProofs } from './http/prove-client.ts';
import { makeRateLimit } from './http/rate-limit.ts';
import { assignRequestId } from './http/request-id.ts';
import { makeRequestLog } from './http/request-log.ts';
import { makeTokenEndpoint } from './http/token-endpoint.ts';
import { makeWaitingClients } from './http/waiting-clients.ts';
import { type Metrics, makeMetrics } from './observability/metrics.ts';
import { makeIssueScimToken } from './operations/credentials/issue-scim-token.ts';
import { makeAdminOperations } from './operations/make-admin-operations.ts';
import {
  type DefaultOrganization,
  makeEnsureDefaultOrganization,
} from './operations/organizations/create-organization.ts';
import { makeReplanAll } from './operations/reconcile/replan-all.ts';
import { makeStartReplan } from './operations/reconcile/start-replan.ts';
import { makeScimOperations } from './operations/resources/make-scim-operations.ts';
import { makeStartSync } from './operations/sync/start-sync.ts';
import { makeFinishSignIn } from './operations/tenants/finish-sign-in.ts';
import { isMigrated } from './postgres/migrate.ts';
import { whileUnavailable } from './postgres/while-unavailable.ts';
import { makeScimHandler, type ScimHandler } from './scim/scim-handler.ts';

export interface ApplicationParts extends ServerParts {
  /** Jobs are done by another thread, so that none of them keeps a client waiting; by this one when left out. */
  readonly startBackground?: StartBackground;
}

export interface Application {
  readonly listener: RequestListener;
  /** Makes sure of the first organization and its key, and takes up the jobs. */
  readonly start: () => Promise<DefaultOrganization>;
  /** Finishes running jobs and gives the database back. The HTTP server must have been drained before. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/** The composition root: the only place that knows every adapter. */
export function compose(parts: ApplicationParts): Application {
  const { config, logger, startBackground } = parts;
  const metrics = makeMetrics({ processMetrics: true });
  const clients = makeWaitingClients();
  const links = { clients, onJob: metrics.observeJob };
  let background: Background | null = null;
  const onKick: Background['kick'] = (only) => background?.kick(only);
  const core = makeServerCore(parts, { ...links, ...(startBackground ? { onKick } : {}) });
  metrics.watchDirectoryAges(core.graphSync.directoryAges);
  return {
    listener: makeListener(parts, core, metrics),
    start: async () => {
      const ensureDefault = makeEnsureDefaultOrganization({ ...core.scim, credentialMaker });
      const organization = await whileUnavailable(() => ensureDefault(config.adminApiKey ?? null));
      if (startBackground) {
        background = await startBackground(parts, links);
        await core.jobs.start(null);
      } else {
        await core.jobs.start(jobHandlers(config, core));
        core.relayLoop.start();
      }
      core.graphSync.start();
      logger.info({ organizationId: organization.organizationId }, 'ready');
      return organization;
    },
    stop: async (graceMs) => {
      await background?.stop(graceMs);
      await stopCore(core, graceMs);
    },
  };
}

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
  app.use(answerUnknownPath);
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
