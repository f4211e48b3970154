import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { makeClient } from './scim-client.ts';

describe('a connection that sends more than it may', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp({ env: { RATE_LIMIT_PER_SECOND: '2' } });
  });
  after(() => app.stop());

  test('is told by 429 when to go on, and nobody else is', async () => {
    const loud = await makeClient(app, 'loud');
    const quiet = await makeClient(app, 'quiet');
    const answers = await Promise.all(Array.from({ length: 60 }, () => loud.call('GET', '/Users')));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(answers.filter(({ status }) => status === 200).length >= 20, 'the burst goes through');
    assert.ok(refused.length > 0, 'and then the limit holds');
    for (const { headers, body } of refused) {
      assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/);
      assert.equal(headers.get('content-type'), 'application/scim+json');
      assert.deepEqual(Object.keys(body), ['schemas', 'status', 'detail']);
      assert.equal(body.status, '429');
    }
    assert.equal((await quiet.call('GET', '/Users')).status, 200);
    assert.equal((await loud.call('GET', '/ServiceProviderConfig')).status, 200);
  });

  test('does not lose its share to somebody who only knows its address', async () => {
    const { connection, call } = await makeClient(app, 'known address');
    const stranger = { ...connection, token: 'rcs_wrong' };
    const statuses = await Promise.all(
      Array.from({ length: 60 }, async () => (await app.scim(stranger, 'GET', '/Users')).status),
    );
    assert.deepEqual(new Set(statuses), new Set([401]));
    assert.equal((await call('GET', '/Users')).status, 200);
  });
});

test('steady streams and bursts of provisioning clients stay far below the limit that is set by default', async () => {
  const app = await startTestApp();
  try {
    const { call } = await makeClient(app, 'burst');
    const answers = await Promise.all(Array.from({ length: 1500 }, () => call('GET', '/Users?count=0')));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  } finally {
    await app.stop();
  }
});

test('answers carry the security headers and never a stack trace', async () => {
  const app = await startTestApp();
  try {
    const { call } = await makeClient(app, 'headers');
    for (const answer of [await call('GET', '/Users'), await call('POST', '/Users', '{"a":')]) {
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
      assert.ok(answer.headers.get('strict-transport-security'));
      assert.equal(answer.headers.get('x-powered-by'), null);
      assert.doesNotMatch(answer.text, /\bat .*\.ts:|node_modules|node:internal/);
    }
  } finally {
    await app.stop();
  }
});

test('an unknown path is 404 and a known one 405, whatever the method is called', async () => {
  const app = await startTestApp();
  try {
    const { call } = await makeClient(app, 'methods');
    for (const method of ['SEARCH', 'PROPFIND', 'PURGE', 'OPTIONS']) {
      assert.equal((await call(method, '/users/x/y?attributes=id')).status, 404, method);
      assert.equal((await call(method, '/Users')).status, 405, method);
    }
  } finally {
    await app.stop();
  }
});
