import type { SyncRun, SyncRunState, SyncRunStore } from '../../operations/sync/sync-run-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { forgetBefore } from './forget-before.ts';
import { Conditions, readPage } from './page-query.ts';

interface SyncRunRow extends Omit<SyncRun, 'progress'> {
  readonly state: SyncRunState;
  readonly progressDone: number;
  readonly progressTotal: number | null;
}

const select = `
  select r.sync_run_id as "id", r.connection_id as "connectionId", r.kind, r.task, r.state, r.progress_done as "progressDone",
    r.progress_total as "progressTotal", r.counts, r.started_at as "startedAt", r.ended_at as "endedAt", r.error
  from sync_runs r`;

const read = ({ progressDone, progressTotal, ...row }: SyncRunRow): SyncRun => ({
  ...row,
  progress: { done: progressDone, total: progressTotal },
});

export function makeSyncRunStore(connection: SqlConnection): SyncRunStore {
  const { organizationId } = connection.context;

  const one = async (condition: string, value: string): Promise<SyncRun | null> => {
    const [row] = await connection.rows<SyncRunRow>({
      text: `${select} where r.organization_id = $1 and ${condition}`,
      values: [organizationId, value],
    });
    return row === undefined ? null : read(row);
  };

  return {
    list: (connectionId, page) => {
      const conditions = new Conditions();
      conditions.add(`r.organization_id = ${conditions.bind(organizationId)}`);
      conditions.addGiven(connectionId, (value) => `r.connection_id = ${value}::uuid`);
      const order = { key: 'r.sync_run_id', descending: true };
      return readPage(connection, { select, conditions, ...order, page, read, idOf: (run) => run.id });
    },
    get: (id) => one('r.sync_run_id = $2', id),
    openOf: (connectionId) => one(`r.connection_id = $2 and r.state in ('queued', 'running')`, connectionId),
    insert: async (run, requestId) => {
      const inserted = await connection.execute({
        text: `
          insert into sync_runs (organization_id, sync_run_id, connection_id, kind, task, state, progress_done,
            progress_total, counts, error, request_id, started_at, ended_at)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
          on conflict (organization_id, connection_id) where state in ('queued', 'running') do nothing`,
        values: [
          organizationId,
          run.id,
          run.connectionId,
          run.kind,
          run.task,
          run.state,
          run.progress.done,
          run.progress.total,
          JSON.stringify(run.counts),
          run.error,
          requestId,
          run.startedAt,
          run.endedAt,
        ],
      });
      return inserted > 0;
    },
    save: async (run) => {
      const saved = await connection.execute({
        text: `
          update sync_runs set state = $3, progress_done = $4, progress_total = $5, counts = $6, error = $7,
            started_at = $8, ended_at = $9
          where organization_id = $1 and sync_run_id = $2 and state in ('queued', 'running')`,
        values: [
          organizationId,
          run.id,
          run.state,
          run.progress.done,
          run.progress.total,
          JSON.stringify(run.counts),
          run.error,
          run.startedAt,
          run.endedAt,
        ],
      });
      return saved > 0;
    },
    cancel: async (id, at) => {
      const cancelled = await connection.execute({
        text: `
          update sync_runs set state = 'cancelled', ended_at = $3
          where organization_id = $1 and sync_run_id = $2 and state in ('queued', 'running')`,
        values: [organizationId, id, at],
      });
      return cancelled > 0;
    },
    forget: (before, limit) =>
      forgetBefore(connection, { table: 'sync_runs', key: 'sync_run_id', time: 'ended_at' }, before, limit),
  };
}
