import { requireVersion } from '../precondition.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { userNotFound } from './changed-user.ts';
import { type ScimDependencies, scimEvents } from './scim-dependencies.ts';
import type { ScimOperations } from './scim-operations.ts';

/**
 * Hides the user from the client, takes it out of its groups and deactivates the person, who is never deleted (REQ-16).
 * Where the connection purges, what the directory said is removed too.
 */
export function makeDeleteUser(dependencies: ScimDependencies): ScimOperations['deleteUser'] {
  const { unitOfWork, clock } = dependencies;
  return (context, id, { ifMatch }) =>
    unitOfWork.write(context, 'shared', async (stores) => {
      const [, found] = await Promise.all([
        stores.groups.lockOf(context.connectionId, id),
        stores.users.lock(context.connectionId, id),
      ]);
      if (found === null) throw userNotFound(id);
      const previous = found.user;
      requireVersion(ifMatch, previous.version);
      const now = clock.now();
      const user = { ...previous, version: previous.version + 1, lastModifiedAt: now, deletedAt: now };
      if (await stores.users.save(user, previous)) {
        const person = { user, previous, cause: 'directory' } as const;
        const { written } = await reconcile(stores, [person], scimEvents(context), dependencies);
        await written;
      }
      await stores.users.purge(context.connectionId, id);
    });
}
