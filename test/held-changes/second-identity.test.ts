import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Json, unique, type World } from '../admin-api/people-world.ts';
import { type GuardWorld, startGuardWorld, startWorld } from './guard-world.ts';

let world: World;
let at: GuardWorld;
before(async () => {
  world = await startWorld();
});
after(() => world?.app.stop());
beforeEach(async () => {
  at = await startGuardWorld(world);
  await at.setGuard({});
});

const user = (id: string): Promise<Json> => world.expect(200, 'GET', `/directory-users/${id}`);
const join = (place: GuardWorld, groupId: string, id: string) =>
  place.patchGroup(groupId, [{ op: 'add', path: 'members', value: [{ value: id }] }]);
const open = async (place: GuardWorld): Promise<readonly (readonly [string, string])[]> =>
  (await place.waiting()).map((it) => [it.effect, it.cause] as const);
const conflict = ['merge', 'conflict'] as const;

const eachByItself = async (ids: readonly string[]): Promise<void> => {
  for (const id of ids) await join(at, at.staffId, id);
};
const allAtOnce = (ids: readonly string[]): Promise<void> =>
  at.patchGroup(at.staffId, [{ op: 'add', path: 'members', value: ids.map((value) => ({ value })) }]);

/** Two users of one connection with one mail address, both staff; the second one waits. */
async function twins(
  hire = eachByItself,
): Promise<{ first: string; second: string; employeeId: string; email: string }> {
  const path = `/connections/${at.connection.connectionId}`;
  await world.expect(200, 'PATCH', path, { emailSource: 'mail' });
  const email = `${unique('shared')}@contoso.example`;
  const emails = [{ type: 'work', value: email }];
  const first = await at.client.addUser(unique('first'), { emails });
  const second = await at.client.addUser(unique('second'), { emails });
  await hire([first, second]);
  assert.deepEqual(await open(at), [conflict]);
  const { employeeId } = await user(first);
  return { first, second, employeeId, email };
}

describe('a second identity with the same email', () => {
  it('takes over the record as soon as the first one is deleted (D-05)', async () => {
    const { first, second, employeeId } = await twins();
    await at.client.deleteUser(first);
    assert.equal((await user(second)).employeeId, employeeId);
    assert.equal(await at.loginOf(second), true);
    assert.deepEqual(await at.waiting(), []);
    assert.equal((await at.waiting(`&state=dissolved&directoryUserId=${second}`)).length, 1);
  });

  it('takes over the record also when both were decided at once (D-05)', async () => {
    const { first, second, employeeId } = await twins(allAtOnce);
    const [waiting] = await at.waiting();
    assert.equal(waiting.employeeId, employeeId);
    const { items } = await world.expect(200, 'GET', `/provisioning-events?employeeId=${employeeId}`);
    assert.deepEqual(
      items.map((it: Json) => [it.action, it.directoryUserId]),
      [
        ['conflict', second],
        ['created', first],
      ],
    );
    await at.client.deleteUser(first);
    assert.equal((await user(second)).employeeId, employeeId);
    assert.deepEqual(await at.waiting(), []);
  });

  it('says nothing of what became of the first one, which can be undone alone', async () => {
    const { first, employeeId } = await twins(allAtOnce);
    const path = `/provisioning-events?directoryUserId=${first}&action=created`;
    const [{ requestId }] = (await world.expect(200, 'GET', path)).items;
    await world.expect(200, 'POST', `/change-sets/${requestId}/undo`, { personIds: [first] });
    assert.equal((await world.expect(200, 'GET', `/employees/${employeeId}`)).status, 'inactive');
  });

  it('is decided when the first one is deleted, whose record was archived for another one meanwhile (REQ-30)', async () => {
    const { first, second, employeeId } = await twins();
    await join(at, at.portalId, first);
    assert.deepEqual(await open(at), [conflict]);
    await at.client.deleteUser(first);
    const own = (await user(second)).employeeId;
    assert.notEqual(own, employeeId);
    assert.equal(await at.loginOf(second), true);
    assert.deepEqual(await at.waiting(), []);
  });

  it('gets a record of its own as soon as the first one has another email (REQ-09)', async () => {
    const { first, second, employeeId, email } = await twins();
    const other = `${unique('other')}@contoso.example`;
    await at.client.patchUser(first, { emails: [{ type: 'work', value: other }] });
    const own = (await user(second)).employeeId;
    assert.notEqual(own, employeeId);
    assert.equal((await world.expect(200, 'GET', `/employees/${own}`)).email, email);
    assert.deepEqual(await at.waiting(), []);
  });

  it('gets a record of its own as soon as the other one is deleted by hand (REQ-09)', async () => {
    const { second, employeeId, email } = await twins();
    await world.expect(204, 'DELETE', `/employees/${employeeId}`);
    const own = (await user(second)).employeeId;
    assert.equal((await world.expect(200, 'GET', `/employees/${own}`)).email, email);
    assert.deepEqual(await at.waiting(), []);
  });

  it('goes on waiting while the first one is only disabled: it may come back to its record (D-03)', async () => {
    const { first, employeeId } = await twins();
    await at.client.patchUser(first, { active: false });
    assert.deepEqual(await open(at), [conflict]);
    await at.client.patchUser(first, { active: true });
    assert.equal((await user(first)).employeeId, employeeId);
    assert.equal(await at.loginOf(first), true);
  });

  it('of another connection is decided again at once, and asks before it takes an employee (A-05)', async () => {
    const other = await startGuardWorld(world);
    const name = unique('twin');
    const [first, second] = [await at.client.addUser(name), await other.client.addUser(name)];
    await join(at, at.staffId, first);
    await join(other, other.staffId, second);
    assert.deepEqual(await open(other), [conflict]);
    await at.client.deleteUser(first);
    assert.deepEqual(await open(other), [['merge', 'takeoverShield']]);
  });

  for (const deletePolicy of ['deactivateAndHide', 'purge']) {
    it(`dissolves what waits about the first one, deleted and pushed anew (D-05, ${deletePolicy})`, async () => {
      await world.expect(200, 'PATCH', `/connections/${at.connection.connectionId}`, { deletePolicy });
      const name = unique('again');
      const first = await at.client.addUser(name);
      await join(at, at.staffId, first);
      const { employeeId } = await user(first);
      await at.setGuard({ maxDeactivations: 0 });
      await at.client.deleteUser(first);
      assert.deepEqual(await open(at), [['deactivate', 'guard']]);
      const second = await at.client.addUser(name);
      await join(at, at.staffId, second);
      assert.equal((await user(second)).employeeId, employeeId);
      assert.equal(await at.loginOf(second), true);
      assert.deepEqual(await open(at), []);
      const kept = await world.call('GET', `/directory-users/${first}`);
      assert.equal(kept.status, deletePolicy === 'purge' ? 404 : 200);
    });
  }

  it('takes over the record when the connection of the first one is deleted and its people are unlinked', async () => {
    const other = await startGuardWorld(world);
    const name = unique('twin');
    const [first, second] = [await at.client.addUser(name), await other.client.addUser(name)];
    await join(at, at.portalId, first);
    await join(other, other.portalId, second);
    const { contactId } = await user(first);
    assert.deepEqual(await open(other), [conflict]);
    await world.expect(204, 'DELETE', `/connections/${at.connection.connectionId}?unlink=true`);
    assert.equal((await user(second)).contactId, contactId);
    assert.deepEqual(await open(other), []);
  });
});

