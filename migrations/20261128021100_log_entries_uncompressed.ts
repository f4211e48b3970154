import type { Knex } from 'knex';

// Reason: an entry about a new person has a little more than 2 kB, from where on PostgreSQL compresses. That took longer than
// writing the entry and its index entries, and saved a quarter.
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table provisioning_events set (toast_tuple_target = 4080)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table provisioning_events reset (toast_tuple_target)');
}
