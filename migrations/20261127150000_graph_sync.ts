import type { Knex } from 'knex';

// Reason: what Microsoft Graph said, kept apart from what a provisioning client said, and how far its reads have come.
export async function up(knex: Knex): Promise<void> {
  await joinWithMirror(knex);
  await knex.raw(`
    -- One row for each connection that was ever asked to sync: when it is due, and who reads it at the moment.
    create table graph_syncs (
      organization_id uuid not null,
      connection_id uuid not null,
      -- whose cursors these are
      tenant_id uuid,
      -- 'reading': pages are staged; 'applying': everything was read, and what is staged is only taken away
      phase text not null default 'reading',
      next_at timestamptz(3) not null default now(),
      -- asked for while somebody was reading already
      is_wanted boolean not null default false,
      claim_id uuid,
      claimed_until timestamptz(3),
      failures integer not null default 0,
      read_users integer not null default 0,
      subscriptions_due_at timestamptz(3) not null default now(),
      constraint graph_syncs__identity primary key (organization_id, connection_id),
      constraint graph_syncs__connection foreign key (organization_id, connection_id)
        references connections on delete cascade,
      constraint graph_syncs__known_phase check (phase in ('reading', 'applying'))
    );
    create index graph_syncs__due on graph_syncs (next_at);

    create table graph_streams (
      organization_id uuid not null,
      connection_id uuid not null,
      graph_stream_id uuid not null,
      kind text not null,
      -- null follows all groups
      group_ids uuid[],
      -- of the last complete read whose effects are all here
      cursor text,
      is_full boolean not null default true,
      resume text,
      -- of a complete read whose effects are not all here yet
      pending_cursor text,
      constraint graph_streams__identity primary key (organization_id, connection_id, graph_stream_id),
      constraint graph_streams__connection foreign key (organization_id, connection_id)
        references connections on delete cascade,
      constraint graph_streams__known_kind check (kind in ('users', 'groups'))
    );

    create table graph_users (
      organization_id uuid not null,
      connection_id uuid not null,
      object_id uuid not null,
      -- null for a user that the provisioning client has taken away
      directory_user_id uuid,
      fields jsonb not null,
      removed text,
      constraint graph_users__identity primary key (organization_id, connection_id, object_id),
      constraint graph_users__connection foreign key (organization_id, connection_id)
        references connections on delete cascade,
      constraint graph_users__known_removal check (removed in ('changed', 'deleted'))
    );

    create table graph_groups (
      organization_id uuid not null,
      connection_id uuid not null,
      object_id uuid not null,
      directory_group_id uuid,
      fields jsonb not null,
      removed text,
      constraint graph_groups__identity primary key (organization_id, connection_id, object_id),
      constraint graph_groups__connection foreign key (organization_id, connection_id)
        references connections on delete cascade,
      constraint graph_groups__known_removal check (removed in ('changed', 'deleted'))
    );

    -- Direct memberships by object id, nested groups included; a member may be told before it is known itself.
    create table graph_members (
      organization_id uuid not null,
      connection_id uuid not null,
      group_object_id uuid not null,
      member_object_id uuid not null,
      is_group boolean not null,
      constraint graph_members__identity
        primary key (organization_id, connection_id, group_object_id, member_object_id),
      constraint graph_members__connection foreign key (organization_id, connection_id)
        references connections on delete cascade
    );
    create index graph_members__by_member
      on graph_members (organization_id, connection_id, member_object_id, group_object_id);
    create index graph_members__nested
      on graph_members (organization_id, connection_id, group_object_id) where is_group;

    create table graph_staged_users (
      organization_id uuid not null,
      connection_id uuid not null,
      object_id uuid not null,
      fields jsonb not null,
      removed text,
      -- what the row leaves out is empty, not unchanged
      is_whole boolean not null,
      is_contested boolean not null,
      constraint graph_staged_users__identity primary key (organization_id, connection_id, object_id),
      constraint graph_staged_users__connection foreign key (organization_id, connection_id)
        references connections on delete cascade
    );

    create table graph_staged_groups (
      organization_id uuid not null,
      connection_id uuid not null,
      object_id uuid not null,
      graph_stream_id uuid not null,
      fields jsonb not null,
      removed text,
      is_whole boolean not null,
      is_contested boolean not null,
      constraint graph_staged_groups__identity primary key (organization_id, connection_id, object_id),
      constraint graph_staged_groups__connection foreign key (organization_id, connection_id)
        references connections on delete cascade
    );

    create table graph_staged_members (
      organization_id uuid not null,
      connection_id uuid not null,
      group_object_id uuid not null,
      member_object_id uuid not null,
      type text not null,
      present boolean not null,
      is_contested boolean not null,
      constraint graph_staged_members__identity
        primary key (organization_id, connection_id, group_object_id, member_object_id),
      constraint graph_staged_members__connection foreign key (organization_id, connection_id)
        references connections on delete cascade
    );

    -- Whom the reads concern: memberships are derived and people decided for them, and then they leave the list.
    create table graph_affected_users (
      organization_id uuid not null,
      connection_id uuid not null,
      directory_user_id uuid not null,
      -- the user itself changed, not only its groups
      is_changed boolean not null,
      previous jsonb,
      constraint graph_affected_users__identity primary key (organization_id, connection_id, directory_user_id),
      constraint graph_affected_users__user foreign key (organization_id, directory_user_id)
        references directory_users on delete cascade
    );
    create index graph_affected_users__by_user
      on graph_affected_users (organization_id, directory_user_id);

    create table graph_subscriptions (
      organization_id uuid not null,
      connection_id uuid not null,
      resource text not null,
      subscription_id text not null,
      client_state_hash bytea not null,
      expires_at timestamptz(3) not null,
      renew_at timestamptz(3) not null,
      constraint graph_subscriptions__identity primary key (organization_id, connection_id, resource),
      constraint graph_subscriptions__connection foreign key (organization_id, connection_id)
        references connections on delete cascade,
      constraint graph_subscriptions__known_resource check (resource in ('/users', '/groups'))
    );
    create index graph_subscriptions__lookup on graph_subscriptions (connection_id);

    select protect_tenant_table(t.name) from unnest(array['graph_syncs', 'graph_streams', 'graph_users', 'graph_groups',
      'graph_members', 'graph_staged_users', 'graph_staged_groups', 'graph_staged_members', 'graph_affected_users',
      'graph_subscriptions']::regclass[]) as t(name);
  `);
  await knex.raw(`
    -- 'plan' decides everybody again from the mirror as it is, 'read' asks the directory first.
    alter table sync_runs add column task text not null default 'plan',
      add constraint sync_runs__known_task check (task in ('plan', 'read'));
  `);
  await findAcrossOrganizations(knex);
}

