import express, { type ErrorRequestHandler, type RequestHandler, type Response, Router } from 'express';
import type { Logger } from '../observability/logger.ts';
import type { IssueScimToken } from '../operations/credentials/scim-credential-ports.ts';
import { OperationError } from '../operations/operation-error.ts';
import type { ClientProofs } from './prove-client.ts';
import { requestIdOf } from './request-id.ts';
import { tagRequest } from './request-tags.ts';
import { readTokenRequest, type TokenErrorCode } from './token-request.ts';

export interface TokenEndpointParts {
  readonly prove: ClientProofs['prove'];
  readonly issue: IssueScimToken;
  readonly logger: Logger;
}

const FORM = 'application/x-www-form-urlencoded';
const MAX_BODY = '32kb';

/** A connection that does not exist and a wrong secret get the same answer. */
const UNPROVEN =
  'The client does not exist or did not prove itself; check the client id and its secret or assertion';

/** RFC 6749 §5.2: 401 names the scheme that was tried. */
function refuse(response: Response, error: TokenErrorCode, description: string): void {
  if (error === 'invalid_client') response.set('WWW-Authenticate', 'Basic realm="scim"');
  response.status(error === 'invalid_client' ? 401 : 400).json({ error, error_description: description });
}

/** `POST /oauth/token`: access tokens for the SCIM endpoint (RFC 6749 §4.4, RFC 7523 §2.2). */
export function makeTokenEndpoint({ prove, issue, logger }: TokenEndpointParts): Router {
  const answer: RequestHandler = async (request, response) => {
    if (typeof request.body !== 'string') {
      return refuse(response, 'invalid_request', `Send the parameters in the body as ${FORM}`);
    }
    const read = readTokenRequest(request.body, request.headers.authorization);
    if (read.kind === 'refused') return refuse(response, read.error, read.detail);
    const client = await prove(read.clientId, read.proof);
    if (client === null) return refuse(response, 'invalid_client', UNPROVEN);
    const { organizationId, connectionId } = client;
    tagRequest(request, { organizationId, connectionId });
    const { plain, expiresInSeconds } = await issue(client, requestIdOf(request));
    response.json({ access_token: plain, token_type: 'Bearer', expires_in: expiresInSeconds });
  };

  const fail: ErrorRequestHandler = (error, request, response, next) => {
    if (response.headersSent) return next(error);
    const status: unknown = Object(error).status;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      response
        .status(status)
        .json({ error: 'invalid_request', error_description: 'The body cannot be read' });
      return;
    }
    const isAway = error instanceof OperationError && error.kind === 'unavailable';
    logger.error({ err: error, requestId: requestIdOf(request) }, 'no access token was issued');
    if (isAway) response.set('Retry-After', '5');
    response.status(isAway ? 503 : 500).json({
      error: isAway ? 'temporarily_unavailable' : 'server_error',
      error_description: 'No token can be issued at the moment; try again later',
    });
  };

  const router = Router();
  router.use('/oauth/token', (_request, response, next) => {
    response.set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' });
    next();
  });
  router
    .route('/oauth/token')
    .post(express.text({ type: FORM, limit: MAX_BODY }), answer)
    .all((_request, response) => {
      response.set('Allow', 'POST').status(405).json({
        error: 'invalid_request',
        error_description: 'Ask for a token by POST',
      });
    });
  router.use('/oauth/token', fail);
  return router;
}
