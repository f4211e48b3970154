import type { Knex } from 'knex';

// Reason: a credential must be found before its organization is known. These functions run as the owner and answer
// one row for one exact hash; they are the only way around row-level security and reveal nothing else.
export async function up(knex: Knex): Promise<void> {
  // With force row level security the owner is bound too, so the lookup policies name the owner explicitly.
  await knex.raw(`
    do $$
    declare target text;
    begin
      foreach target in array array['organizations', 'api_keys', 'connections', 'scim_tokens'] loop
        execute format('create policy credential_lookup on %I for select to %I using (true)', target, current_user);
      end loop;
    end $$;

    create function find_scim_token(wanted_connection_id uuid, wanted_hash bytea)
      returns table (organization_id uuid, scim_token_id uuid, connection_kind text, connection_status text,
                     expires_at timestamptz(3))
      language sql stable security definer set search_path = pg_catalog, public
      as $$
        select t.organization_id, t.scim_token_id, c.kind, c.status, t.expires_at
        from scim_tokens t
        join connections c on c.organization_id = t.organization_id and c.connection_id = t.connection_id
        where t.connection_id = wanted_connection_id and t.token_hash = wanted_hash
      $$;

    create function find_api_key(wanted_hash bytea)
      returns table (organization_id uuid, api_key_id uuid, name text, role text, expires_at timestamptz(3))
      language sql stable security definer set search_path = pg_catalog, public
      as $$
        select k.organization_id, k.api_key_id, k.name, k.role, k.expires_at
        from api_keys k where k.key_hash = wanted_hash
      $$;

    create function list_organizations(after_id uuid, page_size integer)
      returns table (organization_id uuid, name text, created_at timestamptz(3))
      language sql stable security definer set search_path = pg_catalog, public
      as $$
        select o.organization_id, o.name, o.created_at from organizations o
        where after_id is null or o.organization_id > after_id
        order by o.organization_id limit page_size
      $$;

    create function connection_exists(wanted_connection_id uuid) returns boolean
      language sql stable security definer set search_path = pg_catalog, public
      as $$ select exists (select from connections c where c.connection_id = wanted_connection_id) $$;

    revoke all on function find_scim_token(uuid, bytea), find_api_key(bytea), list_organizations(uuid, integer),
      connection_exists(uuid) from public;
    grant execute on function find_scim_token(uuid, bytea), find_api_key(bytea), list_organizations(uuid, integer),
      connection_exists(uuid) to rollcall_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function find_scim_token(uuid, bytea), find_api_key(bytea), list_organizations(uuid, integer),
      connection_exists(uuid);
    drop policy credential_lookup on organizations;
    drop policy credential_lookup on api_keys;
    drop policy credential_lookup on connections;
    drop policy credential_lookup on scim_tokens;
  `);
}
