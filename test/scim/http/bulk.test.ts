import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BULK,
  createGroup,
  createUser,
  ENTERPRISE,
  ERROR,
  GROUP,
  makeScimHarness,
  PATCH_OP,
  type ScimHarness,
  USER,
} from './scim-harness.ts';

interface Result {
  readonly location?: string;
  readonly method: string;
  readonly bulkId?: string;
  readonly version?: string;
  readonly status: string;
  readonly response?: { readonly schemas: string[]; readonly scimType?: string; readonly detail: string };
}

async function bulk(
  harness: ScimHarness,
  operations: readonly object[],
  more: object = {},
): Promise<Result[]> {
  const { body } = await harness
    .withBody('post', '/Bulk', { schemas: [BULK], Operations: operations, ...more })
    .expect(200);
  assert.deepEqual(body.schemas, ['urn:ietf:params:scim:api:messages:2.0:BulkResponse']);
  return body.Operations;
}

const postUser = (bulkId: string, userName: string, more: object = {}) => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: { schemas: [USER], userName, ...more },
});

const postGroup = (bulkId: string, displayName: string, members: readonly string[]) => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: { schemas: [GROUP], displayName, members: members.map((value) => ({ value })) },
});

const managedBy = (reference: string) => ({ [ENTERPRISE]: { manager: { value: reference } } });

const idOf = ({ location }: Result | undefined = { method: '', status: '' }) =>
  location?.split('/').at(-1) ?? '';

const statuses = (results: readonly Result[]) => results.map(({ status }) => status);

test('every operation is answered with method, bulkId, location, version and a status text', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const results = await bulk(harness, [
    postUser('new', 'grace@fabrikam.example'),
    { method: 'put', path: `/Users/${id}`, data: { schemas: [USER], userName: 'ada' } },
    {
      method: 'PATCH',
      path: `/Users/${id}`,
      data: { schemas: [PATCH_OP], Operations: [{ op: 'add', path: 'title', value: 'Countess' }] },
    },
    { method: 'DELETE', path: `/Users/${id}` },
  ]);
  const location = harness.location(`/Users/${id}`);
  assert.deepEqual(results, [
    { location: results[0]?.location, method: 'POST', bulkId: 'new', version: 'W/"1"', status: '201' },
    { location, method: 'PUT', version: 'W/"2"', status: '200' },
    { location, method: 'PATCH', version: 'W/"3"', status: '200' },
    { location, method: 'DELETE', status: '204' },
  ]);
});

test('a bulkId stands for what was created, in later and in earlier operations', async () => {
  const harness = makeScimHarness();
  const results = await bulk(harness, [
    postGroup('g', 'Engineers', ['bulkId:u1', 'bulkId:u2']),
    postUser('u1', 'ada@fabrikam.example', managedBy('bulkId:u2')),
    postUser('u2', 'grace@fabrikam.example'),
  ]);
  assert.deepEqual(statuses(results), ['201', '201', '201']);
  assert.deepEqual(
    results.map(({ bulkId }) => bulkId),
    ['g', 'u1', 'u2'],
  );
  assert.equal(harness.operations.groups.size, 1);
  const group = await harness.send('get', `/Groups/${idOf(results[0])}`).expect(200);
  const members = group.body.members.map(({ value }: { value: string }) => value);
  assert.deepEqual(new Set(members), new Set([idOf(results[1]), idOf(results[2])]));
  const ada = await harness.send('get', `/Users/${idOf(results[1])}`).expect(200);
  assert.equal(ada.body[ENTERPRISE].manager.value, idOf(results[2]));
});

test('a bulkId may stand in a path and in the path of a patch operation', async () => {
  const harness = makeScimHarness();
  const groupId = await createGroup(harness, 'Engineers');
  const results = await bulk(harness, [
    postUser('u', 'ada@fabrikam.example'),
    {
      method: 'PATCH',
      path: `/Groups/${groupId}`,
      data: {
        schemas: [PATCH_OP],
        Operations: [
          { op: 'add', path: 'members', value: [{ value: 'bulkId:u' }] },
          { op: 'remove', path: 'members[value eq "bulkId:u"]' },
        ],
      },
    },
    {
      method: 'PATCH',
      path: '/Users/bulkId:u',
      data: { schemas: [PATCH_OP], Operations: [{ op: 'add', path: 'title', value: 'Countess' }] },
    },
  ]);
  assert.deepEqual(statuses(results), ['201', '200', '200']);
  const user = await harness.send('get', `/Users/${idOf(results[0])}`).expect(200);
  assert.equal(user.body.title, 'Countess');
  const group = await harness.send('get', `/Groups/${groupId}`).expect(200);
  assert.deepEqual(group.body.members, []);
});

test('users who manage each other in a circle, or themselves, are created complete', async () => {
  const harness = makeScimHarness();
  const results = await bulk(harness, [
    postUser('a', 'ada@fabrikam.example', managedBy('bulkId:b')),
    postUser('b', 'grace@fabrikam.example', managedBy('bulkId:a')),
    postUser('self', 'mgr@fabrikam.example', managedBy('bulkId:self')),
  ]);
  assert.deepEqual(statuses(results), ['201', '201', '201']);
  assert.equal(harness.operations.users.size, 3);
  const managers = [];
  for (const result of results) {
    const { body } = await harness.send('get', `/Users/${idOf(result)}`).expect(200);
    assert.equal(result.version, body.meta.version);
    managers.push(body[ENTERPRISE].manager.value);
  }
  assert.deepEqual(managers, [idOf(results[1]), idOf(results[0]), idOf(results[2])]);
});

