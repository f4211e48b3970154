import { type Response, Router } from 'express';
import type { MappingRuleInput, NewMappingRule } from '../operations/rules/mapping-rule-input.ts';
import type { MappingRuleView } from '../operations/rules/rules-ports.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { preconditionOf, setEtag } from './etag.ts';
import { pageOf, sendPage } from './page.ts';
import { bodyOf, contextOf, idOf, queryOf } from './request-facts.ts';

export function representMappingRule({ rule, tenantId }: MappingRuleView): object {
  const { group, ...record } = rule;
  return {
    id: record.id,
    connectionId: record.connectionId,
    tenantId,
    groupId: record.groupId,
    groupName: group.name,
    // What decides a tie between equal orders: the directory's own date when it is known, else our first sight.
    groupCreatedAt: group.createdAt ?? group.firstSeenAt,
    groupState: group.state,
    order: record.order,
    userType: record.userType,
    securityRoleId: record.securityRoleId,
    accountId: record.accountId,
    accountLocationId: record.accountLocationId,
    overrides: record.overrides,
    enabled: record.enabled,
    note: record.note,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
  };
}

function sendRule(response: Response, view: MappingRuleView): void {
  setEtag(response, view.revision);
  response.json(representMappingRule(view));
}

export function makeMappingRuleRoutes({ operations }: AdminDependencies): Router {
  const { mappingRules } = operations;
  const router = Router();
  router.get('/mapping-rules', async (request, response) => {
    const page = await mappingRules.list(
      contextOf(response),
      queryOf(request, 'connectionId'),
      pageOf(request),
    );
    sendPage(response, page, representMappingRule);
  });
  router.post('/mapping-rules', async (request, response) => {
    const view = await mappingRules.create(contextOf(response), bodyOf<NewMappingRule>(request));
    response.status(201).location(`${request.baseUrl}/mapping-rules/${view.rule.id}`);
    sendRule(response, view);
  });
  router.get('/mapping-rules/:id', async (request, response) => {
    sendRule(response, await mappingRules.get(contextOf(response), idOf(request)));
  });
  router.patch('/mapping-rules/:id', async (request, response) => {
    const options = { ifMatch: preconditionOf(request) };
    const input = bodyOf<MappingRuleInput>(request);
    sendRule(response, await mappingRules.change(contextOf(response), idOf(request), input, options));
  });
  router.delete('/mapping-rules/:id', async (request, response) => {
    await mappingRules.delete(contextOf(response), idOf(request), { ifMatch: preconditionOf(request) });
    response.status(204).end();
  });
  return router;
}
