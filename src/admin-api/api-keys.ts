import { Router } from 'express';
import type { NewApiKey } from '../operations/credentials/api-key-operations.ts';
import type { ApiKey } from '../operations/organizations/admin-ports.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { pageOf, sendPage } from './page.ts';
import { bodyOf, contextOf, idOf } from './request-facts.ts';

const represent = ({ id, name, role, prefix, createdAt, expiresAt, lastUsedAt }: ApiKey): object => ({
  id,
  name,
  role,
  prefix,
  createdAt,
  expiresAt,
  lastUsedAt,
});

export function makeApiKeyRoutes({ operations }: AdminDependencies): Router {
  const { apiKeys } = operations;
  const router = Router();
  router.get('/api-keys', async (request, response) => {
    sendPage(response, await apiKeys.list(contextOf(response), pageOf(request)), represent);
  });
  router.post('/api-keys', async (request, response) => {
    const { apiKey, plain } = await apiKeys.create(contextOf(response), bodyOf<NewApiKey>(request));
    response
      .status(201)
      .location(`${request.baseUrl}/api-keys/${apiKey.id}`)
      .json({ ...represent(apiKey), key: plain });
  });
  router.delete('/api-keys/:id', async (request, response) => {
    await apiKeys.revoke(contextOf(response), idOf(request));
    response.status(204).end();
  });
  return router;
}
