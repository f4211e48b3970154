import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGroup, createUser, ERROR, LIST, makeScimHarness, type ScimHarness } from './scim-harness.ts';

async function withUsers(count: number): Promise<ScimHarness> {
  const harness = makeScimHarness();
  for (let index = 1; index <= count; index += 1) await createUser(harness, `user${index}@fabrikam.example`);
  return harness;
}

test('an empty list is 200 with an empty array and exactly the members of the RFC', async () => {
  const harness = makeScimHarness();
  const { body } = await harness.send('get', '/Users').expect(200);
  assert.deepEqual(body, {
    schemas: [LIST],
    totalResults: 0,
    startIndex: 1,
    itemsPerPage: 0,
    Resources: [],
  });
});

test('startIndex is echoed and itemsPerPage counts what is returned', async () => {
  const harness = await withUsers(7);
  const { body } = await harness.send('get', '/Users?startIndex=6&count=5').expect(200);
  assert.deepEqual(
    [body.startIndex, body.itemsPerPage, body.Resources.length, body.totalResults],
    [6, 2, 2, 7],
  );
  assert.equal(body.Resources[0].userName, 'user6@fabrikam.example');
  assert.ok(body.Resources[0].meta.version);
});

test('every window of a list holds the rows it should', async () => {
  const harness = await withUsers(6);
  for (let startIndex = 1; startIndex <= 7; startIndex += 1) {
    for (const count of [1, 2, 6, 50]) {
      const { body } = await harness.send('get', `/Users?startIndex=${startIndex}&count=${count}`);
      const names = body.Resources.map(({ userName }: { userName: string }) => userName);
      const expected = [1, 2, 3, 4, 5, 6].slice(startIndex - 1, startIndex - 1 + count);
      assert.deepEqual(
        names,
        expected.map((index) => `user${index}@fabrikam.example`),
        `startIndex=${startIndex} count=${count}`,
      );
    }
  }
});

test('a startIndex below 1 is 1, a negative count is 0, count 0 gives the total only', async () => {
  const harness = await withUsers(2);
  const below = await harness.send('get', '/Users?startIndex=-4&count=-3').expect(200);
  assert.deepEqual([below.body.startIndex, below.body.itemsPerPage, below.body.totalResults], [1, 0, 2]);
  const total = await harness.send('get', '/Users?count=0').expect(200);
  assert.deepEqual([total.body.Resources, total.body.totalResults], [[], 2]);
});

test('without count a page holds 100, and never more than 1,000', async () => {
  const harness = makeScimHarness();
  await harness.send('get', '/Users').expect(200);
  await harness.send('get', '/Users?count=100000000').expect(200);
  const pages = harness.operations.asked.queries.map(({ page }) => page.count);
  assert.deepEqual(pages, [100, 1000]);
});

test('a count or startIndex that is no whole number is 400', async () => {
  const harness = makeScimHarness();
  for (const query of ['count=abc', 'startIndex=1.5', 'count=1e3', 'startIndex=0x10']) {
    const { status, body } = await harness.send('get', `/Users?${query}`);
    assert.deepEqual([status, body.scimType, body.schemas], [400, 'invalidValue', [ERROR]], query);
  }
});

test('filter, sort and page reach the operation typed', async () => {
  const harness = makeScimHarness();
  await harness.send(
    'get',
    '/Users?filter=userName+eq+%22ada%22&sortBy=name.familyName&sortOrder=descending',
  );
  const [query] = harness.operations.asked.queries;
  assert.equal(query?.filter?.kind, 'compare');
  assert.deepEqual([query?.sort?.path.subAttribute, query?.sort?.descending], ['familyName', true]);
  assert.deepEqual(query?.page, { kind: 'index', startIndex: 1, count: 100 });
});

test('an unknown sortBy is ignored, a broken or empty filter is 400 invalidFilter', async () => {
  const harness = makeScimHarness();
  await harness.send('get', '/Users?sortBy=favouriteColour').expect(200);
  assert.equal(harness.operations.asked.queries[0]?.sort, null);
  for (const filter of ['userName', 'favouriteColour eq "red"', 'userName like "x"', '']) {
    const { status, body } = await harness.send('get', `/Users?filter=${encodeURIComponent(filter)}`);
    assert.deepEqual([status, body.scimType], [400, 'invalidFilter'], filter);
  }
});

test('an empty cursor asks for the first page, and nextCursor leads to the end (RFC 9865)', async () => {
  const harness = await withUsers(5);
  const seen: string[] = [];
  let query = 'cursor&count=2';
  for (let page = 1; page <= 3; page += 1) {
    const { body } = await harness.send('get', `/Users?${query}`).expect(200);
    seen.push(...body.Resources.map(({ userName }: { userName: string }) => userName));
    assert.equal('startIndex' in body, false);
    assert.equal(body.totalResults, 5);
    assert.equal('nextCursor' in body, page < 3);
    query = `cursor=${body.nextCursor}&count=2`;
  }
  assert.equal(new Set(seen).size, 5);
});

test('a count that is no number is 400, with a cursor invalidCount (RFC 9865)', async () => {
  const harness = makeScimHarness();
  for (const [query, scimType] of [
    ['count=many', 'invalidValue'],
    ['cursor=&count=many', 'invalidCount'],
  ]) {
    const { body } = await harness.send('get', `/Users?${query}`).expect(400);
    assert.equal(body.scimType, scimType);
  }
});

test('a cursor that nobody gave out is 400 invalidCursor', async () => {
  const harness = makeScimHarness();
  const { status, body } = await harness.send('get', '/Users?cursor=%22%20or%201').expect(400);
  assert.deepEqual([status, body.scimType], [400, 'invalidCursor']);
});

test('members are not even read when a group list leaves them out', async () => {
  const harness = makeScimHarness();
  await createGroup(harness, 'Engineers');
  const { body } = await harness.send('get', '/Groups?excludedAttributes=members').expect(200);
  assert.equal('members' in body.Resources[0], false);
  await harness.send('get', '/Groups?attributes=displayName').expect(200);
  await harness.send('get', '/Groups').expect(200);
  assert.deepEqual(
    harness.operations.asked.queries.map(({ withReferences }) => withReferences),
    [false, false, true],
  );
});

test('a query at the root lists users, then groups', async () => {
  const harness = await withUsers(2);
  await createGroup(harness, 'Engineers');
  const { body } = await harness.send('get', '/?count=10').expect(200);
  const types = body.Resources.map(({ meta }: { meta: { resourceType: string } }) => meta.resourceType);
  assert.deepEqual([types, body.totalResults], [['User', 'User', 'Group'], 3]);
});
