import { type ErrorRequestHandler, type Request, type Response, Router } from 'express';
import { requestIdOf } from '../http/request-id.ts';
import type { Logger } from '../observability/logger.ts';
import { OperationError } from '../operations/operation-error.ts';
import type { FinishSignIn, SignInResult } from '../operations/tenants/finish-sign-in.ts';
import { renderSignInPage, type SignInPage, signInPagePolicy } from './sign-in-page.ts';

/** REQ-39: an app registration knows this address letter by letter. */
export const signInCallbackPath = '/OAuth/IntegrationCallback.aspx';

export interface SignInCallbackDependencies {
  readonly finishSignIn: FinishSignIn;
  readonly logger: Logger;
}

/** Where the browser comes back to from Microsoft: a page that says what came of it and what to do next. */
export function makeSignInCallback({ finishSignIn, logger }: SignInCallbackDependencies): Router {
  const router = Router();
  router
    .route(signInCallbackPath)
    // A HEAD would use up the sign-in and show nothing.
    .head((_request, response) => refuseMethod(response))
    .get(async (request, response) => {
      const result = isAdminConsent(request)
        ? consentPage(queryText(request, 'error') === undefined)
        : pageOf(await finishSignIn(answerOf(request), requestIdOf(request)));
      send(response, result);
    })
    .all((_request, response) => refuseMethod(response));
  router.use(signInCallbackPath, makeFailurePage(logger));
  return router;
}

/** A parameter that is given twice is no parameter of ours. */
function queryText(request: Request, name: string): string | undefined {
  const value: unknown = request.query[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const answerOf = (request: Request) => ({
  code: queryText(request, 'code'),
  state: queryText(request, 'state'),
  error: queryText(request, 'error'),
  errorDescription: queryText(request, 'error_description'),
});

const isAdminConsent = (request: Request): boolean =>
  queryText(request, 'admin_consent') !== undefined && queryText(request, 'code') === undefined;

function refuseMethod(response: Response): void {
  response.status(405).set('Allow', 'GET').end();
}

function send(response: Response, page: SignInPage): void {
  response
    .status(page.status)
    .set({ 'Cache-Control': 'no-store', 'Content-Security-Policy': signInPagePolicy })
    .type('text/html')
    .send(renderSignInPage(page));
}

/** Nothing in such an answer proves anything, so it changes nothing: connecting again tells what was really consented to. */
const consentPage = (isGiven: boolean): SignInPage =>
  isGiven
    ? {
        status: 200,
        title: 'Consent received',
        paragraphs: [
          'Microsoft reports that an administrator consented on behalf of the organization.',
          'Go back to Rollcall and connect again; what was consented to is checked there. It can take a minute to arrive.',
        ],
        retryUrl: null,
      }
    : {
        status: 400,
        title: 'No consent was given',
        paragraphs: [
          'The consent page was left without an agreement, so nothing has changed.',
          'An administrator of the tenant has to open it again and accept.',
        ],
        retryUrl: null,
      };

function pageOf(result: SignInResult): SignInPage {
  if (result.kind === 'connected') return connectedPage(result);
  if (result.kind === 'refused') return refusedPage(result);
  if (result.kind === 'changed') {
    return {
      status: 409,
      title: 'Not connected',
      paragraphs: [result.detail, 'Go back to Rollcall and use Azure Connect again.'],
      retryUrl: null,
    };
  }
  return {
    status: 400,
    title: 'This sign-in is not open any more',
    paragraphs: [
      'It was used already, was started more than a quarter of an hour ago, or was not started here. Nothing has changed.',
      'Go back to Rollcall and use Azure Connect again.',
    ],
    retryUrl: null,
  };
}

function connectedPage({ connection }: Extract<SignInResult, { kind: 'connected' }>): SignInPage {
  const { name, signedInAs, grantedScopes } = connection;
  return {
    status: 200,
    title: `${name} is connected`,
    paragraphs: [
      ...(signedInAs === null ? [] : [`Rollcall reads the directory on behalf of ${signedInAs}.`]),
      `Permissions: ${grantedScopes.join(', ')}.`,
      'You can close this window and go back to Rollcall to start the first sync.',
    ],
    retryUrl: null,
  };
}

function refusedPage(result: Extract<SignInResult, { kind: 'refused' }>): SignInPage {
  const { connectionName, failure, detail, isStillConnected, retryUrl } = result;
  const isPassing = failure === 'unavailable' || failure === 'throttled';
  return {
    status: isPassing ? 503 : 400,
    title: isStillConnected
      ? `${connectionName} stays connected as before`
      : `${connectionName} is not connected`,
    paragraphs: [
      detail,
      ...(retryUrl === null ? ['Go back to Rollcall, mend it and use Azure Connect again.'] : []),
    ],
    retryUrl,
  };
}

function makeFailurePage(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    logger.error({ err: error, requestId: requestIdOf(request) }, 'A sign-in could not be finished');
    if (response.headersSent) return next(error);
    const isAway = error instanceof OperationError && error.kind === 'unavailable';
    send(response, {
      status: isAway ? 503 : 500,
      title: 'The sign-in could not be finished',
      paragraphs: [
        `Something went wrong here. Quote the request id ${requestIdOf(request)} when you report it.`,
        'Go back to Rollcall and use Azure Connect again.',
      ],
      retryUrl: null,
    });
  };
}
