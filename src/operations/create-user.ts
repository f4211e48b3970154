import type { DirectoryUser, UserContent } from '../directory/directory-user.ts';
import { managerIdOf } from '../directory/manager.ts';
import { objectIdOf } from '../directory/object-id.ts';
import type { ConnectionContext } from './context.ts';
import { reconcile } from './reconcile.ts';
import { requireManager } from './require-manager.ts';
import { type ScimDependencies, scimEvents } from './scim-dependencies.ts';
import type { ScimOperations } from './scim-operations.ts';

/** Adds a user to the mirror and decides what it is in the PSA (D-01, D-02). */
export function makeCreateUser(dependencies: ScimDependencies): ScimOperations['createUser'] {
  const { unitOfWork, clock, identifiers } = dependencies;
  return (context, content) => {
    const id = identifiers.next();
    return unitOfWork.write(context, 'shared', async (stores) => {
      await requireManager(stores, context.connectionId, managerIdOf(content));
      const user = newUser(context, id, content, clock.now());
      await stores.users.insert(user);
      const events = await reconcile(stores, [{ user, previous: null, cause: 'directory' }], dependencies);
      await stores.events.append(scimEvents(context), user.createdAt, events);
      return { user, groups: [] };
    });
  };
}

function newUser(context: ConnectionContext, id: string, content: UserContent, now: string): DirectoryUser {
  return {
    ...content,
    id,
    connectionId: context.connectionId,
    objectId: context.connectionKind === 'entra' ? objectIdOf(content.externalId) : null,
    version: 1,
    createdAt: now,
    lastModifiedAt: now,
    deletedAt: null,
  };
}
