import { type RequestHandler, Router } from 'express';
import { pinQuery } from '../http/stable-query.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { makeApiKeyRoutes } from './api-keys.ts';
import { makeAuthenticate } from './authenticate.ts';
import { makeChangeSetRoutes } from './change-sets.ts';
import { makeConnectionRoutes } from './connections.ts';
import { makeContactRoutes } from './contacts.ts';
import { makeDirectoryRoutes } from './directory.ts';
import { makeEmployeeDefaultsRoutes } from './employee-defaults.ts';
import { makeEmployeeRoutes } from './employees.ts';
import { makeErrorHandler } from './handle-error.ts';
import { makeHeldChangeRoutes } from './held-changes.ts';
import { makeKnownPathCheck } from './known-path.ts';
import { makeMappingRuleRoutes } from './mapping-rules.ts';
import { makeOrganizationRoutes } from './organizations.ts';
import { notFound, sendProblem } from './problem.ts';
import { makeProvisioningEventRoutes } from './provisioning-events.ts';
import { makeBodyReader } from './read-body.ts';
import { makeReferenceDataRoutes } from './reference-data.ts';
import { makeRelationRoutes } from './relations.ts';
import { makeRuleChangeRoutes } from './rule-changes.ts';
import { makeScimCredentialRoutes } from './scim-credentials.ts';
import { makeScimTokenRoutes } from './scim-tokens.ts';
import { makeSettingsRoutes } from './settings.ts';
import { makeSyncRunRoutes } from './sync-runs.ts';
import { makeRequestValidator } from './validate-request.ts';
import { makeWebhookDeliveryRoutes } from './webhook-deliveries.ts';
import { makeWebhookRoutes } from './webhooks.ts';

export type RouteModule = (dependencies: AdminDependencies) => Router;

/** One per topic; paths are disjoint, so the order means nothing. */
const routeModules: readonly RouteModule[] = [
  makeSettingsRoutes,
  makeEmployeeDefaultsRoutes,
  makeReferenceDataRoutes,
  makeConnectionRoutes,
  makeScimTokenRoutes,
  makeScimCredentialRoutes,
  makeSyncRunRoutes,
  makeApiKeyRoutes,
  makeOrganizationRoutes,
  makeRuleChangeRoutes,
  makeMappingRuleRoutes,
  makeEmployeeRoutes,
  makeContactRoutes,
  makeRelationRoutes,
  makeDirectoryRoutes,
  makeHeldChangeRoutes,
  makeProvisioningEventRoutes,
  makeChangeSetRoutes,
  makeWebhookRoutes,
  makeWebhookDeliveryRoutes,
];

const neverStore: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};

/** To be mounted at `/api/v1`, behind the steps that both APIs share (request id, log, security headers). */
export function makeAdminRouter(dependencies: AdminDependencies): Router {
  const { authentication, document, logger } = dependencies;
  const router = Router();
  router.use(neverStore);
  router.use(makeAuthenticate(authentication));
  router.use(makeKnownPathCheck(document));
  router.use(pinQuery());
  router.use(...makeBodyReader());
  router.use(...makeRequestValidator(document));
  for (const makeRoutes of routeModules) router.use(makeRoutes(dependencies));
  router.use((_request, response) => sendProblem(response, notFound));
  router.use(makeErrorHandler(logger));
  return router;
}
