import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { seedGroups, seedUsers, type World } from '../bench/scenarios.ts';
import { type ScimConnection, startTestApp, type TestApp } from '../support/app.ts';

/** SCALE_USERS=100000 for the size that the bench measures. */
const size = Number(process.env['SCALE_USERS'] ?? 8000);
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';

interface Page {
  readonly totalResults: number;
  readonly nextCursor?: string;
  readonly Resources: readonly {
    readonly id: string;
    readonly groups?: readonly { readonly display: string }[];
  }[];
}

interface Member {
  readonly value: string;
  readonly display: string;
  readonly $ref: string;
}

describe(`a directory of ${size} users`, () => {
  let app: TestApp;
  let connection: ScimConnection;
  let world: World;
  before(async () => {
    app = await startTestApp();
    connection = await app.createScimConnection('Large');
    const { connectionId } = connection;
    world = {
      base: '',
      headers: {},
      databaseUrl: app.databaseUrl,
      connectionId,
      userIds: [],
      userNames: [],
      groups: [],
    };
    await seedUsers(world, size);
    await seedGroups(world, [0, 1000, size]);
  });
  after(() => app.stop());

  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await app.scim(connection, method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
    return answer.body;
  };
  const page = (query: Readonly<Record<string, string>>): Promise<Page> =>
    ask('GET', `/Users?${new URLSearchParams(query)}`);
  const groupOf = (index: number): string => world.groups[index]?.id ?? '';
  const membersOf = async (id: string): Promise<readonly Member[]> =>
    (await ask('GET', `/Groups/${id}?attributes=members`)).members ?? [];
  const patch = (id: string, op: string, ids: readonly string[]) =>
    ask('PATCH', `/Groups/${id}`, {
      schemas: [PATCH_OP],
      Operations: [{ op, path: 'members', value: ids.map((value) => ({ value })) }],
    });

  it('is walked by cursor without missing or repeating anybody', async () => {
    for (const sortBy of ['', 'id', 'userName']) {
      const seen: string[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const query = { count: '1000', cursor, ...(sortBy === '' ? {} : { sortBy }) };
        const found: Page = await page(query);
        assert.equal(found.totalResults, size);
        seen.push(...found.Resources.map(({ id }) => id));
        cursor = found.nextCursor;
      }
      assert.equal(seen.length, size, sortBy);
      assert.deepEqual([...seen].sort(), world.userIds, sortBy);
      if (sortBy !== 'userName') assert.deepEqual(seen, world.userIds);
    }
  });

  it('answers the same page wherever it starts, with the groups of everybody on it', async () => {
    for (const startIndex of [1, 951, size - 49]) {
      const found = await page({ startIndex: String(startIndex), count: '100' });
      assert.equal(found.totalResults, size);
      assert.deepEqual(
        found.Resources.map(({ id }) => id),
        world.userIds.slice(startIndex - 1, startIndex + 99),
      );
      for (const [index, { groups = [] }] of found.Resources.entries()) {
        const names = groups.map(({ display }) => display).sort();
        const isAmongThousand = startIndex + index <= 1000;
        assert.deepEqual(names, [...(isAmongThousand ? ['Group of 1000'] : []), `Group of ${size}`]);
      }
    }
    assert.deepEqual((await page({ startIndex: String(size + 1) })).Resources, []);
  });

  it('counts what was created and deleted a moment ago', async () => {
    const total = async () => (await page({ count: '0' })).totalResults;
    assert.equal(await total(), size);
    const created = await ask('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'late@bench.example',
    });
    assert.equal(await total(), size + 1);
    assert.equal((await page({ count: '1' })).totalResults, size + 1);
    await ask('DELETE', `/Users/${created.id}`);
    assert.equal(await total(), size);
  });

  it('shows all members of its largest group, each once and by name', async () => {
    const members = await membersOf(groupOf(2));
    assert.deepEqual(
      members.map(({ value }) => value),
      world.userIds,
    );
    assert.ok(members.every(({ display }) => display === 'Bench Person'));
    assert.ok(members.every(({ value, $ref }) => $ref === `${connection.scimBaseUrl}/Users/${value}`));
    const without = await ask('GET', `/Groups/${groupOf(2)}?excludedAttributes=members`);
    assert.equal('members' in without, false);
  });

  it('lists groups with their members in pages that hold no more than can be answered', async () => {
    const found = await ask('GET', '/Groups');
    assert.equal(found.totalResults, 3);
    assert.equal(found.itemsPerPage, found.Resources.length);
    const counts = found.Resources.map(({ members = [] }: { members?: readonly Member[] }) => members.length);
    assert.deepEqual(counts, [0, 1000, size].slice(0, counts.length));
  });

  it('shortens a page of groups whose members would be too many, and says where the next one begins', async () => {
    const owner = new pg.Client({ connectionString: app.databaseUrl });
    await owner.connect();
    const setCount = (count: number) =>
      owner.query('update directory_groups set member_count = $1 where directory_group_id = $2', [
        count,
        groupOf(1),
      ]);
    const listed = async (query: string): Promise<readonly string[]> =>
      (await ask('GET', `/Groups?${query}`)).Resources.map(({ id }: { id: string }) => id);
    try {
      await setCount(150_000);
      assert.deepEqual(await listed(''), [groupOf(0)]);
      assert.deepEqual(await listed('startIndex=2'), [groupOf(1)]);
      assert.deepEqual(await listed('startIndex=3'), [groupOf(2)]);
      assert.deepEqual(await listed('excludedAttributes=members'), [0, 1, 2].map(groupOf));
      const first = await ask('GET', '/Groups?cursor=');
      assert.deepEqual(await listed(`cursor=${first.nextCursor}`), [groupOf(1)]);
    } finally {
      await setCount(1000);
      await owner.end();
    }
  });

  it('finds the members of a group and the groups of a member', async () => {
    const [first = '', last = ''] = [world.userIds[0], world.userIds.at(-1)];
    const among = (text: string) => page({ filter: text, count: '10' });
    assert.equal((await among(`groups.value eq "${groupOf(1)}"`)).totalResults, 1000);
    assert.equal((await among(`groups[value eq "${groupOf(2)}"]`)).totalResults, size);
    assert.equal((await among(`groups.value eq "${groupOf(0)}"`)).totalResults, 0);
    assert.equal((await among(`not (groups.value eq "${groupOf(1)}")`)).totalResults, size - 1000);
    for (const [id, count] of [
      [first, 2],
      [last, 1],
    ] as const) {
      const filter = encodeURIComponent(`members[value eq "${id}"]`);
      assert.equal(
        (await ask('GET', `/Groups?excludedAttributes=members&filter=${filter}`)).totalResults,
        count,
      );
    }
  });

  it('finds by a beginning and by alternatives what the whole filter says', async () => {
    const totals: readonly (readonly [string, number])[] = [
      ['userName sw "SEED111"', world.userNames.filter((name) => name.startsWith('seed111')).length],
      [`userName eq "${world.userNames[3]}" or externalId eq "seed-${world.userIds[4]}"`, 2],
      [`userName eq "${world.userNames[3]}" or emails.value eq "${world.userNames[3]}"`, 1],
      [`userName sw "seed1" and externalId eq "seed-${world.userIds[1]}"`, 1],
    ];
    for (const [filter, total] of totals) assert.equal((await page({ filter })).totalResults, total, filter);
  });

  it('takes thousands of members at once, and none of them when one is unknown', async () => {
    const id = groupOf(0);
    const ids = world.userIds.slice(0, 5000);
    await patch(id, 'add', ids);
    assert.equal((await membersOf(id)).length, 5000);
    const unknown = crypto.randomUUID();
    const refused = await app.scim(connection, 'PATCH', `/Groups/${id}`, {
      schemas: [PATCH_OP],
      Operations: [
        {
          op: 'add',
          path: 'members',
          value: [...world.userIds.slice(5000, 9000), unknown].map((value) => ({ value })),
        },
      ],
    });
    assert.equal(refused.status, 400);
    assert.ok(refused.text.includes(unknown));
    await patch(id, 'remove', ids.slice(0, 4999));
    assert.deepEqual(
      (await membersOf(id)).map(({ value }) => value),
      ids.slice(4999),
    );
  });

  it('replaces all members of a group while those of the change before are still being decided', async () => {
    const id = groupOf(2);
    const put = (ids: readonly string[]) =>
      ask('PUT', `/Groups/${id}`, {
        schemas: [GROUP],
        displayName: `Group of ${size}`,
        members: ids.map((value) => ({ value })),
      });
    await put(world.userIds.slice(0, size / 2));
    await put(world.userIds.slice(1));
    assert.deepEqual(
      (await membersOf(id)).map(({ value }) => value),
      world.userIds.slice(1),
    );
    await ask('DELETE', `/Groups/${id}`);
    assert.equal((await app.scim(connection, 'GET', `/Groups/${id}`)).status, 404);
    assert.equal((await ask('GET', `/Users/${world.userIds[1]}`)).groups.length, 1);
  });
});
