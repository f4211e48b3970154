import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { unique, unknownId, type World } from '../admin-api/people-world.ts';
import { executeSql } from '../support/execute-sql.ts';
import { type GuardWorld, startGuardWorld, startWorld } from './guard-world.ts';

let world: World;
let at: GuardWorld;
before(async () => {
  world = await startWorld();
});
after(() => world?.app.stop());
beforeEach(async () => {
  at = await startGuardWorld(world);
});

const disable = (id: string) => at.client.patchUser(id, { active: false });
const enable = (id: string) => at.client.patchUser(id, { active: true });
const approve = (ids: readonly string[]) => world.expect(200, 'POST', '/held-changes/approve', { ids });
const reject = (ids: readonly string[]) => world.expect(200, 'POST', '/held-changes/reject', { ids });
const logins = (ids: readonly string[]) => Promise.all(ids.map((id) => at.loginOf(id)));
const removal = (ids: readonly string[]) => [
  { op: 'remove', path: 'members', value: ids.map((value) => ({ value })) },
];

function newEmployee({ defaults: { accountId: _, ...defaults } }: World): object {
  return { ...defaults, firstName: 'Local', lastName: 'Person' };
}

describe('guard of mass deactivation', () => {
  it('lets people pass one by one until the limit and holds the next, while the mirror goes on (D-01)', async () => {
    const ids = await at.hire(4);
    await at.setGuard({ maxDeactivations: 2 });
    for (const id of ids) await disable(id);
    assert.deepEqual(await logins(ids), [false, false, true, true]);
    const [held, ...others] = (await at.waiting()).filter((it) => it.directoryUserId === ids[2]);
    assert.equal(others.length, 0);
    assert.deepEqual([held.effect, held.cause, held.state], ['deactivate', 'guard', 'waiting']);
    assert.match(held.reason, /3 people would lose their login/);
    assert.ok(held.changes.some((change: { field: string }) => change.field === 'loginEnabled'));
    const mirrored = await world.expect(200, 'GET', `/directory-users/${ids[2]}`);
    assert.equal(mirrored.active, false);
    const { decision } = await world.expect(200, 'GET', `/directory-users/${ids[2]}/explanation`);
    assert.equal(decision.outcome, 'held');
    const { items } = await world.expect(200, 'GET', `/provisioning-events?directoryUserId=${ids[2]}`);
    assert.equal(items[0].action, 'held');
  });

  it('holds a group change whole when it exceeds the limit (A-24)', async () => {
    const ids = await at.hire(5);
    await at.setGuard({ maxDeactivations: 3 });
    await at.patchGroup(at.staffId, removal(ids.slice(0, 4)));
    assert.deepEqual(await logins(ids), [true, true, true, true, true]);
    assert.equal((await at.waiting('&effect=revokeAccess')).length, 4);
    await at.patchGroup(at.staffId, removal(ids.slice(4)));
    assert.equal(await at.loginOf(ids[4] ?? ''), false);
  });

  it('holds everybody where the limit is 0, and a group that is deleted too (A-25)', async () => {
    const ids = await at.hire(2);
    await at.setGuard({ maxDeactivations: 0 });
    await at.client.deleteGroup(at.staffId);
    assert.deepEqual(await logins(ids), [true, true]);
    assert.equal((await at.waiting()).length, 2);
  });

  it('counts a percentage of the people with a login, from ten people on', async () => {
    const few = await at.hire(9);
    await at.setGuard({ maxDeactivationsPercent: 10 });
    await disable(few[0] ?? '');
    assert.equal(await at.loginOf(few[0] ?? ''), false);
    await at.hire(12);
    await disable(few[1] ?? '');
    assert.equal(await at.loginOf(few[1] ?? ''), false);
    await disable(few[2] ?? '');
    assert.equal(await at.loginOf(few[2] ?? ''), true);
    assert.match((await at.waiting())[0].reason, /10 percent/);
  });

  it('counts each connection by itself', async () => {
    const [one = ''] = await at.hire(1);
    const other = await startGuardWorld(world);
    const [two = ''] = await other.hire(1);
    await at.setGuard({ maxDeactivations: 1 });
    await disable(one);
    await other.client.patchUser(two, { active: false });
    assert.deepEqual([await at.loginOf(one), await other.loginOf(two)], [false, false]);
  });

  it('holds what a rule change would do to too many at once', async () => {
    const ids = await at.hire(3);
    await at.setGuard({ maxDeactivations: 2 });
    await world.expect(200, 'PATCH', `/mapping-rules/${at.staffRuleId}`, { enabled: false });
    assert.deepEqual(await logins(ids), [true, true, true]);
    assert.equal((await at.waiting()).length, 3);
    await world.expect(200, 'PATCH', `/mapping-rules/${at.staffRuleId}`, { enabled: true });
    assert.equal((await at.waiting()).length, 0);
    assert.equal((await at.waiting('&state=dissolved')).length, 3);
  });

  it('does not ask twice, and writes nothing for a repeated push', async () => {
    const [id = ''] = await at.hire(1);
    await at.setGuard({ maxDeactivations: 0 });
    await disable(id);
    const events = `/provisioning-events?directoryUserId=${id}`;
    const first = (await world.expect(200, 'GET', events)).items.length;
    await disable(id);
    await at.client.patchUser(id, { title: 'Engineer' });
    assert.equal((await at.waiting()).length, 1);
    assert.equal((await world.expect(200, 'GET', events)).items.length, first);
  });

  it('keeps a deleted user in the mirror until its deactivation is decided', async () => {
    const [id = ''] = await at.hire(1);
    await at.setGuard({ maxDeactivations: 0 });
    await at.client.deleteUser(id);
    const [held] = await at.waiting();
    assert.equal(held.effect, 'deactivate');
    assert.equal(await at.loginOf(id), true);
    const { items } = await approve([held.id]);
    assert.deepEqual(items, [{ id: held.id, state: 'approved', result: 'applied' }]);
    assert.equal(await at.loginOf(id), false);
  });

  it('holds who would take over from somebody whose deactivation is held, also when both are decided at once', async () => {
    await at.setGuard({ maxDeactivations: 0, maxConversions: 0 });
    const name = unique('successor');
    const first = await at.client.addUser(name);
    const join = [{ op: 'add', path: 'members', value: [{ value: first }] }];
    await at.patchGroup(at.portalId, join);
    const { contactId } = await world.expect(200, 'GET', `/directory-users/${first}`);
    await at.client.deleteUser(first);
    const second = await at.client.addUser(name);
    await at.patchGroup(at.staffId, [{ op: 'add', path: 'members', value: [{ value: second }] }]);
    const held = async (): Promise<readonly string[]> =>
      (await at.waiting()).map(({ effect, directoryUserId }) => `${effect} ${directoryUserId}`).sort();
    const expected = [`convert ${second}`, `deactivate ${first}`];
    assert.deepEqual(await held(), expected);

    const started = await world.expect(202, 'POST', `/connections/${at.connection.connectionId}/sync`);
    const path = `/sync-runs/${started.id}`;
    while ((await world.expect(200, 'GET', path)).state !== 'succeeded') await sleep(20);
    assert.deepEqual(await held(), expected);
    const { hasPortalAccess, status } = await world.expect(200, 'GET', `/contacts/${contactId}`);
    assert.deepEqual([hasPortalAccess, status], [true, 'active']);
    assert.equal((await world.expect(200, 'GET', `/directory-users/${second}`)).employeeId, null);
  });
});