test('what follows a creation in a circle is not undone when the circle is closed', async () => {
  const harness = makeScimHarness();
  const titled = {
    schemas: [PATCH_OP],
    Operations: [{ op: 'replace', path: 'title', value: 'Countess' }],
  };
  const results = await bulk(harness, [
    postUser('a', 'ada@fabrikam.example', managedBy('bulkId:b')),
    { method: 'PATCH', path: '/Users/bulkId:a', data: titled },
    postUser('b', 'grace@fabrikam.example', managedBy('bulkId:a')),
    { method: 'DELETE', path: '/Users/bulkId:b' },
  ]);
  assert.deepEqual(statuses(results), ['201', '200', '201', '204']);
  const { body } = await harness.send('get', `/Users/${idOf(results[0])}`).expect(200);
  assert.equal(body.title, 'Countess');
  assert.equal(body[ENTERPRISE].manager.value, idOf(results[2]));
});

test('what refers to nothing, or to what was not created, gets its own 400 and creates nothing', async () => {
  const harness = makeScimHarness();
  const results = await bulk(harness, [
    postGroup('g1', 'Engineers', ['bulkId:nobody']),
    postUser('broken', ''),
    postGroup('g2', 'Managers', ['bulkId:broken']),
    postUser('fine', 'ada@fabrikam.example'),
  ]);
  assert.deepEqual(statuses(results), ['400', '400', '400', '201']);
  assert.deepEqual(results[0]?.response?.schemas, [ERROR]);
  assert.match(results[0]?.response?.detail ?? '', /bulkId:nobody/);
  assert.equal(harness.operations.groups.size, 0);
});

test('an operation that makes no sense gets its own 400 or 404', async () => {
  const harness = makeScimHarness();
  const results = await bulk(harness, [
    { method: 'GET', path: '/Users' },
    { method: 'POST', path: '/Users', data: { schemas: [USER], userName: 'no-bulk-id' } },
    { method: 'POST', path: '/Users/1', bulkId: 'x', data: {} },
    { method: 'POST', path: '/Devices', bulkId: 'y', data: {} },
    { method: 'PATCH', path: '/Users/0190ffff-0000-7000-8000-00000000000f', data: { schemas: [PATCH_OP] } },
    { method: 'DELETE', path: '/Users/nobody' },
    { method: 'PUT', path: '/Users/nobody' },
    7 as unknown as object,
    postUser('twice', 'a'),
    postUser('twice', 'b'),
  ]);
  assert.deepEqual(statuses(results), ['400', '400', '400', '404', '400', '404', '400', '400', '201', '400']);
  for (const { response, status } of results) assert.equal(response === undefined, status === '201');
  assert.equal(harness.operations.users.size, 1);
});

test('a path that cannot be part of an address is 400 like any other wrong path', async () => {
  const harness = makeScimHarness();
  const results = await bulk(harness, [
    { method: 'PATCH', path: '/Users/\ud800', data: {} },
    { method: 'DELETE', path: '/Users/%ff' },
  ]);
  assert.deepEqual(statuses(results), ['400', '404']);
});

test('failOnErrors ends the request after that many errors', async () => {
  const harness = makeScimHarness();
  const operations = [
    postUser('a', 'ada@fabrikam.example'),
    postUser('b', 'ada@fabrikam.example'),
    postUser('c', 'grace@fabrikam.example'),
    postUser('d', 'ada@fabrikam.example'),
    postUser('e', 'min@fabrikam.example'),
  ];
  const stopped = await bulk(harness, operations, { failOnErrors: 1 });
  assert.deepEqual(statuses(stopped), ['201', '409']);
  assert.equal(stopped[1]?.response?.scimType, 'uniqueness');
  harness.operations.users.clear();
  assert.deepEqual(statuses(await bulk(harness, operations, { failOnErrors: 2 })), [
    '201',
    '409',
    '201',
    '409',
  ]);
  harness.operations.users.clear();
  assert.deepEqual(statuses(await bulk(harness, operations)), ['201', '409', '201', '409', '201']);
});

test('the version of an operation is its precondition', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const data = { schemas: [USER], userName: 'ada@fabrikam.example' };
  const results = await bulk(harness, [
    { method: 'PUT', path: `/Users/${id}`, version: 'W/"4"', data },
    { method: 'PUT', path: `/Users/${id}`, version: 'W/"1"', data },
  ]);
  assert.deepEqual(statuses(results), ['412', '200']);
});

test('too many operations and too many bytes are 413', async () => {
  const harness = makeScimHarness();
  const operations = Array.from({ length: 1001 }, (_, index) => postUser(`u${index}`, `user${index}`));
  const many = await harness.withBody('post', '/Bulk', { schemas: [BULK], Operations: operations });
  assert.deepEqual([many.status, many.body.status], [413, '413']);
  assert.equal(harness.operations.users.size, 0);
  const padding = 'x'.repeat(4 * 1024 * 1024);
  const large = await harness.withBody('post', '/Bulk', { schemas: [BULK], Operations: [], padding });
  assert.equal(large.status, 413);
});

test('a body that is no bulk request is 400 invalidSyntax', async () => {
  const harness = makeScimHarness();
  for (const body of [{}, { schemas: [BULK] }, { schemas: [BULK], Operations: {} }, { Operations: [] }]) {
    const { status, body: answer } = await harness.withBody('post', '/Bulk', body);
    assert.deepEqual([status, answer.scimType], [400, 'invalidSyntax'], JSON.stringify(body));
  }
});
