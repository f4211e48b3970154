import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { JsonObject } from '../../src/directory/json.ts';
import { StoredJson } from '../../src/directory/stored-json.ts';
import type { Stores } from '../../src/operations/ports.ts';
import type { UserView } from '../../src/operations/resources/scim-operations.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import {
  addTenant,
  insertGroup,
  insertUsers,
  now,
  openWorld,
  type Tenant,
  userOf,
  type World,
} from './world.ts';

const attributesOf = ({ user }: UserView): JsonObject =>
  user.attributes instanceof StoredJson ? user.attributes.read() : user.attributes;

describe('users of the mirror', () => {
  let world: World;
  let tenant: Tenant;
  before(async () => {
    world = await openWorld();
    tenant = await addTenant(world);
  });
  after(() => world.close());

  const write = <Result>(work: (stores: Stores) => Promise<Result>): Promise<Result> =>
    world.unitOfWork.write(tenant.context, 'none', work);
  const get = (id: string, withGroups = false) =>
    world.unitOfWork.read(tenant.context, (stores) => stores.users.get(tenant.connectionId, id, withGroups));
  const emailsOf = async (id: string) => {
    const { rows } = await world.owner.query<{ text: string }>(
      `select type_key || ':' || value_key as text from directory_user_emails where directory_user_id = $1 order by 1`,
      [id],
    );
    return rows.map((row) => row.text);
  };

  it('come back as they were stored', async () => {
    const user = userOf(tenant, {
      userName: 'Grüße@Fabrikam.example',
      externalId: 'Ext "1" \\ \' ü 日本',
      objectId: uuidV7(),
      active: false,
      version: 7,
      attributes: {
        title: 'a\u2028b\ud83d\ude00',
        nested: { list: [1, -0.5, 1e21, true, null, ''], empty: {} },
        emails: [{ value: 'x@y.example', primary: true }],
      },
    });
    await write((stores) => stores.users.insert(user));
    const {
      connectionId: _connectionId,
      objectId: _objectId,
      deletedAt: _deletedAt,
      attributes,
      ...shown
    } = user;
    for (const id of [user.id, user.id.toUpperCase()]) {
      const found = await get(id);
      assert.ok(found);
      assert.deepEqual({ ...found.user, attributes: attributesOf(found) }, { ...shown, attributes });
      assert.equal(found.groups, null);
    }
    assert.deepEqual(await write((stores) => stores.users.lock(tenant.connectionId, user.id)), {
      user,
      groups: [],
    });
  });

  it('hold any character in the names that are shown with them, in a list as well', async () => {
    const other = await addTenant(world, 'Characters');
    const names = ['a\x1eb', 'a\x1fb', '\x1e', '\x1f\x1e"\\', '\u2028\x7f', 'İ\ud83d\ude00'];
    const users = await insertUsers(
      world,
      other,
      names.map((name) => ({ userName: name, externalId: name, attributes: { nickName: name } })),
    );
    const query = {
      filter: null,
      sort: null,
      page: { kind: 'index', startIndex: 1, count: 10 },
      withReferences: true,
    } as const;
    const { items } = await world.unitOfWork.read(other.context, (stores) =>
      stores.users.list(other.connectionId, query),
    );
    assert.deepEqual(
      items.map((view) => [view.user.id, view.user.userName, view.user.externalId, attributesOf(view)]),
      users.map(({ id }, index) => [id, names[index], names[index], { nickName: names[index] }]),
    );
  });

  it('are not found by what is no id, by ids of others, or when they are deleted', async () => {
    const [user] = await insertUsers(world, tenant, [{}]);
    assert.ok(user);
    for (const id of [
      '',
      'nonsense',
      '../x',
      "' or true --",
      `${user.id} `,
      `{${user.id}}`,
      uuidV7(),
      'a\0',
    ]) {
      assert.equal(await get(id), null, id);
      assert.equal(await write((stores) => stores.users.lock(tenant.connectionId, id)), null, id);
    }
    await write((stores) => stores.users.save({ ...user, deletedAt: now() }));
    assert.equal(await get(user.id), null);
    const [deleted] = await write((stores) => stores.users.lockAlsoDeleted([user.id]));
    assert.ok(deleted?.deletedAt, 'deleted users are locked too');
  });

  it('free their userName when they are deleted', async () => {
    const [user] = await insertUsers(world, tenant, [{ userName: 'again' }]);
    assert.ok(user);
    await assert.rejects(insertUsers(world, tenant, [{ userName: 'AGAIN' }]), { kind: 'conflict' });
    await write((stores) => stores.users.save({ ...user, deletedAt: now() }));
    await insertUsers(world, tenant, [{ userName: 'AGAIN' }]);
    await assert.rejects(
      write((stores) => stores.users.save({ ...user, deletedAt: null })),
      { kind: 'conflict' },
    );
  });

  it('make one of concurrent twins and refuse the others', async () => {
    const twins = Array.from({ length: 6 }, () => userOf(tenant, { userName: 'one-of-many' }));
    const outcomes = await Promise.allSettled(
      twins.map((user) => write((stores) => stores.users.insert(user))),
    );
    const kinds = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? 'created' : outcome.reason.kind,
    );
    assert.deepEqual(kinds.sort(), ['conflict', 'conflict', 'conflict', 'conflict', 'conflict', 'created']);
  });

  it('lose no update when they are changed at the same time', async () => {
    const [user] = await insertUsers(world, tenant, [{ attributes: {} }]);
    assert.ok(user);
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        write(async (stores) => {
          const found = await stores.users.lock(tenant.connectionId, user.id);
          assert.ok(found);
          const attributes = { ...found.user.attributes, [`a${index}`]: index };
          await stores.users.save({ ...found.user, attributes, version: found.user.version + 1 });
        }),
      ),
    );
    const seen = await get(user.id);
    assert.equal(seen?.user.version, 11);
    assert.equal(Object.keys(attributesOf(seen)).length, 10);
  });

  it('keep the index of their emails true in the same statement', async () => {
    const emails = [
      { value: 'A@x.example', type: 'Work' },
      { value: 'a@X.example', type: 'work' },
      { value: 'b@x.example' },
      { value: '', type: 'work' },
      { type: 'home' },
      'text',
      null,
      { value: 5 },
    ];
    const [user] = await insertUsers(world, tenant, [{ attributes: { emails } }]);
    assert.ok(user);
    assert.deepEqual(await emailsOf(user.id), [':5', ':b@x.example', 'work:a@x.example']);
    const save = (attributes: typeof user.attributes) =>
      write((stores) => stores.users.save({ ...user, attributes }));
    await save({ emails: [{ value: 'b@x.example', type: 'home' }, { value: 'B@x.example' }] });
    assert.deepEqual(await emailsOf(user.id), [':b@x.example', 'home:b@x.example']);
    await save({ emails: { value: 'no list' } });
    assert.deepEqual(await emailsOf(user.id), []);
    await save({ emails: [{ value: 'c@x.example' }] });
    await save({});
    assert.deepEqual(await emailsOf(user.id), []);
  });

  it('are named as missing when they are no live user of the connection', async () => {
    const [user, gone] = await insertUsers(world, tenant, [{}, {}]);
    assert.ok(user && gone);
    await write((stores) => stores.users.save({ ...gone, deletedAt: now() }));
    const unknown = uuidV7();
    const asked = [user.id, gone.id, unknown, 'nonsense', user.id.toUpperCase()];
    const missing = await write((stores) => stores.users.missing(tenant.connectionId, asked));
    assert.deepEqual(missing, [gone.id, unknown, 'nonsense']);
    assert.deepEqual(await write((stores) => stores.users.missing(uuidV7(), [user.id])), [user.id]);
  });

  it('come with their groups, and lock many in id order', async () => {
    const users = await insertUsers(world, tenant, [{}, {}, {}]);
    const [first] = users;
    assert.ok(first);
    const group = await insertGroup(world, tenant, { displayName: 'G' }, [first.id]);
    assert.deepEqual((await get(first.id, true))?.groups, [{ id: group.id, displayName: 'G' }]);
    const ids = users.map((user) => user.id);
    const locked = await write((stores) => stores.users.lockAlsoDeleted([...ids.toReversed(), uuidV7()]));
    assert.deepEqual(
      locked.map((user) => user.id),
      [...ids].sort(),
    );
  });

  it('can be walked in id order', async () => {
    const other = await addTenant(world, 'Walk');
    const ids = (await insertUsers(world, other, [{}, {}, {}, {}, {}])).map((user) => user.id).sort();
    const page = (afterId: string | null) =>
      world.unitOfWork.read(other.context, (stores) => stores.users.idsAfter(other.connectionId, afterId, 2));
    assert.deepEqual(await page(null), ids.slice(0, 2));
    assert.deepEqual(await page(ids[1] ?? null), ids.slice(2, 4));
    assert.deepEqual(await page(ids[4] ?? null), []);
  });
});