describe('a held change of somebody whom an administrator removes by hand (A-24)', () => {
  const employeeIdOf = async (id: string): Promise<string> =>
    (await world.expect(200, 'GET', `/directory-users/${id}`)).employeeId;
  const heldDeactivation = async (): Promise<readonly [string, string]> => {
    const [id = ''] = await at.hire(1);
    await at.setGuard({ maxDeactivations: 0 });
    await at.client.patchUser(id, { active: false });
    assert.equal((await at.waiting()).length, 1);
    return [id, await employeeIdOf(id)];
  };

  it('disappears when the employee is deleted, and nobody comes back by it', async () => {
    const [id, employeeId] = await heldDeactivation();
    await world.expect(204, 'DELETE', `/employees/${employeeId}`);
    assert.deepEqual(await at.waiting(), []);
    assert.equal((await at.waiting(`&state=dissolved&directoryUserId=${id}`)).length, 1);
    assert.equal(await employeeIdOf(id), null);
  });

  it('disappears when the login that it would take is switched off', async () => {
    const [, employeeId] = await heldDeactivation();
    await world.expect(200, 'PATCH', `/employees/${employeeId}`, { loginEnabled: false });
    assert.deepEqual(await at.waiting(), []);
  });

  it('stays when something else is edited', async () => {
    const [, employeeId] = await heldDeactivation();
    await world.expect(200, 'PATCH', `/employees/${employeeId}`, { phone: '+49 30 1' });
    assert.equal((await at.waiting()).length, 1);
  });

  it('of a portal user disappears with the contact', async () => {
    const id = await at.client.addUser(unique('portal'));
    await at.patchGroup(at.portalId, [{ op: 'add', path: 'members', value: [{ value: id }] }]);
    const { contactId } = await world.expect(200, 'GET', `/directory-users/${id}`);
    await at.setGuard({ maxDeactivations: 0 });
    await at.client.patchUser(id, { active: false });
    assert.equal((await at.waiting()).length, 1);
    await world.expect(204, 'DELETE', `/contacts/${contactId}`);
    assert.deepEqual(await at.waiting(), []);
  });
});

