import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, describe, it } from 'node:test';
import jsonwebtoken from 'jsonwebtoken';
import { JwksClient } from 'jwks-rsa';
import type { ProvisioningTokenInput } from '../support/entra/mint-provisioning-token.ts';
import { useGraph } from './graph-harness.ts';

/** Verifies as a SCIM endpoint has to, with other people's code. */
async function verify(
  token: string,
  jwksUri: string,
  expected: jsonwebtoken.VerifyOptions,
): Promise<jsonwebtoken.JwtPayload> {
  const { header } = jsonwebtoken.decode(token, { complete: true }) ?? {};
  const key = await new JwksClient({ jwksUri }).getSigningKey(header?.kid);
  const claims = jsonwebtoken.verify(token, key.getPublicKey(), { algorithms: ['RS256'], ...expected });
  if (typeof claims === 'string') throw new TypeError('The token has no claims.');
  return claims;
}

describe('tokens of the provisioning service', () => {
  const graph = useGraph();
  let tenantId = '';
  before(() => {
    tenantId = graph().tenant.id;
  });

  const mint = (input: Partial<ProvisioningTokenInput> = {}) =>
    graph().emulator.mintProvisioningToken({ version: 1, tenantId, ...input });
  const keysOf = (version: 1 | 2) =>
    `${graph().emulator.loginUrl}/${tenantId}/discovery/${version === 2 ? 'v2.0/' : ''}keys`;

  it('are as Entra makes them when the secret is left blank', async () => {
    const claims = await verify(mint(), keysOf(1), {
      issuer: `https://sts.windows.net/${tenantId}/`,
      audience: '8adf8e6e-67b2-4cf2-a259-e3dc5476c621',
    });
    assert.deepEqual(
      [claims['ver'], claims['tid'], claims['appid'], claims['scp'], claims['oid'] === claims.sub],
      ['1.0', tenantId, '00000014-0000-0000-c000-000000000000', undefined, true],
    );
  });

  it('are as Entra makes them for workload identity federation', async () => {
    const token = mint({ version: 2, audience: 'an-app-id', subject: 'a-principal' });
    const claims = await verify(token, keysOf(2), {
      issuer: `https://login.microsoftonline.com/${tenantId}/v2.0`,
      audience: 'an-app-id',
      subject: 'a-principal',
    });
    assert.deepEqual([claims['ver'], claims['jti'], typeof claims['uti']], ['2.0', undefined, 'string']);
  });

  it('carry any claim, or none of it', async () => {
    const token = mint({ claims: { tid: 'another', uti: null, iss: 'https://sts.windows.net/x' } });
    const claims = jsonwebtoken.decode(token, { json: true });
    assert.deepEqual(
      [claims?.['tid'], claims?.['uti'], claims?.iss],
      ['another', undefined, 'https://sts.windows.net/x'],
    );
  });

  for (const defect of ['alg-none', 'alg-hs256', 'unknown-kid', 'wrong-key', 'tampered'] as const) {
    it(`are not accepted with the defect ${defect}`, async () => {
      await assert.rejects(verify(mint({ defect }), keysOf(1), {}));
    });
  }

  it('expire', async () => {
    await assert.rejects(verify(mint({ expiresIn: -300 }), keysOf(1), {}), { name: 'TokenExpiredError' });
  });

  it('are signed by new keys after a rotation, which are published at once or later', async () => {
    const old = mint();
    const kid = graph().emulator.rotateKeys({ isPublished: false });
    const early = mint();
    assert.equal(jsonwebtoken.decode(early, { complete: true })?.header.kid, kid);
    await assert.rejects(verify(early, keysOf(1), {}));
    graph().emulator.publishKeys();
    await verify(early, keysOf(1), {});
    await verify(old, keysOf(1), {});
    graph().emulator.rotateKeys({ keepsOld: false });
    await assert.rejects(verify(early, keysOf(1), {}));
  });
});

describe('federated credentials', () => {
  const graph = useGraph();

  it('prove an application by a token of another issuer', async () => {
    const { emulator, tenant } = graph();
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const trust = {
      issuer: 'https://issuer.example',
      subject: 'workload',
      audience: 'api://AzureADTokenExchange',
    };
    const { appId } = emulator.registerApplication({
      federatedCredentials: [
        { ...trust, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
      ],
    });
    emulator.consent({ tenantId: tenant.id, appId, roles: ['User.Read.All'] });
    const ask = async (subject: string) => {
      const assertion = jsonwebtoken.sign({}, privateKey, {
        algorithm: 'RS256',
        issuer: trust.issuer,
        audience: trust.audience,
        subject,
        expiresIn: 60,
      });
      const response = await fetch(`${emulator.loginUrl}/${tenant.id}/oauth2/v2.0/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: appId,
          scope: 'https://graph.microsoft.com/.default',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion,
        }),
      });
      return response.status;
    };
    assert.deepEqual([await ask('workload'), await ask('another')], [200, 401]);
  });
});
