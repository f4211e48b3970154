import type { Knex } from 'knex';

// Reason: the guard judges everybody whom one request concerns as a whole, and a job cannot hold that many ids. They lie here,
// in parts, until it has answered.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table reconcile_lists (
      organization_id uuid not null,
      reconcile_list_id uuid not null,
      part integer not null,
      user_ids uuid[] not null,
      constraint reconcile_lists__identity primary key (organization_id, reconcile_list_id, part),
      constraint reconcile_lists__organization foreign key (organization_id) references organizations
    );
    select protect_tenant_table('reconcile_lists');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table reconcile_lists');
}
