import type { Knex } from 'knex';

// Reason: what the guard, a conflict or a protection stops waits here for an administrator, while the mirror goes on. One
// row per connection counts what has passed, minute by minute; it is written only when somebody loses a login.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table guard_windows (
      organization_id uuid not null,
      connection_id uuid not null,
      passed jsonb not null default '[]',
      constraint guard_windows__identity primary key (organization_id, connection_id),
      constraint guard_windows__connection foreign key (organization_id, connection_id)
        references connections on delete cascade
    );
    select protect_tenant_table('guard_windows');

    create table held_changes (
      organization_id uuid not null,
      held_change_id uuid not null,
      at timestamptz(3) not null,
      connection_id uuid not null,
      directory_user_id uuid not null,
      employee_id uuid,
      contact_id uuid,
      effect text not null,
      cause text not null,
      reason text not null,
      winning_rule_id uuid,
      changes jsonb not null default '[]',
      state text not null default 'waiting',
      -- still bears on the next decision about the user: it waits, or was refused and nothing has happened since
      is_open boolean not null default true,
      decided_at timestamptz(3),
      decided_by text,
      constraint held_changes__identity primary key (organization_id, held_change_id),
      constraint held_changes__connection foreign key (organization_id, connection_id)
        references connections on delete cascade,
      constraint held_changes__known_effect check
        (effect in ('deactivate', 'revokeAccess', 'convert', 'changeRole', 'merge')),
      constraint held_changes__known_cause check
        (cause in ('guard', 'conflict', 'takeoverShield', 'lastAdministrator', 'root')),
      constraint held_changes__known_state check (state in ('waiting', 'approved', 'rejected', 'dissolved')),
      constraint held_changes__waiting_is_open check (state <> 'waiting' or is_open),
      constraint held_changes__decided_once check ((state = 'waiting') = (decided_at is null))
    );
    create unique index held_changes__one_waiting
      on held_changes (organization_id, directory_user_id, effect) where state = 'waiting';
    create index held_changes__open on held_changes (organization_id, directory_user_id) where is_open;
    create index held_changes__by_user on held_changes (organization_id, directory_user_id, held_change_id);
    create index held_changes__by_state on held_changes (organization_id, state, held_change_id);
    create index held_changes__by_connection on held_changes (organization_id, connection_id, held_change_id);
    select protect_tenant_table('held_changes');

    -- of a read of the directory: who would lose something, decided together after everybody else
    alter table graph_affected_users add column is_at_risk boolean not null default false;
    create index graph_affected_users__at_risk
      on graph_affected_users (organization_id, connection_id, directory_user_id) where is_at_risk;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table graph_affected_users drop column is_at_risk;
    drop table held_changes, guard_windows;
  `);
}
