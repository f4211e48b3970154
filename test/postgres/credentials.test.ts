import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type Credentials, makeCredentials } from '../../src/postgres/credentials.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import { addConnection, addTenant, openWorld, type Tenant, type World } from './world.ts';

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

describe('credentials', () => {
  let world: World;
  let tenant: Tenant;
  let credentials: Credentials;
  const statements: string[] = [];
  before(async () => {
    world = await openWorld({ onStatement: (text) => statements.push(text) });
    tenant = await addTenant(world);
    credentials = makeCredentials(world.database);
  });
  after(async () => {
    await credentials.close();
    await world.close();
  });

  async function addToken(of: Tenant, secret: string, expiresAt: string | null = null): Promise<string> {
    const id = uuidV7();
    await world.owner.query(
      `insert into scim_tokens (organization_id, scim_token_id, connection_id, name, token_hash, prefix, expires_at)
        values ($1, $2, $3, 'token', $4, 'scim_', $5)`,
      [of.organizationId, id, of.connectionId, hashOf(secret), expiresAt],
    );
    return id;
  }
  async function addKey(of: Tenant, secret: string): Promise<string> {
    const id = uuidV7();
    await world.owner.query(
      `insert into api_keys (organization_id, api_key_id, name, role, key_hash, prefix)
        values ($1, $2, 'key', 'admin', $3, 'key_')`,
      [of.organizationId, id, hashOf(secret)],
    );
    return id;
  }

  it('find a token by connection and hash, whatever organization it is of', async () => {
    const scimTokenId = await addToken(tenant, 'one', '2030-01-02T03:04:05.000Z');
    assert.deepEqual(await credentials.findScimToken(tenant.connectionId, hashOf('one')), {
      organizationId: tenant.organizationId,
      scimTokenId,
      connectionKind: 'scim',
      connectionStatus: 'created',
      customExtensions: '[]',
      expiresAt: '2030-01-02T03:04:05.000Z',
    });
    assert.deepEqual(
      await credentials.findScimToken(tenant.connectionId.toUpperCase(), hashOf('one')),
      await credentials.findScimToken(tenant.connectionId, hashOf('one')),
    );
  });

  it('find nothing by another connection, another hash or a connection id that is none', async () => {
    await addToken(tenant, 'two');
    const elsewhere = await addConnection(world.owner, tenant.organizationId);
    assert.equal(await credentials.findScimToken(elsewhere, hashOf('two')), null);
    assert.equal(await credentials.findScimToken(tenant.connectionId, hashOf('three')), null);
    assert.equal(await credentials.findScimToken(tenant.connectionId, Buffer.alloc(0)), null);
    for (const id of ['', 'nonsense', "' or true", 'a\0', `${tenant.connectionId}x`]) {
      assert.equal(await credentials.findScimToken(id, hashOf('two')), null);
      assert.equal(await credentials.findConnectionExtensions(id), null);
    }
    assert.equal(await credentials.findConnectionExtensions(uuidV7()), null);
    assert.equal(await credentials.findConnectionExtensions(elsewhere), '[]');
  });

  it('find an API key by hash', async () => {
    const apiKeyId = await addKey(tenant, 'key one');
    assert.deepEqual(await credentials.findApiKey(hashOf('key one')), {
      organizationId: tenant.organizationId,
      apiKeyId,
      name: 'key',
      role: 'admin',
      expiresAt: null,
    });
    assert.equal(await credentials.findApiKey(hashOf('key two')), null);
  });

  it('are gone at once when they are revoked', async () => {
    const id = await addToken(tenant, 'revoked');
    assert.ok(await credentials.findScimToken(tenant.connectionId, hashOf('revoked')));
    await world.owner.query('delete from scim_tokens where scim_token_id = $1', [id]);
    assert.equal(await credentials.findScimToken(tenant.connectionId, hashOf('revoked')), null);
  });

  it('list the organizations in pages', async () => {
    for (let index = 0; index < 4; index += 1) await addTenant(world, `Page ${index}`);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<Credentials['listOrganizations']>> = await credentials.listOrganizations(
        {
          after,
          limit: 2,
        },
      );
      assert.ok(page.items.length <= 2);
      seen.push(...page.items.map((organization) => organization.id));
      after = page.nextAfter;
    } while (after !== null);
    assert.ok(seen.length >= 5 && seen.includes(tenant.organizationId));
    assert.deepEqual(seen, [...seen].sort());
  });

  it('note their last use in one write per organization, however often they are used', async () => {
    const others = await addTenant(world, 'Others');
    const noting = makeCredentials(world.database);
    const token = await addToken(tenant, 'used');
    const unused = await addToken(tenant, 'unused');
    const key = await addKey(tenant, 'used key');
    const theirs = await addToken(others, 'theirs');
    statements.length = 0;
    for (let index = 0; index < 100; index += 1) {
      noting.touchScimToken(tenant.organizationId, token);
      noting.touchApiKey(tenant.organizationId, key);
      noting.touchScimToken(others.organizationId, theirs);
    }
    // An id of another organization changes nothing there.
    noting.touchScimToken(others.organizationId, unused);
    await noting.close();
    assert.equal(statements.filter((text) => text.includes('last_used_at')).length, 2);
    const { rows } = await world.owner.query<{ id: string; used: boolean }>(
      `select scim_token_id as id, last_used_at > now() - interval '1 minute' as used from scim_tokens
        union all select api_key_id, last_used_at > now() - interval '1 minute' from api_keys`,
    );
    const used = new Map(rows.map((row) => [row.id, row.used]));
    assert.deepEqual(
      [token, key, theirs, unused].map((id) => used.get(id)),
      [true, true, true, null],
    );
  });

  it('are noted by themselves after a moment', async () => {
    const token = await addToken(tenant, 'later');
    credentials.touchScimToken(tenant.organizationId, token);
    const started = Date.now();
    for (;;) {
      const { rows } = await world.owner.query(
        'select last_used_at from scim_tokens where scim_token_id = $1',
        [token],
      );
      if (rows[0].last_used_at !== null) break;
      assert.ok(Date.now() - started < 60_000, 'never noted');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
});