describe('guard of conversions (A-24)', () => {
  it('holds what exceeds the limit and keeps the employee', async () => {
    const ids = await at.hire(3);
    await at.setGuard({ maxConversions: 2 });
    await at.patchGroup(at.portalId, [
      { op: 'add', path: 'members', value: ids.map((value) => ({ value })) },
    ]);
    assert.equal((await at.waiting('&effect=convert')).length, 3);
    const user = await world.expect(200, 'GET', `/directory-users/${ids[0]}`);
    assert.notEqual(user.employeeId, null);
    assert.equal(user.contactId, null);
    const [first] = await at.waiting();
    await approve([first.id]);
    const converted = await world.expect(200, 'GET', `/directory-users/${first.directoryUserId}`);
    assert.notEqual(converted.contactId, null);
    assert.equal((await at.waiting()).length, 2);
  });
});

describe('held changes', () => {
  it('are approved one by one, and approvals do not count', async () => {
    const ids = await at.hire(4);
    await at.setGuard({ maxDeactivations: 1 });
    await at.patchGroup(at.staffId, removal(ids.slice(0, 3)));
    const held = await at.waiting();
    const { items } = await approve(held.slice(0, 2).map(({ id }) => id));
    assert.ok(items.every((it: { state: string; result: string }) => it.state === 'approved'));
    assert.equal((await at.waiting()).length, 1);
    await disable(ids[3] ?? '');
    assert.equal(await at.loginOf(ids[3] ?? ''), false, 'the limit of one is still free');
    const [approved] = await at.waiting('&state=approved');
    assert.ok(approved.decidedAt !== null && typeof approved.decidedBy === 'string');
    const { items: events } = await world.expect(
      200,
      'GET',
      `/provisioning-events?directoryUserId=${approved.directoryUserId}`,
    );
    assert.equal(events[0].trigger, 'approval');
  });

  it('dissolve when the directory no longer asks for them', async () => {
    const [id = ''] = await at.hire(1);
    await at.setGuard({ maxDeactivations: 0 });
    await disable(id);
    const [held] = await at.waiting();
    await enable(id);
    assert.deepEqual(await at.waiting(), []);
    const { items } = await approve([held.id]);
    assert.deepEqual(items, [{ id: held.id, state: 'dissolved', result: 'alreadyDecided' }]);
    assert.equal(await at.loginOf(id), true);
  });

  it('are asked again after a refusal only when that user changes', async () => {
    const [id = '', other = ''] = await at.hire(2);
    await at.setGuard({ maxDeactivations: 0 });
    await at.patchGroup(at.staffId, removal([id]));
    const [held] = await at.waiting();
    const { items } = await reject([held.id]);
    assert.deepEqual(items, [{ id: held.id, state: 'rejected', result: 'rejected' }]);
    await world.expect(200, 'PATCH', `/mapping-rules/${at.staffRuleId}`, { order: 7 });
    await at.client.patchUser(other, { title: 'Engineer' });
    assert.deepEqual(await at.waiting(), []);
    assert.equal(await at.loginOf(id), true);
    await at.client.patchUser(id, { title: 'Engineer' });
    const [again] = await at.waiting();
    assert.equal(again.directoryUserId, id);
    assert.notEqual(again.id, held.id);
    assert.equal(await at.loginOf(id), true);
  });

  it('are all left alone when one of the ids is unknown', async () => {
    const [id = ''] = await at.hire(1);
    await at.setGuard({ maxDeactivations: 0 });
    await disable(id);
    const [held] = await at.waiting();
    for (const verb of ['approve', 'reject'] as const) {
      const answer = await world.call('POST', `/held-changes/${verb}`, { ids: [held.id, unknownId] });
      assert.equal(answer.status, 404);
      assert.match(answer.body.detail, new RegExp(unknownId));
    }
    assert.equal((await at.waiting()).length, 1);
    for (const wrong of [{ ids: [] }, { ids: ['x'] }, {}, { ids: [held.id], more: 1 }]) {
      await world.expect(400, 'POST', '/held-changes/approve', wrong);
    }
    await world.expect(400, 'GET', '/held-changes?state=lost');
    await world.expect(400, 'GET', '/held-changes?effect=explode');
  });

  it('are listed newest first, page by page, by connection, user, effect and state', async () => {
    const ids = await at.hire(3);
    await at.setGuard({ maxDeactivations: 0 });
    for (const id of ids) await disable(id);
    const all = await at.waiting();
    assert.deepEqual(
      all.map((it) => it.directoryUserId),
      [...ids].reverse(),
    );
    const path = `/held-changes?connectionId=${at.connection.connectionId}`;
    const first = await world.expect(200, 'GET', `${path}&limit=2`);
    const rest = await world.expect(200, 'GET', `${path}&cursor=${first.nextCursor}`);
    assert.deepEqual([...first.items, ...rest.items], all);
    const own = await world.expect(200, 'GET', `/held-changes?directoryUserId=${ids[1]}&effect=deactivate`);
    assert.equal(own.items.length, 1);
    assert.deepEqual(await at.waiting('&effect=merge'), []);
  });
});

