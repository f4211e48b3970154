import type { EventLogStore, ProvisioningEvent } from '../../operations/resources/directory-ports.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { isUuid, lowestIdAt } from '../uuid.ts';
import { forgetBefore } from './forget-before.ts';
import { Conditions, readPage } from './page-query.ts';

const select = `
  select v.provisioning_event_id as "id", v.at, v.connection_id as "connectionId", v.trigger, v.run_id as "runId",
    v.request_id as "requestId", v.directory_user_id as "directoryUserId", v.employee_id as "employeeId",
    v.contact_id as "contactId", v.action, v.reason, v.winning_rule_id as "winningRuleId", v.changes
  from provisioning_events v`;

/** An hour of grace for clocks. */
const slackMs = 3_600_000;

const log = { table: 'provisioning_events', key: 'provisioning_event_id', time: 'at', slackMs } as const;

/** The lowest id of the events since then lets the index of the log stop where the wanted events end. */
const lowestId = (since: string): string => lowestIdAt(Date.parse(since) - slackMs);

/**
 * Ids of whoever is called so: people by login or address, directory users by name, address or external id; and of the
 * directory user or the people that each is linked to.
 */
const named = `
  with named as materialized (
    select l.person_id as "id" from logins l
    where l.organization_id = $1::uuid and (l.username_key = lower($2) or l.email_key = lower($2))
    union
    select m.contact_id from contact_emails m where m.organization_id = $1::uuid and m.address_key = lower($2)
    union
    select u.directory_user_id from directory_users u
    where u.organization_id = $1::uuid and u.deleted_at is null and u.user_name_key = lower($2)
    union
    select u.directory_user_id from directory_users u where u.organization_id = $1::uuid and u.external_id = $2
    union
    select a.directory_user_id from directory_user_emails a
    where a.organization_id = $1::uuid and a.value_key = lower($2)
  )
  select n.id from named n
  union
  select e.directory_user_id from named n
  join employees e on e.organization_id = $1::uuid and e.employee_id = n.id where e.directory_user_id is not null
  union
  select c.directory_user_id from named n
  join contacts c on c.organization_id = $1::uuid and c.contact_id = n.id where c.directory_user_id is not null
  union
  select e.employee_id from named n join employees e on e.organization_id = $1::uuid and e.directory_user_id = n.id
  union
  select c.contact_id from named n join contacts c on c.organization_id = $1::uuid and c.directory_user_id = n.id`;

/** Ids of what has this id elsewhere. */
const withObjectId = `
  select u.directory_user_id as "id" from directory_users u
  where u.organization_id = $1::uuid and u.object_id = $2::uuid`;

const idColumns = ['provisioning_event_id', 'directory_user_id', 'employee_id', 'contact_id', 'run_id'];

export function makeEventLogStore(connection: SqlConnection): EventLogStore {
  const { organizationId } = connection.context;

  /** Each part of the condition has an index, so they are looked up one by one and united. */
  const addText = async (conditions: Conditions, text: string): Promise<void> => {
    const isId = isUuid(text);
    const values = [organizationId, text];
    const found = await connection.rows<{ id: string }>({ text: isId ? withObjectId : named, values });
    const ids = conditions.bind([...found.map(({ id }) => id), ...(isId ? [text] : [])]);
    const request = conditions.bind(text);
    const parts = idColumns.map((column) => `v.${column} = any(${ids}::uuid[])`);
    conditions.add(`(${[...parts, `v.request_id = ${request}`].join(' or ')})`);
  };

  return {
    // Ids are time-ordered (RFC 9562 §5.7), so the newest first is the id order backwards, for which indexes exist.
    list: async (filter, page) => {
      const conditions = new Conditions();
      conditions.add(`v.organization_id = ${conditions.bind(organizationId)}`);
      conditions.addGiven(filter.directoryUserId, (value) => `v.directory_user_id = ${value}::uuid`);
      conditions.addGiven(filter.employeeId, (value) => `v.employee_id = ${value}::uuid`);
      conditions.addGiven(filter.contactId, (value) => `v.contact_id = ${value}::uuid`);
      conditions.addGiven(filter.connectionId, (value) => `v.connection_id = ${value}::uuid`);
      conditions.addGiven(filter.runId, (value) => `v.run_id = ${value}::uuid`);
      conditions.addGiven(filter.requestId, (value) => `v.request_id = ${value}`);
      if (filter.text !== null) await addText(conditions, filter.text);
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
    forget: (before, limit) => forgetBefore(connection, log, before, limit),
  };
}
