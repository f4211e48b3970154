import assert from 'node:assert/strict';
import pg from 'pg';

/** How often each status came. */
export function statusesOf(answers: readonly { readonly status: number }[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

export async function ask(databaseUrl: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const owner = new pg.Client({ connectionString: databaseUrl });
  await owner.connect();
  try {
    return (await owner.query<Record<string, unknown>>(text)).rows;
  } finally {
    await owner.end();
  }
}

const contradictions: readonly [what: string, sql: string][] = [
  [
    'a group counts other members than it has',
    `select g.display_name from directory_groups g
      where g.member_count <> (select count(distinct m.directory_user_id) from memberships m
        where m.organization_id = g.organization_id and m.directory_group_id = g.directory_group_id)`,
  ],
  [
    'a deleted user or group has memberships',
    `select m.directory_user_id from memberships m
      join directory_users u using (organization_id, directory_user_id)
      join directory_groups g using (organization_id, directory_group_id)
      where u.deleted_at is not null or g.deleted_at is not null`,
  ],
  [
    'two enabled logins share a username or an email',
    `select lower(l.username) from logins l where l.enabled group by l.organization_id, lower(l.username)
      having count(*) > 1
      union all
      select lower(l.email) from logins l where l.enabled group by l.organization_id, lower(l.email)
      having count(*) > 1`,
  ],
  [
    'somebody without a rule, disabled or deleted can log in',
    `select u.user_name from directory_users u
      join employees e on e.organization_id = u.organization_id and e.directory_user_id = u.directory_user_id
      join logins l on l.organization_id = e.organization_id and l.employee_id = e.employee_id
      where l.enabled and not e.is_root
        and (u.deleted_at is not null or not u.active or not exists (
          select from memberships m
          join directory_groups g using (organization_id, directory_group_id)
          join mapping_rules r on r.organization_id = g.organization_id and r.connection_id = g.connection_id
            and r.group_key = g.rule_key
          where m.organization_id = u.organization_id and m.directory_user_id = u.directory_user_id))`,
  ],
];

/** What must hold whenever nothing is under way, however requests were interleaved. */
export async function assertAccessFollowsRules(databaseUrl: string): Promise<void> {
  for (const [what, sql] of contradictions) assert.deepEqual(await ask(databaseUrl, sql), [], what);
}

/** Ends the transactions that PostgreSQL had to sacrifice so far. */
export async function deadlocksOf(databaseUrl: string): Promise<number> {
  const [row] = await ask(
    databaseUrl,
    `select d.deadlocks::integer as "deadlocks" from pg_stat_database d where d.datname = current_database()`,
  );
  return Number(row?.deadlocks);
}
