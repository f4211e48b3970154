import type {
  ClaimedDeliveries,
  Delivery,
  DeliveryState,
  DeliveryStore,
  OutgoingEvent,
  WebhookAttempt,
} from '../operations/deliveries/webhook-ports.ts';
import { Conditions, readPage } from './admin/page-query.ts';
import type { SqlConnection } from './sql-connection.ts';
import { lowestIdAt } from './uuid.ts';

interface DeliveryRow {
  readonly eventId: string;
  readonly type: OutgoingEvent['type'];
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly state: DeliveryState;
  readonly queuedAt: string;
  readonly nextAttemptAt: string | null;
  readonly tries: number;
  readonly attemptCount: number;
  readonly attempts: readonly WebhookAttempt[];
}

const read = ({ eventId, type, at, data, ...row }: DeliveryRow): Delivery => ({
  ...row,
  event: { id: eventId, type, at, data },
});

const select = `
  select d.webhook_event_id as "eventId", d.state, d.queued_at as "queuedAt", d.next_attempt_at as "nextAttemptAt",
    d.tries, d.attempt_count as "attemptCount", d.attempts, e.type, e.at, e.data
  from webhook_deliveries d
  join webhook_events e on e.organization_id = d.organization_id and e.webhook_event_id = d.webhook_event_id`;

const standing = ({ event, attempts, ...delivery }: Delivery): object => ({
  ...delivery,
  attempts,
  eventId: event.id,
});

const recordText = `
  update webhook_deliveries d
  set state = r.state, next_attempt_at = r."nextAttemptAt", tries = r.tries,
    attempt_count = r."attemptCount", attempts = r.attempts
  from jsonb_to_recordset($3::jsonb) as r("eventId" uuid, state text, "queuedAt" timestamptz,
    "nextAttemptAt" timestamptz, tries integer, "attemptCount" integer, attempts jsonb)
  where d.organization_id = $1 and d.webhook_id = $2 and d.webhook_event_id = r."eventId" and d.state = 'pending'
    and d.queued_at = r."queuedAt"`;

const insertText = `
  with event as (
    insert into webhook_events (organization_id, webhook_event_id, type, at, data) values ($1, $3, $4, $5, $6)
  )
  insert into webhook_deliveries (organization_id, webhook_id, webhook_event_id, state, queued_at, next_attempt_at,
    tries, attempt_count, attempts)
  values ($1, $2, $3, $7, $8, $9, $10, $11, $12)`;

/** Ids are made when the change is decided, its time a little before that or after: an hour of grace for clocks. */
const slackMs = 3_600_000;

const replayText = `
  insert into webhook_deliveries as d (organization_id, webhook_id, webhook_event_id, queued_at, next_attempt_at)
  select $1::uuid, $2::uuid, e.webhook_event_id, $3::timestamptz, $3::timestamptz
  from webhook_events e
  where e.organization_id = $1::uuid and e.webhook_event_id >= $4::uuid and e.webhook_event_id > $5::uuid
    and e.at >= $6::timestamptz and e.type = any($7::text[])
  order by e.webhook_event_id
  limit $8
  on conflict on constraint webhook_deliveries__identity do update
    set state = 'pending', queued_at = excluded.queued_at, next_attempt_at = excluded.next_attempt_at, tries = 0
  returning d.webhook_event_id as "eventId"`;

const forgetText = `
  with old_deliveries as (
    delete from webhook_deliveries d
    where d.organization_id = $1 and d.webhook_event_id = any(array(
      select e.webhook_event_id from webhook_events e
      where e.organization_id = $1 and e.webhook_event_id < $2 order by e.webhook_event_id limit $3))
  )
  delete from webhook_events d
  where d.organization_id = $1 and d.webhook_event_id = any(array(
    select e.webhook_event_id from webhook_events e
    where e.organization_id = $1 and e.webhook_event_id < $2 order by e.webhook_event_id limit $3))`;

const claimText = `
  with taken as (
    update webhook_deliveries d set next_attempt_at = $3::timestamptz
    from (
      select p.webhook_id, p.webhook_event_id from webhook_deliveries p
      where p.organization_id = $1::uuid and p.state = 'pending' and p.next_attempt_at <= $2::timestamptz
      order by p.next_attempt_at limit $4
      for update skip locked
    ) p
    where d.organization_id = $1::uuid and d.webhook_id = p.webhook_id and d.webhook_event_id = p.webhook_event_id
    returning d.webhook_id, d.webhook_event_id
  )
  select t.webhook_id as "webhookId", json_agg(t.webhook_event_id order by t.webhook_event_id) as "eventIds"
  from taken t group by t.webhook_id`;

