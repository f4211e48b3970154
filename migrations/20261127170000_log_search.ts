import type { Knex } from 'knex';

// Reason: the log is asked what a run or a request did, and what grew old is taken out of it.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index provisioning_events__by_run
      on provisioning_events (organization_id, run_id, provisioning_event_id) where run_id is not null;
    create index provisioning_events__by_request
      on provisioning_events (organization_id, request_id, provisioning_event_id) where request_id is not null;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index provisioning_events__by_run, provisioning_events__by_request');
}
