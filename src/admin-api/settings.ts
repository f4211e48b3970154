import { Router } from 'express';
import type { DeepPartial } from '../operations/patch-record.ts';
import type { Settings } from '../provisioning/settings.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { preconditionOf, setEtag } from './etag.ts';
import { bodyOf, contextOf } from './request-facts.ts';

export function makeSettingsRoutes({ operations }: AdminDependencies): Router {
  const { settings } = operations;
  const router = Router();
  router.get('/settings', async (_request, response) => {
    const { value, revision } = await settings.get(contextOf(response));
    setEtag(response, revision);
    response.json(value);
  });
  router.patch('/settings', async (request, response) => {
    const patch = bodyOf<DeepPartial<Settings>>(request);
    const options = { ifMatch: preconditionOf(request) };
    const { value, revision } = await settings.change(contextOf(response), patch, options);
    setEtag(response, revision);
    response.json(value);
  });
  return router;
}
