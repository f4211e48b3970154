import type { Knex } from 'knex';

// Reason: connections with their credentials, and the directory mirror: what the identity provider said.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table connections (
      organization_id uuid not null,
      connection_id uuid not null,
      name text not null,
      kind text not null,
      tenant text,
      tenant_id uuid,
      cloud text not null default 'global',
      application_id uuid,
      application_key_encrypted bytea,
      email_source text not null default 'auto',
      status text not null default 'created',
      status_detail text,
      granted_scopes text[] not null default '{}',
      verified_domains text[] not null default '{}',
      allowed_external_domains text[] not null default '{}',
      last_sync_at timestamptz(3),
      last_graph_success_at timestamptz(3),
      revision bigint not null default 1,
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      constraint connections__identity primary key (organization_id, connection_id),
      constraint connections__organization foreign key (organization_id) references organizations,
      constraint connections__known_kind check (kind in ('entra', 'scim')),
      constraint connections__known_cloud check (cloud in ('global', 'usgov', 'china')),
      constraint connections__known_email_source check (email_source in ('auto', 'userPrincipalName', 'mail')),
      constraint connections__known_status check
        (status in ('created', 'connected', 'consentRequired', 'permissionMissing', 'failed', 'disabled'))
    );
    create index connections__lookup on connections (connection_id);
    select protect_tenant_table('connections');

    create table scim_tokens (
      organization_id uuid not null,
      scim_token_id uuid not null,
      connection_id uuid not null,
      name text not null,
      token_hash bytea not null,
      prefix text not null,
      created_at timestamptz(3) not null default now(),
      expires_at timestamptz(3),
      last_used_at timestamptz(3),
      constraint scim_tokens__identity primary key (organization_id, scim_token_id),
      constraint scim_tokens__connection foreign key (organization_id, connection_id)
        references connections on delete cascade,
      constraint scim_tokens__one_hash unique (organization_id, token_hash)
    );
    create index scim_tokens__lookup on scim_tokens (connection_id, token_hash);
    create index scim_tokens__by_connection on scim_tokens (organization_id, connection_id, scim_token_id);
    select protect_tenant_table('scim_tokens');

    create table directory_users (
      organization_id uuid not null,
      directory_user_id uuid not null,
      connection_id uuid not null,
      user_name text not null,
      user_name_key text collate "C" not null generated always as (lower(user_name)) stored,
      external_id text,
      object_id uuid,
      active boolean not null default true,
      attributes jsonb not null default '{}',
      version bigint not null default 1,
      created_at timestamptz(3) not null default now(),
      last_modified_at timestamptz(3) not null default now(),
      deleted_at timestamptz(3),
      constraint directory_users__identity primary key (organization_id, directory_user_id),
      constraint directory_users__connection foreign key (organization_id, connection_id)
        references connections on delete cascade
    ) with (fillfactor = 85);
    -- The key before the connection: for a lookup by key no other index may seem as good (see query/match.ts).
    create unique index directory_users__one_user_name
      on directory_users (organization_id, user_name_key, connection_id) where deleted_at is null;
    create index directory_users__by_connection
      on directory_users (organization_id, connection_id, directory_user_id) where deleted_at is null;
    create index directory_users__by_external_id
      on directory_users (organization_id, external_id, connection_id) where external_id is not null;
    create index directory_users__by_object_id
      on directory_users (organization_id, object_id, connection_id) where object_id is not null;
    select protect_tenant_table('directory_users');

    -- The email values of a user's attributes once more, because under row-level security only plain equality on a
    -- column can use an index, and clients match people by email. Values too long for an index are left out.
    create table directory_user_emails (
      organization_id uuid not null,
      directory_user_id uuid not null,
      value_key text collate "C" not null,
      -- empty where the element has no type
      type_key text collate "C" not null,
      constraint directory_user_emails__identity
        primary key (organization_id, directory_user_id, value_key, type_key),
      constraint directory_user_emails__user foreign key (organization_id, directory_user_id)
        references directory_users on delete cascade
    );
    create index directory_user_emails__by_value
      on directory_user_emails (organization_id, value_key, directory_user_id);
    select protect_tenant_table('directory_user_emails');

    create table directory_groups (
      organization_id uuid not null,
      directory_group_id uuid not null,
      connection_id uuid not null,
      display_name text not null,
      display_name_key text collate "C" not null generated always as (lower(display_name)) stored,
      external_id text,
      object_id uuid,
      -- what a mapping rule names a group by: the object id, else externalId, else our id
      rule_key text collate "C" not null
        generated always as (lower(coalesce(object_id::text, external_id, directory_group_id::text))) stored,
      attributes jsonb not null default '{}',
      member_count integer not null default 0,
      created_upstream_at timestamptz(3),
      first_seen_at timestamptz(3) not null default now(),
      version bigint not null default 1,
      created_at timestamptz(3) not null default now(),
      last_modified_at timestamptz(3) not null default now(),
      deleted_at timestamptz(3),
      constraint directory_groups__identity primary key (organization_id, directory_group_id),
      constraint directory_groups__connection foreign key (organization_id, connection_id)
        references connections on delete cascade
    ) with (fillfactor = 85);
    create unique index directory_groups__one_display_name
      on directory_groups (organization_id, display_name_key, connection_id) where deleted_at is null;
    create index directory_groups__by_connection
      on directory_groups (organization_id, connection_id, directory_group_id) where deleted_at is null;
    create index directory_groups__by_rule_key on directory_groups (organization_id, rule_key, connection_id);
    create index directory_groups__by_external_id
      on directory_groups (organization_id, external_id, connection_id) where external_id is not null;
    select protect_tenant_table('directory_groups');

    create table memberships (
      organization_id uuid not null,
      directory_group_id uuid not null,
      directory_user_id uuid not null,
      source text not null default 'scim',
      created_at timestamptz(3) not null default now(),
      constraint memberships__identity primary key (organization_id, directory_group_id, directory_user_id, source),
      constraint memberships__group foreign key (organization_id, directory_group_id)
        references directory_groups on delete cascade,
      constraint memberships__user foreign key (organization_id, directory_user_id)
        references directory_users on delete cascade,
      constraint memberships__known_source check (source in ('scim', 'graph'))
    );
    create index memberships__by_user on memberships (organization_id, directory_user_id, directory_group_id);
    select protect_tenant_table('memberships');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(
    'drop table memberships, directory_groups, directory_user_emails, directory_users, scim_tokens, connections',
  );
}
