import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ScimConnection } from '../support/app.ts';
import { type Json, makeClient, startWorld, unique, unknownId, type World } from './people-world.ts';

describe('directory mirror, explanation and log', () => {
  let world: World;
  let connection: ScimConnection;
  let client: ReturnType<typeof makeClient>;

  before(async () => {
    world = await startWorld();
    connection = await world.app.createScimConnection('Contoso');
    client = makeClient(world, connection);
  });
  after(() => world?.app.stop());

  const user = (id: string): Promise<Json> => world.expect(200, 'GET', `/directory-users/${id}`);
  const explain = (id: string): Promise<Json> =>
    world.expect(200, 'GET', `/directory-users/${id}/explanation`);
  const makeRule = (groupId: string, order: number, more: object = {}): Promise<Json> =>
    world.expect(201, 'POST', '/mapping-rules', {
      connectionId: connection.connectionId,
      groupId,
      order,
      userType: 'employee',
      securityRoleId: world.roles['Technician'],
      ...more,
    });

  it('shows a mirrored user with its groups and the record it has become', async () => {
    const name = unique('mia');
    const id = await client.addUser(name, { externalId: 'M-1' });
    const externalId = unique('group');
    const groupId = await client.addGroup(externalId, [id]);
    await makeRule(externalId, 50);
    const shown = await user(id);
    assert.equal(typeof shown.employeeId, 'string');
    assert.deepEqual(shown, {
      id,
      connectionId: connection.connectionId,
      objectId: null,
      externalId: 'M-1',
      userName: `${name}@contoso.example`,
      displayName: `${name} Doe`,
      active: true,
      deleted: false,
      groups: [{ id: groupId, objectId: null, name: `Group ${externalId}`, source: 'scim' }],
      employeeId: shown.employeeId,
      contactId: null,
    });
  });

  it('keeps showing a user and a group that were deleted upstream, as deleted (REQ-16)', async () => {
    const id = await client.addUser(unique('gone'));
    const groupId = await client.addGroup(unique('gone'), [id]);
    await client.deleteUser(id);
    await client.deleteGroup(groupId);
    assert.equal((await user(id)).deleted, true);
    assert.equal((await world.expect(200, 'GET', `/directory-groups/${groupId}`)).deleted, true);
  });

  it('lists users by connection and text, page by page', async () => {
    const other = await world.app.createScimConnection('Other');
    const there = makeClient(world, other);
    const word = unique('page');
    const ids = [];
    for (const n of [1, 2, 3]) ids.push(await there.addUser(`${word}.${n}`));
    await client.addUser(`${word}.9`);
    const path = `/directory-users?connectionId=${other.connectionId}&q=${word.toUpperCase()}&limit=2`;
    const first = await world.expect(200, 'GET', path);
    const second = await world.expect(200, 'GET', `${path}&cursor=${first.nextCursor}`);
    assert.deepEqual(
      [...first.items, ...second.items].map((item: Json) => item.id),
      ids,
    );
    assert.equal(second.nextCursor, null);
    assert.equal((await world.expect(200, 'GET', `/directory-users?q=${word}`)).items.length, 4);
    await world.expect(400, 'GET', '/directory-users?connectionId=nothing');
  });

  it('shows groups with the number of their members', async () => {
    const id = await client.addUser(unique('member'));
    const externalId = unique('counted');
    const groupId = await client.addGroup(externalId, [id]);
    const expected = {
      id: groupId,
      connectionId: connection.connectionId,
      objectId: null,
      externalId,
      name: `Group ${externalId}`,
      memberCount: 1,
      deleted: false,
    };
    assert.deepEqual(await world.expect(200, 'GET', `/directory-groups/${groupId}`), expected);
    const listed = await world.expect(
      200,
      'GET',
      `/directory-groups?q=${externalId}&connectionId=${connection.connectionId}`,
    );
    assert.deepEqual(listed.items, [expected]);
  });

  it('explains who won and why every other rule lost, the winner first (REQ-05, REQ-06)', async () => {
    const own = await world.app.createScimConnection('Explained');
    const there = makeClient(world, own);
    const on = { connectionId: own.connectionId };
    const id = await there.addUser(unique('explain'));
    const [older, younger, late, off, foreign] = ['older', 'younger', 'late', 'off', 'foreign'].map(
      unique,
    ) as [string, string, string, string, string];
    await there.addGroup(older, [id]);
    await there.addGroup(younger, [id]);
    await there.addGroup(late, [id]);
    await there.addGroup(off, [id]);
    const rules = new Map<string, string>();
    for (const [groupId, order, enabled] of [
      [foreign, 0, true],
      [off, 1, false],
      [younger, 2, true],
      [older, 2, true],
      [late, 3, true],
    ] as const) {
      rules.set((await makeRule(groupId, order, { ...on, enabled })).id, groupId);
    }
    const { decision } = await explain(id);
    assert.equal(decision.outcome, 'employee');
    assert.equal(rules.get(decision.winningRuleId), older);
    const verdicts = decision.candidates.map((candidate: Json) => [candidate.groupId, candidate.verdict]);
    assert.deepEqual(verdicts, [
      [older, 'won'],
      [foreign, 'notMember'],
      [off, 'disabled'],
      [younger, 'lostOnGroupAge'],
      [late, 'lostOnOrder'],
    ]);
    assert.ok(decision.candidates.every((candidate: Json) => candidate.reason.length > 0));
    assert.deepEqual(decision.candidates[0].groupName, `Group ${older}`);
  });

  it('tells for each field where its value comes from, and what the directory says (REQ-14)', async () => {
    const id = await client.addUser(unique('origin'), { title: 'Engineer' });
    const groupId = unique('origin');
    await client.addGroup(groupId, [id]);
    await makeRule(groupId, 60);
    const { employeeId } = await user(id);
    await world.expect(200, 'PATCH', `/employees/${employeeId}`, { firstName: 'Local' });
    const { fields, lastEvents } = await explain(id);
    const field = (name: string): Json => fields.find((entry: Json) => entry.field === name);
    assert.deepEqual([field('firstName').value, field('firstName').origin], ['Local', 'local']);
    assert.notEqual(field('firstName').directoryValue, 'Local');
    assert.equal(field('lastName').origin, 'directory');
    assert.equal(field('departmentId').origin, 'default');
    assert.equal(field('securityRoleId').origin, 'rule');
    assert.deepEqual(
      lastEvents.map((event: Json) => event.action),
      ['updated', 'created', 'unchanged'],
    );
    assert.deepEqual(
      lastEvents.map((event: Json) => event.trigger),
      ['manual', 'ruleChange', 'scim'],
    );
  });

  it('names the outcomes noRule, inactive and clientPortal', async () => {
    const id = await client.addUser(unique('outcome'));
    assert.equal((await explain(id)).decision.outcome, 'noRule');
    assert.equal((await explain(id)).decision.winningRuleId, null);
    const groupId = unique('portal');
    await client.addGroup(groupId, [id]);
    const role = {
      userType: 'clientPortal',
      securityRoleId: world.roles['External User'],
      accountId: world.account.id,
    };
    const rule = await makeRule(groupId, 70, role);
    const portal = await explain(id);
    assert.deepEqual([portal.decision.outcome, portal.decision.winningRuleId], ['clientPortal', rule.id]);
    assert.ok(
      portal.fields.some((field: Json) => field.field === 'hasPortalAccess' && field.origin === 'rule'),
    );
    await client.patchUser(id, { active: false });
    assert.equal((await explain(id)).decision.outcome, 'inactive');
  });

  it('names a second identity with the same email a conflict', async () => {
    const name = unique('double');
    const groupId = unique('double');
    const first = await client.addUser(name);
    await client.addGroup(groupId, [first]);
    await makeRule(groupId, 80);
    const other = await world.app.createScimConnection('Twin');
    const there = makeClient(world, other);
    const second = await there.addUser(name);
    await there.addGroup(groupId, [second]);
    await makeRule(groupId, 80, { connectionId: other.connectionId });
    const { decision, lastEvents } = await explain(second);
    assert.equal(decision.outcome, 'conflict');
    assert.equal(lastEvents[0].action, 'conflict');
    assert.deepEqual(
      [(await user(second)).employeeId, (await explain(first)).decision.outcome],
      [null, 'employee'],
    );
  });

  it('answers 404 for what the mirror does not hold', async () => {
    for (const path of [
      `/directory-users/${unknownId}`,
      `/directory-users/${unknownId}/explanation`,
      `/directory-groups/${unknownId}`,
    ]) {
      await world.expect(404, 'GET', path);
    }
  });

  it('lists the log newest first, page by page, with every filter', async () => {
    const start = new Date().toISOString();
    const id = await client.addUser(unique('events'));
    const groupId = unique('events');
    await client.addGroup(groupId, [id]);
    await makeRule(groupId, 90);
    const { employeeId } = await user(id);
    await client.patchUser(id, { title: 'Engineer' });
    await world.expect(200, 'PATCH', `/employees/${employeeId}`, { phone: '1' });
    const query = async (text: string): Promise<Json[]> =>
      (await world.expect(200, 'GET', `/provisioning-events?${text}`)).items;
    const all = await query(`directoryUserId=${id}`);
    assert.equal(all[0].trigger, 'manual');
    assert.equal(all[0].connectionId, connection.connectionId);
    assert.deepEqual(
      all.map((event) => event.at),
      all
        .map((event) => event.at)
        .sort()
        .reverse(),
    );
    const first = await world.expect(200, 'GET', `/provisioning-events?directoryUserId=${id}&limit=1`);
    const rest = await query(`directoryUserId=${id}&cursor=${first.nextCursor}`);
    assert.deepEqual([...first.items, ...rest], all);
    const created = await query(`employeeId=${employeeId}&action=created`);
    assert.deepEqual(
      created.map((event) => event.action),
      ['created'],
    );
    const since = await query(
      `connectionId=${connection.connectionId}&since=${encodeURIComponent(start)}&limit=200`,
    );
    assert.ok(since.length >= all.length && since.every((event) => event.at >= start));
    assert.deepEqual(await query('since=2999-01-01T00:00:00Z'), []);
    assert.deepEqual(await query(`contactId=${unknownId}`), []);
    for (const wrong of ['action=exploded', 'since=yesterday', 'directoryUserId=x', 'limit=0']) {
      await world.expect(400, 'GET', `/provisioning-events?${wrong}`);
    }
  });

  it('quotes the request id of the push in its events', async () => {
    const id = await client.addUser(unique('quoted'));
    const groupId = unique('quoted');
    const group = await client.addGroup(groupId);
    await makeRule(groupId, 95);
    const answer = await world.app.scim(connection, 'PATCH', `/Groups/${group}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'members', value: [{ value: id }] }],
    });
    const { items } = await world.expect(200, 'GET', `/provisioning-events?directoryUserId=${id}`);
    assert.deepEqual([items[0].action, items[0].trigger], ['created', 'scim']);
    assert.equal(items[0].requestId, answer.headers.get('x-request-id'));
  });
});
