import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import { ConfidentialClientApplication, type Configuration, CryptoProvider } from '@azure/msal-node';
import type { Application } from '../support/entra/applications.ts';
import { type CertifiedKey, makeSelfSignedCertificate } from '../support/entra/self-signed-certificate.ts';
import { type EntraEmulator, startEntraEmulator } from '../support/entra/start-entra-emulator.ts';
import type { TenantDirectory } from '../support/entra/tenant-directory.ts';

const REDIRECT = 'https://psa.example/OAuth/IntegrationCallback.aspx';
const SCOPES = ['User.Read', 'User.Read.All', 'Group.Read.All', 'Directory.Read.All'];
const DEFAULT = ['https://graph.microsoft.com/.default'];

interface Scene {
  readonly emulator: EntraEmulator;
  readonly tenant: TenantDirectory;
  readonly application: Application;
  readonly certified: CertifiedKey;
}

function makeScene(emulator: EntraEmulator): Scene {
  const tenant = emulator.addTenant({ domains: ['mymsp.example'] });
  tenant.addUser({ userPrincipalName: 'admin@mymsp.example' });
  const certified = makeSelfSignedCertificate({ commonName: 'client', keyType: 'rsa' });
  const application = emulator.registerApplication({
    redirectUris: [REDIRECT],
    secrets: ['a secret value'],
    certificates: [certified.certificate],
  });
  emulator.consent({ tenantId: tenant.id, appId: application.appId, roles: ['User.Read.All'] });
  return { emulator, tenant, application, certified };
}

/** The three ways in which a client finds the emulator. */
const WAYS: readonly {
  readonly name: string;
  readonly usesTls: boolean;
  readonly configure: (scene: Scene) => Configuration;
}[] = [
  {
    name: 'the real authority, with a network client that leads to the emulator',
    usesTls: false,
    configure: ({ emulator, tenant, application }) => ({
      auth: { clientId: application.appId, authority: `https://login.microsoftonline.com/${tenant.id}` },
      system: { networkClient: emulator.networkModule },
    }),
  },
  {
    name: 'authority metadata over plain http',
    usesTls: false,
    configure: ({ emulator, tenant, application }) => ({
      auth: {
        clientId: application.appId,
        authority: `https://login.emulator.example/${tenant.id}`,
        knownAuthorities: ['login.emulator.example'],
        authorityMetadata: JSON.stringify({
          issuer: `https://login.microsoftonline.com/${tenant.id}/v2.0`,
          authorization_endpoint: `${emulator.loginUrl}/${tenant.id}/oauth2/v2.0/authorize`,
          token_endpoint: `${emulator.loginUrl}/${tenant.id}/oauth2/v2.0/token`,
          jwks_uri: `${emulator.loginUrl}/${tenant.id}/discovery/v2.0/keys`,
        }),
      },
    }),
  },
  {
    name: 'an https authority on the loopback address',
    usesTls: true,
    configure: ({ emulator, tenant, application }) => ({
      auth: {
        clientId: application.appId,
        authority: `${emulator.loginUrl}/${tenant.id}`,
        knownAuthorities: [new URL(emulator.loginUrl).host],
      },
    }),
  },
];

