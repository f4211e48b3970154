import { Router } from 'express';
import type { ReplayInput } from '../operations/deliveries/webhook-delivery-operations.ts';
import type { Delivery, DeliveryState, WebhookAttempt } from '../operations/deliveries/webhook-ports.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { pageOf, sendPage } from './page.ts';
import { bodyOf, choiceOf, contextOf, idOf } from './request-facts.ts';

const representAttempt = (attempt: WebhookAttempt): object => ({
  at: attempt.at,
  durationMs: attempt.durationMs,
  responseStatus: attempt.responseStatus,
  responseBody: attempt.responseBody,
  error: attempt.error,
});

function represent(delivery: Delivery): object {
  const last = delivery.attempts.at(-1);
  return {
    id: delivery.event.id,
    type: delivery.event.type,
    occurredAt: delivery.event.at,
    state: delivery.state,
    queuedAt: delivery.queuedAt,
    nextAttemptAt: delivery.nextAttemptAt,
    attemptCount: delivery.attemptCount,
    lastAttempt: last === undefined ? null : representAttempt(last),
  };
}

const representWhole = (delivery: Delivery): object => ({
  ...represent(delivery),
  payload: { type: delivery.event.type, timestamp: delivery.event.at, data: delivery.event.data },
  attempts: delivery.attempts.map(representAttempt),
});

export function makeWebhookDeliveryRoutes({ operations }: AdminDependencies): Router {
  const { webhookDeliveries } = operations;
  const router = Router();
  router.post('/webhooks/:id/test', async (request, response) => {
    response.json(representWhole(await webhookDeliveries.test(contextOf(response), idOf(request))));
  });
  router.get('/webhooks/:id/deliveries', async (request, response) => {
    const state = choiceOf<DeliveryState>(request, 'state');
    const page = await webhookDeliveries.list(contextOf(response), idOf(request), state, pageOf(request));
    sendPage(response, page, represent);
  });
  router.get('/webhooks/:id/deliveries/:deliveryId', async (request, response) => {
    const delivery = await webhookDeliveries.get(
      contextOf(response),
      idOf(request),
      idOf(request, 'deliveryId'),
    );
    response.json(representWhole(delivery));
  });
  router.post('/webhooks/:id/deliveries/:deliveryId/redeliver', async (request, response) => {
    const delivery = await webhookDeliveries.redeliver(
      contextOf(response),
      idOf(request),
      idOf(request, 'deliveryId'),
    );
    response.status(202).json(representWhole(delivery));
  });
  router.post('/webhooks/:id/replay', async (request, response) => {
    const input = bodyOf<ReplayInput>(request);
    const { queued, nextAfter } = await webhookDeliveries.replay(contextOf(response), idOf(request), input);
    response.status(202).json({ queued, nextAfter });
  });
  return router;
}
