import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { TokenCacheKey, TokenCacheStore } from '../../src/operations/tenants/graph-sign-in-ports.ts';
import { makeTokenCache } from '../../src/operations/tenants/token-cache.ts';
import { addTenant, openWorld, type Tenant, type World } from '../postgres/world.ts';

let world: World;
let tenant: Tenant;
let cache: TokenCacheStore;
let key: TokenCacheKey;

before(async () => {
  world = await openWorld();
  cache = makeTokenCache(world.unitOfWork);
});
after(() => world.close());
beforeEach(async () => {
  tenant = await addTenant(world, crypto.randomUUID());
  key = { organizationId: tenant.organizationId, connectionId: tenant.connectionId, flow: 'delegated' };
});

const bytes = (text: string) => Buffer.from(text);
const textOf = async (of: TokenCacheKey) => {
  const stored = await cache.load(of);
  return stored === null ? null : Buffer.from(stored.sealed).toString();
};

describe('tokens in the database', () => {
  it('are there again, with their version', async () => {
    assert.equal(await cache.load(key), null);
    const version = await cache.save(key, bytes('one'), null);
    assert.deepEqual((await cache.load(key))?.version, version);
    assert.equal(await textOf(key), 'one');
  });

  it('are written by whoever knows the version that is there, and by nobody else', async () => {
    const first = await cache.save(key, bytes('one'), null);
    const second = await cache.save(key, bytes('two'), first);
    assert.equal(await cache.save(key, bytes('late'), first), null);
    assert.equal(await cache.save(key, bytes('late'), null), null);
    assert.ok(second !== null && first !== null && second > first);
    assert.equal(await textOf(key), 'two');
  });

  it('have one winner among writers at the same time', async () => {
    const start = await cache.save(key, bytes('start'), null);
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => cache.save(key, bytes(`${n}`), start)));
    assert.equal(answers.filter((version) => version !== null).length, 1);
    const fresh = { ...key, flow: 'application' } as const;
    const first = await Promise.all([1, 2, 3, 4].map((n) => cache.save(fresh, bytes(`${n}`), null)));
    assert.equal(first.filter((version) => version !== null).length, 1);
  });

  it('are replaced by a new sign-in whatever was there', async () => {
    const first = await cache.save(key, bytes('one'), null);
    const replaced = await cache.replace(key, bytes('new'));
    assert.ok(first !== null && replaced > first);
    assert.equal(await cache.save(key, bytes('late'), first), null);
    assert.equal(await textOf(key), 'new');
  });

  it('use no version twice, not even after they were deleted', async () => {
    const first = await cache.replace(key, bytes('one'));
    await cache.delete(key);
    await cache.delete(key);
    assert.equal(await cache.load(key), null);
    assert.equal(await cache.save(key, bytes('late'), first), null);
    const again = await cache.save(key, bytes('two'), null);
    assert.ok(again !== null && again > first);
  });

  it('of one organization are not seen by another', async () => {
    await cache.replace(key, bytes('one'));
    const other = await addTenant(world, 'Other');
    assert.equal(await cache.load({ ...key, organizationId: other.organizationId }), null);
    await cache.delete({ ...key, organizationId: other.organizationId });
    assert.equal(await textOf(key), 'one');
    await assert.rejects(cache.replace({ ...key, organizationId: other.organizationId }, bytes('x')));
  });

  it('go with the connection', async () => {
    await cache.replace(key, bytes('one'));
    await world.unitOfWork.write(tenant.context, 'exclusive', (stores) =>
      stores.connections.delete(tenant.connectionId),
    );
    assert.equal(await cache.load(key), null);
  });
});
