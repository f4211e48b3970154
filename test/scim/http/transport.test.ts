import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { OperationError } from '../../../src/operations/operation-error.ts';
import {
  CONNECTION,
  createUser,
  ERROR,
  makeScimHarness,
  OTHER_CONNECTION,
  PATCH_OP,
  USER,
} from './scim-harness.ts';

const NOWHERE = '0190ffff-0000-7000-8000-00000000000f';

test('every answer with a body is application/scim+json without a charset', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  for (const path of [
    '/Users',
    `/Users/${id}`,
    '/Users/nobody',
    '/Schemas',
    '/ServiceProviderConfig',
    '/Nothing',
  ]) {
    const { headers } = await harness.send('get', path);
    assert.equal(headers['content-type'], 'application/scim+json', path);
  }
});

test('a missing and a wrong token are refused with a challenge and a SCIM error', async () => {
  const harness = makeScimHarness();
  const missing = await harness.anonymous('get', `${harness.base}/Users`);
  assert.equal(missing.status, 401);
  assert.equal(missing.headers['www-authenticate'], 'Bearer realm="scim"');
  assert.deepEqual(Object.keys(missing.body), ['schemas', 'status', 'detail']);
  assert.deepEqual([missing.body.schemas, missing.body.status], [[ERROR], '401']);

  const wrong = await harness.send('get', '/Users').set('Authorization', 'Bearer something-else');
  assert.equal(wrong.status, 401);
  assert.match(wrong.headers['www-authenticate'] ?? '', /^Bearer .*error="invalid_token"/);
});

test('an unknown and a malformed connection id get the same answer', async () => {
  const harness = makeScimHarness();
  const answers = [];
  for (const connectionId of [NOWHERE, 'not-an-id', '..', CONNECTION.slice(1)]) {
    answers.push(await harness.sendTo(`/scim/v2/${connectionId}/Users`, 'get'));
  }
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([401]));
  assert.equal(new Set(answers.map(({ body }) => body.detail)).size, 1);

  for (const connectionId of [NOWHERE, 'not-an-id']) {
    const { status } = await harness.anonymous('get', `/scim/v2/${connectionId}/ServiceProviderConfig`);
    assert.equal(status, 404);
  }
});

test('a body is not parsed before the caller is known', async () => {
  const harness = makeScimHarness();
  const { status } = await harness
    .anonymous('post', `${harness.base}/Users`)
    .set('Content-Type', 'application/scim+json')
    .send('{"broken');
  assert.equal(status, 401);
});

test('an unknown path is a SCIM error 404', async () => {
  const harness = makeScimHarness();
  for (const path of ['/Nothing', '/Users/1/2', '/Schemas/a/b', '/Users/%zz']) {
    const { status, body } = await harness.send('get', path);
    assert.deepEqual([status, body.schemas, body.status], [404, [ERROR], '404'], path);
  }
});

test('a wrong method is 405 and names what is allowed', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const cases = [
    ['post', '/ServiceProviderConfig', 'GET, HEAD'],
    ['delete', '/Schemas', 'GET, HEAD'],
    ['put', '/Users', 'GET, HEAD, POST'],
    ['patch', '/Groups', 'GET, HEAD, POST'],
    ['delete', '/Users', 'GET, HEAD, POST'],
    ['post', `/Users/${id}`, 'GET, HEAD, PUT, PATCH, DELETE'],
    ['get', '/Bulk', 'POST'],
    ['get', '/.search', 'POST'],
    ['options', '/Users', 'GET, HEAD, POST'],
  ] as const;
  for (const [method, path, allow] of cases) {
    const { status, headers, body } = await harness.send(method, path);
    assert.deepEqual([status, headers.allow, body.status], [405, allow, '405'], `${method} ${path}`);
  }
});

test('a body of another type, or of none, is 415', async () => {
  const harness = makeScimHarness();
  for (const type of ['text/plain', 'application/xml', 'text/xml; charset=utf-8']) {
    const { status, body } = await harness.send('post', '/Users').set('Content-Type', type).send('{}');
    assert.deepEqual([status, body.status], [415, '415'], type);
  }
});