describe('conflicts and protections', () => {
  it('make a second identity with the same email wait as a merge, which no approval can force', async () => {
    const name = `twin-${crypto.randomUUID().slice(0, 8)}`;
    const first = await at.client.addUser(name);
    await at.patchGroup(at.staffId, [{ op: 'add', path: 'members', value: [{ value: first }] }]);
    const other = await startGuardWorld(world);
    const second = await other.client.addUser(name);
    await other.patchGroup(other.staffId, [{ op: 'add', path: 'members', value: [{ value: second }] }]);
    const [held] = await other.waiting();
    assert.deepEqual([held.effect, held.cause, held.directoryUserId], ['merge', 'conflict', second]);
    const { decision } = await world.expect(200, 'GET', `/directory-users/${second}/explanation`);
    assert.equal(decision.outcome, 'conflict');
    const { items } = await approve([held.id]);
    assert.deepEqual(items, [{ id: held.id, state: 'waiting', result: 'stillBlocked' }]);
  });

  it('hold what would take over an employee of another connection, until an administrator agrees (A-05)', async () => {
    const name = `mover-${crypto.randomUUID().slice(0, 8)}`;
    const first = await at.client.addUser(name);
    await at.patchGroup(at.staffId, [{ op: 'add', path: 'members', value: [{ value: first }] }]);
    const { employeeId } = await world.expect(200, 'GET', `/directory-users/${first}`);
    await at.setGuard({});
    await at.client.deleteUser(first);
    const other = await startGuardWorld(world);
    const second = await other.client.addUser(name);
    await other.patchGroup(other.staffId, [{ op: 'add', path: 'members', value: [{ value: second }] }]);
    const [held] = await other.waiting();
    assert.deepEqual([held.effect, held.cause, held.employeeId], ['merge', 'takeoverShield', employeeId]);
    const { items } = await approve([held.id]);
    assert.deepEqual(items, [{ id: held.id, state: 'approved', result: 'applied' }]);
    assert.equal((await world.expect(200, 'GET', `/directory-users/${second}`)).employeeId, employeeId);
  });

  it('hold merges of addresses outside the verified and allowed domains, where those are known (A-05, REQ-37)', async () => {
    const path = `/connections/${at.connection.connectionId}`;
    await executeSql(
      world.app.databaseUrl,
      "update connections set verified_domains = '{contoso.example}' where connection_id = $1",
      [at.connection.connectionId],
    );
    const local = async (domain: string) => {
      const name = `local-${crypto.randomUUID().slice(0, 8)}`;
      const email = `${name}@${domain}`;
      const { id } = await world.expect(201, 'POST', '/employees', {
        ...newEmployee(world),
        username: name,
        email,
      });
      const userId = await at.client.addUser(name, {
        userName: email,
        emails: [{ value: email, type: 'work' }],
      });
      await at.patchGroup(at.staffId, [{ op: 'add', path: 'members', value: [{ value: userId }] }]);
      return { employeeId: id, userId };
    };
    const own = await local('contoso.example');
    assert.equal(
      (await world.expect(200, 'GET', `/directory-users/${own.userId}`)).employeeId,
      own.employeeId,
    );
    const foreign = await local('fabrikam.example');
    const [held] = await at.waiting();
    assert.deepEqual(
      [held.effect, held.cause, held.employeeId],
      ['merge', 'takeoverShield', foreign.employeeId],
    );
    await world.expect(200, 'PATCH', path, { allowedExternalDomains: ['fabrikam.example'] });
    await at.client.patchUser(foreign.userId, { title: 'Engineer' });
    assert.deepEqual(await at.waiting(), []);
    const linked = await world.expect(200, 'GET', `/directory-users/${foreign.userId}`);
    assert.equal(linked.employeeId, foreign.employeeId);
  });

  it('never convert the root user (A-22)', async () => {
    const { items } = await world.expect(200, 'GET', '/employees');
    const root = items.find((it: { isRoot: boolean }) => it.isRoot);
    const email = `root-${crypto.randomUUID().slice(0, 8)}@contoso.example`;
    await world.expect(200, 'PATCH', `/employees/${root.id}`, { email });
    const id = await at.client.addUser(email.split('@')[0] ?? '');
    await at.patchGroup(at.portalId, [{ op: 'add', path: 'members', value: [{ value: id }] }]);
    const [held] = await at.waiting();
    assert.deepEqual([held.effect, held.cause, held.employeeId], ['convert', 'root', root.id]);
    const decided = await approve([held.id]);
    assert.equal(decided.items[0].result, 'stillBlocked');
    assert.equal((await world.expect(200, 'GET', `/employees/${root.id}`)).loginEnabled, true);
  });
});

