import type { Knex } from 'knex';

// Reason: what a run, a rule change or a request did can be taken back as a whole or for single people.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- every changed field of the records that an entry is about, before and after; entries that changed none have null
    alter table provisioning_events add column records jsonb;

    create table configuration_changes (
      organization_id uuid not null,
      configuration_change_id uuid not null,
      at timestamptz(3) not null,
      request_id text not null,
      kind text not null,
      -- the mapping rule; the settings have no id
      subject_id uuid,
      before jsonb,
      after jsonb,
      constraint configuration_changes__identity primary key (organization_id, configuration_change_id),
      constraint configuration_changes__organization foreign key (organization_id) references organizations,
      constraint configuration_changes__known_kind check (kind in ('mappingRule', 'settings'))
    );
    create index configuration_changes__by_request
      on configuration_changes (organization_id, request_id, configuration_change_id);
    select protect_tenant_table('configuration_changes');

    create table change_set_undos (
      organization_id uuid not null,
      -- the change set that the undo is itself
      undo_id text not null,
      change_set_id text not null,
      at timestamptz(3) not null,
      is_whole boolean not null,
      constraint change_set_undos__identity primary key (organization_id, undo_id, change_set_id),
      constraint change_set_undos__organization foreign key (organization_id) references organizations
    );
    create index change_set_undos__by_change_set on change_set_undos (organization_id, change_set_id);
    select protect_tenant_table('change_set_undos');

    -- as long as the user is at this version, a re-plan leaves the person as the undo left it
    create table undone_users (
      organization_id uuid not null,
      directory_user_id uuid not null,
      user_version bigint not null,
      constraint undone_users__identity primary key (organization_id, directory_user_id),
      constraint undone_users__user foreign key (organization_id, directory_user_id)
        references directory_users on delete cascade
    );
    select protect_tenant_table('undone_users');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table undone_users, change_set_undos, configuration_changes;
    alter table provisioning_events drop column records;
  `);
}
