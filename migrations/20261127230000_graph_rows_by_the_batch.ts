import type { Knex } from 'knex';

const dependents = [
  'graph_users',
  'graph_groups',
  'graph_members',
  'graph_staged_users',
  'graph_staged_groups',
  'graph_staged_members',
];

/**
 * Reason: about half of the time of the statements that write memberships and employees in a first read of a large directory
 * went into checking foreign keys row by row, each of which also locks the row it refers to.
 */
export async function up(knex: Knex): Promise<void> {
  await replaceConnectionKeys(knex);
  await checkMembershipsTogether(knex);
  await knex.raw(`
    -- An organization is never deleted, and row-level security lets nobody write into another one.
    alter table employees drop constraint employees__organization;

    -- Whom Graph may still be joined with by name. Few or none, and the planner knows it without statistics.
    create index directory_users__unjoined on directory_users (organization_id, user_name_key, connection_id)
      where deleted_at is null and object_id is null and is_provisioned;
  `);
}

/**
 * What Graph said is written only by whoever holds the claim in `graph_syncs`, which goes with the connection: its deletion
 * waits for that one's transaction, and only then takes the rows away.
 */
async function replaceConnectionKeys(knex: Knex): Promise<void> {
  for (const table of dependents) {
    await knex.raw(`alter table ${table} drop constraint ${table}__connection`);
  }
  const deletions = dependents.map(
    (table) => `
      delete from ${table} d using former f
      where d.organization_id = f.organization_id and d.connection_id = f.connection_id;`,
  );
  await knex.raw(`
    create function drop_graph_rows() returns trigger language plpgsql as $$
    begin
      ${deletions.join('')}
      return null;
    end $$;
    -- After the key of graph_syncs has done its part: triggers of one event run by name, those of keys first.
    create trigger drop_graph_rows after delete on connections
      referencing old table as former for each statement execute function drop_graph_rows();
  `);
}

/** The same promise as a foreign key gives, row locks included, once for all rows of a statement. */
async function checkMembershipsTogether(knex: Knex): Promise<void> {
  await knex.raw(`
    create function check_memberships() returns trigger language plpgsql as $$
    begin
      if exists (
        select from (select distinct a.organization_id, a.directory_group_id as id from added a order by 1, 2) w
        left join lateral (
          select true as is_there from directory_groups g
          where g.organization_id = w.organization_id and g.directory_group_id = w.id
          for key share
        ) g on true
        where g.is_there is null
      ) then
        raise foreign_key_violation using message = 'A membership needs a group', constraint = 'memberships__group',
          table = 'memberships';
      end if;
      if exists (
        select from (select distinct a.organization_id, a.directory_user_id as id from added a order by 1, 2) w
        left join lateral (
          select true as is_there from directory_users u
          where u.organization_id = w.organization_id and u.directory_user_id = w.id
          for key share
        ) u on true
        where u.is_there is null
      ) then
        raise foreign_key_violation using message = 'A membership needs a user', constraint = 'memberships__user',
          table = 'memberships';
      end if;
      return null;
    end $$;
    create trigger check_memberships after insert on memberships
      referencing new table as added for each statement execute function check_memberships();

    create function drop_memberships_of_users() returns trigger language plpgsql as $$
    begin
      delete from memberships m using former f
      where m.organization_id = f.organization_id and m.directory_user_id = f.directory_user_id;
      return null;
    end $$;
    create trigger drop_memberships after delete on directory_users
      referencing old table as former for each statement execute function drop_memberships_of_users();

    create function drop_memberships_of_groups() returns trigger language plpgsql as $$
    begin
      delete from memberships m using former f
      where m.organization_id = f.organization_id and m.directory_group_id = f.directory_group_id;
      return null;
    end $$;
    create trigger drop_memberships after delete on directory_groups
      referencing old table as former for each statement execute function drop_memberships_of_groups();

    alter table memberships drop constraint memberships__group, drop constraint memberships__user;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index directory_users__unjoined;
    alter table employees add constraint employees__organization foreign key (organization_id) references organizations;
    drop trigger drop_memberships on directory_users;
    drop trigger drop_memberships on directory_groups;
    drop trigger check_memberships on memberships;
    drop trigger drop_graph_rows on connections;
    drop function drop_memberships_of_users, drop_memberships_of_groups, check_memberships, drop_graph_rows;
    alter table memberships
      add constraint memberships__group foreign key (organization_id, directory_group_id)
        references directory_groups on delete cascade,
      add constraint memberships__user foreign key (organization_id, directory_user_id)
        references directory_users on delete cascade;
  `);
  for (const table of dependents) {
    await knex.raw(`
      alter table ${table} add constraint ${table}__connection foreign key (organization_id, connection_id)
        references connections on delete cascade`);
  }
}
