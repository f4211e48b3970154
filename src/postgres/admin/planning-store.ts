import type { DirectoryUser } from '../../directory/directory-user.ts';
import type { RuleGroup } from '../../mapping/mapping-rule.ts';
import type { MemberOfGroups, PlanningStore } from '../../operations/reconcile/planning-ports.ts';
import { type CaseRow, readCaseFacts } from '../case-facts.ts';
import { viewCasesText } from '../case-statement.ts';
import type { SqlConnection } from '../sql-connection.ts';
import { userColumns } from '../user-rows.ts';

/** Each group yields at most a page, so that a batch costs the same at the start and at the end of a large group. */
const membersUnder = `
  select ${userColumns}, p.positions
  from (
    select m.directory_user_id, json_agg(distinct w.position - 1) as positions
    from unnest($3::text[]) with ordinality as w(key, position)
    cross join lateral (
      select x.organization_id, x.directory_group_id, x.connection_id, x.deleted_at, x.missing_since
      from directory_groups x
      where x.organization_id = $1::uuid and x.rule_key = lower(w.key)
      offset 0
    ) g
    cross join lateral (
      select distinct s.directory_user_id from memberships s
      where s.organization_id = g.organization_id and s.directory_group_id = g.directory_group_id
        and s.directory_user_id > $4::uuid
      order by s.directory_user_id
      limit $5
    ) m
    where g.connection_id = $2::uuid and g.deleted_at is null and g.missing_since is null
    group by m.directory_user_id
    order by m.directory_user_id
    limit $5
  ) p
  cross join lateral (
    select x.* from directory_users x
    where x.organization_id = $1::uuid and x.directory_user_id = p.directory_user_id
    limit 1
  ) u
  order by u.directory_user_id`;

const usersAfter = `
  select ${userColumns} from directory_users u
  where u.organization_id = $1::uuid and u.connection_id = $2::uuid and u.deleted_at is null
    and u.directory_user_id > $3::uuid
  order by u.directory_user_id
  limit $4`;

const deletedWithLogin = `
  select ${userColumns} from directory_users u
  where u.organization_id = $1::uuid and u.connection_id = $2::uuid and u.deleted_at is not null
    and exists (
      select from logins l
      where l.organization_id = u.organization_id and l.directory_user_id = u.directory_user_id and l.enabled)
  order by u.directory_user_id`;

const usersAmong = `
  select ${userColumns} from unnest($2::uuid[]) as w(key)
  cross join lateral (
    select x.* from directory_users x
    where x.organization_id = $1::uuid and x.directory_user_id = w.key and x.deleted_at is null
    limit 1
  ) u
  order by u.directory_user_id`;

/** Of several groups with one key the living one counts, among equals the one seen last. */
const groupsNamed = `
  select g.directory_group_id as "id", g.display_name as "name", g.created_upstream_at as "createdAt",
    g.first_seen_at as "firstSeenAt",
    case when g.directory_group_id is null then 'unknown' when g.is_gone then 'missing' else 'found' end
      as "state"
  from unnest($3::text[]) with ordinality as w(key, position)
  left join lateral (
    select d.directory_group_id, d.display_name, d.created_upstream_at, d.first_seen_at,
      d.deleted_at is not null or d.missing_since is not null as is_gone
    from directory_groups d
    where d.organization_id = $1::uuid and d.connection_id = $2::uuid and d.rule_key = lower(w.key)
    order by d.deleted_at is not null or d.missing_since is not null, d.first_seen_at desc, d.directory_group_id desc
    limit 1
  ) g on true
  order by w.position`;

/** Comes before every id. */
const firstUuid = '00000000-0000-0000-0000-000000000000';

type MemberRow = DirectoryUser & Pick<MemberOfGroups, 'positions'>;

export function makePlanningStore(connection: SqlConnection): PlanningStore {
  const { organizationId } = connection.context;
  return {
    membersUnder: async ({ connectionId, groupIds, after, limit }) => {
      const rows = await connection.rows<MemberRow>({
        name: 'members_under_groups',
        text: membersUnder,
        values: [organizationId, connectionId, groupIds, after ?? firstUuid, limit],
      });
      return rows.map(({ positions, ...user }) => ({ user, positions }));
    },
    usersAfter: (connectionId, after, limit) =>
      connection.rows<DirectoryUser>({
        name: 'users_after',
        text: usersAfter,
        values: [organizationId, connectionId, after ?? firstUuid, limit],
      }),
    deletedWithLogin: (connectionId) =>
      connection.rows<DirectoryUser>({ text: deletedWithLogin, values: [organizationId, connectionId] }),
    usersAmong: (ids) =>
      connection.rows<DirectoryUser>({
        name: 'users_among',
        text: usersAmong,
        values: [organizationId, ids],
      }),
    groupsNamed: (connectionId, groupIds) =>
      connection.rows<RuleGroup>({
        name: 'groups_named',
        text: groupsNamed,
        values: [organizationId, connectionId, groupIds],
      }),
    viewCases: async ({ users, addressKeys, usernameKeys, jobTitleKeys, usernameStems }) => {
      const ids = users.map((user) => user.id);
      const connectionIds = [...new Set(users.map((user) => user.connectionId))];
      const [row] = await connection.rows<CaseRow>({
        name: 'view_cases',
        text: viewCasesText,
        values: [organizationId, ids, connectionIds, addressKeys, usernameKeys, jobTitleKeys, usernameStems],
      });
      if (row === undefined) throw new Error('The case statement answers exactly one row');
      return readCaseFacts(row);
    },
  };
}
