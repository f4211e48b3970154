import { type Response, Router } from 'express';
import type { NewWebhook, RotationInput, WebhookInput } from '../operations/deliveries/webhook-operations.ts';
import type { Webhook } from '../operations/deliveries/webhook-ports.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { preconditionOf, setEtag } from './etag.ts';
import { pageOf, sendPage } from './page.ts';
import { bodyOf, contextOf, idOf } from './request-facts.ts';

const represent = (webhook: Webhook): object => ({
  id: webhook.id,
  url: webhook.url,
  description: webhook.description,
  eventTypes: webhook.eventTypes,
  enabled: webhook.enabled,
  disabledReason: webhook.disabledReason,
  failingSince: webhook.failingSince,
  pausedUntil: webhook.pausedUntil,
  previousSecretUntil: webhook.previousSecretUntil,
  createdAt: webhook.createdAt,
  updatedAt: webhook.updatedAt,
});

function send(response: Response, webhook: Webhook, secret: { readonly secret?: string } = {}): void {
  setEtag(response, webhook.revision);
  response.json({ ...represent(webhook), ...secret });
}

export function makeWebhookRoutes({ operations }: AdminDependencies): Router {
  const { webhooks } = operations;
  const router = Router();
  router.get('/webhooks', async (request, response) => {
    sendPage(response, await webhooks.list(contextOf(response), pageOf(request)), represent);
  });
  router.post('/webhooks', async (request, response) => {
    const { webhook, secret } = await webhooks.create(contextOf(response), bodyOf<NewWebhook>(request));
    response.status(201).location(`${request.baseUrl}/webhooks/${webhook.id}`);
    send(response, webhook, { secret });
  });
  router.get('/webhooks/:id', async (request, response) => {
    send(response, await webhooks.get(contextOf(response), idOf(request)));
  });
  router.patch('/webhooks/:id', async (request, response) => {
    const options = { ifMatch: preconditionOf(request) };
    const input = bodyOf<WebhookInput>(request);
    send(response, await webhooks.change(contextOf(response), idOf(request), input, options));
  });
  router.delete('/webhooks/:id', async (request, response) => {
    await webhooks.delete(contextOf(response), idOf(request), { ifMatch: preconditionOf(request) });
    response.status(204).end();
  });
  router.post('/webhooks/:id/rotate-secret', async (request, response) => {
    const options = { ifMatch: preconditionOf(request) };
    // The body may be left out.
    const input = bodyOf<RotationInput | undefined>(request) ?? {};
    const { webhook, secret } = await webhooks.rotateSecret(
      contextOf(response),
      idOf(request),
      input,
      options,
    );
    send(response, webhook, { secret });
  });
  return router;
}
