import type { Knex } from 'knex';

// Reason: provisioning clients may also come by OAuth: with a client secret, with an assertion of the tenant's identity
// platform (RFC 7523), or with a token that the platform issued for us. Access tokens that we issue are SCIM tokens that
// expire; they go with the credential they were issued for, so that revoking it ends them at once.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table scim_credentials (
      organization_id uuid not null,
      scim_credential_id uuid not null,
      connection_id uuid not null,
      kind text not null,
      name text not null,
      secret_hash bytea,
      prefix text,
      tenant_id uuid,
      subject text,
      caller_application_id uuid,
      audiences text[] not null default '{}',
      created_at timestamptz(3) not null default now(),
      expires_at timestamptz(3),
      last_used_at timestamptz(3),
      constraint scim_credentials__identity primary key (organization_id, scim_credential_id),
      constraint scim_credentials__connection foreign key (organization_id, connection_id)
        references connections on delete cascade,
      constraint scim_credentials__known_kind check (kind in ('clientSecret', 'federatedIdentity', 'entraToken')),
      constraint scim_credentials__secret_is_hashed check
        ((kind = 'clientSecret') = (secret_hash is not null and prefix is not null)),
      constraint scim_credentials__trust_is_exact check
        (kind = 'clientSecret' or (tenant_id is not null and cardinality(audiences) > 0)),
      constraint scim_credentials__federation_names_subject check (kind <> 'federatedIdentity' or subject is not null)
    );
    create index scim_credentials__by_connection
      on scim_credentials (organization_id, connection_id, scim_credential_id);
    create index scim_credentials__lookup on scim_credentials (connection_id);
    select protect_tenant_table('scim_credentials');

    alter table scim_tokens
      add column scim_credential_id uuid,
      add constraint scim_tokens__issued_for foreign key (organization_id, scim_credential_id)
        references scim_credentials on delete cascade;
    create index scim_tokens__issued on scim_tokens (organization_id, scim_credential_id, expires_at)
      where scim_credential_id is not null;
  `);
  await knex.raw(`
    do $$ begin
      execute format('create policy credential_lookup on scim_credentials for select to %I using (true)', current_user);
    end $$;

    create function find_scim_credentials(wanted_connection_id uuid)
      returns table (organization_id uuid, scim_credential_id uuid, connection_kind text, connection_status text,
                     cloud text, kind text, secret_hash bytea, tenant_id uuid, subject text,
                     caller_application_id uuid, audiences text[], expires_at timestamptz(3))
      language sql stable security definer set search_path = pg_catalog, public
      as $$
        select k.organization_id, k.scim_credential_id, c.kind, c.status, c.cloud, k.kind, k.secret_hash, k.tenant_id,
          k.subject, k.caller_application_id, k.audiences, k.expires_at
        from scim_credentials k
        join connections c on c.organization_id = k.organization_id and c.connection_id = k.connection_id
        where k.connection_id = wanted_connection_id
      $$;
    revoke all on function find_scim_credentials(uuid) from public;
    grant execute on function find_scim_credentials(uuid) to rollcall_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function find_scim_credentials(uuid);
    alter table scim_tokens drop column scim_credential_id;
    drop table scim_credentials;
  `);
}
