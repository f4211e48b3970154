import { Router } from 'express';
import type { ScimToken } from '../operations/connections/connection-ports.ts';
import type { NewScimToken } from '../operations/credentials/scim-token-operations.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { pageOf, sendPage } from './page.ts';
import { bodyOf, contextOf, idOf } from './request-facts.ts';

const represent = ({ id, name, prefix, createdAt, expiresAt, lastUsedAt }: ScimToken): object => ({
  id,
  name,
  prefix,
  createdAt,
  expiresAt,
  lastUsedAt,
});

export function makeScimTokenRoutes({ operations }: AdminDependencies): Router {
  const { scimTokens } = operations;
  const path = '/connections/:id/scim-tokens';
  const router = Router();
  router.get(path, async (request, response) => {
    sendPage(response, await scimTokens.list(contextOf(response), idOf(request), pageOf(request)), represent);
  });
  router.post(path, async (request, response) => {
    const connectionId = idOf(request);
    const input = bodyOf<NewScimToken>(request);
    const { token, plain } = await scimTokens.create(contextOf(response), connectionId, input);
    response
      .status(201)
      .location(`${request.baseUrl}/connections/${connectionId}/scim-tokens/${token.id}`)
      .json({ ...represent(token), token: plain });
  });
  router.delete(`${path}/:tokenId`, async (request, response) => {
    await scimTokens.revoke(contextOf(response), idOf(request), idOf(request, 'tokenId'));
    response.status(204).end();
  });
  return router;
}
