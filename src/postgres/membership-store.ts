import type { GroupMember } from '../directory/directory-group.ts';
import { OperationError } from '../operations/operation-error.ts';
import type { MembershipChange, MembershipStore } from '../operations/ports.ts';
import { addMembers, membersOfGroups, removeMembers, replaceMembers } from './membership-statements.ts';
import type { SqlConnection } from './sql-connection.ts';
import { isUuid } from './uuid.ts';

interface ChangeRow {
  readonly changed: readonly string[] | null;
  readonly memberCount: number;
  readonly missing: readonly string[] | null;
}

const namedAtMost = 5;

function refuseMissing(ids: readonly string[]): void {
  if (ids.length === 0) return;
  const named = ids.slice(0, namedAtMost).map((id) => JSON.stringify(id.slice(0, 64)));
  const rest = ids.length > namedAtMost ? ' and others' : '';
  const detail = `No user of this connection has the id ${named.join(', ')}${rest}; members must exist.`;
  throw new OperationError('invalid', detail, { reason: 'value' });
}

export function makeMembershipStore(connection: SqlConnection): MembershipStore {
  const { organizationId } = connection.context;

  const change = async (
    name: string,
    text: string,
    values: readonly unknown[],
  ): Promise<MembershipChange> => {
    const [row] = await connection.rows<ChangeRow>({ name, text, values: [organizationId, ...values] });
    if (row === undefined) throw new Error('A membership statement answers exactly one row');
    refuseMissing(row.missing ?? []);
    return { changedUserIds: row.changed ?? [], memberCount: row.memberCount };
  };

  return {
    add: async (group, userIds) => {
      refuseMissing(userIds.filter((id) => !isUuid(id)));
      if (userIds.length === 0) return { changedUserIds: [], memberCount: group.memberCount };
      return change('add_members', addMembers, [group.id, group.connectionId, userIds]);
    },
    remove: async (group, userIds) => {
      const possible = userIds.filter(isUuid);
      if (possible.length === 0) return { changedUserIds: [], memberCount: group.memberCount };
      return change('remove_members', removeMembers, [group.id, possible]);
    },
    replace: async (group, userIds) => {
      refuseMissing(userIds.filter((id) => !isUuid(id)));
      return change('replace_members', replaceMembers, [group.id, group.connectionId, userIds]);
    },
    membersOf: async (groupIds) => {
      const rows = await connection.rows<{ groupId: string; members: readonly GroupMember[] }>({
        name: 'members_of_groups',
        text: membersOfGroups,
        values: [organizationId, groupIds.filter(isUuid)],
      });
      return new Map(rows.map((row) => [row.groupId, row.members]));
    },
  };
}