describe('a user deleted at a connection that purges, whose deactivation is held (D-01)', () => {
  const deletedPerson = async () => {
    const path = `/connections/${at.connection.connectionId}`;
    await world.expect(200, 'PATCH', path, { deletePolicy: 'purge' });
    const [id = ''] = await at.hire(1);
    const { employeeId } = await user(id);
    await at.setGuard({ maxDeactivations: 0 });
    await at.client.deleteUser(id);
    return { id, employeeId };
  };
  const employee = (id: string): Promise<Json> => world.expect(200, 'GET', `/employees/${id}`);

  it('is hidden from the client, listed for administrators as deleted, and named by what waits', async () => {
    const { id, employeeId } = await deletedPerson();
    assert.equal((await world.app.scim(at.connection, 'GET', `/Users/${id}`)).status, 404);
    const { deleted, employeeId: linked } = await user(id);
    assert.deepEqual([deleted, linked], [true, employeeId]);
    const [held] = await at.waiting();
    assert.deepEqual([held.directoryUserId, held.effect], [id, 'deactivate']);
    const { decision } = await world.expect(200, 'GET', `/directory-users/${id}/explanation`);
    assert.equal(decision.outcome, 'held');
  });

  for (const [verb, isIn] of [
    ['approve', false],
    ['reject', true],
  ] as const) {
    it(`leaves the mirror with the decision, and the person becomes a local one (${verb})`, async () => {
      const { id, employeeId } = await deletedPerson();
      const [held] = await at.waiting();
      await world.expect(200, 'POST', `/held-changes/${verb}`, { ids: [held.id] });
      await world.expect(404, 'GET', `/directory-users/${id}`);
      const { directoryUserId, winningRuleId, loginEnabled } = await employee(employeeId);
      assert.deepEqual([directoryUserId, winningRuleId, loginEnabled], [null, null, isIn]);
    });
  }

  it('leaves the mirror also when the person is deactivated by hand meanwhile', async () => {
    const { id, employeeId } = await deletedPerson();
    await world.expect(200, 'PATCH', `/employees/${employeeId}`, { status: 'inactive' });
    assert.deepEqual(await at.waiting(), []);
    await world.expect(404, 'GET', `/directory-users/${id}`);
  });
});
