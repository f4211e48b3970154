import type { Knex } from 'knex';

// Reason: what the directory changed while provisioning was off is applied when it is switched on. What was cleared or renamed
// meanwhile shows only beside what the user was before.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table undecided_changes (
      organization_id uuid not null,
      directory_user_id uuid not null,
      previous jsonb not null,
      constraint undecided_changes__identity primary key (organization_id, directory_user_id),
      constraint undecided_changes__user foreign key (organization_id, directory_user_id)
        references directory_users on delete cascade
    );
    select protect_tenant_table('undecided_changes');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table undecided_changes');
}
