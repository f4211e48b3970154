import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { claimsOf, SCOPES, SECRET, SECRET_ID, type TokenBody, useLogin } from './login-harness.ts';

const DAY = 86_400_000;

describe('emulated token endpoint', () => {
  const login = useLogin();

  it('redeems a code once, for the same address and verifier, within ten minutes', async () => {
    const code = (await login().authorize()).parameters.get('code');
    const refusal = async (changes: Readonly<Record<string, string>>) => {
      const { status, body } = await login().redeem(code, changes);
      return [status, body.error, ...(body.error_codes ?? [])];
    };
    assert.deepEqual(await refusal({ code_verifier: 'another' }), [400, 'invalid_grant', 501481]);
    assert.deepEqual(await refusal({ redirect_uri: 'https://psa.example/' }), [400, 'invalid_grant', 500112]);
    assert.equal((await login().redeem(code)).status, 200);
    assert.deepEqual(await refusal({}), [400, 'invalid_grant', 54005]);
    const late = (await login().authorize()).parameters.get('code');
    login().graph.emulator.advanceClock(600_000);
    assert.deepEqual((await login().redeem(late)).body.error_codes, [70008]);
  });

  it('knows a wrong secret, the id of a secret, an expired one and none at all', async () => {
    const code = (body: TokenBody) => [body.error, ...(body.error_codes ?? [])];
    const wrong = await login().appOnly({ client_secret: 'wrong' });
    assert.deepEqual([wrong.status, ...code(wrong.body)], [401, 'invalid_client', 7000215]);
    const pasted = await login().appOnly({ client_secret: SECRET_ID });
    assert.match(pasted.body.error_description ?? '', /AADSTS7000215.*id of a secret/);
    const expired = login().graph.emulator.registerApplication({ secrets: [{ value: 'old', expiresAt: 1 }] });
    const old = await login().appOnly({ client_id: expired.appId, client_secret: 'old' });
    assert.deepEqual(code(old.body), ['invalid_client', 7000222]);
    const none = await fetch(
      `${login().graph.emulator.loginUrl}/${login().graph.tenant.id}/oauth2/v2.0/token`,
      {
        method: 'POST',
        body: new URLSearchParams({ client_id: login().appId, grant_type: 'client_credentials' }),
      },
    );
    assert.deepEqual(code((await none.json()) as TokenBody), ['invalid_client', 7000218]);
  });

  it('issues application tokens only where the application is installed, and only for /.default', async () => {
    const { emulator, tenant } = login().graph;
    const unknown = await login().appOnly();
    assert.deepEqual([unknown.body.error, unknown.body.error_codes], ['unauthorized_client', [700016]]);
    emulator.consent({
      tenantId: tenant.id,
      appId: login().appId,
      roles: ['User.Read.All'],
      propagationMs: 60_000,
    });
    assert.equal((await login().appOnly()).body.error, 'unauthorized_client');
    emulator.advanceClock(60_000);
    const { body } = await login().appOnly();
    assert.deepEqual(claimsOf(body.access_token)['roles'], ['User.Read.All']);
    assert.equal(body.refresh_token, undefined);
    assert.equal((await login().appOnly({ scope: 'User.Read.All' })).body.error, 'invalid_scope');
    assert.deepEqual((await login().appOnly({}, 'organizations')).body.error_codes, [50059]);
    assert.equal(
      (await login().appOnly({ scope: 'https://vault.azure.net/.default' })).body.error,
      'invalid_resource',
    );
  });

  it('renews refresh tokens and keeps the old one valid', async () => {
    const first = (await login().signIn()).body.refresh_token ?? '';
    const renew = (refreshToken: string) =>
      login().token({ grant_type: 'refresh_token', refresh_token: refreshToken, scope: SCOPES });
    const second = (await renew(first)).body.refresh_token ?? '';
    assert.notEqual(second, first);
    assert.equal((await renew(first)).status, 200);
    assert.equal((await renew(second)).status, 200);
    assert.equal((await renew('made up')).body.error, 'invalid_grant');
  });

  it('ends a session when it is revoked, too old, the account is gone or the consent is', async () => {
    const { emulator, tenant } = login().graph;
    const userId = tenant.findUserId('admin@mymsp.example') ?? '';
    const refusal = async (change: () => void) => {
      const refresh_token = (await login().signIn()).body.refresh_token ?? '';
      change();
      const { body } = await login().token({ grant_type: 'refresh_token', refresh_token });
      return [body.error, ...(body.error_codes ?? []), body.suberror];
    };
    const revoked = await refusal(() => emulator.revokeSessions({ tenantId: tenant.id, userId }));
    assert.deepEqual(revoked, ['invalid_grant', 50173, undefined]);
    assert.deepEqual(await refusal(() => emulator.advanceClock(90 * DAY)), [
      'invalid_grant',
      700082,
      undefined,
    ]);
    assert.deepEqual(await refusal(() => tenant.disableUser(userId)), ['invalid_grant', 50057, undefined]);
    tenant.enableUser(userId);
    assert.deepEqual(await refusal(() => tenant.softDeleteUser(userId)), ['invalid_grant', 50034, undefined]);
    tenant.restoreUser(userId);
    const withdrawn = await refusal(() =>
      emulator.revokeConsent({ tenantId: tenant.id, appId: login().appId, existingTokens: 'keep' }),
    );
    assert.deepEqual(withdrawn, ['invalid_grant', 65001, 'consent_required']);
  });

  it('fails as it is told to, by tenant and by application', async () => {
    const { emulator, tenant } = login().graph;
    const ids = { tenantId: tenant.id, appId: login().appId };
    const match = { service: 'login', path: `/${tenant.id}*`, ...ids } as const;
    for (const [effect, status, error] of [
      [{ kind: 'answer', status: 503 }, 503, 'temporarily_unavailable'],
      [{ kind: 'answer', status: 429, retryAfter: 5 }, 429, 'temporarily_unavailable'],
    ] as const) {
      emulator.injectFault({ match, effect, times: 1 });
      const answer = await login().appOnly();
      assert.deepEqual([answer.status, answer.body.error], [status, error]);
    }
    emulator.clearFaults();
  });

  it('keeps no secret on record', async () => {
    login().graph.emulator.clearRequests();
    await login().signIn();
    const [, request] = login().graph.emulator.requests({ service: 'login' });
    assert.equal(Object(request?.body)['grant_type'], 'authorization_code');
    const record = JSON.stringify(login().graph.emulator.requests());
    for (const secret of [SECRET, login().verifier]) assert.equal(record.includes(secret), false);
  });
});
