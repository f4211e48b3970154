import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RateLimit } from '../http/rate-limit.ts';
import { requestIdOf } from '../http/request-id.ts';
import { readQuery, type StableQuery } from '../http/stable-query.ts';
import type { Logger } from '../observability/logger.ts';
import type { ScimOperations } from '../operations/resources/scim-operations.ts';
import { answerOwnEndpoint } from './answer-own-endpoint.ts';
import { makeAuthenticateRequest } from './authenticate-request.ts';
import { makeConnectionCatalogues } from './connection-catalogues.ts';
import { makeAnswerDiscovery } from './discovery/answer-discovery.ts';
import { takeFastLane } from './fast-lane.ts';
import type { Answer } from './protocol/answer.ts';
import { ScimRefusal } from './protocol/scim-refusal.ts';
import { checkMethod, pathUnderConnection, readTarget } from './protocol/scim-target.ts';
import { sendAnswer } from './protocol/send-answer.ts';
import { readRequestBody } from './request-body.ts';
import { makeResourceExchange } from './request-parameters.ts';
import { ResourceCall } from './resources/scimmy-resources.ts';
import type { ScimAuthentication } from './scim-authentication.ts';
import { answerError } from './scim-error.ts';
import { makeScimmyTail } from './scimmy-tail.ts';

export interface ScimHandlerParts {
  readonly operations: ScimOperations;
  readonly authentication: ScimAuthentication;
  /** Absolute, as clients see this server. */
  readonly publicUrl: string;
  readonly logger: Logger;
  /** Of a connection, by its id; none when absent. */
  readonly rateLimit?: RateLimit;
}

/** `url` is relative to the mount point: `/{connectionId}/Users?…`. Always answers. */
export type ScimHandler = (request: IncomingMessage, response: ServerResponse, url: string) => void;

function checkRate(waitSeconds: number): void {
  if (waitSeconds === 0) return;
  throw new ScimRefusal(429, `Too many requests of this connection; go on in ${waitSeconds} s`, {
    headers: { 'Retry-After': String(waitSeconds) },
  });
}

/** A request with what is read from its address once. */
interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: string;
  readonly query: StableQuery;
}

/**
 * SCIM 2.0 for all connections (RFC 7644). Works on Node's own request and response: a provisioning client sends bursts
 * of small requests, and Express would cost more than everything else that a look-up does. Only what the tail of
 * scimmy-routers dispatches passes an Express application.
 */
export function makeScimHandler(parts: ScimHandlerParts): ScimHandler {
  const { operations, authentication, logger, rateLimit } = parts;
  const publicUrl = parts.publicUrl.replace(/\/+$/, '');
  const scimBaseUrlOf = (connectionId: string) => `${publicUrl}/scim/v2/${connectionId}`;
  const authenticateRequest = makeAuthenticateRequest({ authentication, scimBaseUrlOf });
  const catalogueOf = makeConnectionCatalogues();
  const { findExtensions } = authentication;
  const answerDiscovery = makeAnswerDiscovery({ catalogueOf, findExtensions, scimBaseUrlOf });
  const dispatch = makeScimmyTail();
  const errorOf = (error: unknown, request: IncomingMessage): Answer =>
    answerError(error, logger, requestIdOf(request));

  async function answer({ request, response, url, query }: Visit): Promise<Answer> {
    const method = request.method ?? 'GET';
    const target = readTarget(url);
    const { endpoint } = target;
    const discovery = await answerDiscovery(method, query, target);
    if (discovery !== null) return discovery;

    const { context, customExtensions } = await authenticateRequest(request, target.connectionId);
    // Only what is proven to come from the connection counts: a stranger must not use up its share.
    if (rateLimit !== undefined) checkRate(rateLimit(context.connectionId));
    checkMethod(endpoint, method);
    const services = { context, operations, catalogue: catalogueOf(customExtensions) };
    const body = await readRequestBody(request, endpoint);
    const own = await answerOwnEndpoint({ endpoint, services: { ...services, logger }, query, body });
    if (own !== null) return own;

    const isQuery = endpoint.kind === 'collection' && method !== 'POST';
    const exchange = makeResourceExchange(services, { query, headers: request.headers }, isQuery);
    const call = new ResourceCall(exchange, (error) => errorOf(error, request));
    if (!(await takeFastLane(call, endpoint, method, body))) {
      await dispatch(call, { request, response, body, url: pathUnderConnection(url) });
    }
    return call.outcome;
  }

  async function serve(request: IncomingMessage, response: ServerResponse, url: string): Promise<void> {
    let result: Answer;
    try {
      const mark = url.indexOf('?');
      const query = readQuery(mark < 0 ? '' : url.slice(mark + 1));
      result = await answer({ request, response, url, query });
    } catch (error) {
      result = errorOf(error, request);
    }
    await sendAnswer(request, response, result);
  }

  return (request, response, url) => {
    serve(request, response, url).catch((error: unknown) => {
      logger.error({ err: error, requestId: requestIdOf(request) }, 'SCIM answer could not be sent');
      // Too late to say anything else: the client has to see that its answer ends early.
      response.destroy();
    });
  };
}
