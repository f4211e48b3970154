import type { GraphGroupFields, GroupChange, MemberFact } from '../directory/delta-change.ts';
import { wholeGroup } from '../directory/whole-object.ts';
import type { GraphGroup } from '../operations/tenants/graph-ports.ts';
import { withoutProperties } from './graph-failure.ts';
import {
  type Fields,
  has,
  readFields,
  readList,
  readObjectId,
  readOptionalBoolean,
  readOptionalText,
  readTexts,
} from './read-json.ts';
import { readRemovalReason } from './read-removal.ts';

const GROUP_PROPERTIES = 'id,displayName,createdDateTime,securityEnabled,groupTypes';
export const GROUP_SELECT = GROUP_PROPERTIES;
/** `members` is for delta reads only. Another selection needs another cursor: move `GROUP_SELECTION`. */
export const GROUP_DELTA_SELECT = `${GROUP_PROPERTIES},members`;
export const GROUP_SELECTION = 'groups-1';
export const GROUP_PERMISSION = 'GroupMember.Read.All';

function readGroupFields(row: Fields): Partial<GraphGroupFields> {
  // Every group has one. Null stands for "you may not see this".
  if (has(row, 'displayName') && row.displayName === null)
    throw withoutProperties('groups', GROUP_PERMISSION);
  return {
    ...(has(row, 'displayName') ? { displayName: readOptionalText(row, 'displayName') ?? '' } : {}),
    ...(has(row, 'createdDateTime') ? { createdDateTime: readOptionalText(row, 'createdDateTime') } : {}),
    ...(has(row, 'securityEnabled') ? { securityEnabled: readOptionalBoolean(row, 'securityEnabled') } : {}),
    ...(has(row, 'groupTypes') ? { groupTypes: readTexts(row, 'groupTypes') } : {}),
  };
}

/** Devices, contacts and service principals cannot be people; rows about them say nothing here. */
function readMembers(row: Fields): readonly MemberFact[] {
  if (!has(row, 'members@delta')) return [];
  return readList(row['members@delta'], 'members@delta').flatMap((item): readonly MemberFact[] => {
    const member = readFields(item, 'a member');
    const memberId = readObjectId(member);
    // Here any reason means that the membership ended, not that the member was deleted.
    const present = !has(member, '@removed');
    const type = readOptionalText(member, '@odata.type');
    if (type === '#microsoft.graph.user') return [{ memberId, type: 'user', present }];
    if (type === '#microsoft.graph.group') return [{ memberId, type: 'group', present }];
    return type === null ? [{ memberId, type: 'unknown', present }] : [];
  });
}

export function readGroupChange(row: Fields): GroupChange {
  const objectId = readObjectId(row);
  const reason = readRemovalReason(row);
  return reason === null
    ? { kind: 'group', objectId, fields: readGroupFields(row), members: readMembers(row) }
    : { kind: 'groupRemoved', objectId, reason };
}

/** A group that was read as a whole: what the answer leaves out is empty. */
export function readWholeGroup(row: Fields): GraphGroup {
  const fields = wholeGroup(readGroupFields(row));
  if (fields === null) throw withoutProperties('groups', GROUP_PERMISSION);
  return { objectId: readObjectId(row), ...fields };
}
