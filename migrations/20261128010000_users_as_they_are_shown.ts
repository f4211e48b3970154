import type { Knex } from 'knex';

// Reason: a page of users is one text then, put together from what lies ready in the rows. Making text of a hundred JSON
// documents and twice as many timestamps was most of what PostgreSQL did for it. PostgreSQL itself keeps the column, so no
// writer of users can forget it. The parts are those of `readShown`; none of them can hold the character between them.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function shown_user(
      id uuid, user_name text, external_id text, active boolean, version bigint,
      created_at timestamptz, last_modified_at timestamptz, attributes jsonb
    ) returns text language plpgsql immutable parallel safe as $$
    begin
      return concat_ws(
        chr(31), id, to_json(user_name), coalesce(to_json(external_id)::text, ''), active, version,
        to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        to_char(last_modified_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        attributes);
    end $$;
    -- A row of more than 2 kB is not to be compressed: a page would spend its time on unpacking.
    alter table directory_users set (toast_tuple_target = 8160);
    alter table directory_users add column shown text not null generated always as (shown_user(
      directory_user_id, user_name, external_id, active, version, created_at, last_modified_at, attributes)) stored;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table directory_users drop column shown;
    alter table directory_users reset (toast_tuple_target);
    drop function shown_user;
  `);
}
