import { signInCallbackPath } from './admin-api/sign-in-callback.ts';
import type { Config } from './config.ts';
import { makeCloudTable } from './graph/cloud-endpoints.ts';
import { type Graph, makeGraph } from './graph/make-graph.ts';
import { realTiming } from './graph/timing.ts';
import type { Logger } from './observability/logger.ts';
import type { Encryption } from './operations/connections/connection-ports.ts';
import type { Clock, UnitOfWork } from './operations/ports.ts';
import { makeEndSubscriptions } from './operations/sync/end-subscriptions.ts';
import { makeRecoverConnection, type RecoverConnection } from './operations/tenants/recover-connection.ts';
import { makeTokenCache } from './operations/tenants/token-cache.ts';

interface GraphParts {
  readonly config: Config;
  readonly encryption: Encryption;
  readonly logger: Logger;
  readonly unitOfWork: UnitOfWork;
}

/** Microsoft Graph with its tokens in the database: one per process. */
export const composeGraph = ({ config, encryption, logger, unitOfWork }: GraphParts): Graph =>
  makeGraph({
    fetch: globalThis.fetch,
    clouds: makeCloudTable(config.cloudOverrides),
    timing: realTiming,
    logger,
    encryption,
    tokenCache: makeTokenCache(unitOfWork),
  });

interface ConnectingParts {
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly encryption: Encryption;
  readonly unitOfWork: UnitOfWork;
  readonly graph: Graph;
}

/** Asks again about connections that Microsoft refused. */
export const recoveringPart = ({ graph, ...others }: Omit<ConnectingParts, 'publicUrl'>): RecoverConnection =>
  makeRecoverConnection({ ...others, graphDirectory: graph.directory, signIn: graph.signIn });

/** What connects tenants, for administrators and for browsers that come back from a sign-in. */
export const connectingParts = ({ publicUrl, clock, encryption, unitOfWork, graph }: ConnectingParts) => ({
  unitOfWork,
  clock,
  encryption,
  graphDirectory: graph.directory,
  signIn: graph.signIn,
  recover: recoveringPart({ clock, encryption, unitOfWork, graph }),
  tenants: graph.tenants,
  endSubscriptions: makeEndSubscriptions({
    unitOfWork,
    encryption,
    subscriptions: graph.subscriptions,
  }),
  redirectUri: `${publicUrl}${signInCallbackPath}`,
  publicUrl,
});
