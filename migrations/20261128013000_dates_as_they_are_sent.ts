import type { Knex } from 'knex';

// Reason: dates are stored as they were sent, but not every form that is accepted was found again. Offsets without a colon
// were no dates to filters and orders, and digits beyond microseconds were rounded where what a filter names is cut off.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function date_time_or_null(value text) returns timestamptz
      language plpgsql stable strict
      as $$
      declare
        parts text[] := regexp_match(
          value,
          '^(\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2})(:\\d{2}){0,1}(\\.\\d+){0,1}([Zz]|[+-]\\d{2}:{0,1}\\d{2}){0,1}$');
      begin
        return (parts[1] || concat(coalesce(parts[2], ':00'), left(parts[3], 7), parts[4]))::timestamptz;
      exception when data_exception then
        return null;
      end $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function date_time_or_null(value text) returns timestamptz
      language plpgsql stable strict
      as $$
      begin
        if value !~ '^\\d{4}-\\d{2}-\\d{2}([Tt]\\d{2}:\\d{2}(:\\d{2}(\\.\\d+){0,1}){0,1}([Zz]|[+-]\\d{2}:\\d{2}){0,1}){0,1}$' then
          return null;
        end if;
        return value::timestamptz;
      exception when data_exception then
        return null;
      end $$;
  `);
}
