import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { JsonObject } from '../../src/directory/json.ts';
import type { ResourcePage, ResourceQuery, ResourceSort } from '../../src/operations/resource-query.ts';
import { makeCatalogue } from '../../src/scim/catalogue.ts';
import { readFilter } from '../../src/scim/filter/read-filter.ts';
import { readSortPath } from '../../src/scim/filter/read-sort-path.ts';
import { ENTERPRISE } from '../scim/scim-fixtures.ts';
import {
  addConnection,
  addTenant,
  insertGroup,
  insertUsers,
  openWorld,
  type Tenant,
  type World,
} from './world.ts';

const CUSTOM = 'urn:ietf:params:scim:schemas:extension:fabrikam:2.0:User';
const catalogue = makeCatalogue([
  {
    schema: CUSTOM,
    name: 'Fabrikam User',
    resource: 'User',
    attributes: [
      { name: 'level', type: 'integer' },
      { name: 'hiredAt', type: 'dateTime' },
      { name: 'badge', type: 'string', caseExact: true },
      { name: 'isLead', type: 'boolean' },
    ],
  },
]);

const idOf = (index: number): string => `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`;

/** Ids ascend in this order. Ties, gaps, mixed case and wrong types are on purpose. */
const people: readonly (readonly [string, JsonObject])[] = [
  ['Eve', { title: 'b', name: { familyName: 'Zorn' }, [CUSTOM]: { level: 10, badge: 'b', isLead: true } }],
  ['adam', { title: 'B', [CUSTOM]: { level: 9, hiredAt: '2020-01-01T00:00:00+05:00', badge: 'B' } }],
  [
    'Carl',
    { emails: [{ value: 'z@x.example' }, { value: 'a@x.example', primary: true }], [CUSTOM]: { level: 'x' } },
  ],
  ['bob', { title: '', emails: [{ value: 'm@x.example' }, { value: 'b@x.example' }] }],
  [
    'dora',
    {
      title: 'a',
      name: { familyName: 'adler' },
      emails: [],
      [CUSTOM]: { hiredAt: '2019-12-31T20:00:00Z', isLead: false },
    },
  ],
  [
    'Fay',
    { title: 'b', [ENTERPRISE]: { department: 'x' }, [CUSTOM]: { level: -1.5, hiredAt: 'soon', badge: 'a' } },
  ],
  ['gus', { name: { familyName: 'Zorn' }, emails: [{ type: 'work' }, { value: 'B@x.example' }] }],
];

