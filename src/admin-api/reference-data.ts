import { type Request, type Response, Router } from 'express';
import type {
  ReferenceInput,
  ReferenceList,
} from '../operations/reference-data/reference-data-operations.ts';
import type { ReferenceItem, ReferenceKind } from '../operations/reference-data/reference-data-ports.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { preconditionOf, setEtag } from './etag.ts';
import { pageOf, sendPage } from './page.ts';
import { bodyOf, contextOf, idOf } from './request-facts.ts';

interface ReferenceRoute {
  readonly kind: ReferenceKind;
  readonly path: string;
  /** Name of the entry's own id in the path. */
  readonly id: string;
  readonly isOfAccount: boolean;
}

const topLevel = (kind: ReferenceKind, path: string): ReferenceRoute => ({
  kind,
  path,
  id: 'id',
  isOfAccount: false,
});

const routes: readonly ReferenceRoute[] = [
  topLevel('departments', '/departments'),
  topLevel('locations', '/locations'),
  topLevel('jobTitles', '/job-titles'),
  topLevel('employeeRoles', '/employee-roles'),
  topLevel('securityRoles', '/security-roles'),
  topLevel('accounts', '/accounts'),
  { kind: 'accountLocations', path: '/accounts/:id/locations', id: 'locationId', isOfAccount: true },
];

const represent = (item: ReferenceItem): object => ({
  id: item.id,
  ...(item.accountId === null ? {} : { accountId: item.accountId }),
  name: item.name,
  ...item.values,
  createdAt: item.createdAt,
  updatedAt: item.updatedAt,
});

function sendItem(response: Response, item: ReferenceItem): void {
  setEtag(response, item.revision);
  response.json(represent(item));
}

/** One set of routes for all lists of the PSA. */
export function makeReferenceDataRoutes({ operations }: AdminDependencies): Router {
  const { referenceData } = operations;
  const router = Router();

  for (const { kind, path, id, isOfAccount } of routes) {
    const listOf = (request: Request): ReferenceList => ({
      kind,
      accountId: isOfAccount ? idOf(request) : null,
    });
    const targetOf = (request: Request) => ({ ...listOf(request), id: idOf(request, id) });

    router.get(path, async (request, response) => {
      const page = await referenceData.list(contextOf(response), listOf(request), pageOf(request));
      sendPage(response, page, represent);
    });
    router.post(path, async (request, response) => {
      const input = bodyOf<ReferenceInput>(request);
      const item = await referenceData.create(contextOf(response), listOf(request), input);
      const [collection = ''] = request.originalUrl.split('?', 1);
      response.status(201).location(`${collection.replace(/\/$/, '')}/${item.id}`);
      sendItem(response, item);
    });
    router.get(`${path}/:${id}`, async (request, response) => {
      sendItem(response, await referenceData.get(contextOf(response), listOf(request), idOf(request, id)));
    });
    router.patch(`${path}/:${id}`, async (request, response) => {
      const input = bodyOf<ReferenceInput>(request);
      const options = { ifMatch: preconditionOf(request) };
      sendItem(response, await referenceData.change(contextOf(response), targetOf(request), input, options));
    });
    router.delete(`${path}/:${id}`, async (request, response) => {
      await referenceData.delete(contextOf(response), targetOf(request), {
        ifMatch: preconditionOf(request),
      });
      response.status(204).end();
    });
  }
  return router;
}
