import type { DirectoryUser, UserContent } from '../../directory/directory-user.ts';
import { objectIdOf } from '../../directory/object-id.ts';
import { sameJson } from '../../directory/same-json.ts';
import type { ConnectionContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';

export const userNotFound = (id: string): OperationError =>
  new OperationError('not-found', `There is no user ${id}.`);

export const sameContent = (left: UserContent, right: UserContent): boolean =>
  left.userName === right.userName &&
  left.externalId === right.externalId &&
  left.active === right.active &&
  sameJson(left.attributes, right.attributes);

export function changedUser(
  context: ConnectionContext,
  before: DirectoryUser,
  wanted: UserContent,
  now: string,
): DirectoryUser {
  return {
    ...before,
    userName: wanted.userName,
    externalId: wanted.externalId,
    active: wanted.active,
    attributes: wanted.attributes,
    objectId:
      context.connectionKind === 'entra'
        ? (objectIdOf(wanted.externalId) ?? before.objectId)
        : before.objectId,
    version: before.version + 1,
    lastModifiedAt: now,
  };
}
