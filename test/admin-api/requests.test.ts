import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestApp, type TestApp } from '../support/app.ts';

const unknownId = '0199c1a0-0000-7000-8000-00000000ffff';

describe('requests to the administration API', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.stop());

  const pointers = (body: { errors: readonly { pointer: string }[] }) =>
    body.errors.map(({ pointer }) => pointer);

  describe('authentication', () => {
    it('answers 401 with a Bearer challenge when no key is sent', async () => {
      const { status, headers } = await app.admin('GET', '/settings', undefined, { authorization: '' });
      assert.equal(status, 401);
      assert.equal(headers.get('www-authenticate'), 'Bearer');
    });

    it('answers 401 for a wrong key, another scheme and a key with something behind it', async () => {
      for (const authorization of [
        'Bearer nonsense',
        `Basic ${app.adminKey}`,
        `Bearer ${app.adminKey} x`,
        'Bearer',
      ]) {
        const { status } = await app.admin('GET', '/settings', undefined, { authorization });
        assert.equal(status, 401, authorization);
      }
    });

    it('takes the scheme in any case', async () => {
      const headers = { authorization: `bearer ${app.adminKey}` };
      assert.equal((await app.admin('GET', '/settings', undefined, headers)).status, 200);
    });

    it('asks for a key before it tells which paths and methods there are', async () => {
      const headers = { authorization: 'Bearer wrong' };
      assert.equal((await app.admin('GET', '/no-such-thing', undefined, headers)).status, 401);
      assert.equal((await app.admin('DELETE', '/settings', undefined, headers)).status, 401);
    });

    it('lets a readOnly key read and refuses every change with 403', async () => {
      const { body } = await app.admin('POST', '/api-keys', { name: 'Reader', role: 'readOnly' });
      const headers = { authorization: `Bearer ${body.key}` };
      assert.equal((await app.admin('GET', '/settings', undefined, headers)).status, 200);
      assert.equal((await app.admin('HEAD', '/settings', undefined, headers)).status, 200);
      const changes = [
        ['PATCH', '/settings', { defaultPhoneType: 'Office' }],
        ['POST', '/departments', { name: 'Reader' }],
        ['PUT', '/employee-defaults', {}],
        ['DELETE', `/departments/${unknownId}`, undefined],
      ] as const;
      for (const [method, path, change] of changes) {
        assert.equal((await app.admin(method, path, change, headers)).status, 403, `${method} ${path}`);
      }
      assert.equal((await app.admin('GET', '/settings')).body.defaultPhoneType, 'Work');
    });

    it('lets an admin key change things and keeps it away from API keys', async () => {
      const { body } = await app.admin('POST', '/api-keys', { name: 'Admin', role: 'admin' });
      const headers = { authorization: `Bearer ${body.key}` };
      assert.equal((await app.admin('POST', '/departments', { name: 'By admin' }, headers)).status, 201);
      assert.equal((await app.admin('GET', '/api-keys', undefined, headers)).status, 403);
      assert.equal((await app.admin('POST', '/api-keys', { name: 'x', role: 'owner' }, headers)).status, 403);
      assert.equal(
        (await app.admin('POST', '/API-KEYS/', { name: 'x', role: 'owner' }, headers)).status,
        403,
      );
    });
  });

  describe('addresses and methods', () => {
    it('answers 404 for a path it does not know', async () => {
      for (const path of ['/no-such-thing', '/', '/settings/more', '//settings', '/departments/%2e%2e']) {
        assert.equal((await app.admin('GET', path)).status, 404, path);
      }
    });

    it('answers 405 with the methods that are possible', async () => {
      const { status, headers } = await app.admin('DELETE', '/settings');
      assert.equal(status, 405);
      assert.equal(headers.get('allow'), 'GET, PATCH, HEAD');
    });

    it('answers 404 for an id that is no UUID or that nobody has', async () => {
      for (const id of ['not-a-uuid', unknownId, '%00', "'; drop table departments; --"]) {
        assert.equal((await app.admin('GET', `/departments/${encodeURI(id)}`)).status, 404, id);
        assert.equal((await app.admin('DELETE', `/connections/${encodeURI(id)}`)).status, 404, id);
      }
    });

    it('answers 400 for an address with a broken percent escape', async () => {
      const { status } = await app.admin('GET', '/departments/%zz');
      assert.ok(status === 400 || status === 404);
    });

    it('finds an object by its id in upper case', async () => {
      const { body } = await app.admin('POST', '/departments', { name: 'Upper case' });
      assert.equal((await app.admin('GET', `/departments/${body.id.toUpperCase()}`)).status, 200);
    });

    it('answers HEAD like GET, without the body', async () => {
      const { status, headers, body } = await app.admin('HEAD', '/settings');
      assert.equal(status, 200);
      assert.ok(headers.get('etag'));
      assert.equal(body, null);
    });
  });

  describe('bodies', () => {
    it('refuses malformed JSON with 400', async () => {
      for (const text of ['{"name": ', '{name: 1}', '\u0000', '{"name":"a"}}']) {
        assert.equal((await app.admin('POST', '/departments', text)).status, 400, text);
      }
    });

    it('refuses an absent body with 400', async () => {
      const headers = { 'content-type': 'application/json' };
      assert.equal((await app.admin('POST', '/departments', undefined, headers)).status, 400);
      assert.equal((await app.admin('PATCH', '/settings')).status, 400);
    });

    it('refuses bodies that are no object with 400', async () => {
      for (const text of ['[]', '"text"', '1', 'null', 'true', '{}']) {
        assert.equal((await app.admin('POST', '/departments', text)).status, 400, text);
      }
    });

    it('refuses another content type with 415', async () => {
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
      ]) {
        const { status } = await app.admin('POST', '/departments', '{"name":"a"}', { 'content-type': type });
        assert.equal(status, 415, type);
      }
    });

    it('takes application/merge-patch+json and a charset parameter', async () => {
      const merge = { 'content-type': 'application/merge-patch+json' };
      assert.equal((await app.admin('PATCH', '/settings', { defaultPhoneType: 'Work' }, merge)).status, 200);
      const charset = { 'content-type': 'Application/JSON; charset=utf-8' };
      assert.equal((await app.admin('POST', '/departments', { name: 'Charset' }, charset)).status, 201);
    });

    it('refuses a body of more than one megabyte with 413', async () => {
      const { status } = await app.admin('POST', '/departments', { name: 'x'.repeat(1_100_000) });
      assert.equal(status, 413);
    });

    it('refuses unknown fields, each with its pointer', async () => {
      const { status, body } = await app.admin('POST', '/departments', { name: 'a', colour: 'red', size: 1 });
      assert.equal(status, 400);
      assert.deepEqual(pointers(body), ['/colour', '/size']);
    });

    it('refuses unknown fields deep in the body', async () => {
      const { status, body } = await app.admin('PATCH', '/settings', { guard: { maximum: 1 } });
      assert.equal(status, 400);
      assert.deepEqual(pointers(body), ['/guard/maximum']);
    });

    it('refuses fields for operations that take none', async () => {
      const connection = await app.admin('POST', '/connections', { name: 'No fields', kind: 'scim' });
      const webhook = await app.admin('POST', '/webhooks', { url: 'https://8.8.8.8/' });
      assert.deepEqual([connection.status, webhook.status], [201, 201]);
      const paths = [
        `/connections/${connection.body.id}/sync`,
        `/connections/${connection.body.id}/disconnect`,
        `/sync-runs/${unknownId}/cancel`,
        `/webhooks/${webhook.body.id}/test`,
        `/webhooks/${webhook.body.id}/deliveries/${unknownId}/redeliver`,
      ];
      for (const path of paths) {
        const { status, body } = await app.admin('POST', path, { full: true });
        assert.equal(status, 400, path);
        assert.deepEqual(pointers(body), ['/full']);
      }
      for (const body of [{}, undefined]) {
        assert.equal((await app.admin('POST', paths[1] ?? '', body)).status, 200);
      }
    });

    it('says of every fault what it is, in a sentence that names the field', async () => {
      const entra = { name: 'Entra', kind: 'entra', tenant: 'contoso.example' };
      const secretId = '0199c1a0-0000-7000-8000-000000000001';
      const cases: readonly (readonly [string, string, unknown, string])[] = [
        ['POST', '/departments', { name: ' ' }, '/name must not be blank'],
        ['POST', '/departments', { name: 'x', id: unknownId }, '/id is not a known field'],
        [
          'POST',
          '/api-keys',
          { name: 'x', role: 'owner', expiresAt: 5 },
          '/expiresAt must be string or null',
        ],
        ['POST', '/connections', { ...entra, tenant: 'a b' }, '/tenant must be a domain name or a GUID'],
        ['POST', '/connections', { ...entra, applicationId: 'x' }, '/applicationId must be a UUID'],
        ['POST', '/connections', { ...entra, kind: 'scim' }, '/tenant belongs to connections of kind entra'],
        [
          'POST',
          '/connections',
          { ...entra, cloud: 'de' },
          '/cloud must be equal to one of the allowed values: global, usgov, china, null',
        ],
        [
          'POST',
          '/connections',
          { ...entra, applicationKey: secretId },
          '/applicationKey looks like the Secret ID of the client secret; paste its Value instead',
        ],
        ['POST', '/webhooks', { url: 'http://' }, '/url must be an absolute URL'],
        [
          'POST',
          '/webhooks/0/replay',
          { since: 'today' },
          '/since must be a date and time of RFC 3339, such as 2027-01-31T12:00:00Z',
        ],
        ['GET', '/departments?limit=', undefined, '/limit must not be empty'],
        ['GET', '/departments?colour=red', undefined, '/colour is not a known parameter'],
      ];
      for (const [method, path, body, fault] of cases) {
        const address = path.replace('/0/', `/${unknownId}/`);
        const answer = await app.admin(method, address, body);
        assert.equal(answer.status, 400, path);
        assert.equal(answer.body.detail, `The request is not valid: ${fault}.`);
      }
      const account = { name: 'Account of a kind' };
      assert.equal((await app.admin('POST', '/accounts', account)).status, 201);
      const twice = await app.admin('POST', '/accounts', account);
      assert.equal(twice.body.detail, 'There is already an account named Account of a kind.');
    });

    it('says which content type it takes', async () => {
      const merge = { 'content-type': 'application/merge-patch+json' };
      const { status, body } = await app.admin('POST', '/departments', { name: 'Merge' }, merge);
      assert.equal(status, 415);
      assert.match(body.detail, /^Content-Type must be application\/json here/);
    });

    it('coerces nothing: a number in quotes is no number, and the other way round', async () => {
      const wrong = [
        [{ guard: { windowMinutes: '60' } }, '/guard/windowMinutes'],
        [{ defaultPhoneType: 5 }, '/defaultPhoneType'],
        [{ provisioningMode: null }, '/provisioningMode'],
      ] as const;
      for (const [patch, pointer] of wrong) {
        const { status, body } = await app.admin('PATCH', '/settings', patch);
        assert.equal(status, 400);
        assert.ok(pointers(body).includes(pointer), JSON.stringify(body));
      }
    });

    it('refuses member names that reach a prototype', async () => {
      const texts = ['{"name":"a","__proto__":{"x":1}}', '{"name":"a","constructor":{"prototype":{}}}'];
      for (const text of texts)
        assert.equal((await app.admin('POST', '/departments', text)).status, 400, text);
    });

    it('refuses characters that cannot be stored, in bodies and queries', async () => {
      for (const name of ['a\u0000b', 'a\ud800b']) {
        const { status, body } = await app.admin('POST', '/departments', { name });
        assert.equal(status, 400);
        assert.deepEqual(pointers(body), ['/name']);
      }
      assert.equal((await app.admin('GET', '/employees?q=a%00b')).status, 400);
    });

    it('never shows what it refused to parse', async () => {
      const { body } = await app.admin('POST', '/connections', '{"applicationKey": "top-secret-value", oops');
      assert.ok(!JSON.stringify(body).includes('top-secret'));
    });
  });

  describe('queries', () => {
    it('answers 400 with a pointer for a limit out of range', async () => {
      for (const limit of ['0', '201', '-1', 'ten', '1.5', '', '1&limit=2']) {
        const { status, body } = await app.admin('GET', `/departments?limit=${limit}`);
        assert.equal(status, 400, limit);
        assert.deepEqual(pointers(body), ['/limit']);
      }
    });

    it('answers 400 with a pointer for a cursor that is not one of ours', async () => {
      for (const cursor of ['nonsense', 'cDE6bm90LWEtdXVpZA', '%27']) {
        const { status, body } = await app.admin('GET', `/departments?cursor=${cursor}`);
        assert.equal(status, 400, cursor);
        assert.deepEqual(pointers(body), ['/cursor']);
      }
    });

    it('answers 400 with a pointer for the cursor of another list', async () => {
      await app.admin('POST', '/departments', { name: 'Second of two' });
      const { body } = await app.admin('GET', '/departments?limit=1');
      const { nextCursor } = body;
      for (const path of ['/Departments', '/departments/']) {
        assert.equal((await app.admin('GET', `${path}?cursor=${nextCursor}`)).status, 200, path);
      }
      const account = await app.admin('POST', '/accounts', { name: 'With a list of its own' });
      for (const path of ['/locations', '/employees', `/accounts/${account.body.id}/locations`]) {
        const answer = await app.admin('GET', `${path}?cursor=${nextCursor}`);
        assert.equal(answer.status, 400, path);
        assert.deepEqual(pointers(answer.body), ['/cursor']);
        assert.match(answer.body.detail, /not one of this list/);
      }
    });

    it('refuses parameters it does not know', async () => {
      assert.equal((await app.admin('GET', '/departments?colour=red')).status, 400);
    });

    it('pages through a whole list without gaps or repeats', async () => {
      for (let count = 0; count < 7; count += 1)
        await app.admin('POST', '/job-titles', { name: `Title ${count}` });
      const { body: whole } = await app.admin('GET', '/job-titles?limit=200');
      assert.equal(whole.nextCursor, null);
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
        const { body } = await app.admin('GET', `/job-titles?limit=3${query}`);
        assert.ok(body.items.length <= 3);
        seen.push(...body.items.map((item: { id: string }) => item.id));
        cursor = body.nextCursor;
      }
      assert.deepEqual(
        seen,
        whole.items.map((item: { id: string }) => item.id),
      );
    });

    it('returns 50 items when no limit is given', async () => {
      for (let count = 0; count < 51; count += 1)
        await app.admin('POST', '/accounts', { name: `Account ${count}` });
      const { body } = await app.admin('GET', '/accounts');
      assert.equal(body.items.length, 50);
      assert.ok(body.nextCursor);
    });
  });

  it('quotes the request id that the caller chose, and makes one otherwise', async () => {
    const { headers } = await app.admin('GET', '/settings', undefined, { 'x-request-id': 'my-request-0001' });
    assert.equal(headers.get('x-request-id'), 'my-request-0001');
    assert.ok((await app.admin('GET', '/settings')).headers.get('x-request-id'));
  });

  it('keeps answers out of caches', async () => {
    assert.equal((await app.admin('GET', '/settings')).headers.get('cache-control'), 'no-store');
  });
});
