import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { makeCloudTable } from '../../src/graph/cloud-endpoints.ts';
import { makeTenantResolver } from '../../src/graph/tenant-resolver.ts';
import type { TenantResolver } from '../../src/operations/tenants/graph-sign-in-ports.ts';
import { makeManualTiming, neverAborted } from './graph-fixtures.ts';
import { type LocalServer, type Reply, type SeenRequest, startServer } from './local-server.ts';

const tenantId = '11111111-2222-3333-4444-555555555555';
let server: LocalServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

async function serve(answer: (request: SeenRequest, count: number) => Reply): Promise<TenantResolver> {
  server = await startServer(answer);
  const { url } = server;
  return makeTenantResolver({
    fetch: globalThis.fetch,
    clouds: makeCloudTable({ global: { authority: url, graph: url } }),
    timing: makeManualTiming(),
  });
}

const metadata = (fields: object = {}): Reply => ({
  body: {
    issuer: `https://login.microsoftonline.com/${tenantId.toUpperCase()}/v2.0`,
    cloud_instance_name: 'microsoftonline.com',
    ...fields,
  },
});

describe('resolution of a tenant (REQ-40, REQ-51)', () => {
  for (const tenant of ['contoso.com', ' Contoso.OnMicrosoft.com ', tenantId, tenantId.toUpperCase()]) {
    it(`finds the id of "${tenant}"`, async () => {
      const tenants = await serve(() => metadata());
      assert.deepEqual(await tenants.resolve('global', tenant, neverAborted()), { kind: 'found', tenantId });
      const name = tenant.trim().toLowerCase();
      assert.equal(server?.seen[0]?.url, `/${name}/v2.0/.well-known/openid-configuration`);
      assert.equal(server?.seen[0]?.headers.authorization, undefined);
    });
  }

  it('says so when there is no such tenant', async () => {
    const tenants = await serve(() => ({ status: 400, body: { error: 'invalid_tenant' } }));
    const outcome = await tenants.resolve('global', 'nobody.example', neverAborted());
    assert.ok(outcome.kind === 'notFound' && outcome.detail.includes('nobody.example'));
  });

  for (const tenant of [
    'common',
    'organizations',
    'consumers',
    '',
    'a/b',
    '../x',
    'x?y',
    'a b',
    '.',
    '%2e%2e',
  ]) {
    it(`asks nobody about "${tenant}"`, async () => {
      const tenants = await serve(() => metadata());
      assert.equal((await tenants.resolve('global', tenant, neverAborted())).kind, 'notFound');
      assert.equal(server?.seen.length, 0);
    });
  }

  it('names the cloud that the tenant lives in when it is another one', async () => {
    const tenants = await serve(() => metadata({ cloud_instance_name: 'microsoftonline.us' }));
    const outcome = await tenants.resolve('global', 'agency.example', neverAborted());
    assert.ok(outcome.kind === 'otherCloud');
    assert.equal(outcome.cloud, 'usgov');
    assert.match(outcome.detail, /US Government/);
  });

  for (const name of [null, undefined, 'login.microsoftonline.com', 'private.example']) {
    it(`finds the tenant where the metadata name the cloud ${name}`, async () => {
      const tenants = await serve(() => metadata({ cloud_instance_name: name }));
      assert.equal((await tenants.resolve('global', 'contoso.com', neverAborted())).kind, 'found');
    });
  }

  it('believes no answer about another tenant than the one that was asked for', async () => {
    const tenants = await serve(() => metadata());
    const other = '99999999-2222-3333-4444-555555555555';
    await assert.rejects(tenants.resolve('global', other, neverAborted()), { kind: 'unexpected' });
  });

  it('believes no issuer without a tenant', async () => {
    const tenants = await serve(() =>
      metadata({ issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }),
    );
    await assert.rejects(tenants.resolve('global', 'contoso.com', neverAborted()), { kind: 'unexpected' });
  });

  it('tries again a few times, then reports the identity platform as absent', async () => {
    let failures = 2;
    const tenants = await serve(() => (failures-- > 0 ? { status: 503 } : metadata()));
    assert.equal((await tenants.resolve('global', 'contoso.com', neverAborted())).kind, 'found');
    failures = 100;
    await assert.rejects(tenants.resolve('global', 'contoso.com', neverAborted()), { kind: 'unavailable' });
    assert.ok((server?.seen.length ?? 0) < 10);
  });

  it('follows no redirect', async () => {
    const tenants = await serve(() => ({ status: 301, headers: { location: 'https://evil.example/' } }));
    await assert.rejects(tenants.resolve('global', 'contoso.com', neverAborted()), { kind: 'unexpected' });
  });
});
