import type { Knex } from 'knex';

// Reason: what a deletion by the provisioning client does, and the extension schemas that a connection adds to the
// standard ones. The schemas must be known before a request is read, so they are found like a credential.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table connections
      add column delete_policy text not null default 'deactivateAndHide',
      add column custom_extensions jsonb not null default '[]',
      add constraint connections__known_delete_policy check (delete_policy in ('deactivateAndHide', 'purge')),
      add constraint connections__extensions_are_listed check (jsonb_typeof(custom_extensions) = 'array');

    create function connection_extensions(wanted_connection_id uuid) returns text
      language sql stable security definer set search_path = pg_catalog, public
      as $$ select c.custom_extensions::text from connections c where c.connection_id = wanted_connection_id $$;
    revoke all on function connection_extensions(uuid) from public;
    grant execute on function connection_extensions(uuid) to rollcall_app;
    drop function connection_exists(uuid);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    create function connection_exists(wanted_connection_id uuid) returns boolean
      language sql stable security definer set search_path = pg_catalog, public
      as $$ select exists (select from connections c where c.connection_id = wanted_connection_id) $$;
    revoke all on function connection_exists(uuid) from public;
    grant execute on function connection_exists(uuid) to rollcall_app;
    drop function connection_extensions(uuid);
    alter table connections drop column custom_extensions, drop column delete_policy;
  `);
}
