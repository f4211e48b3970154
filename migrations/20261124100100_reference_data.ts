import type { Knex } from 'knex';

// Reason: the lists of the PSA that employee defaults and mapping rules point at.
const list = (table: string, id: string, columns: string): string => `
  create table ${table} (
    organization_id uuid not null,
    ${id} uuid not null,
    name text not null,
    name_key text collate "C" not null generated always as (lower(name)) stored,
    ${columns}
    revision bigint not null default 1,
    created_at timestamptz(3) not null default now(),
    updated_at timestamptz(3) not null default now(),
    constraint ${table}__identity primary key (organization_id, ${id}),
    constraint ${table}__organization foreign key (organization_id) references organizations,
    constraint ${table}__one_name unique (organization_id, name_key)
  );
  select protect_tenant_table('${table}');
`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(list('departments', 'department_id', ''));
  await knex.raw(list('locations', 'location_id', 'is_main boolean not null default false,'));
  await knex.raw(list('job_titles', 'job_title_id', 'is_active boolean not null default true,'));
  await knex.raw(list('employee_roles', 'employee_role_id', 'is_default boolean not null default false,'));
  await knex.raw(
    list(
      'security_roles',
      'security_role_id',
      `is_external boolean not null default false,
       is_active boolean not null default true,
       is_system boolean not null default false,
       is_administrator boolean not null default false,`,
    ),
  );
  await knex.raw(list('accounts', 'account_id', `domains text[] not null default '{}',`));
  await knex.raw(`
    create table account_locations (
      organization_id uuid not null,
      account_location_id uuid not null,
      account_id uuid not null,
      name text not null,
      name_key text collate "C" not null generated always as (lower(name)) stored,
      is_main boolean not null default false,
      revision bigint not null default 1,
      created_at timestamptz(3) not null default now(),
      updated_at timestamptz(3) not null default now(),
      constraint account_locations__identity primary key (organization_id, account_location_id),
      constraint account_locations__account foreign key (organization_id, account_id)
        references accounts on delete cascade,
      constraint account_locations__one_name unique (organization_id, account_id, name_key)
    );
    create unique index account_locations__one_main on account_locations (organization_id, account_id) where is_main;
    select protect_tenant_table('account_locations');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table account_locations, accounts, security_roles, employee_roles, job_titles, locations, departments;
  `);
}
