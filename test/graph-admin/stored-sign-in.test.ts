import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createTestDatabase } from '../support/database.ts';
import { startEntraEmulator } from '../support/entra/start-entra-emulator.ts';
import { useGraphWorld } from './graph-world.ts';

const world = useGraphWorld();

describe('the tokens of a sign-in', () => {
  it('are renewed without the administrator, and a revoked session is told by the doctor', async () => {
    const { id } = await world.createConnection();
    await world.connect(id);
    const userId = world.tenant.findUserId('admin@mymsp.example');
    assert.ok(userId);
    const check = async () => {
      const { body } = await world.app.admin('GET', `/connections/${id}/doctor`);
      return body.checks.find((one: { id: string }) => one.id === 'signIn');
    };
    const askedBefore = world.emulator.requests({ service: 'login', method: 'POST' }).length;
    assert.equal((await check()).status, 'pass');
    assert.ok(world.emulator.requests({ service: 'login', method: 'POST' }).length > askedBefore);
    world.emulator.revokeSessions({ tenantId: world.tenant.id, userId });
    const ended = await check();
    assert.equal(ended.status, 'fail');
    assert.match(ended.detail, /sign-in of the connection has ended/);
    await world.connect(id);
    assert.equal((await check()).status, 'pass');
  });
});

describe('a server with another ENCRYPTION_KEY', () => {
  it('says what to do instead of failing', async () => {
    const [emulator, database] = await Promise.all([startEntraEmulator(), createTestDatabase()]);
    const env = { ADMIN_API_KEY: 'the-key-of-two-servers-that-share-a-database' };
    const headers = { authorization: `Bearer ${env.ADMIN_API_KEY}` };
    const withServer = async <Result>(work: (app: TestApp) => Promise<Result>): Promise<Result> => {
      const app = await startTestApp({ entra: emulator, database, env });
      return work(app).finally(() => app.stop());
    };
    try {
      const tenant = emulator.addTenant({ domains: ['mymsp.example'] });
      const begun = await withServer(async (app) => {
        const entered = {
          applicationId: crypto.randomUUID(),
          applicationKey: 'the~value',
          tenant: tenant.id,
        };
        const created = await app.admin(
          'POST',
          '/connections',
          { name: 'x', kind: 'entra', ...entered },
          headers,
        );
        const path = `/connections/${created.body.id}/connect`;
        const { body } = await app.admin('POST', path, { mode: 'delegated' }, headers);
        return { path, state: new URL(body.authorizationUrl).searchParams.get('state') ?? '' };
      });
      await withServer(async (app) => {
        const answer = await app.admin('POST', begun.path, { mode: 'application' }, headers);
        assert.equal(answer.status, 409);
        assert.match(answer.body.detail, /ENCRYPTION_KEY/);
        const query = new URLSearchParams({ code: 'c', state: begun.state });
        const page = await fetch(`${app.baseUrl}/OAuth/IntegrationCallback.aspx?${query}`);
        assert.equal(page.status, 400);
      });
    } finally {
      await emulator.stop();
      await database.drop();
    }
  });
});
