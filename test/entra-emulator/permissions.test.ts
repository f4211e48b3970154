import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { useGraph } from './graph-harness.ts';

const LEAST = ['User.Read.All', 'GroupMember.Read.All'];

describe('emulated permissions', () => {
  const graph = useGraph();
  let user = '';

  before(() => {
    user = graph().tenant.addUser({ userPrincipalName: 'ada@mymsp.example' });
  });

  const cases: readonly {
    readonly permissions: readonly string[];
    readonly target: string;
    readonly isAllowed: boolean;
    readonly isDelegated?: boolean;
  }[] = [
    { permissions: LEAST, target: 'users/delta', isAllowed: true },
    { permissions: LEAST, target: 'groups/delta', isAllowed: true },
    { permissions: LEAST, target: 'directory/deletedItems/microsoft.graph.user', isAllowed: true },
    { permissions: LEAST, target: 'directory/deletedItems/microsoft.graph.group', isAllowed: false },
    // What is enough for users and groups does not open the organization.
    { permissions: LEAST, target: 'organization', isAllowed: false },
    { permissions: ['Organization.Read.All'], target: 'organization', isAllowed: true },
    { permissions: ['User.Read'], target: 'organization', isAllowed: true, isDelegated: true },
    { permissions: ['User.Read'], target: 'me', isAllowed: true, isDelegated: true },
    { permissions: ['User.Read'], target: 'users/delta', isAllowed: false, isDelegated: true },
    { permissions: ['Group.Read.All'], target: 'users/delta', isAllowed: false },
    { permissions: ['User.Read.All'], target: 'groups/delta', isAllowed: false },
    { permissions: ['Directory.Read.All'], target: 'groups/delta', isAllowed: true },
    { permissions: ['Directory.ReadWrite.All'], target: 'users/delta', isAllowed: true },
  ];
  for (const { permissions, target, isAllowed, isDelegated } of cases) {
    const who = `${isDelegated ? 'delegated' : 'application'} ${permissions.join(' + ')}`;
    it(`${isAllowed ? 'lets' : 'does not let'} ${who} read ${target}`, async () => {
      graph().token = graph().freshToken(permissions, isDelegated ? user : undefined);
      const { status, body } = await graph().get(target);
      assert.equal(status, isAllowed ? 200 : 403);
      if (!isAllowed) assert.equal(body.error?.code, 'Authorization_RequestDenied');
    });
  }

  it('needs both kinds of permission to check memberships', async () => {
    const path = `users/${user}/checkMemberGroups`;
    graph().token = graph().freshToken(['GroupMember.Read.All']);
    assert.equal((await graph().post(path, { groupIds: ['x'] })).status, 403);
    graph().token = graph().freshToken(['GroupMember.Read.All', 'User.ReadBasic.All']);
    assert.equal((await graph().post(path, { groupIds: ['x'] })).status, 200);
  });

  it('shows the organization only in part to those who may read no more than themselves', async () => {
    graph().token = graph().freshToken(['User.Read'], user);
    const [organization] = (await graph().get('organization')).body.value;
    assert.deepEqual([organization?.['tenantType'], organization?.id], [null, graph().tenant.id]);
  });
});

describe('emulated access tokens', () => {
  const graph = useGraph();
  const target = 'users/delta';

  it('are needed, and have to be what was issued', async () => {
    const [head, claims, signature] = graph().freshToken().split('.');
    for (const authorization of [
      '',
      'Basic eDp5',
      'Bearer nonsense',
      `Bearer ${head}.${claims}.${signature?.slice(0, -4)}AAAA`,
    ]) {
      const { status, body, headers } = await graph().get(target, { authorization });
      assert.deepEqual([status, body.error?.code], [401, 'InvalidAuthenticationToken']);
      assert.match(headers.get('www-authenticate') ?? '', /^Bearer /);
    }
  });

  it('expire after an hour of the directory', async () => {
    const authorization = `Bearer ${graph().freshToken()}`;
    assert.equal((await graph().get(target, { authorization })).status, 200);
    graph().emulator.advanceClock(3_600_000);
    assert.equal((await graph().get(target, { authorization })).status, 401);
  });

  it('are refused after a revocation: with a challenge for clients that understand one', async () => {
    const { emulator, tenant, application } = graph();
    const ids = { tenantId: tenant.id, appId: application.appId };
    const plain = emulator.graphToken(ids);
    const capable = emulator.graphToken({ ...ids, understandsChallenges: true });
    emulator.advanceClock(1000);
    emulator.revokeAccessTokens(ids);
    const refused = await graph().get(target, { authorization: `Bearer ${plain}` });
    assert.doesNotMatch(refused.headers.get('www-authenticate') ?? '', /claims/);
    const challenged = await graph().get(target, { authorization: `Bearer ${capable}` });
    const header = challenged.headers.get('www-authenticate') ?? '';
    assert.match(header, /error="insufficient_claims"/);
    const claims = JSON.parse(Buffer.from(/claims="([^"]+)"/.exec(header)?.[1] ?? '', 'base64').toString());
    assert.ok(Number(claims.access_token.nbf.value) > 0);
    emulator.advanceClock(1000);
    graph().token = graph().freshToken();
    assert.equal((await graph().get(target)).status, 200);
  });

  it('count for less when consent is withdrawn, at once or when they are renewed', async () => {
    const { emulator, tenant, application } = graph();
    const ids = { tenantId: tenant.id, appId: application.appId };
    graph().token = graph().freshToken();
    emulator.revokeConsent({ ...ids, permissions: ['User.Read.All'], existingTokens: 'keep' });
    emulator.revokeConsent({ ...ids, permissions: ['Directory.Read.All'], existingTokens: 'keep' });
    assert.equal((await graph().get(target)).status, 200);
    emulator.revokeConsent({ ...ids, permissions: ['User.Read.All'], existingTokens: 'reject' });
    assert.equal((await graph().get(target)).status, 403);
    assert.equal((await graph().get('groups/delta')).status, 200);
  });

  it('belong to one tenant', async () => {
    const { emulator, application } = graph();
    const other = emulator.addTenant({ domains: ['other.example'] });
    const hidden = other.addUser({ userPrincipalName: 'hidden@other.example' });
    for (const tenantId of [other.id, graph().tenant.id]) {
      emulator.consent({ tenantId, appId: application.appId, roles: ['User.Read.All'] });
    }
    graph().token = graph().freshToken(['User.Read.All']);
    assert.equal((await graph().get(`users/${hidden}`)).status, 404);
    const { deltaLink } = await graph().round(target);
    graph().token = emulator.graphToken({ tenantId: other.id, appId: application.appId });
    assert.equal((await graph().get(`users/${hidden}`)).status, 200);
    assert.equal((await graph().get(deltaLink)).body.error?.code, 'syncStateNotFound');
  });
});
