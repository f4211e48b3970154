import { Router } from 'express';
import type { NewScimCredential } from '../operations/credentials/scim-credential-operations.ts';
import type { ScimCredential } from '../operations/credentials/scim-credential-ports.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { pageOf, sendPage } from './page.ts';
import { bodyOf, contextOf, idOf } from './request-facts.ts';

/** The client id is the connection's own: whoever asks for a token names the connection by it. */
function represent(credential: ScimCredential, publicUrl: string): object {
  const { connectionId, ...shown } = credential;
  return { ...shown, clientId: connectionId, tokenUrl: `${publicUrl}/oauth/token` };
}

export function makeScimCredentialRoutes({ operations, publicUrl }: AdminDependencies): Router {
  const { scimCredentials } = operations;
  const path = '/connections/:id/scim-credentials';
  const router = Router();
  router.get(path, async (request, response) => {
    const page = await scimCredentials.list(contextOf(response), idOf(request), pageOf(request));
    sendPage(response, page, (credential) => represent(credential, publicUrl()));
  });
  router.post(path, async (request, response) => {
    const connectionId = idOf(request);
    const input = bodyOf<NewScimCredential>(request);
    const { credential, secret } = await scimCredentials.create(contextOf(response), connectionId, input);
    response
      .status(201)
      .location(`${request.baseUrl}/connections/${connectionId}/scim-credentials/${credential.id}`)
      .json({ ...represent(credential, publicUrl()), ...(secret === null ? {} : { secret }) });
  });
  router.delete(`${path}/:credentialId`, async (request, response) => {
    await scimCredentials.revoke(contextOf(response), idOf(request), idOf(request, 'credentialId'));
    response.status(204).end();
  });
  return router;
}
