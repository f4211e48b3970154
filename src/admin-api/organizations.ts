import { Router } from 'express';
import { requestIdOf } from '../http/request-id.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { pageOf, sendPage } from './page.ts';
import { bodyOf } from './request-facts.ts';

/** For the operator of the installation; authentication has seen the operator key. */
export function makeOrganizationRoutes({ operations }: AdminDependencies): Router {
  const { organizations } = operations;
  const router = Router();
  router.get('/organizations', async (request, response) => {
    const page = await organizations.list(pageOf(request));
    sendPage(response, page, ({ id, name, createdAt }) => ({ id, name, createdAt }));
  });
  router.post('/organizations', async (request, response) => {
    const { name } = bodyOf<{ readonly name: string }>(request);
    const created = await organizations.create({ name, requestId: requestIdOf(request) });
    response.status(201).location(`${request.baseUrl}/organizations/${created.organization.id}`).json({
      id: created.organization.id,
      name: created.organization.name,
      rootEmployeeId: created.rootEmployeeId,
      key: created.plain,
    });
  });
  return router;
}
