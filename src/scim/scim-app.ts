import { type NextFunction, type Request, type Response, Router } from 'express';
import { requestIdOf } from '../http/request-id.ts';
import { pinQuery } from '../http/stable-query.ts';
import type { Logger } from '../observability/logger.ts';
import type { ScimOperations } from '../operations/scim-operations.ts';
import { answerOwnEndpoint } from './answer-own-endpoint.ts';
import { makeAuthenticateRequest } from './authenticate-request.ts';
import { type Catalogue, standardCatalogue } from './catalogue.ts';
import { makeAnswerDiscovery } from './discovery/answer-discovery.ts';
import { takeFastLane } from './fast-lane.ts';
import type { Answer } from './protocol/answer.ts';
import { checkMethod, readTarget } from './protocol/scim-target.ts';
import { sendAnswer } from './protocol/send-answer.ts';
import { readRequestBody } from './request-body.ts';
import { makeResourceExchange } from './request-parameters.ts';
import { ResourceCall } from './resources/scimmy-resources.ts';
import type { ScimAuthentication } from './scim-authentication.ts';
import { answerError } from './scim-error.ts';
import { makeScimmyTail } from './scimmy-tail.ts';

export interface ScimRouterParts {
  readonly operations: ScimOperations;
  readonly authentication: ScimAuthentication;
  /** Absolute, as clients see this server. */
  readonly publicUrl: string;
  readonly logger: Logger;
  readonly catalogue?: Catalogue;
}

/** SCIM 2.0 for all connections, to be mounted at `/scim/v2`; serves `/{connectionId}/…`. RFC 7644. */
export function makeScimRouter(parts: ScimRouterParts): Router {
  const { operations, authentication, logger, catalogue = standardCatalogue } = parts;
  const publicUrl = parts.publicUrl.replace(/\/+$/, '');
  const scimBaseUrlOf = (connectionId: string) => `${publicUrl}/scim/v2/${connectionId}`;
  const authenticateRequest = makeAuthenticateRequest({ authentication, scimBaseUrlOf });
  const { connectionExists } = authentication;
  const answerDiscovery = makeAnswerDiscovery({ catalogue, connectionExists, scimBaseUrlOf });
  const dispatch = makeScimmyTail();

  async function serve(request: Request, response: Response, next: NextFunction): Promise<void> {
    const target = readTarget(request.url);
    const discovery = await answerDiscovery(request, target);
    if (discovery !== null) return sendAnswer(request, response, discovery);

    const context = await authenticateRequest(request, target.connectionId);
    checkMethod(target.endpoint, request.method);
    const services = { context, operations, catalogue };
    const body = await readRequestBody(request, target.endpoint);
    const { endpoint } = target;
    const own = await answerOwnEndpoint({
      endpoint,
      services: { ...services, logger },
      query: request.query,
      body,
    });
    if (own !== null) return sendAnswer(request, response, own);

    const isQuery = endpoint.kind === 'collection' && request.method !== 'POST';
    const exchange = makeResourceExchange(services, request, isQuery);
    const call = new ResourceCall(exchange, (error) => errorOf(error, request));
    if (await takeFastLane(call, endpoint, request.method, body)) {
      return sendAnswer(request, response, call.outcome);
    }
    request.url = request.url.slice(context.connectionId.length + 1);
    request.body = body;
    dispatch(call, request, response, next);
  }

  function errorOf(error: unknown, request: Request): Answer {
    return answerError(error, logger, requestIdOf(request));
  }

  function handleError(error: unknown, request: Request, response: Response, _next: NextFunction): void {
    const answer = errorOf(error, request);
    // Too late to say anything else: the client has to see that its answer ends early.
    if (response.headersSent) response.destroy();
    else sendAnswer(request, response, answer).catch(() => response.destroy());
  }

  const router = Router();
  router.use(pinQuery());
  router.use((request, response, next) => {
    serve(request, response, next).catch(next);
  });
  router.use(handleError);
  return router;
}
