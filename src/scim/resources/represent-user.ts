import { StoredJson } from '../../directory/stored-json.ts';
import type { UserView } from '../../operations/resources/scim-operations.ts';
import type { AnswerObject } from '../protocol/answer-value.ts';
import { locationOf, representAttributes, representMeta, schemasOf } from './represent-common.ts';

const USER_URN = 'urn:ietf:params:scim:schemas:core:2.0:User';

export function locationOfUser(scimBaseUrl: string, id: string): string {
  return locationOf(scimBaseUrl, 'Users', id);
}

/** RFC 7643 §4.1. There is no password to show: it is never stored. */
export function representUser({ user, groups }: UserView, scimBaseUrl: string): AnswerObject {
  const attributes = user.attributes instanceof StoredJson ? user.attributes.read() : user.attributes;
  return {
    schemas: schemasOf(USER_URN, attributes),
    id: user.id,
    ...(user.externalId === null ? {} : { externalId: user.externalId }),
    userName: user.userName,
    active: user.active,
    ...representAttributes(attributes, scimBaseUrl),
    ...(groups === null
      ? {}
      : {
          groups: groups.map(({ id, displayName }) => ({
            value: id,
            $ref: locationOf(scimBaseUrl, 'Groups', id),
            display: displayName,
            type: 'direct',
          })),
        }),
    meta: representMeta(user, 'User', locationOfUser(scimBaseUrl, user.id)),
  };
}