describe('guard of what is too much for one request', () => {
  it('holds it whole, although each part of it alone would pass (A-24)', { timeout: 110_000 }, async () => {
    const ids = await at.hire(230);
    await at.setGuard({ maxDeactivations: 220 });
    await at.patchGroup(at.staffId, removal(ids));
    const waiting = async (count: number): Promise<number> => {
      for (let attempt = 0; attempt < 200; attempt += 1) {
        const first = await world.expect(
          200,
          'GET',
          `/held-changes?connectionId=${at.connection.connectionId}&limit=200`,
        );
        const found =
          first.items.length + (first.nextCursor === null ? 0 : (await nextPage(first.nextCursor)).length);
        if (found >= count) return found;
        await sleep(100);
      }
      return 0;
    };
    const nextPage = async (cursor: string) =>
      (
        await world.expect(
          200,
          'GET',
          `/held-changes?connectionId=${at.connection.connectionId}&limit=200&cursor=${cursor}`,
        )
      ).items;
    assert.equal(await waiting(ids.length), ids.length);
    assert.deepEqual(await logins([ids[0] ?? '', ids[229] ?? '']), [true, true]);
  });

  it('holds what switching provisioning on would take away, as a whole', async () => {
    const ids = await at.hire(3);
    await at.setGuard({ maxDeactivations: 2 });
    await world.expect(200, 'PATCH', '/settings', { provisioningMode: 'off' });
    await at.patchGroup(at.staffId, removal(ids));
    assert.deepEqual(await at.waiting(), []);
    await world.expect(200, 'PATCH', '/settings', { provisioningMode: 'azureAdSync' });
    assert.equal((await at.waiting()).length, 3);
    assert.deepEqual(await logins(ids), [true, true, true]);
  });

  for (const [maxDeactivations, isIn] of [
    [1, false],
    [0, true],
  ] as const) {
    const outcome = isIn ? 'is held' : 'loses its login';
    it(`whoever was deleted while provisioning was off ${outcome} when it is switched on (REQ-16)`, async () => {
      const [id = ''] = await at.hire(1);
      const { employeeId } = await world.expect(200, 'GET', `/directory-users/${id}`);
      await at.setGuard({ maxDeactivations });
      await world.expect(200, 'PATCH', '/settings', { provisioningMode: 'off' });
      await at.client.deleteUser(id);
      await world.expect(200, 'PATCH', '/settings', { provisioningMode: 'azureAdSync' });
      const { loginEnabled, status } = await world.expect(200, 'GET', `/employees/${employeeId}`);
      assert.deepEqual([loginEnabled, status], [isIn, isIn ? 'active' : 'inactive']);
      assert.equal((await at.waiting()).length, isIn ? 1 : 0);
    });
  }
});
