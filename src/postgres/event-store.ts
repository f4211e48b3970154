import type { EventStore, Identifiers } from '../operations/ports.ts';
import type { SqlConnection } from './sql-connection.ts';

const insertEvents = `
  insert into provisioning_events (organization_id, provisioning_event_id, at, connection_id, trigger, run_id,
    request_id, directory_user_id, employee_id, contact_id, action, reason, winning_rule_id, changes)
  select $1::uuid, e.id, $2::timestamptz, $3::uuid, $4::text, $5::uuid, $6::text, e."directoryUserId",
    e."employeeId", e."contactId", e.action, e.reason, e."winningRuleId", e.changes
  from jsonb_to_recordset($7::jsonb) as e(id uuid, "directoryUserId" uuid, "employeeId" uuid, "contactId" uuid,
    action text, reason text, "winningRuleId" uuid, changes jsonb)`;

export function makeEventStore(connection: SqlConnection, nextId: Identifiers['next']): EventStore {
  return {
    append: async (context, at, events) => {
      if (events.length === 0) return;
      await connection.execute({
        name: 'insert_events',
        text: insertEvents,
        values: [
          connection.context.organizationId,
          at,
          context.connectionId,
          context.trigger,
          context.runId,
          context.requestId,
          JSON.stringify(events.map((event) => ({ ...event, id: nextId() }))),
        ],
      });
    },
  };
}
