import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGroup, createUser, LIST, makeScimHarness, type ScimHarness, SEARCH } from './scim-harness.ts';

type Listed = { readonly meta: { readonly resourceType: string }; readonly id: string };

async function populated(): Promise<ScimHarness> {
  const harness = makeScimHarness();
  for (const name of ['a', 'b', 'c']) await createUser(harness, `${name}@fabrikam.example`);
  for (const name of ['One', 'Two']) await createGroup(harness, name);
  return harness;
}

const search = (harness: ScimHarness, path: string, request: object) =>
  harness.withBody('post', path, { schemas: [SEARCH], ...request });

test('a search on a type answers like a list', async () => {
  const harness = await populated();
  const { body } = await search(harness, '/Users/.search', {
    startIndex: 2,
    count: 1,
    attributes: ['userName'],
  }).expect(200);
  assert.deepEqual([body.schemas, body.totalResults, body.startIndex, body.itemsPerPage], [[LIST], 3, 2, 1]);
  assert.deepEqual(Object.keys(body.Resources[0]).sort(), ['id', 'schemas', 'userName']);
});

test('attributes of a search may be an array or a comma-separated text', async () => {
  const harness = await populated();
  for (const attributes of [['userName', 'active'], 'userName,active', ['userName,active']]) {
    const { body } = await search(harness, '/Users/.search', { attributes }).expect(200);
    assert.deepEqual(Object.keys(body.Resources[0]).sort(), ['active', 'id', 'schemas', 'userName']);
  }
  const { body } = await search(harness, '/Users/.search', { excludedAttributes: 'meta,groups' }).expect(200);
  assert.equal('meta' in body.Resources[0], false);
});

test('filter, sort and page of a search reach the operation', async () => {
  const harness = await populated();
  await search(harness, '/Users/.search', {
    filter: 'userName sw "a"',
    sortBy: 'userName',
    sortOrder: 'descending',
    count: 5,
  }).expect(200);
  const query = harness.operations.asked.queries.at(-1);
  assert.equal(query?.filter?.kind, 'compare');
  assert.equal(query?.sort?.descending, true);
  assert.deepEqual(query?.page, { kind: 'index', startIndex: 1, count: 5 });
});

test('every page of a search at the root is a window of users followed by groups', async () => {
  const harness = await populated();
  const whole = await search(harness, '/.search', { count: 100 }).expect(200);
  const ids = whole.body.Resources.map(({ id }: Listed) => id);
  assert.deepEqual(
    whole.body.Resources.map(({ meta }: Listed) => meta.resourceType),
    ['User', 'User', 'User', 'Group', 'Group'],
  );
  for (let startIndex = 1; startIndex <= 6; startIndex += 1) {
    for (const count of [1, 2, 3, 5]) {
      const { body } = await search(harness, '/.search', { startIndex, count }).expect(200);
      assert.deepEqual(
        body.Resources.map(({ id }: Listed) => id),
        ids.slice(startIndex - 1, startIndex - 1 + count),
        `startIndex ${startIndex}, count ${count}`,
      );
      assert.deepEqual([body.totalResults, body.startIndex], [5, startIndex]);
    }
  }
});

test('a cursor leads through all types, whatever the page size', async () => {
  const harness = await populated();
  for (const count of [1, 2, 3, 4, 5, 9]) {
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 6; page += 1) {
      const { body } = await search(harness, '/.search', { cursor, count }).expect(200);
      assert.equal(body.totalResults, 5);
      assert.ok(body.Resources.length <= count);
      seen.push(...body.Resources.map(({ id }: Listed) => id));
      if (body.nextCursor === undefined) break;
      cursor = body.nextCursor;
    }
    assert.deepEqual([seen.length, new Set(seen).size], [5, 5], `count ${count}`);
  }
});

test('a cursor of the root that nobody gave out is 400 invalidCursor', async () => {
  const harness = await populated();
  for (const cursor of ['nonsense', 'Device.1', 'User']) {
    const { status, body } = await search(harness, '/.search', { cursor });
    assert.deepEqual([status, body.scimType], [400, 'invalidCursor'], cursor);
  }
});

test('at the root the attributes of the other type have no value; one that no type has is refused', async () => {
  const harness = await populated();
  const nothing = { kind: 'any', of: [] };
  const filters: readonly (readonly [string, object])[] = [
    ['userName pr', nothing],
    ['userName eq "a"', nothing],
    ['userName ne "a"', { kind: 'all', of: [] }],
    ['userName eq null', { kind: 'all', of: [] }],
    ['userName ne null', nothing],
    ['not (emails[type eq "work" and value co "a"])', { kind: 'not', of: nothing }],
    ['name.familyName gt "a" or emails[type eq "x"].value eq "a"', { kind: 'any', of: [nothing, nothing] }],
  ];
  for (const [filter, ofGroups] of filters) {
    await search(harness, '/.search', { filter }).expect(200);
    assert.deepEqual(harness.operations.asked.queries.at(-1)?.filter, ofGroups, filter);
  }
  const refused = await search(harness, '/.search', { filter: 'favouriteColour pr' }).expect(400);
  assert.equal(refused.body.scimType, 'invalidFilter');
  await search(harness, '/Groups/.search', { filter: 'userName pr' }).expect(400);
});

test('a search that is no search request is 400 invalidSyntax', async () => {
  const harness = await populated();
  const bodies = [
    {},
    { schemas: ['urn:other'] },
    { schemas: [SEARCH], filter: 7 },
    { schemas: [SEARCH], attributes: [7] },
    { schemas: [SEARCH], count: {} },
  ];
  for (const body of bodies) {
    const { status, body: answer } = await harness.withBody('post', '/.search', body);
    assert.deepEqual([status, answer.scimType], [400, 'invalidSyntax'], JSON.stringify(body));
  }
});