test('both JSON types are accepted with any parameters', async () => {
  const harness = makeScimHarness();
  const types = ['application/json', 'application/scim+json; charset=utf-8', 'Application/SCIM+JSON'];
  for (const [index, type] of types.entries()) {
    const body = JSON.stringify({ schemas: [USER], userName: `user${index}@fabrikam.example` });
    await harness.send('post', '/Users').set('Content-Type', type).send(body).expect(201);
  }
});

test('a malformed body is 400 invalidSyntax, whatever is wrong with it', async () => {
  const harness = makeScimHarness();
  for (const text of [
    '{"schemas":[',
    '[]',
    '"text"',
    'null',
    '7',
    '{"__proto__":{"x":1}}',
    `${'['.repeat(100)}`,
  ]) {
    const { status, body } = await harness
      .send('post', '/Users')
      .set('Content-Type', 'application/scim+json')
      .send(text);
    assert.deepEqual([status, body.scimType], [400, 'invalidSyntax'], text);
  }
  const { status, body } = await harness.send('post', '/Users');
  assert.deepEqual([status, body.scimType], [400, 'invalidSyntax'], 'no body at all');
});

test('a body over the limit is 413; groups may be larger than users', async () => {
  const harness = makeScimHarness();
  const padding = 'x'.repeat(1024 * 1024);
  const user = await harness.withBody('post', '/Users', { schemas: [USER], userName: 'a', title: padding });
  assert.deepEqual([user.status, user.body.status], [413, '413']);

  const group = {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Engineers',
    padding,
  };
  await harness.withBody('post', '/Groups', group).expect(201);
});

test('HEAD answers like GET without the body', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const got = await harness.send('get', `/Users/${id}`).expect(200);
  const head = await harness.send('head', `/Users/${id}`).expect(200);
  assert.equal(head.headers['content-length'], got.headers['content-length']);
  assert.equal(head.headers.etag, got.headers.etag);
  assert.deepEqual(head.body, {});
  await harness.send('head', '/Users').expect(200);
  await harness.send('head', '/Schemas').expect(200);
});

test('a trailing slash, a valueless flag and unknown parameters change nothing', async () => {
  const harness = makeScimHarness();
  await createUser(harness, 'ada@fabrikam.example');
  for (const path of ['/Users/', '/Users/?aadOptscim062020', '/Users?aadOptscim062020&count=10&colour=red']) {
    const { body } = await harness.send('get', path).expect(200);
    assert.equal(body.totalResults, 1, path);
    assert.ok(!JSON.stringify(body).includes('aadOptscim062020'), path);
  }
});

test('a base address that ends with a slash makes no difference to any method', async () => {
  const harness = makeScimHarness();
  const user = { schemas: [USER], userName: 'ada@fabrikam.example' };
  const { id } = (await harness.withBody('post', '//Users', user).expect(201)).body;
  for (const path of [`//Users/${id}`, `/Users//${id}/`]) {
    await harness.send('get', path).expect(200);
    await harness
      .withBody('patch', path, {
        schemas: [PATCH_OP],
        Operations: [{ op: 'add', path: 'title', value: 'Lead' }],
      })
      .expect(200);
    const replaced = await harness.withBody('put', `${path}?attributes=title`, user).expect(200);
    assert.deepEqual(replaced.body, { schemas: [USER], id });
  }
  await harness.send('delete', `//Users/${id}`).expect(204);
  await harness.send('delete', `//Users/${id}`).expect(404);
});

test('an id that is no UUID names nothing, whatever it looks like', async () => {
  const harness = makeScimHarness();
  const ids = ['nobody', '1', '..%2F..', 'x%22%20or%20__proto__.p%20eq%20%22y', '%00', 'constructor'];
  for (const id of ids) {
    for (const method of ['get', 'delete'] as const) {
      const { status, body } = await harness.send(method, `/Users/${id}`);
      assert.deepEqual([status, body.status], [404, '404'], `${method} ${id}`);
    }
  }
  assert.equal('p' in {}, false);
});

