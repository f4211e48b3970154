import assert from 'node:assert/strict';
import { currentView } from '../support/entra/membership-view.ts';
import type { TenantDirectory } from '../support/entra/tenant-directory.ts';
import type { SyncWorld } from './sync-world.ts';

/** Users of the emulated directory in a group, nested ones included, worked out without the product. */
export function usersIn(tenant: TenantDirectory, groupId: string): ReadonlySet<string> {
  const view = currentView(tenant);
  const [users, seen, waiting] = [new Set<string>(), new Set<string>(), [groupId]];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (seen.has(id) || !tenant.groups.isLive(id)) continue;
    seen.add(id);
    for (const member of view.membersOf(id)) {
      if (tenant.typeOf(member) === 'group') waiting.push(member);
      else users.add(member);
    }
  }
  return users;
}

/**
 * The mirror and the PSA are what the directory is at this moment: memberships of the groups that rules name, and a login
 * for exactly those enabled users whom a rule names.
 */
export async function assertFollows(world: SyncWorld, ruleGroupIds: readonly string[]): Promise<void> {
  const { tenant, sql } = world;
  const expected = ruleGroupIds.flatMap((groupId) =>
    [...usersIn(tenant, groupId)].map((userId) => `${groupId} ${userId}`),
  );
  const held = await sql(
    `select g.object_id || ' ' || u.object_id as pair
      from memberships m
      join directory_groups g using (organization_id, directory_group_id)
      join directory_users u using (organization_id, directory_user_id)
      where m.source = 'graph' and g.object_id = any($1) and g.deleted_at is null and not u.is_blocked_upstream
      order by 1`,
    [ruleGroupIds],
  );
  const isEnabled = (id: string) => tenant.users.get(id)?.properties['accountEnabled'] !== false;
  assert.deepEqual(
    held.map(({ pair }) => pair),
    expected.filter((pair) => isEnabled(pair.split(' ')[1] ?? '')).sort(),
    'memberships',
  );
  const withLogin = new Set(expected.map((pair) => pair.split(' ')[1] ?? '').filter(isEnabled));
  const logins = await sql(
    `select distinct u.object_id::text as id from logins l
      join directory_users u using (organization_id, directory_user_id) where l.enabled order by 1`,
  );
  assert.deepEqual(
    logins.map(({ id }) => id),
    [...withLogin].sort(),
    'logins',
  );
}
