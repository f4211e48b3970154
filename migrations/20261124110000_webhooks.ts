import type { Knex } from 'knex';

// Reason: other systems learn of every change of a person. Events are written with the change itself, one delivery for
// each webhook that wants them; a delivery is named by its webhook and its event.
//
// Without foreign keys from deliveries to webhooks: each change of a person would lock the one row of the webhook. What a
// deleted webhook leaves is removed with it, and what slipped in meanwhile with the event.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table webhooks (
      organization_id uuid not null,
      webhook_id uuid not null,
      url text not null,
      description text,
      event_types text[] not null default '{}',
      enabled boolean not null default true,
      disabled_reason text,
      secret_encrypted bytea not null,
      previous_secret_encrypted bytea,
      previous_secret_until timestamptz(3),
      failing_since timestamptz(3),
      paused_until timestamptz(3),
      overloads integer not null default 0,
      revision bigint not null default 1,
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      constraint webhooks__identity primary key (organization_id, webhook_id),
      constraint webhooks__organization foreign key (organization_id) references organizations,
      constraint webhooks__previous_secret_ends check
        ((previous_secret_encrypted is null) = (previous_secret_until is null))
    );
    select protect_tenant_table('webhooks');

    create table webhook_events (
      organization_id uuid not null,
      webhook_event_id uuid not null,
      type text not null,
      at timestamptz(3) not null,
      data jsonb not null,
      constraint webhook_events__identity primary key (organization_id, webhook_event_id)
    );
    select protect_tenant_table('webhook_events');

    create table webhook_deliveries (
      organization_id uuid not null,
      webhook_id uuid not null,
      webhook_event_id uuid not null,
      state text not null default 'pending',
      queued_at timestamptz(3) not null,
      next_attempt_at timestamptz(3),
      tries integer not null default 0,
      attempt_count integer not null default 0,
      attempts jsonb not null default '[]',
      constraint webhook_deliveries__identity primary key (organization_id, webhook_id, webhook_event_id),
      constraint webhook_deliveries__known_state check (state in ('pending', 'succeeded', 'failed')),
      constraint webhook_deliveries__pending_has_time check ((state = 'pending') = (next_attempt_at is not null))
    );
    create index webhook_deliveries__pending
      on webhook_deliveries (organization_id, next_attempt_at) where state = 'pending';
    create index webhook_deliveries__failed
      on webhook_deliveries (organization_id, webhook_id, webhook_event_id) where state = 'failed';
    select protect_tenant_table('webhook_deliveries');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table webhook_deliveries, webhook_events, webhooks');
}
