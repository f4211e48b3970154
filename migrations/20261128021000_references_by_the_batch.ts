import type { Knex } from 'knex';

/** What the rows of a table refer to: by the name of the reference, which is also that of its column, the table and its key. */
const references: Readonly<Record<string, Readonly<Record<string, readonly [target: string, key: string]>>>> =
  {
    employees: {
      job_title: ['job_titles', 'job_title_id'],
      department: ['departments', 'department_id'],
      location: ['locations', 'location_id'],
      employee_role: ['employee_roles', 'employee_role_id'],
      security_role: ['security_roles', 'security_role_id'],
      manager: ['employees', 'employee_id'],
    },
    contacts: {
      account: ['accounts', 'account_id'],
      account_location: ['account_locations', 'account_location_id'],
      security_role: ['security_roles', 'security_role_id'],
    },
  };

const namesOf = (table: string): readonly string[] => Object.keys(references[table] ?? {});

/**
 * Reason: foreign keys are checked row by row, which was about half of the time of the statement that writes employees. The people
 * of one statement refer to few rows: a trigger for each statement gives the same promise, row locks included, and looks up
 * each of them once. One row is checked as quickly as before.
 */
export async function up(knex: Knex): Promise<void> {
  for (const table of Object.keys(references)) {
    await knex.raw(checkWhatIsAdded(table));
    await knex.raw(checkWhatIsChanged(table));
  }
  for (const target of targets) await knex.raw(refuseWhatIsReferredTo(target));
  for (const table of Object.keys(references)) {
    const drops = namesOf(table).map((name) => `drop constraint ${table}__${name}`);
    await knex.raw(`alter table ${table} ${drops.join(', ')}`);
  }
  await checkAffectedTogether(knex);
  await preferIdentity(knex);
}

/**
 * While nothing is known of a table that is being filled, every index that starts with the organization seems as good for a
 * look-up by id, and the smallest is taken: the key of each login then looked through all employees. No other index is
 * smaller now, and between equals the first one is taken.
 */
