import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGroup, createUser, ENTERPRISE, makeScimHarness, PATCH_OP, USER } from './scim-harness.ts';

const rename = (displayName: string) => ({
  schemas: [PATCH_OP],
  Operations: [{ op: 'replace', path: 'displayName', value: displayName }],
});

test('a created user is answered whole, with its address in Location', async () => {
  const harness = makeScimHarness();
  const { status, headers, body } = await harness.withBody('post', '/Users', {
    schemas: [USER],
    id: 'mine',
    userName: 'ada@fabrikam.example',
    externalId: 'ada',
    password: 'correct horse',
    meta: { resourceType: 'Nonsense' },
  });
  assert.equal(status, 201);
  assert.equal(headers.location, harness.location(`/Users/${body.id}`));
  assert.equal(headers.etag, 'W/"1"');
  assert.deepEqual(body, {
    schemas: [USER],
    id: body.id,
    externalId: 'ada',
    userName: 'ada@fabrikam.example',
    active: true,
    groups: [],
    meta: {
      resourceType: 'User',
      created: '2026-03-01T09:00:00.000Z',
      lastModified: '2026-03-01T09:00:00.000Z',
      location: harness.location(`/Users/${body.id}`),
      version: 'W/"1"',
    },
  });
});

test('one user is answered with Location and ETag', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const { headers, body } = await harness.send('get', `/Users/${id}`).expect(200);
  assert.equal(headers.location, body.meta.location);
  assert.equal(headers.etag, body.meta.version);
});

test('an answer that holds one resource names its address in Content-Location too', async () => {
  const harness = makeScimHarness();
  const user = { schemas: [USER], userName: 'ada@fabrikam.example' };
  const created = await harness.withBody('post', '/Users', user).expect(201);
  const { location } = created.body.meta;
  const path = `/Users/${created.body.id}`;
  const answers = [
    created,
    await harness.send('get', `${path}?attributes=userName`).expect(200),
    await harness.send('get', path).set('If-None-Match', '*').set('Cache-Control', 'no-cache').expect(304),
    await harness.withBody('put', path, user).expect(200),
    await harness.withBody('patch', path, rename('Ada')).expect(200),
  ];
  for (const { status, headers } of answers)
    assert.equal(headers['content-location'], location, String(status));
  const list = await harness.send('get', '/Users').expect(200);
  const removed = await harness.send('delete', path).expect(204);
  for (const { headers } of [list, removed]) assert.equal(headers['content-location'], undefined);
});

test('an extension URN is listed only when the user holds the extension', async () => {
  const harness = makeScimHarness();
  const body = { schemas: [USER, ENTERPRISE], userName: 'ada@fabrikam.example' };
  const without = await harness.withBody('post', '/Users', body).expect(201);
  assert.deepEqual(without.body.schemas, [USER]);
  const held = { ...body, userName: 'b', [ENTERPRISE]: { department: 'Analysis' } };
  const with_ = await harness.withBody('post', '/Users', held).expect(201);
  assert.deepEqual(with_.body.schemas, [USER, ENTERPRISE]);
});

test('a manager sent as text is answered as an object with its address', async () => {
  const harness = makeScimHarness();
  const managerId = await createUser(harness, 'mgr@fabrikam.example');
  const { body } = await harness
    .withBody('post', '/Users', {
      schemas: [USER],
      userName: 'ada@fabrikam.example',
      [ENTERPRISE]: { manager: managerId },
    })
    .expect(201);
  assert.deepEqual(body[ENTERPRISE].manager, {
    value: managerId,
    $ref: harness.location(`/Users/${managerId}`),
  });
});

test('groups of a user carry value, address, display and type', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const groupId = await createGroup(harness, 'Engineers', [id]);
  const { body } = await harness.send('get', `/Users/${id}`).expect(200);
  assert.deepEqual(body.groups, [
    { value: groupId, $ref: harness.location(`/Groups/${groupId}`), display: 'Engineers', type: 'direct' },
  ]);
});

test('PUT and PATCH answer 200 with the user, DELETE 204 and then 404', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const patched = await harness.withBody('patch', `/Users/${id}`, rename('Ada')).expect(200);
  assert.deepEqual([patched.body.displayName, patched.headers.etag], ['Ada', 'W/"2"']);
  const put = await harness.withBody('put', `/Users/${id}`, { schemas: [USER], userName: 'ada' }).expect(200);
  assert.deepEqual([put.body.userName, 'displayName' in put.body], ['ada', false]);
  const deleted = await harness.send('delete', `/Users/${id}`).expect(204);
  assert.equal(deleted.headers['content-type'], undefined);
  await harness.send('delete', `/Users/${id}`).expect(404);
  await harness.send('get', `/Users/${id}`).expect(404);
});

test('DELETE takes no notice of a body, not even of one that is no JSON', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  await harness.send('delete', `/Users/${id}`).set('content-type', 'application/json').send('{').expect(204);
  await harness.send('get', `/Users/${id}`).expect(404);
});

test('a taken userName is 409 uniqueness', async () => {
  const harness = makeScimHarness();
  await createUser(harness, 'ada@fabrikam.example');
  const { body } = await harness
    .withBody('post', '/Users', { schemas: [USER], userName: 'ADA@fabrikam.example' })
    .expect(409);
  assert.deepEqual([body.status, body.scimType], ['409', 'uniqueness']);
});

test('If-Match lets a change pass only on the version it names', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const user = { schemas: [USER], userName: 'ada@fabrikam.example' };
  for (const tag of ['W/"7"', '"7"', 'W/"nonsense"', 'nonsense']) {
    await harness.withBody('patch', `/Users/${id}`, rename('x')).set('If-Match', tag).expect(412);
    await harness.withBody('put', `/Users/${id}`, user).set('If-Match', tag).expect(412);
    await harness.send('delete', `/Users/${id}`).set('If-Match', tag).expect(412);
  }
  await harness.withBody('patch', `/Users/${id}`, rename('Ada')).set('If-Match', 'W/"9", W/"1"').expect(200);
  await harness.withBody('put', `/Users/${id}`, user).set('If-Match', '"2"').expect(200);
  await harness.send('delete', `/Users/${id}`).set('If-Match', '*').expect(204);
});

test('If-None-Match on the current version is 304 without a body', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const same = await harness
    .send('get', `/Users/${id}`)
    .set('If-None-Match', 'W/"1"')
    .set('Cache-Control', 'no-cache')
    .expect(304);
  assert.deepEqual([same.headers.etag, same.headers['content-type']], ['W/"1"', undefined]);
  await harness.send('get', `/Users/${id}`).set('If-None-Match', 'W/"2"').expect(200);
});

test('/Me is 501 for every method', async () => {
  const harness = makeScimHarness();
  for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
    const { status, body } = await harness.send(method, '/Me');
    assert.deepEqual([status, body.status], [501, '501'], method);
  }
});
