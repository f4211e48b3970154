import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { readApplicationKey } from '../../src/graph/application-credential.ts';
import { makeCloudTable } from '../../src/graph/cloud-endpoints.ts';
import { makeMsalTokens } from '../../src/graph/msal-tokens.ts';
import { realTiming } from '../../src/graph/timing.ts';
import { withoutEncryption } from '../../src/http/encryption.ts';
import { type FakeAuthority, startAuthority } from './fake-authority.ts';
import { connection, neverAborted, silentLogger } from './graph-fixtures.ts';
import { makeMemoryTokenCache } from './memory-token-cache.ts';
import { makeSelfSigned } from './self-signed.ts';

const now = Date.now();
const { certificate, privateKey } = makeSelfSigned(new Date(now + 86_400_000));
const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof Error && 'kind' in error && error.kind === 'invalidSecret' && pattern.test(error.message);

describe('application key', () => {
  it('is a secret when it is no PEM', () => {
    assert.deepEqual(readApplicationKey('aB8~secret', now), { clientSecret: 'aB8~secret' });
  });

  it('is a certificate when it is one with its private key, in either order and as tools export them', () => {
    const thumbprint = new X509Certificate(certificate).fingerprint256.replaceAll(':', '');
    const exported = `Bag Attributes\n    localKeyID: 01\n${certificate}${privateKey}`;
    for (const text of [certificate + privateKey, privateKey + certificate, exported]) {
      const credential = readApplicationKey(text, now);
      assert.ok('clientCertificate' in credential);
      assert.equal(credential.clientCertificate.thumbprintSha256, thumbprint);
    }
  });

  for (const [what, text, pattern] of [
    ['is empty', '  ', /no application key/],
    ['lacks the certificate', privateKey, /certificate is missing/],
    ['lacks the private key', certificate, /private key is missing/],
    [
      'holds the key of another certificate',
      certificate + makeSelfSigned(new Date(now + 1000)).privateKey,
      /another one/,
    ],
    [
      'holds a broken certificate',
      certificate.replace(/\n[A-Za-z0-9+/]{20}/, '\n') + privateKey,
      /cannot be read/,
    ],
  ] as const) {
    it(`is refused when it ${what}, without being quoted`, () => {
      assert.throws(() => readApplicationKey(text, now), refused(pattern));
    });
  }

  for (const [what, keys] of [
    ['an elliptic curve', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['a short RSA key', generateKeyPairSync('rsa', { modulusLength: 1024 })],
  ] as const) {
    it(`is refused when the certificate is for ${what}, with which nothing can be signed for Microsoft`, () => {
      const other = makeSelfSigned(new Date(now + 86_400_000), keys);
      assert.throws(() => readApplicationKey(other.certificate + other.privateKey, now), refused(/RSA key/));
    });
  }

  it('is refused when the certificate has expired', () => {
    const old = makeSelfSigned(new Date(now - 1000));
    assert.throws(() => readApplicationKey(old.certificate + old.privateKey, now), refused(/expired/));
  });
});

describe('sign-in of the application', () => {
  let authority: FakeAuthority;
  before(async () => {
    authority = await startAuthority();
  });
  after(() => authority.close());

  const parts = {
    timing: realTiming,
    logger: silentLogger,
    encryption: withoutEncryption,
    tokenCache: makeMemoryTokenCache(),
  };

  it('proves the certificate to the token endpoint that is really called', async () => {
    const { url } = authority;
    const tokens = makeMsalTokens({
      ...parts,
      fetch: globalThis.fetch,
      clouds: makeCloudTable({ global: { authority: url, graph: url } }),
    });
    const withCertificate = { ...connection, applicationKey: certificate + privateKey };
    await tokens.get(withCertificate, {}, neverAborted());
    const [request] = authority.tokenRequests();
    assert.equal(request?.client_assertion_type, 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    assert.equal(request?.client_secret, undefined);
    const [header, payload] = (request?.client_assertion ?? '')
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
    const digest = createHash('sha256').update(new X509Certificate(certificate).raw).digest('base64url');
    assert.equal(header.alg, 'PS256');
    assert.equal(header['x5t#S256'], digest);
    assert.equal(payload.aud, `${url}/${connection.tenantId}/oauth2/v2.0/token`);
    assert.deepEqual([payload.iss, payload.sub], [connection.applicationId, connection.applicationId]);
  });

  for (const [cloud, host, scope] of [
    ['global', 'login.microsoftonline.com', 'https://graph.microsoft.com/.default'],
    ['usgov', 'login.microsoftonline.us', 'https://graph.microsoft.us/.default'],
    ['china', 'login.partner.microsoftonline.cn', 'https://microsoftgraph.chinacloudapi.cn/.default'],
  ] as const) {
    it(`calls nobody but the token endpoint of the ${cloud} cloud`, async () => {
      const calls: { url: string; scope: string | null }[] = [];
      const tokens = makeMsalTokens({
        ...parts,
        clouds: makeCloudTable(),
        fetch: async (url, { body }) => {
          calls.push({
            url: `${url.origin}${url.pathname}`,
            scope: new URLSearchParams(String(body)).get('scope'),
          });
          return Response.json({ token_type: 'Bearer', expires_in: 3600, access_token: 'opaque' });
        },
      });
      const token = await tokens.get({ ...connection, cloud }, {}, neverAborted());
      assert.deepEqual([token.accessToken, token.scopes], ['opaque', []]);
      assert.deepEqual(calls, [{ url: `https://${host}/${connection.tenantId}/oauth2/v2.0/token`, scope }]);
    });
  }
});
