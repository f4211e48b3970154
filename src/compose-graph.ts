import type { Config } from './config.ts';
import { makeCloudTable } from './graph/cloud-endpoints.ts';
import { type Graph, makeGraph } from './graph/make-graph.ts';
import { realTiming } from './graph/timing.ts';
import type { Logger } from './observability/logger.ts';
import type { Encryption } from './operations/connection-ports.ts';
import type { UnitOfWork } from './operations/ports.ts';
import { makeTokenCache } from './operations/token-cache.ts';

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
