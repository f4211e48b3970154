import type {
  SyncClaimStore,
  SyncPhase,
  SyncState,
  SyncStream,
} from '../../operations/sync/graph-sync-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { hasCompleteRead } from './complete-read.ts';
import { againAfterSeconds } from './due-syncs.ts';
import { followedGroups } from './followed-groups.ts';

interface StateRow {
  readonly tenantId: string | null;
  readonly phase: SyncPhase;
  readonly failures: number;
  readonly readUsers: number;
  readonly areSubscriptionsDue: boolean;
  readonly isAllWanted: boolean;
  readonly openRunId: string | null;
  readonly streams: readonly SyncStream[] | null;
  readonly followed: readonly string[] | null;
}

/** A first read that was cancelled waits for whoever asks for a read, and for no news. */
const wake = `next_at = case when next_at = 'infinity' then next_at else least(next_at, now()) end,
  is_wanted = is_wanted or coalesce(claimed_until > now(), false)`;

/**
 * One statement, because a poll that finds nothing new is made of little else. Where jobs wait for long, a connection gets
 * several of them: what the first one has done the others leave alone, and a pause that Graph asked for is kept.
 */
const claimText = `
  with claimed as (
    update graph_syncs s
    set claim_id = $3::uuid, claimed_until = now() + make_interval(secs => $4), is_wanted = false
    where s.organization_id = $1 and s.connection_id = $2
      and s.next_at <= now() + interval '${againAfterSeconds} seconds'
      and (s.claimed_until is null or s.claimed_until < now() or s.claim_id = $3::uuid)
    returning s.tenant_id, s.phase, s.failures, s.read_users, s.subscriptions_due_at,
      s.is_all_wanted
  )
  select c.tenant_id as "tenantId", c.phase, c.failures, c.read_users as "readUsers", c.subscriptions_due_at <= now() as "areSubscriptionsDue",
    c.is_all_wanted as "isAllWanted",
    (select json_agg(json_build_object('id', t.graph_stream_id, 'kind', t.kind, 'groupIds', t.group_ids,
        'cursor', t.cursor, 'isFull', t.is_full, 'resume', t.resume, 'pendingCursor', t.pending_cursor)
      order by t.graph_stream_id)
      from graph_streams t where t.organization_id = $1 and t.connection_id = $2) as "streams",
    (select json_agg(f.id) from (${followedGroups}) f) as "followed",
    (select r.sync_run_id from sync_runs r
      where r.organization_id = $1 and r.connection_id = $2 and r.task = 'read'
        and r.state in ('queued', 'running')) as "openRunId"
  from claimed c`;

/** $3 the run. Nothing where another request or the read itself has ended it. */
const withdrawText = `
  update graph_syncs s
  set claim_id = null, claimed_until = null, is_wanted = false,
    next_at = case when ${hasCompleteRead} then s.next_at else 'infinity' end
  where s.organization_id = $1 and s.connection_id = $2 and exists (
    select from sync_runs r
    where r.organization_id = $1 and r.sync_run_id = $3 and r.task = 'read' and r.state in ('queued', 'running'))`;

export function makeClaimStore(connection: SqlConnection): SyncClaimStore {
  const { organizationId } = connection.context;
  return {
    begin: async (connectionId) => {
      await connection.execute({
        text: `
          insert into graph_syncs (organization_id, connection_id) values ($1, $2)
          on conflict on constraint graph_syncs__identity do update
            set next_at = now(), is_wanted = graph_syncs.is_wanted or coalesce(graph_syncs.claimed_until > now(), false), failures = 0`,
        values: [organizationId, connectionId],
      });
    },
    wake: async (connectionId) => {
      await connection.execute({
        text: `update graph_syncs set ${wake} where organization_id = $1 and connection_id = $2`,
        values: [organizationId, connectionId],
      });
    },
    withdraw: async (connectionId, runId) => {
      await connection.execute({ text: withdrawText, values: [organizationId, connectionId, runId] });
    },
    claim: async ({ connectionId, claimId, leaseSeconds }) => {
      const values = [organizationId, connectionId, claimId, leaseSeconds];
      const [row] = await connection.rows<StateRow>({ name: 'claim_graph_sync', text: claimText, values });
      return row === undefined ? null : readState(row);
    },
    extend: async ({ connectionId, claimId, leaseSeconds }) => {
      const held = await connection.execute({
        name: 'extend_graph_sync',
        text: `
          update graph_syncs set claimed_until = now() + make_interval(secs => $4)
          where organization_id = $1 and connection_id = $2 and claim_id = $3::uuid`,
        values: [organizationId, connectionId, claimId, leaseSeconds],
      });
      return held > 0;
    },
    release: async ({ connectionId, claimId, nextInSeconds, failures }) => {
      const held = await connection.execute({
        name: 'release_graph_sync',
        text: `
          update graph_syncs set claim_id = null, claimed_until = null, failures = $5,
            next_at = case when is_wanted then now() when $4::float8 is null then 'infinity'
              else now() + make_interval(secs => $4::float8) end
          where organization_id = $1 and connection_id = $2 and claim_id = $3::uuid`,
        values: [organizationId, connectionId, claimId, nextInSeconds, failures],
      });
      return held > 0;
    },
  };
}

const readState = ({ streams, followed, ...row }: StateRow): SyncState => ({
  ...row,
  streams: streams ?? [],
  followed: followed ?? [],
});