for (const { name, usesTls, configure } of WAYS) {
  describe(`MSAL with ${name}`, () => {
    const trusted = tls.getCACertificates('default');
    let emulator: EntraEmulator;
    let scene: Scene;

    before(async () => {
      emulator = await startEntraEmulator({ tls: usesTls });
      scene = makeScene(emulator);
      const { certificate } = emulator;
      if (certificate !== null) tls.setDefaultCACertificates([...trusted, certificate]);
    });
    after(async () => {
      tls.setDefaultCACertificates(trusted);
      await emulator.stop();
    });

    function client(credential: Partial<Configuration['auth']> = { clientSecret: 'a secret value' }) {
      const { auth, ...rest } = configure(scene);
      return new ConfidentialClientApplication({ ...rest, auth: { ...auth, ...credential } });
    }

    async function signIn(msal: ConfidentialClientApplication, nonce = 'the nonce') {
      const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
      const request = { scopes: SCOPES, redirectUri: REDIRECT, nonce };
      const url = await msal.getAuthCodeUrl({
        ...request,
        state: 'the state',
        prompt: 'select_account',
        codeChallenge: challenge,
        codeChallengeMethod: 'S256',
      });
      const response = await emulator.fetch(url, { redirect: 'manual' });
      const { searchParams } = new URL(response.headers.get('location') ?? 'none:');
      const [code = '', state = ''] = [searchParams.get('code') ?? '', searchParams.get('state') ?? ''];
      return await msal.acquireTokenByCode(
        { ...request, code, state, codeVerifier: verifier },
        { code, state: 'the state' },
      );
    }

    it('signs an administrator in and proves the tenant from the token', async () => {
      const result = await signIn(client());
      assert.equal(result.tenantId, scene.tenant.id);
      assert.equal(result.account?.username, 'admin@mymsp.example');
      const userId = scene.tenant.findUserId('admin@mymsp.example');
      assert.equal(result.account?.homeAccountId, `${userId}.${scene.tenant.id}`);
      assert.ok(SCOPES.every((scope) => result.scopes.includes(scope)));
    });

    it('renews silently with the refresh token, and reads Graph with the new token', async () => {
      const msal = client();
      const { account, accessToken } = await signIn(msal);
      assert.ok(account);
      const cached = await msal.acquireTokenSilent({ account, scopes: SCOPES });
      assert.deepEqual([cached.fromCache, cached.accessToken], [true, accessToken]);
      const fresh = await msal.acquireTokenSilent({ account, scopes: SCOPES, forceRefresh: true });
      assert.deepEqual([fresh.fromCache, fresh.accessToken === accessToken], [false, false]);
      const answer = await fetch(`${emulator.graphUrl}/v1.0/users/delta?$select=id`, {
        headers: { authorization: `Bearer ${fresh.accessToken}` },
      });
      assert.equal(answer.status, 200);
    });

    it('learns that the session was revoked', async () => {
      const msal = client();
      const { account } = await signIn(msal);
      assert.ok(account);
      emulator.revokeSessions({ tenantId: scene.tenant.id, userId: account.localAccountId });
      await assert.rejects(
        msal.acquireTokenSilent({ account, scopes: SCOPES, forceRefresh: true }),
        (error) => {
          assert.match(String(error), /AADSTS50173/);
          return true;
        },
      );
    });

    it('gets application tokens with a secret and with a certificate', async () => {
      const { privateKey, thumbprintSha256 } = scene.certified;
      for (const credential of [
        { clientSecret: 'a secret value' },
        { clientCertificate: { privateKey, thumbprintSha256 } },
      ]) {
        const result = await client(credential).acquireTokenByClientCredential({ scopes: DEFAULT });
        assert.ok(result?.accessToken);
      }
    });

    it('is told what is wrong with its credentials or its consent', async () => {
      const wrong = client({ clientSecret: 'wrong' }).acquireTokenByClientCredential({ scopes: DEFAULT });
      await assert.rejects(wrong, /AADSTS7000215/);
      const { tenant } = scene;
      const stranger = emulator.registerApplication({ secrets: ['a secret value'] });
      const notInstalled = client({ clientId: stranger.appId, clientSecret: 'a secret value' });
      await assert.rejects(
        notInstalled.acquireTokenByClientCredential({ scopes: DEFAULT }),
        new RegExp(`AADSTS700016.*${tenant.id}`),
      );
    });

    it('declares what it is capable of, which makes the claims challenge possible', async () => {
      const result = await client({
        clientSecret: 'a secret value',
        clientCapabilities: ['cp1'],
      }).acquireTokenByClientCredential({ scopes: DEFAULT });
      emulator.advanceClock(1000);
      emulator.revokeAccessTokens({ tenantId: scene.tenant.id });
      const answer = await fetch(`${emulator.graphUrl}/v1.0/users/delta`, {
        headers: { authorization: `Bearer ${result?.accessToken}` },
      });
      assert.match(answer.headers.get('www-authenticate') ?? '', /insufficient_claims/);
    });
  });
}
