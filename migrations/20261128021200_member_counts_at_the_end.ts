import type { Knex } from 'knex';

// Reason: a large read changed nearly every group with every batch of people, whose rows grew chains of old versions that all
// others had to walk. What a batch adds to the groups is kept in one row, and counted when all are decided.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table graph_member_counts (
      organization_id uuid not null,
      connection_id uuid not null,
      graph_member_count_id uuid not null,
      -- for each group: its id, and how many members more or fewer
      directory_group_ids uuid[] not null,
      differences integer[] not null,
      constraint graph_member_counts__identity primary key (organization_id, connection_id, graph_member_count_id),
      constraint graph_member_counts__connection foreign key (organization_id, connection_id)
        references connections on delete cascade
    );
    select protect_tenant_table('graph_member_counts');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table graph_member_counts');
}
