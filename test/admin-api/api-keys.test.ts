import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestApp, type TestApp } from '../support/app.ts';

const unknownId = '0199c1a0-0000-7000-8000-00000000ffff';

describe('API keys', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.stop());

  const made = async (body: object) => {
    const { status, body: key } = await app.admin('POST', '/api-keys', body);
    assert.equal(status, 201, JSON.stringify(key));
    return key;
  };
  const statusWith = async (key: string) =>
    (await app.admin('GET', '/settings', undefined, { authorization: `Bearer ${key}` })).status;

  it('are shown once, begin with their prefix and work at once', async () => {
    const key = await made({ name: ' Monitoring ', role: 'readOnly' });
    assert.match(key.key, /^rck_[\w-]{43}$/);
    assert.ok(key.key.startsWith(key.prefix) && key.prefix.length < 16);
    assert.equal(key.name, 'Monitoring');
    assert.equal(await statusWith(key.key), 200);
    const { body } = await app.admin('GET', '/api-keys');
    const { key: _secret, ...shown } = key;
    const listed = body.items.find(({ id }: { id: string }) => id === key.id);
    assert.deepEqual({ ...listed, lastUsedAt: null }, shown);
    assert.ok(!JSON.stringify(body).includes(key.key));
  });

  it('are revoked at once', async () => {
    const key = await made({ name: 'Short-lived', role: 'admin' });
    assert.equal(await statusWith(key.key), 200);
    assert.equal((await app.admin('DELETE', `/api-keys/${key.id}`)).status, 204);
    assert.equal(await statusWith(key.key), 401);
    assert.equal((await app.admin('DELETE', `/api-keys/${key.id}`)).status, 404);
    assert.equal((await app.admin('DELETE', `/api-keys/${unknownId}`)).status, 404);
  });

  it('end when they expire, and are not born expired', async () => {
    const key = await made({
      name: 'x',
      role: 'admin',
      expiresAt: new Date(Date.now() + 1200).toISOString(),
    });
    assert.equal(await statusWith(key.key), 200);
    await new Promise((resolve) => setTimeout(resolve, Date.parse(key.expiresAt) - Date.now() + 50));
    assert.equal(await statusWith(key.key), 401);
    const born = { name: 'x', role: 'admin', expiresAt: '2001-01-01T00:00:00Z' };
    assert.equal((await app.admin('POST', '/api-keys', born)).status, 400);
  });

  it('want a known role and a name', async () => {
    for (const body of [
      { name: 'x' },
      { role: 'admin' },
      { name: 'x', role: 'root' },
      { name: '', role: 'admin' },
    ]) {
      assert.equal((await app.admin('POST', '/api-keys', body)).status, 400, JSON.stringify(body));
    }
  });

  it('keep one owner: the last owner key cannot be revoked, an expiring twin of it does not count for ever', async () => {
    const { body } = await app.admin('GET', '/api-keys?limit=200');
    const owners = body.items.filter(({ role }: { role: string }) => role === 'owner');
    assert.equal(owners.length, 1);
    assert.equal((await app.admin('DELETE', `/api-keys/${owners[0].id}`)).status, 409);

    const expiring = await made({
      name: 'x',
      role: 'owner',
      expiresAt: new Date(Date.now() + 800).toISOString(),
    });
    await new Promise((resolve) => setTimeout(resolve, Date.parse(expiring.expiresAt) - Date.now() + 50));
    assert.equal((await app.admin('DELETE', `/api-keys/${owners[0].id}`)).status, 409);
    assert.equal((await app.admin('DELETE', `/api-keys/${expiring.id}`)).status, 204);
  });

  it('keep one owner also when two owners revoke each other at the same moment', async () => {
    const [one, other] = [
      await made({ name: 'One', role: 'owner' }),
      await made({ name: 'Other', role: 'owner' }),
    ];
    const { body } = await app.admin('GET', '/api-keys?limit=200');
    const configured = body.items.find(({ name }: { name: string }) => name === 'ADMIN_API_KEY');
    const by = (key: string) => ({ authorization: `Bearer ${key}` });
    assert.equal(
      (await app.admin('DELETE', `/api-keys/${configured.id}`, undefined, by(one.key))).status,
      204,
    );
    const answers = await Promise.all([
      app.admin('DELETE', `/api-keys/${other.id}`, undefined, by(one.key)),
      app.admin('DELETE', `/api-keys/${one.id}`, undefined, by(other.key)),
    ]);
    const valid = [await statusWith(one.key), await statusWith(other.key)].filter((status) => status === 200);
    assert.equal(valid.length, 1, JSON.stringify(answers.map(({ status }) => status)));
  });
});
