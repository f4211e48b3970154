import type { DirectoryUser } from '../../directory/directory-user.ts';
import type { Stores } from '../ports.ts';

/** Users deleted while provisioning was off, or held since: their people still have a login (REQ-16). */
export async function deletedToPlan(stores: Stores, connectionId: string): Promise<readonly DirectoryUser[]> {
  const users = await stores.planning.deletedWithLogin(connectionId);
  const wanted = new Set(await stores.changeSets.withoutUndone(users.map(({ id }) => id)));
  return users.filter(({ id }) => wanted.has(id));
}

/** Where deletions purge, what the directory said goes with the login. */
export async function purgeDeleted(stores: Stores, users: readonly DirectoryUser[]): Promise<void> {
  for (const { connectionId, id } of users) await stores.users.purge(connectionId, id);
}
