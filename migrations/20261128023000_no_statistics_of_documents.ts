import type { Knex } from 'knex';

const documents: Readonly<Record<string, readonly string[]>> = {
  directory_users: ['attributes', 'shown'],
  graph_users: ['fields'],
  graph_staged_users: ['fields'],
  provisioning_events: ['changes', 'records'],
  webhook_events: ['data'],
};

const change = (target: string): readonly string[] =>
  Object.entries(documents).map(
    ([table, columns]) =>
      `alter table ${table} ${columns.map((column) => `alter column ${column} set statistics ${target}`).join(', ')}`,
  );

// Reason: tables that are filled by the thousand are analyzed again and again, and comparing thirty thousand documents was
// most of it, although no plan depends on what they hold as a whole.
export async function up(knex: Knex): Promise<void> {
  for (const statement of change('0')) await knex.raw(statement);
}

export async function down(knex: Knex): Promise<void> {
  for (const statement of change('-1')) await knex.raw(statement);
}
