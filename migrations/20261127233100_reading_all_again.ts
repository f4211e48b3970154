import type { Knex } from 'knex';

// Reason: an administrator may ask for the whole directory to be read again; whoever holds the claim then does so.
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table graph_syncs add column is_all_wanted boolean not null default false');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table graph_syncs drop column is_all_wanted');
}
