import type { EventLogStore, ProvisioningEvent } from '../../operations/directory-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { lowestIdAt } from '../uuid.ts';
import { Conditions, readPage } from './page-query.ts';

const select = `
  select v.provisioning_event_id as "id", v.at, v.connection_id as "connectionId", v.trigger, v.run_id as "runId",
    v.request_id as "requestId", v.directory_user_id as "directoryUserId", v.employee_id as "employeeId",
    v.contact_id as "contactId", v.action, v.reason, v.winning_rule_id as "winningRuleId", v.changes
  from provisioning_events v`;

/** An hour of grace for clocks. */
const slackMs = 3_600_000;

/** The lowest id of the events since then lets the index of the log stop where the wanted events end. */
const lowestId = (since: string): string => lowestIdAt(Date.parse(since) - slackMs);

export function makeEventLogStore(connection: SqlConnection): EventLogStore {
  const { organizationId } = connection.context;

  return {
    // Ids are time-ordered (RFC 9562 §5.7), so the newest first is the id order backwards, for which indexes exist.
    list: (filter, page) => {
      const conditions = new Conditions();
      conditions.add(`v.organization_id = ${conditions.bind(organizationId)}`);
      conditions.addGiven(filter.directoryUserId, (value) => `v.directory_user_id = ${value}::uuid`);
      conditions.addGiven(filter.employeeId, (value) => `v.employee_id = ${value}::uuid`);
      conditions.addGiven(filter.contactId, (value) => `v.contact_id = ${value}::uuid`);
      conditions.addGiven(filter.connectionId, (value) => `v.connection_id = ${value}::uuid`);
      conditions.addGiven(filter.action, (value) => `v.action = ${value}`);
      conditions.addGiven(filter.since, (value) => `v.at >= ${value}::timestamptz`);
      conditions.addGiven(
        filter.since === null ? null : lowestId(filter.since),
        (value) => `v.provisioning_event_id >= ${value}::uuid`,
      );
      const key = 'v.provisioning_event_id';
      const read = (row: ProvisioningEvent): ProvisioningEvent => row;
      const idOf = (event: ProvisioningEvent): string => event.id;
      return readPage(connection, { select, conditions, key, descending: true, page, read, idOf });
    },
  };
}
