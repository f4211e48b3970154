import type { DirectoryUser } from '../../directory/directory-user.ts';
import type { ConnectionContext } from '../context.ts';
import type { Stores } from '../ports.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { applyEvaluation, type GroupEvaluation } from '../tenants/evaluate-groups.ts';
import { type ScimDependencies, scimEvents } from './scim-dependencies.ts';
import type { UserView } from './scim-operations.ts';

const entry = {
  employeeId: null,
  contactId: null,
  action: 'unchanged',
  winningRuleId: null,
  changes: [],
} as const;

/**
 * A user of a connection with a way to Graph: taken over where Graph told of it before, and decided by the groups that Graph
 * tells. Where it did not answer, the person gets no access yet and the directory is read at once.
 */
export async function enterConnectedUser(
  stores: Stores,
  context: ConnectionContext,
  { user: given, evaluation }: { readonly user: DirectoryUser; readonly evaluation: GroupEvaluation },
  dependencies: ScimDependencies,
): Promise<UserView> {
  const { connectionId } = context;
  const known = await stores.users.lockAdoptable(connectionId, given);
  const user = known === null ? given : adopted(known, given);
  const log = scimEvents(context);
  if (known === null) {
    const event = { ...entry, reason: reasonOf(evaluation), directoryUserId: user.id };
    await stores.users.insert(user, { log, event });
  } else {
    await stores.users.save(user, known);
  }
  const at = dependencies.clock.now();
  const hasMoved = await applyEvaluation(stores, evaluation, { connectionId, userId: user.id, at });
  if (known !== null || hasMoved) {
    const person = { user, previous: known, cause: 'directory' } as const;
    const { written } = await reconcile(stores, [person], log, dependencies);
    await written;
  }
  if (evaluation.kind === 'unknown') await stores.graphSync.claims.wake(connectionId);
  return (await stores.users.get(connectionId, user.id, true)) ?? { user, groups: [] };
}

const reasonOf = (evaluation: GroupEvaluation): string =>
  evaluation.kind === 'unknown'
    ? `New in the directory. ${evaluation.reason}: no access yet; the directory is read again within a minute.`
    : 'New in the directory; its groups were asked of Microsoft Graph.';

/** What the client does not state stays as Graph told it. */
const adopted = (known: DirectoryUser, given: DirectoryUser): DirectoryUser => ({
  ...known,
  userName: given.userName,
  externalId: given.externalId,
  active: given.active,
  attributes: { ...known.attributes, ...given.attributes },
  objectId: known.objectId ?? given.objectId,
  version: known.version + 1,
  lastModifiedAt: given.lastModifiedAt,
});
