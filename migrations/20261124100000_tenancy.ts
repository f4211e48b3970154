import type { Knex } from 'knex';

// Reason: the second lock of tenancy. Every tenant table is readable only inside the organization that
// `app.organization_id` names, for a role that neither owns the tables nor bypasses row-level security.
export async function up(knex: Knex): Promise<void> {
  // The role belongs to the whole cluster: another database of it may be migrated at the same moment.
  await knex.raw(`
    do $$
    begin
      if not exists (select from pg_roles where rolname = 'rollcall_app') then
        create role rollcall_app nologin nosuperuser nobypassrls nocreatedb nocreaterole;
      end if;
    exception when duplicate_object or unique_violation then
      null;
    end $$;
  `);
  // Since PostgreSQL 16 who creates a role may grant it, but does not become a member that may SET ROLE to it.
  await knex.raw(`
    do $$
    declare
      privilege text := case when current_setting('server_version_num')::integer >= 160000 then 'SET' else 'MEMBER' end;
    begin
      if not pg_has_role(current_user, 'rollcall_app', privilege) then
        execute format('grant rollcall_app to %I', current_user);
      end if;
      if not has_schema_privilege('rollcall_app', current_schema(), 'usage') then
        execute format('grant usage on schema %I to rollcall_app', current_schema());
      end if;
    exception when unique_violation then
      null;
    end $$;
  `);
  await knex.raw(`
    create function current_organization_id() returns uuid
      language sql stable parallel safe
      as $$ select nullif(current_setting('app.organization_id', true), '')::uuid $$;
  `);
  await knex.raw(`
    create function protect_tenant_table(target regclass) returns void
      language plpgsql
      as $$
      begin
        execute format('alter table %s enable row level security', target);
        execute format('alter table %s force row level security', target);
        execute format(
          'create policy organization_isolation on %s using (organization_id = current_organization_id())'
          || ' with check (organization_id = current_organization_id())', target);
        execute format('grant select, insert, update, delete on %s to rollcall_app', target);
      end $$;
  `);
  // A filter or sort on a stored attribute must not fail on a value that is no date. (knex takes question marks for bindings.)
  await knex.raw(`
    create function date_time_or_null(value text) returns timestamptz
      language plpgsql stable strict
      as $$
      begin
        if value !~ '^\\d{4}-\\d{2}-\\d{2}([Tt]\\d{2}:\\d{2}(:\\d{2}(\\.\\d+){0,1}){0,1}([Zz]|[+-]\\d{2}:\\d{2}){0,1}){0,1}$' then
          return null;
        end if;
        return value::timestamptz;
      exception when data_exception then
        return null;
      end $$;
  `);
  await knex.raw(`
    create table organizations (
      organization_id uuid not null,
      name text not null,
      created_at timestamptz(3) not null default now(),
      constraint organizations__identity primary key (organization_id)
    );
    select protect_tenant_table('organizations');

    create table api_keys (
      organization_id uuid not null,
      api_key_id uuid not null,
      name text not null,
      role text not null,
      key_hash bytea not null,
      prefix text not null,
      created_at timestamptz(3) not null default now(),
      expires_at timestamptz(3),
      last_used_at timestamptz(3),
      constraint api_keys__identity primary key (organization_id, api_key_id),
      constraint api_keys__organization foreign key (organization_id) references organizations,
      constraint api_keys__one_hash unique (organization_id, key_hash),
      constraint api_keys__known_role check (role in ('owner', 'admin', 'readOnly'))
    );
    create index api_keys__lookup on api_keys (key_hash);
    select protect_tenant_table('api_keys');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table api_keys, organizations;
    drop function date_time_or_null(text);
    drop function protect_tenant_table(regclass);
    drop function current_organization_id();
  `);
}
