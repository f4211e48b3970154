import { Router } from 'express';
import type { EmployeeDefaults } from '../provisioning/settings.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { preconditionOf, setEtag } from './etag.ts';
import { nextCursorOf, previewOf } from './preview-page.ts';
import { bodyOf, contextOf } from './request-facts.ts';

export function makeEmployeeDefaultsRoutes({ operations }: AdminDependencies): Router {
  const { employeeDefaults } = operations;
  const router = Router();
  router.get('/employee-defaults', async (_request, response) => {
    const { value, revision } = await employeeDefaults.get(contextOf(response));
    setEtag(response, revision);
    response.json(value);
  });
  router.put('/employee-defaults', async (request, response) => {
    const input = bodyOf<Partial<EmployeeDefaults>>(request);
    const options = { ifMatch: preconditionOf(request) };
    const { value, revision } = await employeeDefaults.replace(contextOf(response), input, options);
    setEtag(response, revision);
    response.json(value);
  });
  router.post('/employee-defaults/preview', async (request, response) => {
    const input = bodyOf<Partial<EmployeeDefaults>>(request);
    const preview = await employeeDefaults.preview(contextOf(response), input, previewOf(request));
    const { digest, counts, items, next } = preview;
    response.json({ digest, counts, items, nextCursor: nextCursorOf(request, next) });
  });
  return router;
}
