import type { Knex } from 'knex';

// Reason: what administrators set, and the provisioning log that explains every effect.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table settings (
      organization_id uuid not null,
      provisioning_mode text not null default 'off',
      unknown_job_title text not null default 'create',
      default_phone_type text not null default 'Work',
      restore_archived text not null default 'whenNoHistory',
      guard_max_deactivations integer not null default 20,
      guard_max_deactivations_percent integer not null default 10,
      guard_max_conversions integer not null default 5,
      guard_window_minutes integer not null default 60,
      revision bigint not null default 1,
      updated_at timestamptz(3) not null default now(),
      constraint settings__identity primary key (organization_id),
      constraint settings__organization foreign key (organization_id) references organizations,
      constraint settings__known_mode check (provisioning_mode in ('off', 'azureAdSync')),
      constraint settings__known_unknown_job_title check (unknown_job_title in ('create', 'useDefault', 'keep')),
      constraint settings__known_restore check (restore_archived in ('whenNoHistory', 'always'))
    );
    select protect_tenant_table('settings');

    create table employee_defaults (
      organization_id uuid not null,
      department_id uuid,
      location_id uuid,
      manager_id uuid,
      job_title_id uuid,
      employment_type text,
      security_role_id uuid,
      employee_role_id uuid,
      account_id uuid,
      revision bigint not null default 1,
      updated_at timestamptz(3) not null default now(),
      constraint employee_defaults__identity primary key (organization_id),
      constraint employee_defaults__organization foreign key (organization_id) references organizations,
      constraint employee_defaults__department foreign key (organization_id, department_id) references departments,
      constraint employee_defaults__location foreign key (organization_id, location_id) references locations,
      constraint employee_defaults__manager foreign key (organization_id, manager_id) references employees,
      constraint employee_defaults__job_title foreign key (organization_id, job_title_id) references job_titles,
      constraint employee_defaults__security_role foreign key (organization_id, security_role_id)
        references security_roles,
      constraint employee_defaults__employee_role foreign key (organization_id, employee_role_id)
        references employee_roles,
      constraint employee_defaults__account foreign key (organization_id, account_id) references accounts
    );
    select protect_tenant_table('employee_defaults');

    create table sync_runs (
      organization_id uuid not null,
      sync_run_id uuid not null,
      connection_id uuid not null,
      kind text not null,
      state text not null,
      progress_done integer not null default 0,
      progress_total integer,
      counts jsonb not null default '{}',
      error text,
      request_id text,
      created_at timestamptz(3) not null default now(),
      started_at timestamptz(3),
      ended_at timestamptz(3),
      constraint sync_runs__identity primary key (organization_id, sync_run_id),
      constraint sync_runs__connection foreign key (organization_id, connection_id)
        references connections on delete cascade,
      constraint sync_runs__known_kind check (kind in ('full', 'delta')),
      constraint sync_runs__known_state check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled'))
    );
    create unique index sync_runs__one_open
      on sync_runs (organization_id, connection_id) where state in ('queued', 'running');
    select protect_tenant_table('sync_runs');

    -- Without a foreign key to the organization: every entry would lock the one row of its organization.
    create table provisioning_events (
      organization_id uuid not null,
      provisioning_event_id uuid not null,
      at timestamptz(3) not null default now(),
      connection_id uuid,
      trigger text not null,
      run_id uuid,
      request_id text,
      directory_user_id uuid,
      employee_id uuid,
      contact_id uuid,
      action text not null,
      reason text not null,
      winning_rule_id uuid,
      changes jsonb not null default '[]',
      constraint provisioning_events__identity primary key (organization_id, provisioning_event_id),
      constraint provisioning_events__known_trigger check
        (trigger in ('scim', 'graph', 'manual', 'ruleChange', 'approval')),
      constraint provisioning_events__known_action check
        (action in ('created', 'merged', 'updated', 'unchanged', 'deactivated', 'reactivated', 'archived', 'restored',
                    'converted', 'accessGranted', 'accessRevoked', 'roleChanged', 'held', 'conflict', 'failed'))
    );
    create index provisioning_events__by_directory_user
      on provisioning_events (organization_id, directory_user_id, provisioning_event_id)
      where directory_user_id is not null;
    create index provisioning_events__by_employee
      on provisioning_events (organization_id, employee_id, provisioning_event_id) where employee_id is not null;
    create index provisioning_events__by_contact
      on provisioning_events (organization_id, contact_id, provisioning_event_id) where contact_id is not null;
    create index provisioning_events__by_connection
      on provisioning_events (organization_id, connection_id, provisioning_event_id) where connection_id is not null;
    select protect_tenant_table('provisioning_events');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table provisioning_events, sync_runs, employee_defaults, settings');
}
