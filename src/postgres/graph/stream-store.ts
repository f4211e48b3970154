import type { SyncStream, SyncStreamStore } from '../../operations/sync/graph-sync-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { hasCompleteRead } from './complete-read.ts';
import { followedGroups } from './followed-groups.ts';

const pendingCursors = `
  update graph_streams t set pending_cursor = p.cursor
  from jsonb_to_recordset($3::jsonb) as p(id uuid, cursor text)
  where t.organization_id = $1 and t.connection_id = $2 and t.graph_stream_id = p.id`;

const sweepUsers = `
  insert into graph_staged_users (organization_id, connection_id, object_id, fields, removed, is_whole, is_contested)
  select $1, $2, k.object_id, '{}', 'changed', false, false
  from graph_users k
  where k.organization_id = $1 and k.connection_id = $2 and k.removed is null
    and exists (select from graph_streams t
      where t.organization_id = $1 and t.connection_id = $2 and t.kind = 'users' and t.is_full)
    and not exists (select from graph_staged_users s
      where s.organization_id = $1 and s.connection_id = $2 and s.object_id = k.object_id offset 0)`;

/** Before the groups, whose swept rows would be taken for read ones. */
const sweepMembers = `
  insert into graph_staged_members (organization_id, connection_id, group_object_id, member_object_id, type, present,
    is_contested)
  select $1, $2, m.group_object_id, m.member_object_id, 'unknown', false, false
  from graph_staged_groups g
  join graph_streams t on t.organization_id = $1 and t.connection_id = $2 and t.graph_stream_id = g.graph_stream_id
    and t.is_full
  cross join lateral (
    select x.group_object_id, x.member_object_id from graph_members x
    where x.organization_id = $1 and x.connection_id = $2 and x.group_object_id = g.object_id
    offset 0
  ) m
  where g.organization_id = $1 and g.connection_id = $2 and g.removed is null
    and not exists (select from graph_staged_members s
      where s.organization_id = $1 and s.connection_id = $2 and s.group_object_id = m.group_object_id
        and s.member_object_id = m.member_object_id offset 0)`;

const sweepGroups = `
  insert into graph_staged_groups (organization_id, connection_id, object_id, graph_stream_id, fields, removed, is_whole,
    is_contested)
  select distinct on (k.object_id) $1::uuid, $2::uuid, k.object_id, t.graph_stream_id, '{}'::jsonb, 'changed', false, false
  from graph_streams t
  join graph_groups k on k.organization_id = $1 and k.connection_id = $2 and k.removed is null
    and (t.group_ids is null or k.object_id = any(t.group_ids))
  where t.organization_id = $1 and t.connection_id = $2 and t.kind = 'groups' and t.is_full
    and not exists (select from graph_staged_groups s
      where s.organization_id = $1 and s.connection_id = $2 and s.object_id = k.object_id offset 0)
  order by k.object_id`;

const completeText = `
  with pending as (
    select p.id, p.cursor from jsonb_to_recordset($3::jsonb) as p(id uuid, cursor text)
  ),
  moved as (
    update graph_streams t set cursor = coalesce(p.cursor, t.pending_cursor), pending_cursor = null, resume = null,
      is_full = false
    from (select s.graph_stream_id, n.cursor from graph_streams s left join pending n on n.id = s.graph_stream_id
      where s.organization_id = $1 and s.connection_id = $2
        and (n.id is not null or s.pending_cursor is not null) and s.graph_stream_id <> all($5::uuid[])) p
    where t.organization_id = $1 and t.connection_id = $2 and t.graph_stream_id = p.graph_stream_id
  ),
  dropped as (
    delete from graph_streams
    where organization_id = $1 and connection_id = $2 and graph_stream_id = any($5::uuid[])
  ),
  calm as (
    update graph_syncs set phase = 'reading', read_users = 0
    where organization_id = $1 and connection_id = $2 and (phase <> 'reading' or read_users <> 0)
  )
  update connections set last_graph_success_at = now(),
    last_sync_at = case when $4::boolean then now() else last_sync_at end
  where organization_id = $1 and connection_id = $2`;

