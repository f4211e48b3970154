import type {
  GuardMinute,
  HeldChange,
  HeldChangeStore,
  WaitingUsers,
} from '../operations/guard/held-change-ports.ts';
import type { HeldCause } from '../provisioning/held-change.ts';
import { Conditions, readPage } from './admin/page-query.ts';
import type { SqlConnection } from './sql-connection.ts';

const select = `
  select h.held_change_id as "id", h.at, h.connection_id as "connectionId", h.directory_user_id as "directoryUserId",
    h.employee_id as "employeeId", h.contact_id as "contactId", h.effect, h.cause, h.reason,
    h.winning_rule_id as "winningRuleId", h.changes, h.state, h.decided_at as "decidedAt", h.decided_by as "decidedBy"
  from held_changes h`;

/** Writing nothing into the row locks it, and answers it as it is after the wait. */
const lockWindow = `
  insert into guard_windows as w (organization_id, connection_id) values ($1::uuid, $2::uuid)
  on conflict (organization_id, connection_id) do update set passed = w.passed
  returning w.passed, (
    select count(*)::integer from (
      select from directory_users u
      cross join lateral (
        select from logins l where l.organization_id = $1::uuid and l.enabled_directory_user_id = u.directory_user_id
        limit 1
      ) l
      where u.organization_id = $1::uuid and u.connection_id = $2::uuid
      limit $3
    ) p
  ) as "peopleWithLogin"`;

/** Minutes after $7 and the one in $4, which may be there already, in the order of time. */
const passedWith = (remembered: string): string => `
  (select jsonb_agg(jsonb_build_object('minute', m.minute, 'deactivations', m.deactivations, 'conversions', m.conversions)
      order by m.minute)
    from (
      select e.minute, sum(e.deactivations) as deactivations, sum(e.conversions) as conversions
      from jsonb_to_recordset(${remembered} || $4::jsonb)
        as e(minute integer, deactivations integer, conversions integer)
      where e.minute > $7::integer
      group by e.minute
    ) m)`;

const record = `
  with remembered as (
    insert into guard_windows as w (organization_id, connection_id, passed)
    select $1::uuid, $2::uuid, jsonb_build_array($4::jsonb) where $4::jsonb is not null
    on conflict (organization_id, connection_id) do update set passed = ${passedWith('w.passed')}
  ),
  closed as (
    update held_changes set is_open = false,
      state = case when state = 'waiting' then 'dissolved' else state end, decided_at = coalesce(decided_at, $3::timestamptz)
    where organization_id = $1::uuid and held_change_id = any($5::uuid[]) and is_open
    returning held_change_id
  )
  insert into held_changes (organization_id, held_change_id, at, connection_id, directory_user_id, employee_id, contact_id,
    effect, cause, reason, winning_rule_id, changes)
  select $1::uuid, h.id, $3::timestamptz, $2::uuid, h."directoryUserId", h."employeeId", h."contactId", h.effect, h.cause,
    h.reason, h."winningRuleId", h.changes
  from jsonb_to_recordset($6::jsonb) as h(id uuid, "directoryUserId" uuid, "employeeId" uuid, "contactId" uuid,
    effect text, cause text, reason text, "winningRuleId" uuid, changes jsonb)
  -- Only after the questions before it are closed: one of a kind waits at a time.
  where (select count(*) from closed) >= 0
  on conflict (organization_id, directory_user_id, effect) where state = 'waiting' do nothing`;

const waitingFor = `
  select h.connection_id as "connectionId", array_agg(distinct h.directory_user_id) as "userIds"
  from unnest($2::uuid[]) as w(key)
  cross join lateral (
    select x.directory_user_id, x.connection_id from held_changes x
    where x.organization_id = $1::uuid and x.employee_id = w.key and x.cause = 'conflict' and x.state = 'waiting'
    union
    select x.directory_user_id, x.connection_id from held_changes x
    where x.organization_id = $1::uuid and x.contact_id = w.key and x.cause = 'conflict' and x.state = 'waiting'
    union
    select x.directory_user_id, x.connection_id from held_changes x
    where x.organization_id = $1::uuid and x.directory_user_id = w.key and x.state = 'waiting'
  ) h
  group by h.connection_id
  order by h.connection_id`;

