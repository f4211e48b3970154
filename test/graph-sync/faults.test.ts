import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Json } from '../admin-api/people-world.ts';
import type { FaultEffect } from '../support/entra/faults.ts';
import { defaultTenantSettings, type TenantSettings } from '../support/entra/tenant-settings.ts';
import { assertFollows } from './expectations.ts';
import { assertSucceeded, startSyncWorld } from './sync-world.ts';

/** `GRAPH_SYNC_SCALE=full` reads a directory as large as the one that has to be survived. */
const isFull = process.env['GRAPH_SYNC_SCALE'] === 'full';
const seed = isFull
  ? { users: 5_000, groups: 200, groupsPerUser: 3, nestedGroups: 20, guestEvery: 50, disabledEvery: 97 }
  : { users: 150, groups: 12, groupsPerUser: 2, nestedGroups: 4, guestEvery: 20, disabledEvery: 31 };
const pages = isFull ? 100 : 20;

const effects: readonly (readonly [string, FaultEffect])[] = [
  ['too many requests', { kind: 'answer', status: 429, retryAfter: 1 }],
  ['a broken server', { kind: 'answer', status: 500 }],
  ['a service that is away', { kind: 'answer', status: 503, retryAfter: 1 }],
  ['a gateway that gives up', { kind: 'answer', status: 504 }],
  ['a token that is refused', { kind: 'answer', status: 401, code: 'InvalidAuthenticationToken' }],
  ['a page of a gateway', { kind: 'html', status: 502 }],
  ['a connection that breaks', { kind: 'reset' }],
  ['an answer cut off', { kind: 'truncate' }],
  ['an answer that is no JSON', { kind: 'invalid-json' }],
  ['a claims challenge', { kind: 'claims-challenge' }],
  ['rows told twice', { kind: 'duplicate-rows' }],
  ['a read that has to start again', { kind: 'resync' }],
  ['a state that is not found', { kind: 'resync', code: 'syncStateNotFound' }],
  ['a link to another host', { kind: 'foreign-link' }],
  ['a link that leads in a circle', { kind: 'repeat-page' }],
];

const moods: readonly (readonly [string, Partial<TenantSettings>])[] = [
  ['empty pages', { emptyPageEvery: 2 }],
  ['repeated rows in another order', { repeatRows: 5, shuffleRows: 7 }],
  ['one row for each change', { separateRows: true, shuffleRows: 3 }],
  ['changes told again', { replayChanges: 50 }],
  ['large groups spread over pages', { deltaMembersPerPage: 5 }],
  ['removals in the first round', { removedInFirstRound: true }],
];

describe('a full read', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  let rules: readonly string[];
  let faultless: Readonly<Record<string, Json>>;

  before(async () => {
    world = await startSyncWorld({ seed });
    world.tenant.settings.deltaPageSize = pages;
    rules = world.groupIds.slice(0, isFull ? 60 : 5);
    for (const [index, groupId] of rules.entries()) await world.addRule(groupId, index % 3);
    assertSucceeded(await world.sync());
    await assertFollows(world, rules);
    faultless = await world.people();
  });
  after(() => world.stop());
  beforeEach(() => {
    world.emulator.clearFaults();
    world.emulator.clearRequests();
    Object.assign(world.tenant.settings, defaultTenantSettings(), {
      deltaPageSize: pages,
      throttling: 'observe',
    });
  });

  /** As if nothing had ever been read, with everybody there. */
  const readAgain = async (): Promise<Json> => {
    await world.sql('delete from graph_streams');
    return world.sync();
  };
  const assertUnharmed = async (): Promise<void> => {
    await assertFollows(world, rules);
    assert.deepEqual(await world.people(), faultless);
    const deactivations = await world.sql(
      `select reason from provisioning_events where action = 'deactivated'`,
    );
    assert.deepEqual(deactivations, []);
    for (const { headers } of world.emulator.requests({ service: 'stranger' })) {
      assert.equal(headers['authorization'], undefined);
    }
    assert.equal(
      world.emulator.requests({ service: 'stranger' }).length,
      0,
      'nothing is sent to another host',
    );
  };

  for (const [name, effect] of effects) {
    it(`ends as without ${name}, wherever it strikes`, async () => {
      for (const path of ['/v1.0/users/delta', '/v1.0/groups/delta']) {
        for (const passing of [0, 2]) {
          world.emulator.injectFault({
            match: { service: 'graph', path },
            effect,
            times: 1,
            after: passing,
          });
        }
      }
      assertSucceeded(await readAgain());
      await assertUnharmed();
    });
  }

  for (const [name, settings] of moods) {
    it(`ends as ever with ${name}`, async () => {
      Object.assign(world.tenant.settings, settings);
      assertSucceeded(await readAgain());
      await assertUnharmed();
      assertSucceeded(await world.sync());
      await assertUnharmed();
    });
  }

  it('that never reaches its end takes nothing from anybody', async () => {
    world.emulator.injectFault({
      match: { service: 'graph', path: '/v1.0/users/delta' },
      effect: { kind: 'foreign-link' },
      after: 1,
    });
    await world.sql('delete from graph_streams');
    const run = await world.expect(202, 'POST', `/connections/${world.connectionId}/sync`);
    const staged = async () => (await world.sql('select failures from graph_syncs'))[0]?.failures;
    while ((await staged()) < 2) await new Promise((resolve) => setTimeout(resolve, 100));
    await assertUnharmed();
    await world.expect(200, 'POST', `/sync-runs/${run.id}/cancel`);
    world.emulator.clearFaults();
    assertSucceeded(await world.sync());
    await assertUnharmed();
  });
});
