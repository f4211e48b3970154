import type { Knex } from 'knex';

// Reason: whoever waits for a record that another directory user has is decided again when the record is free.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index held_changes__conflicts_by_employee on held_changes (organization_id, employee_id)
      where cause = 'conflict' and state = 'waiting' and employee_id is not null;
    create index held_changes__conflicts_by_contact on held_changes (organization_id, contact_id)
      where cause = 'conflict' and state = 'waiting' and contact_id is not null;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index held_changes__conflicts_by_employee, held_changes__conflicts_by_contact');
}
