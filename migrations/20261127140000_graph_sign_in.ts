import type { Knex } from 'knex';

// Reason: connections sign in at the Microsoft identity platform. The tokens of whoever connected have to outlive a restart,
// and a sign-in that was started has to be found again, once, when the browser comes back.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table connections
      add column graph_flow text,
      add column signed_in_as text,
      add column application_key_set_at timestamptz(3),
      add constraint connections__known_graph_flow check (graph_flow in ('delegated', 'application'));

    -- A row without tokens is kept so that versions only ever grow.
    create table graph_token_caches (
      organization_id uuid not null,
      connection_id uuid not null,
      flow text not null,
      sealed bytea,
      version bigint not null default 1,
      updated_at timestamptz(3) not null default now(),
      constraint graph_token_caches__identity primary key (organization_id, connection_id, flow),
      constraint graph_token_caches__connection foreign key (organization_id, connection_id)
        references connections on delete cascade,
      constraint graph_token_caches__known_flow check (flow in ('delegated', 'application'))
    );
    select protect_tenant_table('graph_token_caches');

    create table pending_sign_ins (
      organization_id uuid not null,
      state_hash bytea not null,
      connection_id uuid not null,
      sealed bytea not null,
      expires_at timestamptz(3) not null,
      constraint pending_sign_ins__identity primary key (organization_id, state_hash),
      constraint pending_sign_ins__connection foreign key (organization_id, connection_id)
        references connections on delete cascade
    );
    create index pending_sign_ins__by_expiry on pending_sign_ins (organization_id, expires_at);
    create index pending_sign_ins__by_connection on pending_sign_ins (organization_id, connection_id);
    select protect_tenant_table('pending_sign_ins');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table pending_sign_ins, graph_token_caches;
    alter table connections drop column application_key_set_at, drop column signed_in_as, drop column graph_flow;
  `);
}