async function preferIdentity(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index employees__by_security_role;
    create index employees__by_security_role on employees (organization_id, security_role_id)
      where security_role_id is not null;
    alter index employees__one_per_directory_user set (fillfactor = 70);
  `);
}

const referring = Object.entries(references).flatMap(([table, names]) =>
  Object.entries(names).map(([name, [target, key]]) => ({ table, name, target, key })),
);
const targets = [...new Set(referring.map(({ target }) => target))];

/** One look-up as a foreign key does it; the first row that is found ends it. */
const lookUp = (table: string, name: string, id: string): string => {
  const [target, key] = references[table]?.[name] ?? [];
  return `
    perform from ${target} t where t.organization_id = wanted.organization_id and t.${key} = ${id} limit 1 for key share;
    if not found then
      raise foreign_key_violation using message = 'A row of ${table} needs one of ${target}',
        constraint = '${table}__${name}', table = '${table}';
    end if;`;
};

const idsOf = (table: string, rows: string): string => `
  select x.organization_id, r.name, r.id from ${rows} x
  cross join lateral (values ${namesOf(table)
    .map((name) => `('${name}', x.${name}_id)`)
    .join(', ')}) as r(name, id)
  where r.id is not null`;

const inTurn = (table: string, ids: string): string => `
  for wanted in ${ids} order by 1, 2, 3 loop
    case wanted.name
      ${namesOf(table)
        .map((name) => `when '${name}' then ${lookUp(table, name, 'wanted.id')}`)
        .join('')}
    end case;
  end loop;`;

const checkWhatIsAdded = (table: string): string => `
  create function check_added_${table}() returns trigger language plpgsql as $$
  declare wanted record;
  begin
    select a.*, count(*) over () as all_added into wanted from added a;
    if not found then return null; end if;
    if wanted.all_added = 1 then
      ${namesOf(table)
        .map(
          (name) => `
      if wanted.${name}_id is not null then ${lookUp(table, name, `wanted.${name}_id`)}
      end if;`,
        )
        .join('')}
      return null;
    end if;
    ${inTurn(table, `select distinct w.* from (${idsOf(table, 'added')}) w`)}
    return null;
  end $$;
  create trigger check_added after insert on ${table}
    referencing new table as added for each statement execute function check_added_${table}();`;

/**
 * Most statements change nothing that a row refers to. What some row of the statement referred to before is there: until the
 * commit that row is seen to refer to it, and from then on the other one.
 */
function checkWhatIsChanged(table: string): string {
  const columns = ['organization_id', ...namesOf(table).map((name) => `${name}_id`)].join(', ');
  return `
    create function check_changed_${table}() returns trigger language plpgsql as $$
    declare wanted record;
    begin
      if not exists (select ${columns} from added except select ${columns} from former) then return null; end if;
      ${inTurn(table, `${idsOf(table, 'added')} except ${idsOf(table, 'former')}`)}
      return null;
    end $$;
    create trigger check_changed after update on ${table}
      referencing old table as former new table as added for each statement execute function check_changed_${table}();`;
}

const refuseWhatIsReferredTo = (target: string): string => `
  create function refuse_deleted_${target}() returns trigger language plpgsql as $$
  begin
    ${referring
      .filter((it) => it.target === target)
      .map(
        ({ table, name, key }) => `
    if exists (
      select from former f
      cross join lateral (
        select from ${table} x where x.organization_id = f.organization_id and x.${name}_id = f.${key} limit 1
      ) x
    ) then
      raise foreign_key_violation using message = 'A row of ${table} refers to what is deleted',
        detail = 'Key is still referenced from table "${table}".', constraint = '${table}__${name}', table = '${table}';
    end if;`,
      )
      .join('')}
    return null;
  end $$;
  create trigger refuse_deleted after delete on ${target}
    referencing old table as former for each statement execute function refuse_deleted_${target}();`;

/** Every one of them is another user: looked up together, like memberships. */
async function checkAffectedTogether(knex: Knex): Promise<void> {
  await knex.raw(`
    create function check_affected() returns trigger language plpgsql as $$
    begin
      if exists (
        select from (select a.organization_id, a.directory_user_id as id from added a order by 1, 2) w
        left join lateral (
          select true as is_there from directory_users u
          where u.organization_id = w.organization_id and u.directory_user_id = w.id
          for key share
        ) u on true
        where u.is_there is null
      ) then
        raise foreign_key_violation using message = 'Whom a read concerns needs a user',
          constraint = 'graph_affected_users__user', table = 'graph_affected_users';
      end if;
      return null;
    end $$;
    create trigger check_affected after insert on graph_affected_users
      referencing new table as added for each statement execute function check_affected();

    create function drop_affected() returns trigger language plpgsql as $$
    begin
      delete from graph_affected_users a using former f
      where a.organization_id = f.organization_id and a.directory_user_id = f.directory_user_id;
      return null;
    end $$;
    create trigger drop_affected after delete on directory_users
      referencing old table as former for each statement execute function drop_affected();

    alter table graph_affected_users drop constraint graph_affected_users__user;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter index employees__one_per_directory_user reset (fillfactor);
    drop index employees__by_security_role;
    create index employees__by_security_role on employees (organization_id, security_role_id);
    drop trigger check_affected on graph_affected_users;
    drop trigger drop_affected on directory_users;
    drop function check_affected, drop_affected;
    alter table graph_affected_users add constraint graph_affected_users__user
      foreign key (organization_id, directory_user_id) references directory_users on delete cascade;
  `);
  for (const { table, name, target } of referring) {
    await knex.raw(`
      alter table ${table} add constraint ${table}__${name} foreign key (organization_id, ${name}_id) references ${target}`);
  }
  for (const target of targets) {
    await knex.raw(`drop trigger refuse_deleted on ${target}; drop function refuse_deleted_${target}`);
  }
  for (const table of Object.keys(references)) {
    await knex.raw(`
      drop trigger check_added on ${table};
      drop trigger check_changed on ${table};
      drop function check_added_${table}, check_changed_${table}`);
  }
}
