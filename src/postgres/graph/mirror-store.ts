import type { DirectoryUser } from '../../directory/directory-user.ts';
import type {
  AffectedUser,
  GraphMirrorStore,
  MemberCountChange,
} from '../../operations/sync/graph-sync-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { userColumns } from '../user-rows.ts';
import {
  noteCountsText,
  setMembershipsText,
  settleCountsText,
  takeAffectedText,
} from './derive-memberships.ts';
import { applyStagedGroups, applyStagedMembers, keepGroupText, loadStagedGroups } from './mirror-groups.ts';
import { applyStagedUsers, loadStagedUsers, readTimes } from './mirror-users.ts';

interface TakenRow {
  /** Null in the row that tells the changes of all. */
  readonly id: string | null;
  readonly changes: readonly MemberCountChange[] | null;
  readonly isChanged: boolean;
  readonly previous: DirectoryUser | null;
  readonly hasOtherGroups: boolean;
}

/** Deleted ones too: those who have left have to be decided as well. */
const lockText = `
  select ${userColumns}
  from (select distinct w.id from unnest($2::uuid[]) as w(id) order by w.id) i
  cross join lateral (
    select x.* from directory_users x
    where x.organization_id = $1::uuid and x.directory_user_id = i.id
    for no key update
  ) u`;

export function makeGraphMirrorStore(connection: SqlConnection): GraphMirrorStore {
  const { organizationId } = connection.context;
  return {
    stagedUsers: (connectionId, limit) => loadStagedUsers(connection, connectionId, limit),
    applyUsers: (connectionId, users, at) => applyStagedUsers(connection, connectionId, users, at),
    stagedGroups: (connectionId, limit) => loadStagedGroups(connection, connectionId, limit),
    applyGroups: (connectionId, groups, at) => applyStagedGroups(connection, connectionId, groups, at),
    applyMembers: (connectionId, limit) => applyStagedMembers(connection, connectionId, limit),
    countAffected: async (connectionId) => {
      const [row] = await connection.rows<{ count: number }>({
        text: `
          select count(*)::integer as "count" from graph_affected_users a
          where a.organization_id = $1 and a.connection_id = $2`,
        values: [organizationId, connectionId],
      });
      return row?.count ?? 0;
    },
    takeAffected: async (connectionId, { limit, at, isAtRisk }) => {
      const values = [organizationId, connectionId, limit, at, isAtRisk];
      const rows = await connection.rows<TakenRow>({ name: 'take_affected', text: takeAffectedText, values });
      const changes = rows.flatMap((row) => row.changes ?? []);
      const taken = rows.flatMap((row) => (row.id === null ? [] : [{ ...row, id: row.id }]));
      if (taken.length === 0) return { users: [], changes };
      const users = await connection.rows<DirectoryUser>({
        name: 'lock_affected',
        text: lockText,
        values: [organizationId, taken.map(({ id }) => id)],
      });
      const facts = new Map(taken.map((row) => [row.id, row]));
      return { users: users.flatMap((user) => withFacts(user, facts.get(user.id))), changes };
    },
    noteCounts: async (connectionId, noteId, changes) => {
      if (changes.length === 0) return;
      const groupIds = changes.map(({ groupId }) => groupId);
      const differences = changes.map(({ difference }) => difference);
      const values = [organizationId, connectionId, noteId, groupIds, differences];
      await connection.execute({ name: 'note_member_counts', text: noteCountsText, values });
    },
    settleCounts: async (connectionId, at) => {
      await connection.execute({ text: settleCountsText, values: [organizationId, connectionId, at] });
    },
    postpone: async (connectionId, users) => {
      const rows = users.map(({ user, isChanged, previous }) => ({ id: user.id, isChanged, previous }));
      await connection.execute({
        text: `
          insert into graph_affected_users (organization_id, connection_id, directory_user_id, is_changed, previous,
            is_at_risk)
          select $1, $2, r.id, r."isChanged", r.previous, true
          from jsonb_to_recordset($3::jsonb) as r(id uuid, "isChanged" boolean, previous jsonb)`,
        values: [organizationId, connectionId, JSON.stringify(rows)],
      });
    },
    usersAtRisk: async (connectionId, after, limit) =>
      connection.rows<DirectoryUser>({
        text: `
          select ${userColumns} from (
            select a.directory_user_id from graph_affected_users a
            where a.organization_id = $1 and a.connection_id = $2 and a.is_at_risk and a.directory_user_id > $3::uuid
            order by a.directory_user_id limit $4
          ) a
          cross join lateral (
            select x.* from directory_users x
            where x.organization_id = $1 and x.directory_user_id = a.directory_user_id limit 1
          ) u
          order by u.directory_user_id`,
        values: [organizationId, connectionId, after ?? '00000000-0000-0000-0000-000000000000', limit],
      }),
    keepGroup: async (group, newId, at) => {
      await connection.execute({
        text: keepGroupText,
        values: [organizationId, group.connectionId, group.id, newId, at],
      });
    },
    setMemberships: async (connectionId, { userId, asked, memberOf, at }) => {
      const [row] = await connection.rows<{ changed: boolean }>({
        text: setMembershipsText,
        values: [organizationId, connectionId, userId, at, asked, memberOf],
      });
      return row?.changed ?? false;
    },
  };
}

function withFacts(user: DirectoryUser, row: TakenRow | undefined): readonly AffectedUser[] {
  if (row === undefined) return [];
  const { isChanged, previous, hasOtherGroups } = row;
  return [{ user, isChanged, previous: previous === null ? null : readTimes(previous), hasOtherGroups }];
}
