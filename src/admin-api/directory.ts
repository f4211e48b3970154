import { type Request, Router } from 'express';
import type { Candidate } from '../mapping/explain.ts';
import type { Explanation } from '../operations/resources/directory-operations.ts';
import type {
  DirectoryFilter,
  DirectoryGroupView,
  DirectoryUserView,
} from '../operations/resources/directory-ports.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { pageOf, sendPage } from './page.ts';
import { representEvent } from './provisioning-events.ts';
import { contextOf, idOf, queryOf } from './request-facts.ts';

function representUser({ user, groups, employeeId, contactId }: DirectoryUserView): object {
  const { displayName } = user.attributes;
  return {
    id: user.id,
    connectionId: user.connectionId,
    objectId: user.objectId,
    externalId: user.externalId,
    userName: user.userName,
    displayName: typeof displayName === 'string' ? displayName : null,
    active: user.active,
    deleted: user.deletedAt !== null,
    groups: groups.map(({ id, objectId, name, source }) => ({ id, objectId, name, source })),
    employeeId,
    contactId,
  };
}

const representGroup = (group: DirectoryGroupView): object => ({
  id: group.id,
  connectionId: group.connectionId,
  objectId: group.objectId,
  externalId: group.externalId,
  name: group.name,
  memberCount: group.memberCount,
  deleted: group.deleted,
});

const representCandidate = ({ rule, verdict, reason }: Candidate): object => ({
  ruleId: rule.id,
  order: rule.order,
  groupId: rule.groupId,
  groupName: rule.group.name,
  verdict,
  reason,
});

const representExplanation = ({ outcome, winner, candidates, fields, lastEvents }: Explanation): object => ({
  decision: { outcome, winningRuleId: winner?.id ?? null, candidates: candidates.map(representCandidate) },
  fields,
  lastEvents: lastEvents.map(representEvent),
});

const filterOf = (request: Request): DirectoryFilter => ({
  connectionId: queryOf(request, 'connectionId'),
  q: queryOf(request, 'q'),
});

export function makeDirectoryRoutes({ operations }: AdminDependencies): Router {
  const { directory } = operations;
  const router = Router();
  router.get('/directory-users', async (request, response) => {
    const page = await directory.listUsers(contextOf(response), filterOf(request), pageOf(request));
    sendPage(response, page, representUser);
  });
  router.get('/directory-users/:id', async (request, response) => {
    response.json(representUser(await directory.getUser(contextOf(response), idOf(request))));
  });
  router.get('/directory-users/:id/explanation', async (request, response) => {
    response.json(representExplanation(await directory.explainUser(contextOf(response), idOf(request))));
  });
  router.get('/directory-groups', async (request, response) => {
    const page = await directory.listGroups(contextOf(response), filterOf(request), pageOf(request));
    sendPage(response, page, representGroup);
  });
  router.get('/directory-groups/:id', async (request, response) => {
    response.json(representGroup(await directory.getGroup(contextOf(response), idOf(request))));
  });
  return router;
}
