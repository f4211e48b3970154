import { type Response, Router } from 'express';
import type { ConnectionInput, NewConnection } from '../operations/connections/connection-input.ts';
import type { Connection, GraphFlow } from '../operations/connections/connection-ports.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { preconditionOf, setEtag } from './etag.ts';
import { pageOf, sendPage } from './page.ts';
import { bodyOf, contextOf, flagOf, idOf } from './request-facts.ts';
import { representSyncRun } from './sync-runs.ts';

const representWith =
  (publicUrl: () => string) =>
  (connection: Connection): object => ({
    id: connection.id,
    name: connection.name,
    kind: connection.kind,
    tenant: connection.tenant,
    tenantId: connection.tenantId,
    cloud: connection.kind === 'entra' ? connection.cloud : null,
    applicationId: connection.applicationId,
    hasApplicationKey: connection.applicationKeyEncrypted !== null,
    emailSource: connection.emailSource,
    status: connection.status,
    statusDetail: connection.statusDetail,
    grantedScopes: connection.grantedScopes,
    verifiedDomains: connection.verifiedDomains,
    allowedExternalDomains: connection.allowedExternalDomains,
    deletePolicy: connection.deletePolicy,
    customExtensions: connection.customExtensions,
    scimBaseUrl: `${publicUrl()}/scim/v2/${connection.id}`,
    lastSync: connection.lastSyncAt,
    lastGraphSuccessAt: connection.lastGraphSuccessAt,
    createdAt: connection.createdAt,
  });

export function makeConnectionRoutes({ operations, publicUrl }: AdminDependencies): Router {
  const { connections, azureConnect } = operations;
  const represent = representWith(publicUrl);
  const send = (response: Response, connection: Connection): void => {
    setEtag(response, connection.revision);
    response.json(represent(connection));
  };

  const router = Router();
  router.get('/connections', async (request, response) => {
    sendPage(response, await connections.list(contextOf(response), pageOf(request)), represent);
  });
  router.post('/connections', async (request, response) => {
    const connection = await connections.create(contextOf(response), bodyOf<NewConnection>(request));
    response.status(201).location(`${request.baseUrl}/connections/${connection.id}`);
    send(response, connection);
  });
  router.get('/connections/:id', async (request, response) => {
    send(response, await connections.get(contextOf(response), idOf(request)));
  });
  router.patch('/connections/:id', async (request, response) => {
    const input = bodyOf<ConnectionInput>(request);
    const options = { ifMatch: preconditionOf(request) };
    send(response, await connections.change(contextOf(response), idOf(request), input, options));
  });
  router.delete('/connections/:id', async (request, response) => {
    const options = { ifMatch: preconditionOf(request), unlink: flagOf(request, 'unlink') };
    await connections.delete(contextOf(response), idOf(request), options);
    response.status(204).end();
  });
  router.post('/connections/:id/connect', async (request, response) => {
    const { mode } = bodyOf<{ mode: GraphFlow }>(request);
    const result = await azureConnect.connect(contextOf(response), idOf(request), mode);
    if (result.kind === 'signIn') response.json({ authorizationUrl: result.authorizationUrl });
    else send(response, result.connection);
  });
  router.get('/connections/:id/doctor', async (request, response) => {
    response.json({ checks: await operations.checkSetup(contextOf(response), idOf(request)) });
  });
  router.post('/connections/:id/disconnect', async (request, response) => {
    send(response, await azureConnect.disconnect(contextOf(response), idOf(request)));
  });
  router.post('/connections/:id/sync', async (request, response) => {
    const run = await connections.sync(contextOf(response), idOf(request), {
      full: flagOf(request, 'full'),
    });
    response.status(202).location(`${request.baseUrl}/sync-runs/${run.id}`).json(representSyncRun(run));
  });
  return router;
}
