import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Random, seededRandom } from '../support/entra/seeded-random.ts';
import { startEntraEmulator } from '../support/entra/start-entra-emulator.ts';
import type { TenantDirectory } from '../support/entra/tenant-directory.ts';
import type { TenantSettings } from '../support/entra/tenant-settings.ts';
import { GraphHarness, type Row } from './graph-harness.ts';

/** The least that a client has to do with delta rows: merge, in the order in which they come. */
class Mirror {
  readonly users = new Map<string, unknown>();
  readonly groups = new Map<string, Set<string>>();

  apply(collection: 'users' | 'groups', row: Row): void {
    const known: Map<string, unknown> = this[collection];
    if (row['@removed']) known.delete(row.id);
    else if (collection === 'users')
      this.users.set(row.id, row['jobTitle'] ?? this.users.get(row.id) ?? null);
    else this.#applyGroup(row);
  }

  #applyGroup(row: Row): void {
    const members = this.groups.get(row.id) ?? new Set<string>();
    this.groups.set(row.id, members);
    for (const member of row['members@delta'] ?? []) {
      if (member['@removed']) members.delete(member.id);
      else members.add(member.id);
    }
  }
}

function truthOf({ users, groups, memberships }: TenantDirectory) {
  const isLive = (id: string) => users.isLive(id) || groups.isLive(id);
  return {
    users: [...users.eachLive()].map(({ id, properties }) => [id, properties['jobTitle'] ?? null]).sort(),
    groups: [...groups.eachLive()]
      .map(({ id }) => [id, ...[...memberships.membersOf(id)].filter(isLive).sort()])
      .sort(),
  };
}

function viewOf({ users, groups }: Mirror) {
  return {
    users: [...users].sort(),
    groups: [...groups].map(([id, members]) => [id, ...[...members].sort()]).sort(),
  };
}

/** Something happens to somebody. */
function mutate(tenant: TenantDirectory, random: Random): void {
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? '';
  const users = tenant.users.order.filter((id) => tenant.users.isLive(id));
  const groups = tenant.groups.order.filter((id) => tenant.groups.isLive(id));
  const deleted = [...tenant.users.eachDeleted()].map(({ id }) => id);
  const deletedGroups = [...tenant.groups.eachDeleted()].map(({ id }) => id);
  const actions: readonly (() => void)[] = [
    () => tenant.addUser({ userPrincipalName: `new${tenant.log.latest}@mymsp.example`, jobTitle: 'New' }),
    () => tenant.updateUser(pick(users), { jobTitle: `Title ${tenant.log.latest}` }),
    () => tenant.addMembers(pick(groups), [pick(users), pick(users)]),
    () => tenant.removeMembers(pick(groups), [...tenant.memberships.membersOf(pick(groups))].slice(0, 2)),
    () => (users.length > 5 ? tenant.softDeleteUser(pick(users)) : undefined),
    () => (deleted.length > 0 ? tenant.restoreUser(pick(deleted)) : undefined),
    () => (deleted.length > 0 ? tenant.purgeUser(pick(deleted)) : undefined),
    () => tenant.addGroup({ displayName: 'New', members: [pick(users), pick(groups)] }),
    () => (groups.length > 3 ? tenant.deleteGroup(pick(groups)) : undefined),
    () => (deletedGroups.length > 0 ? tenant.restoreGroup(pick(deletedGroups)) : undefined),
  ];
  actions[Math.floor(random() * actions.length)]?.();
}

function settingsFor(random: Random): Partial<TenantSettings> {
  const flip = () => random() < 0.5;
  return {
    deltaPageSize: 1 + Math.floor(random() * 8),
    deltaMembersPerPage: 1 + Math.floor(random() * 6),
    emptyPageEvery: flip() ? 3 : 0,
    repeatRows: flip() ? 2 : 0,
    shuffleRows: flip() ? 5 : null,
    separateRows: flip(),
    replayChanges: flip() ? 4 : 0,
    removedInFirstRound: flip(),
    deltaLagMs: flip() ? 1000 : 0,
    throttling: 'observe',
  };
}

describe('a client that merges what the emulated delta queries tell', () => {
  for (let seed = 1; seed <= 25; seed += 1) {
    it(`ends with the directory as it is (seed ${seed})`, async () => {
      const emulator = await startEntraEmulator();
      try {
        await followDirectory(new GraphHarness(emulator), seededRandom(seed));
      } finally {
        await emulator.stop();
      }
    });
  }

  async function followDirectory(graph: GraphHarness, random: Random): Promise<void> {
    const { tenant, emulator } = graph;
    Object.assign(tenant.settings, settingsFor(random));
    emulator.seed(tenant.id, { users: 25, groups: 6, groupsPerUser: 2, nestedGroups: 2 });
    const mirror = new Mirror();
    const links = {
      users: 'users/delta?$select=id,jobTitle',
      groups: 'groups/delta?$select=id,displayName,members',
    };
    const rounds = async (change: () => void): Promise<void> => {
      for (const collection of ['users', 'groups'] as const) {
        let next: string | undefined = links[collection];
        while (next !== undefined) {
          const { body }: Awaited<ReturnType<GraphHarness['get']>> = await graph.get(next);
          for (const row of body.value) mirror.apply(collection, row);
          links[collection] = body['@odata.deltaLink'] ?? links[collection];
          next = body['@odata.nextLink'];
          change();
        }
      }
    };
    for (let turn = 0; turn < 4; turn += 1) {
      await rounds(() => {
        if (random() < 0.5) mutate(tenant, random);
      });
    }
    emulator.advanceClock(1000);
    await rounds(() => undefined);
    assert.deepEqual(viewOf(mirror), truthOf(tenant));
  }
});