const dissolve = `
  with dissolved as (
    update held_changes h set state = 'dissolved', decided_at = $4::timestamptz, is_open = false
    where h.organization_id = $1::uuid and h.state = 'waiting' and (h.employee_id = $2::uuid or h.contact_id = $2::uuid)
      and ($3::text[] is null or h.effect = any($3::text[]))
    returning h.connection_id, h.directory_user_id
  )
  select d.connection_id as "connectionId", array_agg(distinct d.directory_user_id) as "userIds" from dissolved d
  group by d.connection_id
  order by d.connection_id`;

const decide = `
  update held_changes set state = $3, decided_at = $4::timestamptz, decided_by = $5, is_open = $3 = 'rejected'
  where organization_id = $1::uuid and held_change_id = any($2::uuid[]) and state = 'waiting'
  returning held_change_id as "id"`;

export function makeHeldChangeStore(connection: SqlConnection): HeldChangeStore {
  const { organizationId } = connection.context;
  return {
    list: (filter, page) => {
      const conditions = new Conditions();
      conditions.add(`h.organization_id = ${conditions.bind(organizationId)}`);
      conditions.add(`h.state = ${conditions.bind(filter.state)}`);
      conditions.addGiven(filter.connectionId, (value) => `h.connection_id = ${value}::uuid`);
      conditions.addGiven(filter.directoryUserId, (value) => `h.directory_user_id = ${value}::uuid`);
      conditions.addGiven(filter.effect, (value) => `h.effect = ${value}`);
      const key = 'h.held_change_id';
      const read = (row: HeldChange): HeldChange => row;
      const idOf = (change: HeldChange): string => change.id;
      return readPage(connection, { select, conditions, key, descending: true, page, read, idOf });
    },
    getMany: (ids) =>
      connection.rows<HeldChange>({
        text: `${select} where h.organization_id = $1 and h.held_change_id = any($2::uuid[]) order by h.held_change_id`,
        values: [organizationId, ids],
      }),
    waitingFor: (recordIds) =>
      connection.rows<WaitingUsers>({
        name: 'waiting_for_records',
        text: waitingFor,
        values: [organizationId, recordIds],
      }),
    waitingUserIds: async (connectionId) => {
      const rows = await connection.rows<{ id: string }>({
        text: `
          select distinct h.directory_user_id as "id" from held_changes h
          where h.organization_id = $1 and h.connection_id = $2 and h.state = 'waiting'
          order by h.directory_user_id`,
        values: [organizationId, connectionId],
      });
      return rows.map(({ id }) => id);
    },
    waitingCauseOf: async (directoryUserId) => {
      const [row] = await connection.rows<{ cause: HeldCause }>({
        text: `
          select h.cause from held_changes h
          where h.organization_id = $1 and h.directory_user_id = $2 and h.state = 'waiting'
          order by h.held_change_id desc limit 1`,
        values: [organizationId, directoryUserId],
      });
      return row?.cause ?? null;
    },
    lockWindow: async ({ connectionId, baseLimit }) => {
      const [row] = await connection.rows<{ passed: readonly GuardMinute[]; peopleWithLogin: number }>({
        name: 'lock_guard_window',
        text: lockWindow,
        values: [organizationId, connectionId, baseLimit],
      });
      if (row === undefined) throw new Error('The statement answers exactly one row');
      return row;
    },
    record: async ({ connectionId, at, passed, windowMinutes, held, closedIds }) => {
      await connection.execute({
        name: 'record_held_changes',
        text: record,
        values: [
          organizationId,
          connectionId,
          at,
          passed === null ? null : JSON.stringify(passed),
          closedIds,
          JSON.stringify(held),
          (passed?.minute ?? 0) - windowMinutes,
        ],
      });
    },
    dissolve: ({ recordId, effects, at }) =>
      connection.rows<WaitingUsers>({ text: dissolve, values: [organizationId, recordId, effects, at] }),
    decide: async ({ ids, state, at, by }) => {
      const rows = await connection.rows<{ id: string }>({
        text: decide,
        values: [organizationId, ids, state, at, by],
      });
      return rows.map(({ id }) => id);
    },
  };
}