export function makeStreamStore(connection: SqlConnection): SyncStreamStore {
  const { organizationId } = connection.context;
  const execute = async (text: string, values: readonly unknown[]): Promise<void> => {
    await connection.execute({ text, values: [organizationId, ...values] });
  };
  return {
    list: (connectionId) =>
      connection.rows<SyncStream>({
        text: `
          select t.graph_stream_id as "id", t.kind, t.group_ids as "groupIds", t.cursor, t.is_full as "isFull", t.resume,
            t.pending_cursor as "pendingCursor"
          from graph_streams t where t.organization_id = $1 and t.connection_id = $2
          order by t.graph_stream_id`,
        values: [organizationId, connectionId],
      }),
    isComplete: async (connectionId) => {
      const [row] = await connection.rows<{ isComplete: boolean }>({
        text: `select ${hasCompleteRead} as "isComplete"`,
        values: [organizationId, connectionId],
      });
      return row?.isComplete ?? false;
    },
    followed: async (connectionId) => {
      const values = [organizationId, connectionId];
      const rows = await connection.rows<{ id: string }>({ text: followedGroups, values });
      return rows.map(({ id }) => id);
    },
    insert: async (connectionId, streams) => {
      if (streams.length === 0) return;
      await execute(
        `insert into graph_streams (organization_id, connection_id, graph_stream_id, kind, group_ids)
          select $1, $2, s.id, s.kind, s."groupIds"
          from jsonb_to_recordset($3::jsonb) as s(id uuid, kind text, "groupIds" uuid[])`,
        [connectionId, JSON.stringify(streams)],
      );
    },
    progress: (connectionId, { id, resume, pendingCursor, readUsers }) =>
      execute(
        `with counted as (
            update graph_syncs set read_users = $6
            where organization_id = $1 and connection_id = $2 and read_users <> $6
          )
          update graph_streams set resume = $4, pending_cursor = $5
          where organization_id = $1 and connection_id = $2 and graph_stream_id = $3`,
        [connectionId, id, resume, pendingCursor, readUsers],
      ),
    restart: (connectionId, request) => restart(execute, connectionId, request),
    wantAll: (connectionId) =>
      execute(
        'update graph_syncs set is_all_wanted = true where organization_id = $1 and connection_id = $2',
        [connectionId],
      ),
    startOver: (connectionId, tenantId) => startOver(execute, connectionId, tenantId),
    sweep: async (connectionId, pending) => {
      await execute(pendingCursors, [connectionId, JSON.stringify(pending)]);
      await execute(sweepUsers, [connectionId]);
      await execute(sweepMembers, [connectionId]);
      await execute(sweepGroups, [connectionId]);
      await execute(
        `with swept as (
            update graph_streams set is_full = false where organization_id = $1 and connection_id = $2 and is_full
          )
          update graph_syncs set phase = 'applying' where organization_id = $1 and connection_id = $2`,
        [connectionId],
      );
    },
    complete: async (connectionId, { pending, dropped, isRun }) => {
      const values = [organizationId, connectionId, JSON.stringify(pending), isRun, dropped];
      await connection.execute({ name: 'complete_graph_sync', text: completeText, values });
    },
  };
}

type Execute = (text: string, values: readonly unknown[]) => Promise<void>;

const stagingOf = {
  users: ['graph_staged_users'],
  groups: ['graph_staged_groups', 'graph_staged_members'],
} as const;

async function unstage(execute: Execute, connectionId: string, kind: SyncStream['kind']): Promise<void> {
  for (const table of stagingOf[kind]) {
    await execute(`delete from ${table} where organization_id = $1 and connection_id = $2`, [connectionId]);
  }
  if (kind === 'groups') return;
  await execute('update graph_syncs set read_users = 0 where organization_id = $1 and connection_id = $2', [
    connectionId,
  ]);
}

async function restart(
  execute: Execute,
  connectionId: string,
  { kind, expiredId }: Parameters<SyncStreamStore['restart']>[1],
): Promise<void> {
  await execute(
    `update graph_streams set resume = null, pending_cursor = null,
        cursor = case when graph_stream_id = $4 then null else cursor end, is_full = is_full or graph_stream_id = $4
      where organization_id = $1 and connection_id = $2 and kind = $3`,
    [connectionId, kind, expiredId],
  );
  await unstage(execute, connectionId, kind);
}

async function startOver(execute: Execute, connectionId: string, tenantId: string): Promise<void> {
  await execute('delete from graph_streams where organization_id = $1 and connection_id = $2', [
    connectionId,
  ]);
  await unstage(execute, connectionId, 'users');
  await unstage(execute, connectionId, 'groups');
  await execute(
    `update graph_syncs set tenant_id = $3, phase = 'reading', is_all_wanted = false
      where organization_id = $1 and connection_id = $2`,
    [connectionId, tenantId],
  );
}