/** Objects that only Graph knows are told apart from those of a provisioning client. */
async function joinWithMirror(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table directory_users
      -- a provisioning client has created or changed it
      add column is_provisioned boolean not null default true,
      -- Graph says that sign-in is blocked or that the user is gone
      add column is_blocked_upstream boolean not null default false;
    alter table directory_groups
      add column is_provisioned boolean not null default true,
      -- Graph says that the group is gone, although the client has not taken it away
      add column missing_since timestamptz(3);
    -- Graph knows many groups by one name; a provisioning client does not.
    drop index directory_groups__one_display_name;
    create unique index directory_groups__one_display_name
      on directory_groups (organization_id, display_name_key, connection_id)
      where deleted_at is null and is_provisioned;
    create index directory_groups__by_display_name
      on directory_groups (organization_id, display_name_key, connection_id) where deleted_at is null;
  `);
}

/** What is due must be found before an organization is known, and so must the owner of a notification. */
async function findAcrossOrganizations(knex: Knex): Promise<void> {
  await knex.raw(`
    do $$
    declare target text;
    begin
      foreach target in array array['graph_syncs', 'graph_subscriptions'] loop
        execute format('create policy sync_lookup on %I to %I using (true)', target, current_user);
      end loop;
    end $$;

    -- Marks what it answers as looked after for a while: if nobody claims it until then, it is due again.
    create function take_due_graph_syncs(page_size integer, again_after interval)
      returns table (organization_id uuid, connection_id uuid)
      language sql volatile security definer set search_path = pg_catalog, public
      as $$
        update graph_syncs s set next_at = now() + again_after
        from (
          select d.organization_id, d.connection_id from graph_syncs d
          join connections c on c.organization_id = d.organization_id and c.connection_id = d.connection_id
          where d.next_at <= now() and (d.claimed_until is null or d.claimed_until < now())
            and c.status = 'connected'
          order by d.next_at
          limit page_size
          for update of d skip locked
        ) due
        where s.organization_id = due.organization_id and s.connection_id = due.connection_id
        returning s.organization_id, s.connection_id
      $$;

    create function find_graph_subscriptions(wanted_connection_id uuid)
      returns table (organization_id uuid, subscription_id text, client_state_hash bytea, tenant_id uuid)
      language sql stable security definer set search_path = pg_catalog, public
      as $$
        select s.organization_id, s.subscription_id, s.client_state_hash, c.tenant_id
        from graph_subscriptions s
        join connections c on c.organization_id = s.organization_id and c.connection_id = s.connection_id
        where s.connection_id = wanted_connection_id
      $$;

    create function list_graph_ages() returns table (connection_id uuid, age_seconds double precision)
      language sql stable security definer set search_path = pg_catalog, public
      as $$
        select c.connection_id, extract(epoch from now() - c.last_graph_success_at)::double precision
        from graph_syncs s
        join connections c on c.organization_id = s.organization_id and c.connection_id = s.connection_id
        where c.status <> 'disabled' and c.last_graph_success_at is not null
        order by c.last_graph_success_at limit 1000
      $$;

    revoke all on function take_due_graph_syncs(integer, interval), find_graph_subscriptions(uuid), list_graph_ages()
      from public;
    grant execute on function take_due_graph_syncs(integer, interval), find_graph_subscriptions(uuid), list_graph_ages()
      to rollcall_app;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table sync_runs drop column task;
    drop function take_due_graph_syncs(integer, interval), find_graph_subscriptions(uuid), list_graph_ages();
    drop table graph_subscriptions, graph_affected_users, graph_staged_members, graph_staged_groups, graph_staged_users,
      graph_members, graph_groups, graph_users, graph_streams, graph_syncs;
    drop index directory_groups__by_display_name, directory_groups__one_display_name;
    create unique index directory_groups__one_display_name
      on directory_groups (organization_id, display_name_key, connection_id) where deleted_at is null;
    alter table directory_groups drop column is_provisioned, drop column missing_since;
    alter table directory_users drop column is_provisioned, drop column is_blocked_upstream;
  `);
}
