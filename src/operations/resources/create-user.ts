import type { DirectoryUser, UserContent } from '../../directory/directory-user.ts';
import { objectIdOf } from '../../directory/object-id.ts';
import type { ConnectionContext } from '../context.ts';
import type { LoggedUser } from '../ports.ts';
import { enterConnectedUser } from './enter-connected-user.ts';
import { type ClientDependencies, scimEvents } from './scim-dependencies.ts';
import type { ScimOperations } from './scim-operations.ts';
import { makeWriteTogether } from './write-together.ts';

/**
 * Adds a user to the mirror (D-01, D-02). It is in no group yet and linked to nothing, so no rule can name it and there
 * is nothing to decide: that comes with its groups, which clients send later, unless Microsoft Graph can be asked now.
 */
export function makeCreateUser(dependencies: ClientDependencies): ScimOperations['createUser'] {
  const { unitOfWork, clock, identifiers, evaluateGroups, syncWaiting } = dependencies;
  const insert = makeWriteTogether<LoggedUser, void>(async (context, users) => {
    await unitOfWork.writeOnce(context, ({ users: store }) => {
      const [only, ...others] = users;
      return only !== undefined && others.length === 0
        ? store.insert(only.user, only.entry)
        : store.insertMany(users);
    });
    return users.map(() => undefined);
  });
  return async (context, content) => {
    const evaluation = await evaluateGroups.ofNew(context, content);
    const user = newUser(context, identifiers.next(), content, clock.now());
    if (evaluation.kind !== 'notAsked') {
      const view = await unitOfWork.write(context, 'shared', (stores) =>
        enterConnectedUser(stores, context, { user, evaluation }, dependencies),
      );
      if (evaluation.kind === 'unknown') syncWaiting();
      return view;
    }
    const entry = { log: scimEvents(context), event: { ...nothingDecided, directoryUserId: user.id } };
    await insert(context, { user, entry });
    return { user, groups: [] };
  };
}

const nothingDecided = {
  employeeId: null,
  contactId: null,
  action: 'unchanged',
  reason: 'New in the directory; kept in the mirror only until a mapping rule names one of its groups.',
  winningRuleId: null,
  changes: [],
} as const;

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
