import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { ConfigError, publicUrlOf, readConfig } from '../src/config.ts';

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('configuration', () => {
  it('starts without any variable: port 3000 on the loopback address, embedded database', () => {
    const config = readConfig({});
    assert.equal(config.port, 3000);
    assert.equal(config.host, '127.0.0.1');
    assert.equal(config.databaseUrl, undefined);
    assert.equal(config.databasePoolSize, 10);
    assert.equal(config.logLevel, 'info');
    assert.equal(config.requestTimeoutMs, 30_000);
    assert.equal(config.shutdownGraceMs, 10_000);
    assert.equal(config.rateLimitPerSecond, 2000);
    assert.equal(config.webhookAllowPrivate, false);
    assert.equal(config.adminApiKey, undefined);
    assert.equal(config.encryptionKey, undefined);
    assert.ok(isAbsolute(config.dataDir) && config.dataDir.endsWith('data'));
    assert.equal(publicUrlOf(config, 3000), 'http://localhost:3000');
  });

  it('is frozen', () => {
    assert.ok(Object.isFrozen(readConfig({})));
  });

  it('takes a blank variable for an unset one', () => {
    assert.equal(readConfig({ PORT: '', DATABASE_URL: '  ', ADMIN_API_KEY: '' }).port, 3000);
  });

  it('accepts port 0 and then builds the public URL from the port that was bound', () => {
    assert.equal(publicUrlOf(readConfig({ PORT: '0' }), 41_234), 'http://localhost:41234');
  });

  it('leaves clouds at their public addresses unless told otherwise', () => {
    assert.deepEqual(readConfig({}).cloudOverrides, { global: {}, usgov: {}, china: {} });
    const { cloudOverrides } = readConfig({
      ENTRA_LOGIN_URL_GLOBAL: 'https://login.private.example/',
      GRAPH_URL_GLOBAL: 'http://127.0.0.1:4000',
      GRAPH_URL_USGOV: 'https://dod-graph.example',
      GRAPH_RESOURCE_USGOV: 'https://graph.example',
    });
    assert.deepEqual(cloudOverrides, {
      global: { authority: 'https://login.private.example', graph: 'http://127.0.0.1:4000' },
      usgov: { graph: 'https://dod-graph.example', graphResource: 'https://graph.example' },
      china: {},
    });
  });

  for (const url of [
    'http://login.example.com',
    'http://10.0.0.1',
    'login.example.com',
    'https://a:b@x.example',
  ]) {
    it(`sends no token to ${url}`, () => {
      const [fault] = faultsOf({ GRAPH_URL_GLOBAL: url });
      assert.match(fault ?? '', /^GRAPH_URL_GLOBAL must be an absolute https URL/);
    });
  }

  it('keeps a path in PUBLIC_URL and strips the trailing slash', () => {
    const config = readConfig({ PUBLIC_URL: 'HTTPS://SCIM.Example.com/psa//' });
    assert.equal(publicUrlOf(config, 1), 'https://scim.example.com/psa');
    assert.equal(readConfig({ PUBLIC_URL: 'http://localhost:8080/' }).publicUrl, 'http://localhost:8080');
  });

  for (const url of [
    'example.com',
    'ftp://example.com',
    'https://a:b@example.com',
    'https://x.test/?a=1',
    '/',
  ]) {
    it(`refuses the public URL ${url}`, () => {
      assert.match(faultsOf({ PUBLIC_URL: url }).join(), /^PUBLIC_URL must be an absolute http or https URL/);
    });
  }

  for (const port of ['-1', '65536', '80.5', 'http', '0x50', '1e3', '999999999999']) {
    it(`refuses port ${port}`, () => {
      assert.deepEqual(faultsOf({ PORT: port }), [
        'PORT must be a whole number from 0 to 65535; unset it to use 3000.',
      ]);
    });
  }

  it('accepts both spellings of the PostgreSQL scheme and refuses other databases', () => {
    for (const url of ['postgres://u:p@db/rollcall', 'postgresql://u@db:6432/rollcall?sslmode=require']) {
      assert.equal(readConfig({ DATABASE_URL: url }).databaseUrl, url);
    }
    assert.match(
      faultsOf({ DATABASE_URL: 'mysql://u:p@db/rollcall' }).join(),
      /^DATABASE_URL must look like/,
    );
    assert.match(
      faultsOf({ DATABASE_URL: 'postgres://u:p@db:port/x' }).join(),
      /^DATABASE_URL must look like/,
    );
  });

  it('reads the encryption key from hexadecimal, base64 and base64url to the same 32 bytes', () => {
    const bytes = randomBytes(32);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      const key = readConfig({ ENCRYPTION_KEY: bytes.toString(encoding) }).encryptionKey;
      assert.deepEqual(key?.export(), bytes, encoding);
    }
  });

  for (const [name, key] of [
    ['31 bytes', randomBytes(31).toString('base64')],
    ['33 bytes', randomBytes(33).toString('base64')],
    ['63 hexadecimal digits', 'a'.repeat(63)],
    ['a passphrase', 'correct horse battery staple'],
  ] as const) {
    it(`refuses an encryption key of ${name}`, () => {
      assert.match(faultsOf({ ENCRYPTION_KEY: key }).join(), /^ENCRYPTION_KEY must be 32 bytes/);
    });
  }

  it('refuses API keys that are short, hold a space, or are the same for admin and operator', () => {
    const key = 'k'.repeat(32);
    assert.match(faultsOf({ ADMIN_API_KEY: 'k'.repeat(31) }).join(), /^ADMIN_API_KEY must have at least 32/);
    assert.match(
      faultsOf({ OPERATOR_API_KEY: `${key} x` }).join(),
      /^OPERATOR_API_KEY must have at least 32/,
    );
    assert.match(
      faultsOf({ ADMIN_API_KEY: key, OPERATOR_API_KEY: key }).join(),
      /must differ from ADMIN_API_KEY/,
    );
    assert.equal(readConfig({ ADMIN_API_KEY: key }).adminApiKey, key);
  });

  it('reports every fault at once, one line each', () => {
    const faults = faultsOf({
      PORT: 'eighty',
      PUBLIC_URL: 'nowhere',
      DATABASE_URL: 'sqlite://x',
      DATABASE_POOL_SIZE: '0',
      ADMIN_API_KEY: 'short',
      OPERATOR_API_KEY: 'short',
      ENCRYPTION_KEY: 'short',
      LOG_LEVEL: 'loud',
      REQUEST_TIMEOUT_SECONDS: '0',
      SHUTDOWN_GRACE_SECONDS: '-1',
      WEBHOOK_ALLOW_PRIVATE: 'yes',
    });
    assert.equal(faults.length, 11);
    assert.ok(faults.every((fault) => !fault.includes('\n') && fault.endsWith('.')));
    assert.equal(new ConfigError(faults).message.split('\n').length, 11);
  });

  it('never echoes the value of a secret', () => {
    const secret = 'hunter2-hunter2';
    const message = faultsOf({
      ADMIN_API_KEY: secret,
      OPERATOR_API_KEY: secret,
      ENCRYPTION_KEY: secret,
      DATABASE_URL: `mysql://root:${secret}@db/x`,
      PUBLIC_URL: `https://u:${secret}@example.com`,
    }).join('\n');
    assert.equal(message.split('\n').length, 5);
    assert.ok(!message.includes('hunter2'));
  });

  it('cannot print the encryption key', () => {
    const hex = randomBytes(32).toString('hex');
    const config = readConfig({ ENCRYPTION_KEY: hex });
    assert.ok(!inspect(config, { depth: 9 }).includes(hex.slice(0, 16)));
    assert.ok(!JSON.stringify(config).includes(hex.slice(0, 16)));
  });
});