const noId = '00000000-0000-0000-0000-000000000000';

export function makeDeliveryStore(connection: SqlConnection): DeliveryStore {
  const { organizationId } = connection.context;

  return {
    list: (webhookId, state, page) => {
      const conditions = new Conditions();
      conditions.add(`d.organization_id = ${conditions.bind(organizationId)}`);
      conditions.add(`d.webhook_id = ${conditions.bind(webhookId)}`);
      // Spelt out, so that the partial indexes can be used.
      if (state !== null) conditions.add(`d.state = '${stateNames[state]}'`);
      const order = { key: 'd.webhook_event_id', descending: true };
      return readPage(connection, { select, conditions, ...order, page, read, idOf: (it) => it.event.id });
    },
    get: async (webhookId, eventId) => {
      const [row] = await connection.rows<DeliveryRow>({
        text: `${select} where d.organization_id = $1 and d.webhook_id = $2 and d.webhook_event_id = $3`,
        values: [organizationId, webhookId, eventId],
      });
      return row === undefined ? null : read(row);
    },
    claimed: async (webhookId, eventIds, claimedUntil) => {
      const rows = await connection.rows<DeliveryRow>({
        name: 'claimed_deliveries',
        text: `
          ${select}
          where d.organization_id = $1 and d.webhook_id = $2 and d.webhook_event_id = any($3::uuid[])
            and d.state = 'pending' and d.next_attempt_at = $4::timestamptz
          order by d.webhook_event_id`,
        values: [organizationId, webhookId, eventIds, claimedUntil],
      });
      return rows.map(read);
    },
    record: async (webhookId, deliveries) => {
      await connection.execute({
        name: 'record_deliveries',
        text: recordText,
        values: [organizationId, webhookId, JSON.stringify(deliveries.map(standing))],
      });
    },
    insert: async (webhookId, { event, attempts, ...it }) => {
      await connection.execute({
        text: insertText,
        values: [
          organizationId,
          webhookId,
          event.id,
          event.type,
          event.at,
          JSON.stringify(event.data),
          it.state,
          it.queuedAt,
          it.nextAttemptAt,
          it.tries,
          it.attemptCount,
          JSON.stringify(attempts),
        ],
      });
    },
    requeue: async (webhookId, eventId, at) => {
      const changed = await connection.execute({
        text: `
          update webhook_deliveries set state = 'pending', queued_at = $4, next_attempt_at = $4, tries = 0
          where organization_id = $1 and webhook_id = $2 and webhook_event_id = $3`,
        values: [organizationId, webhookId, eventId, at],
      });
      return changed > 0;
    },
    ...bulkWork(connection),
  };
}

const stateNames: Readonly<Record<DeliveryState, DeliveryState>> = {
  pending: 'pending',
  succeeded: 'succeeded',
  failed: 'failed',
};

/** What touches many deliveries at once. */
function bulkWork(
  connection: SqlConnection,
): Pick<DeliveryStore, 'claim' | 'nextDue' | 'replay' | 'endPending' | 'forget'> {
  const { organizationId } = connection.context;
  return {
    claim: ({ at, until, limit }) =>
      connection.rows<ClaimedDeliveries>({
        name: 'claim_deliveries',
        text: claimText,
        values: [organizationId, at, until, limit],
      }),
    nextDue: async () => {
      const [row] = await connection.rows<{ at: string | null }>({
        name: 'next_due_delivery',
        text: `
          select min(d.next_attempt_at) as "at" from webhook_deliveries d
          where d.organization_id = $1 and d.state = 'pending'`,
        values: [organizationId],
      });
      return row?.at ?? null;
    },
    replay: async (webhookId, { since, after, types, limit, at }) => {
      const lowest = lowestIdAt(Date.parse(since) - slackMs);
      const rows = await connection.rows<{ eventId: string }>({
        text: replayText,
        values: [organizationId, webhookId, at, lowest, after ?? noId, since, types, limit],
      });
      return rows.map((row) => row.eventId).sort();
    },
    endPending: async (webhookId) => {
      await connection.execute({
        text: `
          update webhook_deliveries set state = 'failed', next_attempt_at = null
          where organization_id = $1 and webhook_id = $2 and state = 'pending'`,
        values: [organizationId, webhookId],
      });
    },
    forget: async (before, limit) => {
      const gone = await connection.execute({
        text: forgetText,
        values: [organizationId, lowestIdAt(Date.parse(before)), limit],
      });
      return gone >= limit;
    },
  };
}
