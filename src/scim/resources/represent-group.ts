import type { GroupMember } from '../../directory/directory-group.ts';
import type { MemberList } from '../../directory/member-list.ts';
import type { GroupView } from '../../operations/resources/scim-operations.ts';
import { type AnswerObject, type AnswerValue, LongList } from '../protocol/answer-value.ts';
import { LIMITS } from '../protocol/limits.ts';
import { locationOf, representAttributes, representMeta, schemasOf } from './represent-common.ts';

const GROUP_URN = 'urn:ietf:params:scim:schemas:core:2.0:Group';

export function locationOfGroup(scimBaseUrl: string, id: string): string {
  return locationOf(scimBaseUrl, 'Groups', id);
}

function representMembers(members: MemberList, scimBaseUrl: string): AnswerValue {
  const represent = ({ id, display }: GroupMember) => ({
    value: id,
    $ref: locationOf(scimBaseUrl, 'Users', id),
    type: 'User',
    ...(display === null ? {} : { display }),
  });
  if (members.length <= LIMITS.inlineMembers) return members.slice(0, members.length).map(represent);
  return new LongList(members.length, (from, to) => members.slice(from, to).map(represent));
}

/** RFC 7643 §4.2. */
export function representGroup({ group, members }: GroupView, scimBaseUrl: string): AnswerObject {
  return {
    schemas: schemasOf(GROUP_URN, group.attributes),
    id: group.id,
    ...(group.externalId === null ? {} : { externalId: group.externalId }),
    displayName: group.displayName,
    ...representAttributes(group.attributes, scimBaseUrl),
    ...(members === null ? {} : { members: representMembers(members, scimBaseUrl) }),
    meta: representMeta(group, 'Group', locationOfGroup(scimBaseUrl, group.id)),
  };
}
