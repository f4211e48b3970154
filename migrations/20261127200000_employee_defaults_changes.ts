import type { Knex } from 'knex';

// Reason: a change of the employee defaults can be taken back like one of rules and settings.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table configuration_changes drop constraint configuration_changes__known_kind;
    alter table configuration_changes add constraint configuration_changes__known_kind
      check (kind in ('mappingRule', 'settings', 'employeeDefaults'));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from configuration_changes where kind = 'employeeDefaults';
    alter table configuration_changes drop constraint configuration_changes__known_kind;
    alter table configuration_changes add constraint configuration_changes__known_kind
      check (kind in ('mappingRule', 'settings'));
  `);
}
