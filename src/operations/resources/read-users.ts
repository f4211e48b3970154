import { readMatch } from '../match-query.ts';
import type { UnitOfWork } from '../ports.ts';
import { userNotFound } from './changed-user.ts';
import type { ScimOperations } from './scim-operations.ts';

export function makeReadUser(unitOfWork: UnitOfWork): ScimOperations['readUser'] {
  return async (context, id, withGroups) => {
    const found = await unitOfWork.lookUp(context, (stores) =>
      stores.users.get(context.connectionId, id, withGroups),
    );
    if (found === null) throw userNotFound(id);
    return found;
  };
}

export function makeListUsers(unitOfWork: UnitOfWork): ScimOperations['listUsers'] {
  return (context, query) => {
    const open = readMatch('User', query) === null ? unitOfWork.read : unitOfWork.lookUp;
    return open(context, (stores) => stores.users.list(context.connectionId, query));
  };
}
