import type { OrganizationContext } from '../operations/context.ts';
import type { EventStore, Identifiers } from '../operations/ports.ts';
import { personEventType } from '../provisioning/person-event.ts';
import type { SqlConnection } from './sql-connection.ts';
import { storeRecords } from './stored-records.ts';

/**
 * Log entries, and what of them is published: an organization without webhooks pays for a look into an index. What a
 * webhook that is switched off misses is kept too, to be replayed.
 */
const insertEvents = `
  with given as materialized (
    select e.id, e."directoryUserId", e."employeeId", e."contactId", e.action, e.reason, e."winningRuleId", e.changes,
      e.type, e.records
    from jsonb_to_recordset($7::jsonb) as e(id uuid, "directoryUserId" uuid, "employeeId" uuid, "contactId" uuid,
      action text, reason text, "winningRuleId" uuid, changes jsonb, type text, records jsonb)
  ),
  logged as (
    insert into provisioning_events (organization_id, provisioning_event_id, at, connection_id, trigger, run_id,
      request_id, directory_user_id, employee_id, contact_id, action, reason, winning_rule_id, changes, records)
    select $1::uuid, g.id, $2::timestamptz, $3::uuid, $4::text, $5::uuid, $6::text, g."directoryUserId",
      g."employeeId", g."contactId", g.action, g.reason, g."winningRuleId", g.changes, g.records
    from given g
  ),
  published as (
    insert into webhook_events (organization_id, webhook_event_id, type, at, data)
    select $1::uuid, g.id, g.type, $2::timestamptz, jsonb_build_object('eventId', g.id, 'organizationId', $1::uuid,
      'connectionId', $3::uuid, 'directoryUserId', g."directoryUserId", 'employeeId', g."employeeId",
      'contactId', g."contactId", 'action', g.action, 'trigger', $4::text, 'winningRuleId', g."winningRuleId",
      'changes', g.changes)
    from given g
    where g.type is not null and exists (select from webhooks w where w.organization_id = $1::uuid)
  ),
  queued as (
    insert into webhook_deliveries (organization_id, webhook_id, webhook_event_id, queued_at, next_attempt_at)
    select $1::uuid, w.webhook_id, g.id, $2::timestamptz, $2::timestamptz
    from webhooks w
    cross join given g
    where w.organization_id = $1::uuid and w.enabled and g.type is not null
      and (w.event_types = '{}' or g.type = any(w.event_types))
    returning webhook_id
  )
  select exists (select from queued) as "isQueued"`;

export interface EventStoreParts {
  readonly nextId: Identifiers['next'];
  /** Told before the commit that deliveries wait in this unit of work. */
  readonly noteDeliveries: (context: OrganizationContext) => void;
}

export function makeEventStore(connection: SqlConnection, parts: EventStoreParts): EventStore {
  const { nextId, noteDeliveries } = parts;
  return {
    append: async (context, at, events) => {
      if (events.length === 0) return;
      const entries = events.map((event) => ({
        ...event,
        id: nextId(),
        type: personEventType(event),
        records: storeRecords(event),
      }));
      const [row] = await connection.rows<{ isQueued: boolean }>({
        name: 'insert_events',
        text: insertEvents,
        values: [
          connection.context.organizationId,
          at,
          context.connectionId,
          context.trigger,
          context.runId,
          context.requestId,
          JSON.stringify(entries),
        ],
      });
      if (row?.isQueued) noteDeliveries(connection.context);
    },
  };
}
