import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Json, makeClient, startWorld, unique, type World } from '../admin-api/people-world.ts';
import type { ScimConnection } from '../support/app.ts';
import { ask, assertAccessFollowsRules, deadlocksOf, statusesOf } from './concurrency-checks.ts';

const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

describe('groups changed by several requests at once', () => {
  let world: World;
  let connection: ScimConnection;
  let client: ReturnType<typeof makeClient>;
  before(async () => {
    world = await startWorld();
    // Many lose their access here at once, as they should.
    const guard = { maxDeactivations: 10_000, maxDeactivationsPercent: 100, maxConversions: 10_000 };
    await world.expect(200, 'PATCH', '/settings', { guard });
  });
  beforeEach(async () => {
    connection = await world.app.createScimConnection(unique('connection'));
    client = makeClient(world, connection);
  });
  after(() => world.app.stop());

  const scim = (method: string, path: string, body?: unknown) =>
    world.app.scim(connection, method, path, body);
  const patchGroup = (id: string, operations: readonly object[]) =>
    scim('PATCH', `/Groups/${id}`, { schemas: [patchSchema], Operations: operations });
  const valuesOf = (ids: readonly string[]) => ids.map((value) => ({ value }));
  const add = (id: string, ...ids: string[]) =>
    patchGroup(id, [{ op: 'add', path: 'members', value: valuesOf(ids) }]);
  const remove = (id: string, ...ids: string[]) =>
    patchGroup(id, [{ op: 'Remove', path: 'members', value: valuesOf(ids) }]);
  const membersOf = async (id: string): Promise<readonly string[]> =>
    ((await scim('GET', `/Groups/${id}`)).body.members ?? []).map((member: Json) => member.value).toSorted();
  const addUsers = (count: number): Promise<string[]> =>
    Promise.all(Array.from({ length: count }, () => client.addUser(unique('member'))));
  const addRuledGroup = async (memberIds: readonly string[] = []): Promise<string> => {
    const groupId = unique('group');
    await world.expect(201, 'POST', '/mapping-rules', {
      connectionId: connection.connectionId,
      groupId,
      order: 1,
      userType: 'employee',
      securityRoleId: world.roles.Technician,
    });
    return client.addGroup(groupId, memberIds);
  };

  it('keeps every member that parallel PATCHes of one group add, and none that they remove', async () => {
    const [staying, leaving, coming] = [await addUsers(5), await addUsers(5), await addUsers(10)];
    const group = await addRuledGroup([...staying, ...leaving]);
    const answers = await Promise.all([
      ...coming.map((id) => add(group, id)),
      ...leaving.map((id) => remove(group, id)),
      patchGroup(group, [{ op: 'replace', path: 'displayName', value: unique('Renamed') }]),
    ]);
    assert.deepEqual(statusesOf(answers), { 200: 16 });
    assert.deepEqual(await membersOf(group), [...staying, ...coming].toSorted());
    await assertAccessFollowsRules(world.app.databaseUrl);
  });

  it('takes repeated member changes for nothing new: no version, no event', async () => {
    const [id = ''] = await addUsers(1);
    const group = await addRuledGroup([id]);
    const { version } = (await scim('GET', `/Groups/${group}`)).body.meta;
    const countEvents = async () =>
      (await world.expect(200, 'GET', `/provisioning-events?directoryUserId=${id}&limit=200`)).items.length;
    const events = await countEvents();
    const answers = await Promise.all([add(group, id), add(group, id), add(group, id), add(group, id, id)]);
    assert.deepEqual(statusesOf(answers), { 200: 4 });
    assert.equal((await scim('GET', `/Groups/${group}`)).body.meta.version, version);
    assert.equal(await countEvents(), events);
  });

  it('takes a PATCH that lets members in and out again for nothing new, and decides only who changed', async () => {
    const [staying = '', passing = '', coming = ''] = await addUsers(3);
    const group = await addRuledGroup([staying]);
    const { version } = (await scim('GET', `/Groups/${group}`)).body.meta;
    const adding = (id: string) => ({ op: 'add', path: 'members', value: valuesOf([id]) });
    const removing = (id: string) => ({ op: 'remove', path: `members[value eq "${id}"]` });
    const there = { op: 'replace', path: 'members', value: valuesOf([staying]) };
    for (const operations of [
      [adding(passing), removing(passing)],
      [removing(staying), adding(staying)],
      [{ op: 'remove', path: 'members' }, there],
    ]) {
      const { status, body } = await patchGroup(group, operations);
      assert.deepEqual([status, body.meta.version], [200, version], JSON.stringify(operations));
    }
    const { body } = await patchGroup(group, [adding(passing), adding(coming), removing(passing)]);
    assert.notEqual(body.meta.version, version);
    assert.deepEqual(await membersOf(group), [staying, coming].toSorted());
    await assertAccessFollowsRules(world.app.databaseUrl);
  });

  it('changes overlapping groups in any order of groups and members without a deadlock', async () => {
    const before = await deadlocksOf(world.app.databaseUrl);
    const users = await addUsers(12);
    const groups = await Promise.all([1, 2, 3].map(() => addRuledGroup()));
    const answers = await Promise.all(
      groups.flatMap((group, index) => [
        add(group, ...(index % 2 === 0 ? users : users.toReversed())),
        add(group, ...users.slice(index)),
        remove(group, ...users.slice(6).toReversed()),
      ]),
    );
    assert.deepEqual(statusesOf(answers), { 200: 9 });
    await assertAccessFollowsRules(world.app.databaseUrl);
    assert.equal(await deadlocksOf(world.app.databaseUrl), before);
  });

  it('deletes users while their groups change, without a deadlock', async () => {
    const before = await deadlocksOf(world.app.databaseUrl);
    for (let round = 0; round < 10; round += 1) {
      const [leaver = '', other = '', third = ''] = await addUsers(3);
      const [one, two] = [await addRuledGroup([leaver, other]), await addRuledGroup([leaver])];
      const answers = await Promise.all([
        scim('DELETE', `/Users/${leaver}`),
        add(one, third),
        remove(one, leaver),
        add(two, other, third),
        patchGroup(two, [{ op: 'replace', path: 'displayName', value: unique('Renamed') }]),
        remove(two, other),
      ]);
      assert.deepEqual(statusesOf(answers), { 200: 5, 204: 1 });
      assert.deepEqual(await membersOf(one), [other, third].toSorted());
    }
    await assertAccessFollowsRules(world.app.databaseUrl);
    assert.equal(await deadlocksOf(world.app.databaseUrl), before);
  });

  it('ends in one truth when users are created, disabled, enabled and deleted while groups take them in', async () => {
    const groups = await Promise.all([1, 2, 3].map(() => addRuledGroup()));
    const users = await addUsers(24);
    const setActive = (id: string, active: boolean) =>
      scim('PATCH', `/Users/${id}`, {
        schemas: [patchSchema],
        Operations: [{ op: 'Replace', path: 'active', value: active ? 'True' : 'False' }],
      });
    const answers = await Promise.all([
      ...groups.flatMap((group, index) => [
        add(group, ...users.filter((_, place) => place % 3 === index)),
        ...users.map((id, place) => (place % 2 === index % 2 ? add(group, id) : remove(group, id))),
      ]),
      ...users.map((id, place) => setActive(id, place % 4 !== 0)),
      ...users.slice(0, 8).map((id) => scim('DELETE', `/Users/${id}`)),
      ...[1, 2, 3, 4].map(async () => {
        const id = await client.addUser(unique('latecomer'));
        return add(groups[0] ?? '', id);
      }),
    ]);
    const others = answers.filter(({ status }) => ![200, 204, 400, 404].includes(status));
    assert.deepEqual(
      others.map(({ text }) => text),
      [],
    );
    assert.deepEqual(
      answers
        .filter(({ status }) => status === 400)
        .map(({ body }) => body.detail)
        .filter((detail) => !/members must exist/.test(detail)),
      [],
      'only a user that is gone is refused as a member',
    );
    await assertAccessFollowsRules(world.app.databaseUrl);
  });

  it('deletes a group while it takes members in: either they came in time, or the group is gone', async () => {
    for (let round = 0; round < 5; round += 1) {
      const users = await addUsers(4);
      const group = await addRuledGroup(users.slice(0, 2));
      const [deleted, ...added] = await Promise.all([
        scim('DELETE', `/Groups/${group}`),
        ...users.slice(2).map((id) => add(group, id)),
      ]);
      assert.equal(deleted?.status, 204);
      for (const { status } of added) assert.ok([200, 404].includes(status), String(status));
    }
    await assertAccessFollowsRules(world.app.databaseUrl);
  });

  it('follows a rule that is deleted and made again while members come and go', async () => {
    const groupId = unique('group');
    const rule = {
      connectionId: connection.connectionId,
      groupId,
      order: 1,
      userType: 'employee',
      securityRoleId: world.roles.Technician,
    };
    const users = await addUsers(10);
    const group = await client.addGroup(groupId, users.slice(0, 5));
    const changeRules = async () => {
      for (let times = 0; times < 4; times += 1) {
        const { id } = await world.expect(201, 'POST', '/mapping-rules', rule);
        if (times < 3) await world.expect(204, 'DELETE', `/mapping-rules/${id}`);
      }
      return [];
    };
    const changeMembers = async () => {
      const answers = [];
      for (const id of users) {
        answers.push(await add(group, id));
        answers.push(await remove(group, id));
        answers.push(await add(group, id));
      }
      return answers;
    };
    const [, answers] = await Promise.all([changeRules(), changeMembers()]);
    assert.deepEqual(statusesOf(answers), { 200: 30 });
    await assertAccessFollowsRules(world.app.databaseUrl);
    const enabled = await ask(
      world.app.databaseUrl,
      'select l.directory_user_id as "id" from logins l where l.enabled and l.directory_user_id is not null',
    );
    const ids = new Set(enabled.map(({ id }) => id));
    assert.deepEqual(
      users.filter((id) => !ids.has(id)),
      [],
      'everybody ends in the group and under the rule',
    );
  });
});