describe('pages of a list', () => {
  let world: World;
  let tenant: Tenant;
  before(async () => {
    world = await openWorld();
    tenant = await addTenant(world);
    await insertUsers(
      world,
      tenant,
      people.map(([userName, attributes], index) => ({ id: idOf(index), userName, attributes })),
    );
  });
  after(() => world.close());

  const list = (page: ResourcePage, given: Partial<ResourceQuery> = {}, connectionId = tenant.connectionId) =>
    world.unitOfWork.read(tenant.context, (stores) =>
      stores.users.list(connectionId, { filter: null, sort: null, withReferences: false, ...given, page }),
    );
  const namesOf = async (...parameters: Parameters<typeof list>) =>
    (await list(...parameters)).items.map((item) => item.user.userName).join(' ');
  const sortBy = (name: string, descending = false): ResourceSort => {
    const path = readSortPath(name, 'User', catalogue);
    assert.ok(path);
    return { path, descending };
  };
  const all: ResourcePage = { kind: 'index', startIndex: 1, count: 100 };

  describe('by index', () => {
    it('is right for every startIndex and count', async () => {
      const names = people.map(([name]) => name);
      for (let startIndex = 1; startIndex <= names.length + 2; startIndex += 1) {
        for (let count = 0; count <= names.length + 1; count += 1) {
          const { items, total, nextCursor } = await list({ kind: 'index', startIndex, count });
          assert.deepEqual(
            items.map((item) => item.user.userName),
            names.slice(startIndex - 1, startIndex - 1 + count),
            `startIndex ${startIndex}, count ${count}`,
          );
          assert.equal(total, names.length, `startIndex ${startIndex}, count ${count}`);
          assert.equal(nextCursor, null);
        }
      }
    });

    it('counts what the filter finds, also beyond the end and for count 0', async () => {
      const filter = readFilter('title pr', 'User', catalogue);
      for (const page of [
        { startIndex: 1, count: 2 },
        { startIndex: 2, count: 100 },
        { startIndex: 50, count: 10 },
        { startIndex: 1, count: 0 },
      ]) {
        const { total } = await list({ kind: 'index', ...page }, { filter, sort: sortBy('title') });
        assert.equal(total, 4, JSON.stringify(page));
      }
      const none = readFilter('title eq "nobody has it"', 'User', catalogue);
      assert.deepEqual(await list(all, { filter: none }), { total: 0, items: [], nextCursor: null });
    });

    it('takes any startIndex', async () => {
      for (const startIndex of [Number.MAX_SAFE_INTEGER, 1e18, 2 ** 63]) {
        const { items, total } = await list({ kind: 'index', startIndex, count: 10 });
        assert.deepEqual([items.length, total], [0, people.length]);
      }
    });
  });

  describe('in order', () => {
    const orders: readonly (readonly [string, string, string])[] = [
      ['userName', 'adam bob Carl dora Eve Fay gus', 'gus Fay Eve dora Carl bob adam'],
      ['title', 'dora Eve adam Fay Carl bob gus', 'Eve adam Fay dora Carl bob gus'],
      ['name.familyName', 'dora Eve gus adam Carl bob Fay', 'Eve gus dora adam Carl bob Fay'],
      ['emails', 'Carl gus bob Eve adam dora Fay', 'bob gus Carl Eve adam dora Fay'],
      ['emails.value', 'Carl gus bob Eve adam dora Fay', 'bob gus Carl Eve adam dora Fay'],
      [`${CUSTOM}:level`, 'Fay adam Eve Carl bob dora gus', 'Eve adam Fay Carl bob dora gus'],
      [`${CUSTOM}:hiredAt`, 'adam dora Eve Carl bob Fay gus', 'dora adam Eve Carl bob Fay gus'],
      [`${CUSTOM}:badge`, 'adam Fay Eve Carl bob dora gus', 'Eve Fay adam Carl bob dora gus'],
      [`${CUSTOM}:isLead`, 'dora Eve adam Carl bob Fay gus', 'Eve dora adam Carl bob Fay gus'],
      ['department', 'Fay Eve adam Carl bob dora gus', 'Fay Eve adam Carl bob dora gus'],
      ['id', 'Eve adam Carl bob dora Fay gus', 'gus Fay dora bob Carl adam Eve'],
      ['meta.resourceType', 'Eve adam Carl bob dora Fay gus', 'Eve adam Carl bob dora Fay gus'],
      ['active', 'Eve adam Carl bob dora Fay gus', 'Eve adam Carl bob dora Fay gus'],
      ['externalId', 'Eve adam Carl bob dora Fay gus', 'Eve adam Carl bob dora Fay gus'],
    ];
    for (const [name, ascending, descending] of orders) {
      it(`sorts by ${name}: absent last, ties by id`, async () => {
        assert.equal(await namesOf(all, { sort: sortBy(name) }), ascending);
        assert.equal(await namesOf(all, { sort: sortBy(name, true) }), descending);
      });

      it(`cuts the order by ${name} into cursor pages of any size`, async () => {
        for (const isDescending of [false, true]) {
          for (const count of [1, 2, 3, people.length, people.length + 1]) {
            const seen: string[] = [];
            let after: string | null = null;
            do {
              const page = await list({ kind: 'cursor', after, count }, { sort: sortBy(name, isDescending) });
              assert.equal(page.total, people.length);
              assert.ok(page.items.length <= count && page.items.length > 0);
              seen.push(...page.items.map((item) => item.user.userName));
              after = page.nextCursor;
            } while (after !== null);
            assert.equal(seen.join(' '), isDescending ? descending : ascending, `pages of ${count}`);
          }
        }
      });
    }

    it('sorts the first page of an index the same way', async () => {
      const sort = sortBy('title');
      assert.equal(await namesOf({ kind: 'index', startIndex: 2, count: 2 }, { sort }), 'Eve adam');
    });
  });

  describe('by cursor', () => {
    it('starts behind what was shown, whatever came or went meanwhile', async () => {
      const other = { ...tenant, connectionId: await addConnection(world.owner, tenant.organizationId) };
      const users = await insertUsers(
        world,
        other,
        ['b', 'd', 'f', 'h'].map((userName) => ({ userName })),
      );
      const sort = sortBy('userName');
      const first = await list({ kind: 'cursor', after: null, count: 2 }, { sort }, other.connectionId);
      assert.deepEqual(
        first.items.map((item) => item.user.userName),
        ['b', 'd'],
      );
      await insertUsers(world, other, [{ userName: 'a' }, { userName: 'e' }]);
      const [, d] = users;
      assert.ok(d);
      await world.unitOfWork.write(tenant.context, 'none', (stores) =>
        stores.users.save({ ...d, deletedAt: '2026-03-01T00:00:00.000Z' }),
      );
      const second = await list(
        { kind: 'cursor', after: first.nextCursor, count: 10 },
        { sort },
        other.connectionId,
      );
      assert.deepEqual(
        second.items.map((item) => item.user.userName),
        ['e', 'f', 'h'],
      );
      assert.equal(second.total, 4, 'the number that the first page counted');
      assert.equal(second.nextCursor, null);
    });

    it('knows the number of all for an empty list and for count 0', async () => {
      const none = readFilter('title eq "nobody has it"', 'User', catalogue);
      const page: ResourcePage = { kind: 'cursor', after: null, count: 5 };
      assert.deepEqual(await list(page, { filter: none }), { total: 0, items: [], nextCursor: null });
      assert.deepEqual(await list({ ...page, count: 0 }), {
        total: people.length,
        items: [],
        nextCursor: null,
      });
    });

    it('refuses a cursor of another filter, order, connection or resource', async () => {
      const page: ResourcePage = { kind: 'cursor', after: null, count: 2 };
      const sort = sortBy('title');
      const { nextCursor } = await list(page, { sort });
      assert.ok(nextCursor);
      const next: ResourcePage = { kind: 'cursor', after: nextCursor, count: 2 };
      await list(next, { sort });
      const refused = { name: 'OperationError', kind: 'invalid', reason: 'cursor' };
      await assert.rejects(list(next), refused);
      await assert.rejects(list(next, { sort: sortBy('title', true) }), refused);
      await assert.rejects(list(next, { sort, filter: readFilter('title pr', 'User', catalogue) }), refused);
      const other = await addConnection(world.owner, tenant.organizationId);
      await assert.rejects(list(next, { sort }, other), refused);
      await insertGroup(world, tenant);
      await insertGroup(world, tenant);
      const plain = await list(page);
      await assert.rejects(
        world.unitOfWork.read(tenant.context, (stores) =>
          stores.groups.list(tenant.connectionId, {
            filter: null,
            sort: null,
            withReferences: false,
            page: { kind: 'cursor', after: plain.nextCursor, count: 1 },
          }),
        ),
        refused,
      );
    });

    it('refuses what is no cursor of ours, and forged ones', async () => {
      const sort = sortBy(`${CUSTOM}:level`);
      const { nextCursor } = await list({ kind: 'cursor', after: null, count: 1 }, { sort });
      assert.ok(nextCursor);
      const parts: unknown[] = JSON.parse(Buffer.from(nextCursor, 'base64url').toString());
      const forged = (...changes: readonly (readonly [number, unknown])[]): string => {
        const copy = [...parts];
        for (const [index, value] of changes) copy[index] = value;
        return Buffer.from(JSON.stringify(copy)).toString('base64url');
      };
      const bad = [
        '',
        'x',
        '%%%',
        'null',
        'bnVsbA',
        Buffer.from('{"length":4}').toString('base64url'),
        nextCursor.slice(0, -3),
        'A'.repeat(100_000),
        forged([0, null]),
        forged([1, 'many']),
        forged([1, 1.5]),
        forged([2, 'not-an-id']),
        forged([2, null]),
        forged([3, 'NaN; drop table']),
        forged([3, 5]),
        forged([3, '1e999999']),
        forged([3, { a: 1 }]),
      ];
      for (const after of bad) {
        await assert.rejects(
          list({ kind: 'cursor', after, count: 2 }, { sort }),
          { name: 'OperationError', kind: 'invalid', reason: 'cursor' },
          after.slice(0, 80),
        );
      }
      const text = await list({ kind: 'cursor', after: null, count: 1 }, { sort: sortBy('userName') });
      const [hash, total, id] = JSON.parse(Buffer.from(text.nextCursor ?? '', 'base64url').toString());
      const nul = Buffer.from(JSON.stringify([hash, total, id, 'a\0'])).toString('base64url');
      await assert.rejects(list({ kind: 'cursor', after: nul, count: 1 }, { sort: sortBy('userName') }), {
        reason: 'cursor',
      });
    });
  });

  it('shows the groups of users only when they are asked for', async () => {
    const group = await insertGroup(world, tenant, { displayName: 'Zebra' }, [idOf(0), idOf(1)]);
    const other = await insertGroup(world, tenant, { displayName: 'Ape' }, [idOf(0)]);
    const { items } = await list(all, { withReferences: true });
    const groupsOf = (index: number) => items.find((item) => item.user.id === idOf(index))?.groups;
    assert.deepEqual(groupsOf(0), [
      { id: group.id, displayName: 'Zebra' },
      { id: other.id, displayName: 'Ape' },
    ]);
    assert.deepEqual(groupsOf(1), [{ id: group.id, displayName: 'Zebra' }]);
    assert.deepEqual(groupsOf(2), []);
    const { items: deep } = await list({ kind: 'index', startIndex: 2, count: 2 }, { withReferences: true });
    assert.deepEqual(
      deep.map((item) => item.groups),
      [groupsOf(1), groupsOf(2)],
    );
    const { items: bare } = await list(all);
    assert.ok(bare.every((item) => item.groups === null));
  });

  it('shows a group once that two sources know, whatever its name holds', async () => {
    const displayName = 'a\u001e"b\u001f\\c\n😀';
    const { id } = await insertGroup(world, tenant, { displayName }, [idOf(5), idOf(6)]);
    await world.owner.query(
      `insert into memberships (organization_id, directory_group_id, directory_user_id, source)
        values ($1, $2, $3, 'graph')`,
      [tenant.organizationId, id, idOf(5)],
    );
    const { items } = await list({ kind: 'index', startIndex: 6, count: 2 }, { withReferences: true });
    assert.deepEqual(
      items.map((item) => item.groups),
      [[{ id, displayName }], [{ id, displayName }]],
    );
  });
});
