import type { Knex } from 'knex';

// Reason: the PSA records. One login per person; one username and one email per organization (REQ-33).
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table mapping_rules (
      organization_id uuid not null,
      mapping_rule_id uuid not null,
      connection_id uuid not null,
      group_id text not null,
      group_key text collate "C" not null generated always as (lower(group_id)) stored,
      rule_order integer not null,
      user_type text not null,
      security_role_id uuid not null,
      account_id uuid,
      account_location_id uuid,
      override_department_id uuid,
      override_location_id uuid,
      override_manager_id uuid,
      override_employment_type text,
      override_employee_role_id uuid,
      enabled boolean not null default true,
      note text,
      revision bigint not null default 1,
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      constraint mapping_rules__identity primary key (organization_id, mapping_rule_id),
      constraint mapping_rules__connection foreign key (organization_id, connection_id)
        references connections on delete cascade,
      constraint mapping_rules__one_per_group unique (organization_id, group_key, connection_id),
      constraint mapping_rules__security_role foreign key (organization_id, security_role_id) references security_roles,
      constraint mapping_rules__account foreign key (organization_id, account_id) references accounts,
      constraint mapping_rules__account_location foreign key (organization_id, account_location_id)
        references account_locations,
      constraint mapping_rules__department foreign key (organization_id, override_department_id) references departments,
      constraint mapping_rules__location foreign key (organization_id, override_location_id) references locations,
      constraint mapping_rules__employee_role foreign key (organization_id, override_employee_role_id)
        references employee_roles,
      constraint mapping_rules__known_user_type check (user_type in ('employee', 'clientPortal')),
      constraint mapping_rules__account_for_portal check (user_type = 'employee' or account_id is not null),
      constraint mapping_rules__order_not_negative check (rule_order >= 0)
    );
    create index mapping_rules__by_order on mapping_rules (organization_id, connection_id, rule_order, mapping_rule_id);
    select protect_tenant_table('mapping_rules');

    create table employees (
      organization_id uuid not null,
      employee_id uuid not null,
      first_name text not null,
      last_name text not null,
      phone text,
      job_title_id uuid,
      department_id uuid,
      location_id uuid,
      manager_id uuid,
      employment_type text,
      employee_role_id uuid,
      security_role_id uuid,
      status text not null default 'active',
      -- who made the record inactive: a human's choice is sticky against the sync
      inactivated_by text,
      is_root boolean not null default false,
      directory_user_id uuid,
      -- archived records keep their link, so only the others are unique by it
      current_directory_user_id uuid
        generated always as (case when status <> 'archived' then directory_user_id end) stored,
      winning_rule_id uuid,
      -- true once the person has been under a mapping rule; only then does "no rule" revoke access
      governed boolean not null default false,
      archived_at timestamptz(3),
      predecessor_id uuid,
      successor_id uuid,
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      constraint employees__identity primary key (organization_id, employee_id),
      constraint employees__organization foreign key (organization_id) references organizations,
      constraint employees__job_title foreign key (organization_id, job_title_id) references job_titles,
      constraint employees__department foreign key (organization_id, department_id) references departments,
      constraint employees__location foreign key (organization_id, location_id) references locations,
      constraint employees__employee_role foreign key (organization_id, employee_role_id) references employee_roles,
      constraint employees__security_role foreign key (organization_id, security_role_id) references security_roles,
      constraint employees__manager foreign key (organization_id, manager_id) references employees,
      -- deferrable: checked at the end of a statement, which may move the link from one record to another
      constraint employees__one_per_directory_user
        unique (organization_id, current_directory_user_id) deferrable initially immediate,
      constraint employees__known_status check (status in ('active', 'inactive', 'archived')),
      constraint employees__known_inactivator check (inactivated_by in ('sync', 'human'))
    );
    create unique index employees__one_root on employees (organization_id) where is_root;
    create index employees__by_directory_user
      on employees (organization_id, directory_user_id) where directory_user_id is not null;
    create index employees__by_manager on employees (organization_id, manager_id) where manager_id is not null;
    create index employees__by_security_role on employees (organization_id, security_role_id);
    create index employees__by_winning_rule
      on employees (organization_id, winning_rule_id) where winning_rule_id is not null;
    select protect_tenant_table('employees');

    create table contacts (
      organization_id uuid not null,
      contact_id uuid not null,
      account_id uuid not null,
      account_location_id uuid not null,
      first_name text not null,
      last_name text not null,
      job_title text,
      phones jsonb not null default '[]',
      has_portal_access boolean not null default false,
      security_role_id uuid,
      status text not null default 'active',
      inactivated_by text,
      directory_user_id uuid,
      winning_rule_id uuid,
      governed boolean not null default false,
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      constraint contacts__identity primary key (organization_id, contact_id),
      constraint contacts__account foreign key (organization_id, account_id) references accounts,
      constraint contacts__account_location foreign key (organization_id, account_location_id)
        references account_locations,
      constraint contacts__security_role foreign key (organization_id, security_role_id) references security_roles,
      constraint contacts__one_per_directory_user
        unique (organization_id, directory_user_id) deferrable initially immediate,
      constraint contacts__known_status check (status in ('active', 'inactive')),
      constraint contacts__known_inactivator check (inactivated_by in ('sync', 'human'))
    );
    create index contacts__by_account on contacts (organization_id, account_id, contact_id);
    create index contacts__by_winning_rule
      on contacts (organization_id, winning_rule_id) where winning_rule_id is not null;
    select protect_tenant_table('contacts');

    -- A table of its own: under row-level security only plain equality on a column can use an index.
    create table contact_emails (
      organization_id uuid not null,
      contact_id uuid not null,
      position integer not null,
      address text not null,
      address_key text collate "C" not null generated always as (lower(address)) stored,
      type text not null,
      is_default boolean not null default false,
      constraint contact_emails__identity primary key (organization_id, contact_id, position),
      constraint contact_emails__contact foreign key (organization_id, contact_id) references contacts on delete cascade
    );
    create index contact_emails__by_address on contact_emails (organization_id, address_key);
    select protect_tenant_table('contact_emails');

    create table logins (
      organization_id uuid not null,
      -- the id of the employee or contact that the login belongs to
      person_id uuid not null,
      employee_id uuid,
      contact_id uuid,
      directory_user_id uuid,
      username text,
      username_key text collate "C" generated always as (lower(username)) stored,
      email text,
      email_key text collate "C" generated always as (lower(email)) stored,
      enabled boolean not null,
      enabled_directory_user_id uuid generated always as (case when enabled then directory_user_id end) stored,
      -- sessions opened before this moment are over (D-08)
      sessions_ended_at timestamptz(3),
      constraint logins__identity primary key (organization_id, person_id),
      constraint logins__employee foreign key (organization_id, employee_id) references employees on delete cascade,
      constraint logins__contact foreign key (organization_id, contact_id) references contacts on delete cascade,
      -- deferrable: a conversion frees a name and gives it to another person in one statement
      constraint logins__one_username unique (organization_id, username_key) deferrable initially immediate,
      constraint logins__one_email unique (organization_id, email_key) deferrable initially immediate,
      constraint logins__one_enabled_per_directory_user
        unique (organization_id, enabled_directory_user_id) deferrable initially immediate,
      constraint logins__one_person check (person_id = coalesce(employee_id, contact_id)
        and (employee_id is null) <> (contact_id is null))
    );
    select protect_tenant_table('logins');

    create table relations (
      organization_id uuid not null,
      relation_id uuid not null,
      kind text not null,
      reference text not null,
      employee_id uuid,
      contact_id uuid,
      created_at timestamptz(3) not null default now(),
      constraint relations__identity primary key (organization_id, relation_id),
      constraint relations__employee foreign key (organization_id, employee_id) references employees,
      constraint relations__contact foreign key (organization_id, contact_id) references contacts,
      constraint relations__one_person check ((employee_id is null) <> (contact_id is null)),
      constraint relations__known_kind check (kind in ('ticket', 'invoice', 'timeEntry', 'asset'))
    );
    create index relations__by_employee on relations (organization_id, employee_id) where employee_id is not null;
    create index relations__by_contact on relations (organization_id, contact_id) where contact_id is not null;
    select protect_tenant_table('relations');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table relations, logins, contact_emails, contacts, employees, mapping_rules');
}
