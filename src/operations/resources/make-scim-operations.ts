import { makeChangeGroup } from './change-group.ts';
import { makeChangeUser } from './change-user.ts';
import { makeCreateGroup } from './create-group.ts';
import { makeCreateUser } from './create-user.ts';
import { makeDeleteGroup } from './delete-group.ts';
import { makeDeleteUser } from './delete-user.ts';
import { makeListGroups, makeReadGroup } from './read-groups.ts';
import { makeListUsers, makeReadUser } from './read-users.ts';
import type { ClientDependencies } from './scim-dependencies.ts';
import type { ScimOperations } from './scim-operations.ts';

/** Everything a provisioning client can ask for, wired to one unit of work. */
export function makeScimOperations(dependencies: ClientDependencies): ScimOperations {
  const { unitOfWork } = dependencies;
  return {
    createUser: makeCreateUser(dependencies),
    readUser: makeReadUser(unitOfWork),
    listUsers: makeListUsers(unitOfWork),
    changeUser: makeChangeUser(dependencies),
    deleteUser: makeDeleteUser(dependencies),
    createGroup: makeCreateGroup(dependencies),
    readGroup: makeReadGroup(unitOfWork),
    listGroups: makeListGroups(unitOfWork),
    changeGroup: makeChangeGroup(dependencies),
    deleteGroup: makeDeleteGroup(dependencies),
  };
}
