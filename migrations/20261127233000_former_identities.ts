import type { Knex } from 'knex';

// Reason: a record whose connection was deleted still belongs to the same user of the same tenant. When the tenant is
// connected again, that finds the record, also after the user was given another address.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table former_identities (
      organization_id uuid not null,
      -- the id of the employee or contact
      person_id uuid not null,
      employee_id uuid,
      contact_id uuid,
      -- null: the connection had no tenant, or its client never told the object id
      tenant_id uuid,
      object_id uuid,
      constraint former_identities__identity primary key (organization_id, person_id),
      constraint former_identities__employee foreign key (organization_id, employee_id)
        references employees on delete cascade,
      constraint former_identities__contact foreign key (organization_id, contact_id)
        references contacts on delete cascade,
      constraint former_identities__one_person check (person_id = coalesce(employee_id, contact_id)
        and (employee_id is null) <> (contact_id is null))
    );
    create index former_identities__by_object on former_identities (organization_id, tenant_id, object_id)
      where object_id is not null;
    create index former_identities__by_employee on former_identities (organization_id, employee_id)
      where employee_id is not null;
    create index former_identities__by_contact on former_identities (organization_id, contact_id)
      where contact_id is not null;
    select protect_tenant_table('former_identities');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table former_identities');
}
