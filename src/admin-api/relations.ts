import { Router } from 'express';
import type { Relation } from '../operations/people/people-ports.ts';
import type { RelationInput } from '../operations/people/relation-operations.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { pageOf, sendPage } from './page.ts';
import { bodyOf, contextOf, idOf, queryOf } from './request-facts.ts';

const representRelation = ({ id, kind, reference, employeeId, contactId }: Relation): object => ({
  id,
  kind,
  reference,
  employeeId,
  contactId,
});

export function makeRelationRoutes({ operations }: AdminDependencies): Router {
  const { relations } = operations;
  const router = Router();
  router.get('/relations', async (request, response) => {
    const filter = { employeeId: queryOf(request, 'employeeId'), contactId: queryOf(request, 'contactId') };
    sendPage(response, await relations.list(contextOf(response), filter, pageOf(request)), representRelation);
  });
  router.post('/relations', async (request, response) => {
    const relation = await relations.create(contextOf(response), bodyOf<RelationInput>(request));
    response
      .status(201)
      .location(`${request.baseUrl}/relations/${relation.id}`)
      .json(representRelation(relation));
  });
  router.get('/relations/:id', async (request, response) => {
    response.json(representRelation(await relations.get(contextOf(response), idOf(request))));
  });
  router.delete('/relations/:id', async (request, response) => {
    await relations.delete(contextOf(response), idOf(request));
    response.status(204).end();
  });
  return router;
}
