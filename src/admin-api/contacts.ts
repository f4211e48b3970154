import { Router } from 'express';
import type { ContactInput } from '../operations/people/contact-input.ts';
import type { ContactView } from '../operations/people/people-ports.ts';
import type { Contact } from '../provisioning/person.ts';
import type { AdminDependencies } from './admin-dependencies.ts';
import { peopleFilterOf } from './employees.ts';
import { pageOf, sendPage } from './page.ts';
import { bodyOf, contextOf, idOf } from './request-facts.ts';

function representContact({ contact, formerIdentity }: ContactView): object {
  return {
    id: contact.id,
    accountId: contact.accountId,
    accountLocationId: contact.accountLocationId,
    firstName: contact.firstName,
    lastName: contact.lastName,
    jobTitle: contact.jobTitle,
    emails: contact.emails.map(({ address, type, isDefault }) => ({ address, type, isDefault })),
    phones: contact.phones.map(({ number, type, isDefault }) => ({ number, type, isDefault })),
    hasPortalAccess: contact.hasPortalAccess,
    username: contact.login?.username ?? null,
    securityRoleId: contact.securityRoleId,
    status: contact.status,
    directoryUserId: contact.directoryUserId,
    formerIdentity,
    winningRuleId: contact.winningRuleId,
    createdAt: contact.createdAt,
    updatedAt: contact.updatedAt,
  };
}

export function makeContactRoutes({ operations }: AdminDependencies): Router {
  const { contacts } = operations;
  const router = Router();
  router.get('/contacts', async (request, response) => {
    const filter = peopleFilterOf<Contact['status']>(request);
    sendPage(response, await contacts.list(contextOf(response), filter, pageOf(request)), representContact);
  });
  router.post('/contacts', async (request, response) => {
    const view = await contacts.create(contextOf(response), bodyOf<ContactInput>(request));
    response
      .status(201)
      .location(`${request.baseUrl}/contacts/${view.contact.id}`)
      .json(representContact(view));
  });
  router.get('/contacts/:id', async (request, response) => {
    response.json(representContact(await contacts.get(contextOf(response), idOf(request))));
  });
  router.patch('/contacts/:id', async (request, response) => {
    const input = bodyOf<ContactInput>(request);
    response.json(representContact(await contacts.change(contextOf(response), idOf(request), input)));
  });
  router.delete('/contacts/:id', async (request, response) => {
    await contacts.delete(contextOf(response), idOf(request));
    response.status(204).end();
  });
  return router;
}
