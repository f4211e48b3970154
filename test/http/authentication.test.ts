import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FoundApiKey, type FoundScimToken, makeAuthentication } from '../../src/http/authentication.ts';
import { hashOf } from '../../src/http/credentials.ts';

const token: FoundScimToken = {
  organizationId: 'organization',
  scimTokenId: 'token',
  connectionKind: 'scim',
  connectionStatus: 'created',
  customExtensions: '[]',
  expiresAt: null,
};
const apiKey: FoundApiKey = {
  organizationId: 'organization',
  apiKeyId: 'key',
  name: 'Key',
  role: 'owner',
  expiresAt: null,
};

/** A lookup over two tables that tests change, and a clock that they turn. */
function makeBench() {
  const tokens = new Map([[hashOf('good').toString('hex'), token]]);
  const keys = new Map([[hashOf('good').toString('hex'), apiKey]]);
  const bench = {
    tokens,
    keys,
    lookups: 0,
    now: Date.parse('2026-11-24T12:00:00Z'),
    hold: Promise.resolve(),
  };
  const authentication = makeAuthentication({
    now: () => bench.now,
    lookup: {
      findApiKey: async (hash) => keys.get(hash.toString('hex')) ?? null,
      findScimToken: async (connectionId, hash) => {
        bench.lookups += 1;
        const found = connectionId === 'connection' ? (tokens.get(hash.toString('hex')) ?? null) : null;
        await bench.hold;
        return found;
      },
    },
    findSignedToken: async (_connectionId, signed) => (signed === 'eyJh.eyJi.c' ? token : null),
  });
  return { bench, authentication };
}

describe('authentication', () => {
  it('finds a token of the connection, and nothing for a wrong one or another connection', async () => {
    const { authentication } = makeBench();
    assert.equal((await authentication.scimToken('connection', 'good'))?.scimTokenId, 'token');
    assert.equal(await authentication.scimToken('connection', 'bad'), null);
    assert.equal(await authentication.scimToken('other', 'good'), null);
  });

  it('asks once for a burst of requests, and again a second later', async () => {
    const { bench, authentication } = makeBench();
    for (let count = 0; count < 10; count += 1) await authentication.scimToken('connection', 'good');
    assert.equal(bench.lookups, 1);
    bench.now += 1001;
    await authentication.scimToken('connection', 'good');
    assert.equal(bench.lookups, 2);
  });

  it('notices within a second that another server revoked the token', async () => {
    const { bench, authentication } = makeBench();
    await authentication.scimToken('connection', 'good');
    bench.tokens.clear();
    bench.now += 1000;
    assert.equal(await authentication.scimToken('connection', 'good'), null);
  });

  it('notices a revocation of this server at once', async () => {
    const { bench, authentication } = makeBench();
    await authentication.scimToken('connection', 'good');
    bench.tokens.clear();
    authentication.forget();
    assert.equal(await authentication.scimToken('connection', 'good'), null);
  });

  it('does not remember an answer that was on its way while the token was revoked', async () => {
    const { bench, authentication } = makeBench();
    const gate = Promise.withResolvers<void>();
    bench.hold = gate.promise;
    const asked = authentication.scimToken('connection', 'good');
    bench.tokens.clear();
    authentication.forget();
    gate.resolve();
    await asked;
    assert.equal(await authentication.scimToken('connection', 'good'), null);
  });

  it('remembers nothing about wrong tokens', async () => {
    const { bench, authentication } = makeBench();
    assert.equal(await authentication.scimToken('connection', 'new'), null);
    bench.tokens.set(hashOf('new').toString('hex'), token);
    assert.equal((await authentication.scimToken('connection', 'new'))?.scimTokenId, 'token');
  });

  it('ends a token at its expiry, also one that is remembered', async () => {
    const { bench, authentication } = makeBench();
    const expiresAt = new Date(bench.now + 500).toISOString();
    bench.tokens.set(hashOf('short').toString('hex'), { ...token, expiresAt });
    assert.ok(await authentication.scimToken('connection', 'short'));
    bench.now += 500;
    assert.equal(await authentication.scimToken('connection', 'short'), null);
  });

  it('refuses tokens of a disabled connection', async () => {
    const { bench, authentication } = makeBench();
    bench.tokens.set(hashOf('off').toString('hex'), { ...token, connectionStatus: 'disabled' });
    assert.equal(await authentication.scimToken('connection', 'off'), null);
  });

  it('looks every API key up, and ends it at its expiry', async () => {
    const { bench, authentication } = makeBench();
    assert.equal((await authentication.apiKey('good'))?.apiKeyId, 'key');
    const expiresAt = new Date(bench.now).toISOString();
    bench.keys.set(hashOf('good').toString('hex'), { ...apiKey, expiresAt });
    assert.equal(await authentication.apiKey('good'), null);
    bench.keys.clear();
    assert.equal(await authentication.apiKey('good'), null);
  });
});
