import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Json } from '../admin-api/people-world.ts';
import type { FaultEffect, FaultMatch } from '../support/entra/faults.ts';
import { assertFollows } from './expectations.ts';
import { assertSucceeded, startSyncWorld } from './sync-world.ts';

/** Where a round asks Graph about what its rows contradict each other in. */
const places: readonly (readonly [string, FaultMatch])[] = [
  ['a batch', { service: 'graph', path: '/v1.0/$batch' }],
  [
    'a user within a batch',
    { service: 'graph', method: 'GET', path: '/v1.0/users/*', query: 'accountEnabled' },
  ],
  ['a question for memberships', { service: 'graph', method: 'POST', path: '/v1.0/users/*' }],
];

const effects: readonly (readonly [string, FaultEffect])[] = [
  ['too many requests', { kind: 'answer', status: 429, retryAfter: 1 }],
  ['too many requests, until a date', { kind: 'answer', status: 429, retryAfter: 'date' }],
  ['a service that is away', { kind: 'answer', status: 503 }],
  ['a gateway that gives up', { kind: 'answer', status: 504 }],
];

/** These break whole answers, which those within a batch are not. */
const outerEffects: readonly (readonly [string, FaultEffect])[] = [
  ['a broken server', { kind: 'answer', status: 500 }],
  ['a page of a gateway', { kind: 'html', status: 502 }],
  ['a connection that breaks', { kind: 'reset' }],
  ['an answer cut off', { kind: 'truncate' }],
  ['an answer that is no JSON', { kind: 'invalid-json' }],
  ['a claims challenge', { kind: 'claims-challenge' }],
];

describe('a read whose rows contradict each other', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  let rules: readonly string[];
  let round = 0;

  before(async () => {
    world = await startSyncWorld({ seed: { users: 30, groups: 3, groupsPerUser: 1 } });
    rules = world.groupIds.slice(0, 2);
    for (const groupId of rules) await world.addRule(groupId);
    assertSucceeded(await world.sync());
    Object.assign(world.tenant.settings, { separateRows: true, shuffleRows: 3 });
  });
  after(() => world.stop());
  beforeEach(() => {
    world.emulator.clearFaults();
    world.emulator.clearRequests();
  });

  /** Rows that tell everything twice, in both directions, and end where it began or elsewhere. */
  const contradict = (): void => {
    round++;
    const [first = '', second = ''] = rules;
    const { tenant, userIds } = world;
    for (const [index, id] of userIds.slice(0, 12).entries()) {
      const before = tenant.users.get(id)?.properties['jobTitle'] ?? null;
      tenant.updateUser(id, { jobTitle: `Between ${round}` });
      tenant.updateUser(id, { jobTitle: index % 2 === 0 ? before : `Title ${round}` });
      for (const groupId of [first, second]) {
        tenant.addMembers(groupId, [id]);
        tenant.removeMembers(groupId, [id]);
      }
      tenant.addMembers(index % 3 === 0 ? first : second, [id]);
    }
  };
  const titles = async (): Promise<Readonly<Record<string, Json>>> => {
    const rows = await world.sql(
      `select u.object_id as id, j.name from employees e
        join directory_users u using (organization_id, directory_user_id)
        left join job_titles j using (organization_id, job_title_id)`,
    );
    return Object.fromEntries(rows.map(({ id, name }) => [id, name]));
  };
  const assertEndsWell = async (run: Json): Promise<void> => {
    assertSucceeded(run);
    await assertFollows(world, rules);
    const held = await titles();
    for (const id of world.userIds.slice(0, 12)) {
      const title = world.tenant.users.get(id)?.properties['jobTitle'];
      if (title) assert.equal(held[id], title, id);
    }
    const lost = await world.sql(`select reason from provisioning_events where action = 'deactivated'`);
    assert.deepEqual(lost, []);
  };

  const cases = [
    ...places.flatMap(([place, match]) => effects.map((effect) => [place, match, effect] as const)),
    ...outerEffects.map((effect) => ['a batch', { service: 'graph', path: '/v1.0/$batch' }, effect] as const),
  ];
  for (const [place, match, [name, effect]] of cases) {
    it(`ends as the directory is with ${name} at ${place}`, async () => {
      contradict();
      const inOneSecond = () => new Date(Date.now() + 1_500).toUTCString();
      const isDate = effect.kind === 'answer' && effect.retryAfter === 'date';
      world.emulator.injectFault({
        match,
        effect: isDate ? { ...effect, retryAfter: inOneSecond() } : effect,
        times: 2,
      });
      await assertEndsWell(await world.sync());
      const [report] = world.emulator.faults();
      assert.ok((report?.hits ?? 0) > 0, 'the fault struck');
    });
  }

  it('is not misled by a group within the group', async () => {
    const { tenant, userIds } = world;
    const [outer = ''] = rules;
    const [member = ''] = userIds.slice(20);
    const inner = tenant.addGroup({ displayName: 'Inner' });
    tenant.addMembers(inner, [member]);
    tenant.addMembers(outer, [inner, member]);
    assertSucceeded(await world.sync());
    // Out of the outer group, said in rows that contradict each other; still in it by the inner one.
    for (let times = 0; times < 4; times += 1) {
      tenant.removeMembers(outer, [member]);
      tenant.addMembers(outer, [member]);
    }
    tenant.removeMembers(outer, [member]);
    await assertEndsWell(await world.sync());
    tenant.removeMembers(inner, [member]);
    assertSucceeded(await world.sync());
    await assertFollows(world, rules);
  });

  it('ends as the directory is when everything is read again', async () => {
    contradict();
    for (const [, match] of places) {
      world.emulator.injectFault({ match, effect: { kind: 'answer', status: 429, retryAfter: 1 }, times: 1 });
    }
    const run = await world.expect(202, 'POST', `/connections/${world.connectionId}/sync?full=true`);
    await assertEndsWell(await world.ended(run.id));
  });
});