test('a fault of ours is 500 without its message and logged once', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  for (const [method, path] of [
    ['get', `/Users/${id}`],
    ['delete', `/Users/${id}`],
  ] as const) {
    harness.logged();
    harness.operations.failNext(new Error('relation "directory_users" does not exist'));
    const { status, body } = await harness.send(method, path);
    assert.deepEqual([status, body.schemas, body.status], [500, [ERROR], '500']);
    assert.ok(!JSON.stringify(body).includes('directory_users'));
    assert.equal(harness.logged().match(/SCIM request failed/g)?.length, 1, method);
  }
  await harness.send('get', `/Users/${id}`).expect(200);
});

test('a database that is away is 503 with Retry-After, never 404', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  for (const method of ['get', 'delete'] as const) {
    harness.operations.failNext(new OperationError('unavailable', 'cannot reach db.internal'));
    const { status, headers, body } = await harness.send(method, `/Users/${id}`);
    assert.equal(status, 503);
    assert.match(headers['retry-after'] ?? '', /^\d+$/);
    assert.ok(!JSON.stringify(body).includes('db.internal'));
  }
  harness.loseDatabase();
  await harness.send('get', '/Users').expect(503);
});

test('requests for two connections at once never see the address of the other', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const body = JSON.stringify({ schemas: [USER], userName: 'ada@fabrikam.example' });
  const answers = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const connectionId = index % 2 === 0 ? CONNECTION : OTHER_CONNECTION;
      const method = index % 3 === 0 ? 'put' : 'get';
      const path = `/scim/v2/${connectionId}/Users/${id}`;
      const sent = harness.sendTo(path, method).set('Content-Type', 'application/scim+json');
      const answer = await (method === 'put' ? sent.send(body) : sent).expect(200);
      return { path: `https://psa.example${path}`, answer };
    }),
  );
  for (const { path, answer } of answers) {
    assert.deepEqual([answer.body.meta.location, answer.headers.location], [path, path]);
  }
});

test('a connection survives a server fault: the next request on the same socket is answered', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const server = createServer(harness.app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // An address of a TCP server is never a string.
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('utf8');
  const ask = `DELETE ${harness.base}/Users/${id} HTTP/1.1\r\nHost: psa.example\r\nAuthorization: Bearer a-token-of-this-connection\r\n\r\n`;
  try {
    harness.operations.failNext(new Error('boom'));
    socket.write(ask);
    const [first] = await once(socket, 'data');
    assert.match(String(first), /^HTTP\/1\.1 500 /);
    socket.write(ask);
    const [second] = await once(socket, 'data');
    assert.match(String(second), /^HTTP\/1\.1 204 /);
  } finally {
    socket.destroy();
    server.close();
  }
});

test('nothing of what a client sends reaches the shared prototype of all objects', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const assign = Object.assign;
  const payloads = [
    harness.send('get', '/Users?filter=constructor.assign%20eq%201'),
    harness.send('get', '/Users?filter=__proto__.get%20eq%201'),
    harness.send('get', '/Users?attributes=__proto__.polluted,constructor.assign'),
    harness.send('get', `/Users/${id}?excludedAttributes=__proto__.polluted`),
    harness.send('get', '/Users?__proto__=1&constructor[prototype][polluted]=1'),
    harness.withBody('patch', `/Users/${id}`, {
      schemas: [PATCH_OP],
      Operations: [{ op: 'add', path: '__proto__.polluted', value: 'x' }],
    }),
    harness.withBody('post', '/Users', {
      schemas: [USER],
      userName: 'b',
      [`${USER}:__proto__.polluted`]: 'x',
    }),
  ];
  for (const payload of payloads) assert.ok((await payload).status < 500);
  assert.equal('polluted' in {}, false);
  assert.equal('get' in {}, false);
  assert.equal(Object.assign, assign);
});
