import express, { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import type { Logger } from '../observability/logger.ts';
import { OperationError } from '../operations/operation-error.ts';
import type { GraphNotification, ReceiveNotifications } from '../operations/sync/graph-notification-ports.ts';
import { requestIdOf } from './request-id.ts';

export interface NotificationEndpointParts {
  readonly receive: ReceiveNotifications;
  readonly logger: Logger;
}

export const notificationPath = '/graph/notify';
export const lifecyclePath = '/graph/lifecycle';

const maxBody = '1mb';
/** Graph's own are far shorter. */
const maxToken = 4_096;

/**
 * Where Microsoft Graph says that something has changed. The answer comes when the read is ordered, not when it is done:
 * Graph waits three seconds, and sends again what was not answered with success.
 */
export function makeNotificationEndpoint({ receive, logger }: NotificationEndpointParts): Router {
  /** Graph asks whether anybody is here before it makes a subscription, and wants its token back as plain text. */
  const shakeHands: RequestHandler = (request, response, next) => {
    const { validationToken } = request.query;
    if (validationToken === undefined) return next();
    if (typeof validationToken !== 'string' || validationToken.length > maxToken) {
      response.status(400).type('text/plain').send('The validation token cannot be read.');
      return;
    }
    response.status(200).type('text/plain').send(validationToken);
  };

  const take: RequestHandler<{ key: string }> = async (request, response) => {
    const notifications = readNotifications(request.body);
    if (notifications === null) {
      response.status(400).type('text/plain').send('Send notifications as {"value": [...]}.');
      return;
    }
    const requestId = requestIdOf(request);
    const { key: connectionId } = request.params;
    const { rejected } = await receive(connectionId, notifications, requestId);
    if (rejected > 0) {
      const facts = { event: 'graph.notification.rejected', connectionId, rejected, requestId };
      logger.warn(facts, 'Notifications were left out: their client state is not the one of a subscription');
    }
    response.status(202).end();
  };

  const fail: ErrorRequestHandler = (error, request, response, next) => {
    if (response.headersSent) return next(error);
    const status: unknown = Object(error).status;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      response.status(status).type('text/plain').send('The body cannot be read.');
      return;
    }
    logger.error({ err: error, requestId: requestIdOf(request) }, 'notifications could not be taken');
    const isAway = error instanceof OperationError && error.kind === 'unavailable';
    response.status(isAway ? 503 : 500).end();
  };

  const router = Router();
  const json = express.json({ limit: maxBody });
  for (const path of [notificationPath, lifecyclePath]) {
    router.post(`${path}/:key`, shakeHands, json, take);
    router.use(path, fail);
  }
  return router;
}

function readNotifications(body: unknown): readonly GraphNotification[] | null {
  const value: unknown = Object(body).value;
  if (!Array.isArray(value)) return null;
  const notifications: GraphNotification[] = [];
  for (const item of value) {
    const { subscriptionId, clientState, tenantId, lifecycleEvent } = Object(item);
    if (typeof subscriptionId !== 'string') return null;
    notifications.push({
      subscriptionId,
      clientState: typeof clientState === 'string' ? clientState : '',
      tenantId: typeof tenantId === 'string' ? tenantId : null,
      lifecycleEvent: typeof lifecycleEvent === 'string' ? lifecycleEvent : null,
    });
  }
  return notifications;
}
