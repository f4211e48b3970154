import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Json, makeClient, startWorld, unique, type World } from '../admin-api/people-world.ts';
import type { ScimConnection } from '../support/app.ts';
import { assertAccessFollowsRules, statusesOf } from './concurrency-checks.ts';

const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';

describe('users changed by several requests at once', () => {
  let world: World;
  let connection: ScimConnection;
  before(async () => {
    world = await startWorld();
    // Many lose their access here at once, as they should.
    const guard = { maxDeactivations: 10_000, maxDeactivationsPercent: 100, maxConversions: 10_000 };
    await world.expect(200, 'PATCH', '/settings', { guard });
  });
  beforeEach(async () => {
    connection = await world.app.createScimConnection(unique('connection'));
  });
  after(() => world.app.stop());

  const patch = (id: string, operations: readonly object[], headers: Record<string, string> = {}) =>
    world.app.scim(
      connection,
      'PATCH',
      `/Users/${id}`,
      { schemas: [patchSchema], Operations: operations },
      headers,
    );
  const get = async (id: string): Promise<Json> =>
    (await world.app.scim(connection, 'GET', `/Users/${id}`)).body;
  const eventsOf = async (id: string): Promise<number> => {
    const found = await world.expect(200, 'GET', `/provisioning-events?directoryUserId=${id}&limit=200`);
    return found.items.length;
  };

  it('keeps every one of many PATCHes of different attributes', async () => {
    const id = await makeClient(world, connection).addUser(unique('anna'));
    const attributes = ['title', 'nickName', 'userType', 'preferredLanguage', 'locale', 'displayName'];
    const answers = await Promise.all([
      ...attributes.map((path) => patch(id, [{ op: 'replace', path, value: `new-${path}` }])),
      ...[1, 2, 3, 4].map((number) =>
        patch(id, [
          { op: 'add', path: 'phoneNumbers', value: [{ type: `t${number}`, value: `+1${number}` }] },
        ]),
      ),
    ]);
    assert.deepEqual(statusesOf(answers), { 200: 10 });
    const user = await get(id);
    for (const path of attributes) assert.equal(user[path], `new-${path}`);
    assert.deepEqual(user.phoneNumbers.map((phone: Json) => phone.type).toSorted(), ['t1', 't2', 't3', 't4']);
    assert.equal(user.meta.version, 'W/"11"', 'one version for each change');
  });

  it('lets one of many PATCHes through that start from the same version', async () => {
    const id = await makeClient(world, connection).addUser(unique('berta'));
    const { version } = (await get(id)).meta;
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        patch(id, [{ op: 'replace', path: 'title', value: `Title ${index}` }], { 'if-match': version }),
      ),
    );
    assert.deepEqual(statusesOf(answers), { 200: 1, 412: 7 });
    const winner = answers.find(({ status }) => status === 200);
    assert.equal((await get(id)).title, winner?.body.title);
  });

  it('answers duplicate POSTs with one 201 and 409 for the others, in any spelling of the userName', async () => {
    const name = unique('carla');
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        world.app.scim(connection, 'POST', '/Users', {
          schemas: [userSchema],
          userName: `${index % 2 === 0 ? name : name.toUpperCase()}@contoso.example`,
        }),
      ),
    );
    assert.deepEqual(statusesOf(answers), { 201: 1, 409: 7 });
    for (const { status, body } of answers) if (status === 409) assert.equal(body.scimType, 'uniqueness');
    const found = await world.app.scim(
      connection,
      'GET',
      `/Users?filter=userName eq "${name}@contoso.example"`,
    );
    assert.equal(found.body.totalResults, 1);
  });

  it('applies a PATCH whole or not at all, whatever runs beside it', async () => {
    const id = await makeClient(world, connection).addUser(unique('dora'));
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        patch(id, [
          { op: 'replace', path: 'title', value: `Title ${index}` },
          { op: 'replace', path: 'nickName', value: `Title ${index}` },
          ...(index % 2 === 0 ? [] : [{ op: 'replace', path: 'active', value: 'perhaps' }]),
        ]),
      ),
    );
    assert.deepEqual(statusesOf(answers), { 200: 5, 400: 5 });
    const user = await get(id);
    assert.equal(user.title, user.nickName);
    assert.match(user.title, /^Title [02468]$/);
    assert.equal(user.meta.version, 'W/"6"');
  });

  it('takes a repeated request for nothing new: no version, no event', async () => {
    const client = makeClient(world, connection);
    const id = await client.addUser(unique('emma'));
    const body = { ...(await get(id)), title: 'Engineer' };
    const put = () => world.app.scim(connection, 'PUT', `/Users/${id}`, body);
    assert.equal((await put()).status, 200);
    const [version, events] = [(await get(id)).meta.version, await eventsOf(id)];
    const repeats = await Promise.all([
      ...[1, 2, 3].map(put),
      ...[1, 2, 3].map(() => patch(id, [{ op: 'Replace', path: 'title', value: 'Engineer' }])),
      patch(id, [{ op: 'add', value: { title: 'Engineer', active: 'True' } }]),
    ]);
    assert.deepEqual(statusesOf(repeats), { 200: 7 });
    assert.equal((await get(id)).meta.version, version);
    assert.equal(await eventsOf(id), events);
  });

  it('deletes once when several ask for it', async () => {
    const id = await makeClient(world, connection).addUser(unique('frida'));
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => world.app.scim(connection, 'DELETE', `/Users/${id}`)),
    );
    assert.deepEqual(statusesOf(answers), { 204: 1, 404: 3 });
  });

  it('never gives one username or email to two people who come at once through two connections', async () => {
    const other = await world.app.createScimConnection(unique('connection'));
    const group = unique('staff');
    for (const { connectionId } of [connection, other]) {
      await world.expect(201, 'POST', '/mapping-rules', {
        connectionId,
        groupId: group,
        order: 1,
        userType: 'employee',
        securityRoleId: world.roles.Technician,
      });
    }
    const names = Array.from({ length: 8 }, () => unique('gina'));
    await Promise.all(
      [connection, other].map(async (from, index) => {
        const client = makeClient(world, from);
        // Same local part, other domain for half of them: the username clashes; same address for the rest.
        const ids = await Promise.all(
          names.map((name, place) =>
            client.addUser(name, {
              userName: `${name}@${place % 2 === 0 ? 'contoso' : `contoso${index}`}.example`,
            }),
          ),
        );
        const groupId = await client.addGroup(group);
        const answers = await Promise.all(
          ids.map((value) =>
            world.app.scim(from, 'PATCH', `/Groups/${groupId}`, {
              schemas: [patchSchema],
              Operations: [{ op: 'add', path: 'members', value: [{ value }] }],
            }),
          ),
        );
        assert.deepEqual(statusesOf(answers), { 200: names.length });
      }),
    );
    await assertAccessFollowsRules(world.app.databaseUrl);
  });

  it('lets one of several administrators save who started from the same version', async () => {
    const [settings, defaults, department] = await Promise.all([
      world.call('GET', '/settings'),
      world.call('GET', '/employee-defaults'),
      world.call('POST', '/departments', { name: unique('Department') }),
    ]);
    const { etag: _, ...values } = defaults.body;
    const edits: readonly [
      etag: string | null,
      (index: number, headers: Record<string, string>) => Promise<Json>,
    ][] = [
      [
        settings.header('etag'),
        (index, headers) => world.call('PATCH', '/settings', { defaultPhoneType: `Type ${index}` }, headers),
      ],
      [
        defaults.header('etag'),
        (index, headers) =>
          world.call('PUT', '/employee-defaults', { ...values, employmentType: `Type ${index}` }, headers),
      ],
      [
        department.header('etag'),
        (index, headers) =>
          world.call(
            'PATCH',
            `/departments/${department.body.id}`,
            { name: unique(`Renamed ${index}`) },
            headers,
          ),
      ],
    ];
    for (const [etag, edit] of edits) {
      assert.ok(etag);
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, index) => edit(index, { 'if-match': etag })),
      );
      assert.deepEqual(statusesOf(answers), { 200: 1, 412: 5 });
    }
  });
});
