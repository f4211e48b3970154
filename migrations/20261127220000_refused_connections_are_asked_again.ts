import type { Knex } from 'knex';

// Reason: what Microsoft refuses may be allowed again any time, so connections that it refused stay due, with pauses.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    takeDue(`(c.status = 'connected'
            or (c.status in ('failed', 'consentRequired', 'permissionMissing') and c.graph_flow is not null))`),
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(takeDue(`c.status = 'connected'`));
}

const takeDue = (isReadable: string): string => `
  create or replace function take_due_graph_syncs(page_size integer, again_after interval)
    returns table (organization_id uuid, connection_id uuid)
    language sql volatile security definer set search_path = pg_catalog, public
    as $$
      update graph_syncs s set next_at = now() + again_after
      from (
        select d.organization_id, d.connection_id from graph_syncs d
        join connections c on c.organization_id = d.organization_id and c.connection_id = d.connection_id
        where d.next_at <= now() and (d.claimed_until is null or d.claimed_until < now())
          and ${isReadable}
        order by d.next_at
        limit page_size
        for update of d skip locked
      ) due
      where s.organization_id = due.organization_id and s.connection_id = due.connection_id
      returning s.organization_id, s.connection_id
    $$;`;
