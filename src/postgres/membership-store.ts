import type { MemberList } from '../directory/member-list.ts';
import { OperationError } from '../operations/operation-error.ts';
import type { MembershipChange, MembershipStore } from '../operations/ports.ts';
import { sortIds, splitIds } from './id-lists.ts';
import { addMembers, membersOfGroups, removeMembers, replaceMembers } from './membership-statements.ts';
import { memberSelection } from './query/member-selection.ts';
import type { SqlConnection } from './sql-connection.ts';
import { StoredMembers } from './stored-members.ts';
import { isUuid } from './uuid.ts';

interface ChangeRow {
  /** Ids with commas between them. */
  readonly changed: string | null;
  readonly memberCount: number;
  readonly missing: readonly string[] | null;
}

/** Some of the members of a group, as JSON. */
interface MembersRow {
  readonly groupId: string;
  readonly length: number;
  readonly members: string;
}

function readMembers(rows: readonly MembersRow[]): ReadonlyMap<string, MemberList> {
  const groups = Map.groupBy(rows, (row) => row.groupId);
  const length = (parts: readonly MembersRow[]): number => parts.reduce((sum, part) => sum + part.length, 0);
  const listOf = (parts: readonly MembersRow[]): MemberList =>
    new StoredMembers(
      parts.map((part) => part.members),
      length(parts),
    );
  return new Map([...groups].map(([id, parts]) => [id, listOf(parts)]));
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

  /** RFC 7643 §4.2 allows groups as members; who sends one is to learn what is done instead. */
  const refuseGroups = async (ids: readonly string[]): Promise<void> => {
    const [group] = await connection.rows<{ readonly id: string }>({
      text: `select g.directory_group_id as id from directory_groups g
        where g.organization_id = $1::uuid and g.directory_group_id = any($2::uuid[]) and g.deleted_at is null limit 1`,
      values: [organizationId, ids],
    });
    if (group === undefined) return;
    const detail = `"${group.id}" is a group; members must be users. Send the users of nested groups, or connect the directory by Microsoft Graph, which follows nesting.`;
    throw new OperationError('invalid', detail, { reason: 'value' });
  };

  const change = async (
    name: string,
    text: string,
    values: readonly unknown[],
  ): Promise<MembershipChange> => {
    const [row] = await connection.rows<ChangeRow>({ name, text, values: [organizationId, ...values] });
    if (row === undefined) throw new Error('A membership statement answers exactly one row');
    if (row.missing !== null && row.missing.length > 0) {
      await refuseGroups(row.missing);
      refuseMissing(row.missing);
    }
    return {
      changedUserIds: await splitIds(row.changed),
      memberCount: row.memberCount,
    };
  };

  return {
    add: async (group, userIds) => {
      const { array, isEmpty, others } = await sortIds(userIds);
      refuseMissing(others);
      if (isEmpty) return { changedUserIds: [], memberCount: group.memberCount };
      return change('add_members', addMembers, [group.id, group.connectionId, array]);
    },
    remove: async (group, userIds) => {
      const { array, isEmpty } = await sortIds(userIds);
      if (isEmpty) return { changedUserIds: [], memberCount: group.memberCount };
      return change('remove_members', removeMembers, [group.id, array]);
    },
    replace: async (group, userIds) => {
      const { array, others } = await sortIds(userIds);
      refuseMissing(others);
      return change('replace_members', replaceMembers, [group.id, group.connectionId, array]);
    },
    matching: async (group, where) => {
      const rows = await connection.rows<{ readonly id: string }>(
        memberSelection(organizationId, group.id, where),
      );
      return rows.map((row) => row.id);
    },
    membersOf: async (groupIds) => {
      const rows = await connection.rows<MembersRow>({
        name: 'members_of_groups',
        text: membersOfGroups,
        values: [organizationId, groupIds.filter(isUuid)],
      });
      return readMembers(rows);
    },
  };
}
