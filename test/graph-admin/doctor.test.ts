import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeSelfSignedCertificate } from '../support/entra/self-signed-certificate.ts';
import { SECRET, useGraphWorld } from './graph-world.ts';

const world = useGraphWorld();

interface Check {
  readonly id: string;
  readonly status: string;
  readonly detail: string;
  readonly fix: string | null;
}

async function diagnose(id: string): Promise<ReadonlyMap<string, Check>> {
  const { status, body } = await world.app.admin('GET', `/connections/${id}/doctor`);
  assert.equal(status, 200, JSON.stringify(body));
  const checks: readonly Check[] = body.checks;
  assert.equal(new Set(checks.map((check) => check.id)).size, checks.length, 'an id twice');
  for (const { id: name, status: state, fix } of checks) {
    assert.ok(state === 'pass' ? fix === null : state === 'skipped' || fix, `${name} says what to do`);
  }
  assert.ok(!JSON.stringify(body).includes(SECRET));
  return new Map(checks.map((check) => [check.id, check]));
}

const statusIn = (checks: ReadonlyMap<string, Check>, id: string) => checks.get(id)?.status;

async function connected(): Promise<{ id: string; applicationId: string }> {
  const connection = await world.createConnection();
  assert.equal((await world.connect(connection.id)).status, 200);
  return connection;
}

async function createRule(connectionId: string, groupId: string): Promise<void> {
  const roles = await world.app.admin('GET', '/security-roles?limit=200');
  const technician = roles.body.items.find(({ name }: { name: string }) => name === 'Technician');
  const rule = await world.app.admin('POST', '/mapping-rules', {
    connectionId,
    groupId,
    order: 10,
    userType: 'employee',
    securityRoleId: technician.id,
  });
  assert.equal(rule.status, 201, JSON.stringify(rule.body));
}

describe('the setup doctor', () => {
  it('finds nothing wrong with the way to Microsoft of a connected tenant', async () => {
    const { id } = await connected();
    const checks = await diagnose(id);
    for (const name of [
      'tenant',
      'applicationId',
      'applicationKey',
      'applicationKeyAge',
      'signIn',
      'consent',
      'permission:Directory.Read.All',
      'permission:Group.Read.All',
      'permission:User.Read',
      'permission:User.Read.All',
      'verifiedDomains',
      'clockSkew',
    ]) {
      assert.equal(statusIn(checks, name), 'pass', `${name}: ${checks.get(name)?.detail}`);
    }
    assert.match(checks.get('verifiedDomains')?.detail ?? '', /mymsp\.example/);
    assert.match(checks.get('signIn')?.detail ?? '', /admin@mymsp\.example/);
  });

  it('answers before anything is connected, without asking for a token', async () => {
    const { id } = await world.createConnection();
    const checks = await diagnose(id);
    assert.equal(statusIn(checks, 'tenant'), 'pass');
    assert.equal(statusIn(checks, 'signIn'), 'fail');
    assert.match(checks.get('signIn')?.fix ?? '', /Azure Connect/);
    assert.equal(statusIn(checks, 'consent'), 'skipped');
    assert.deepEqual(world.emulator.requests({ service: 'login', method: 'POST' }), []);
  });

  it('names what was not entered yet', async () => {
    const created = await world.app.admin('POST', '/connections', {
      name: 'x',
      kind: 'entra',
      tenant: world.tenant.id,
    });
    const checks = await diagnose(created.body.id);
    assert.equal(statusIn(checks, 'applicationId'), 'fail');
    assert.equal(statusIn(checks, 'applicationKey'), 'fail');
    assert.equal(statusIn(checks, 'applicationKeyAge'), 'skipped');
  });

  it('REQ-39: shows the redirect URI to copy, letter by letter', async () => {
    const { id } = await world.createConnection();
    const { detail = '', fix } = (await diagnose(id)).get('redirectUri') ?? {};
    assert.ok(detail.includes('/OAuth/IntegrationCallback.aspx'));
    assert.ok(fix);
  });

  it('REQ-43: gives the address for the consent once it was withdrawn', async () => {
    const { id, applicationId } = await connected();
    world.emulator.revokeConsent({
      tenantId: world.tenant.id,
      appId: applicationId,
      existingTokens: 'reject',
    });
    const checks = await diagnose(id);
    assert.equal(statusIn(checks, 'consent'), 'fail');
    assert.match(
      checks.get('consent')?.fix ?? '',
      new RegExp(`/${world.tenant.id}/v2\\.0/adminconsent\\?client_id=${applicationId}`),
    );
    assert.equal(statusIn(checks, 'groupsExist'), 'skipped');
    assert.equal((await world.connection(id)).body.status, 'connected', 'it changes nothing');
  });

  it('gives the address for the consent that the application has never had', async () => {
    const { id, applicationId } = await world.createConnection();
    assert.equal((await world.tryApplication(id)).body.status, 'consentRequired');
    const { status, fix } = (await diagnose(id)).get('consent') ?? {};
    assert.equal(status, 'fail');
    const address = /https?:\S+adminconsent\S+/.exec(fix ?? '')?.[0];
    assert.ok(address, 'there is no address');
    assert.ok(address.includes(applicationId));
    const page = await world.open(await world.signIn(address));
    assert.match(page.text, /Consent received/);
    assert.equal((await world.tryApplication(id)).body.status, 'connected');
  });

  it('names the permission of the application that is missing', async () => {
    const { id, applicationId } = await world.createConnection();
    const consent = (roles: readonly string[]) =>
      world.emulator.consent({ tenantId: world.tenant.id, appId: applicationId, roles });
    consent(['User.Read.All']);
    await world.tryApplication(id);
    const before = await diagnose(id);
    assert.equal(statusIn(before, 'permission:User.Read.All'), 'pass');
    assert.equal(
      statusIn(before, 'permission:GroupMember.Read.All'),
      'fail',
      'also before it ever succeeded',
    );
    consent(['User.Read.All', 'GroupMember.Read.All']);
    assert.equal((await world.tryApplication(id)).body.status, 'connected');
    const after = await diagnose(id);
    assert.equal(statusIn(after, 'permission:User.Read.All'), 'pass');
    assert.equal(statusIn(after, 'permission:GroupMember.Read.All'), 'pass');
    assert.equal(statusIn(after, 'verifiedDomains'), 'warn', 'that needs a permission of its own');
    world.emulator.revokeConsent({
      tenantId: world.tenant.id,
      appId: applicationId,
      permissions: ['GroupMember.Read.All'],
      existingTokens: 'reject',
    });
    const missing = await diagnose(id);
    assert.equal(statusIn(missing, 'permission:GroupMember.Read.All'), 'fail');
    assert.match(missing.get('permission:GroupMember.Read.All')?.fix ?? '', /GroupMember\.Read\.All/);
  });

  it('tells a key that Azure does not accept any more', async () => {
    const { id } = await connected();
    await world.app.admin('PATCH', `/connections/${id}`, { applicationKey: 'another~wrong-key' });
    const checks = await diagnose(id);
    assert.equal(statusIn(checks, 'signIn'), 'fail');
    assert.match(checks.get('signIn')?.detail ?? '', /Value of the client secret/);
  });

  it('REQ-45: recognises a Secret ID that was pasted before it was refused', async () => {
    const { id } = await world.createConnection();
    const refused = await world.app.admin('PATCH', `/connections/${id}`, {
      applicationKey: crypto.randomUUID(),
    });
    assert.equal(refused.status, 400);
    assert.equal(refused.body.errors[0].pointer, '/applicationKey');
    assert.match(refused.body.detail, /Secret ID/);
  });

  it('warns of an old key, which a new one mends without connecting again', async () => {
    const { id } = await connected();
    await world.sql(
      `update connections set application_key_set_at = now() - interval '700 days' where connection_id = '${id}'`,
    );
    assert.equal(statusIn(await diagnose(id), 'applicationKeyAge'), 'warn');
    await world.app.admin('PATCH', `/connections/${id}`, { applicationKey: SECRET });
    const checks = await diagnose(id);
    assert.equal(statusIn(checks, 'applicationKeyAge'), 'pass');
    assert.equal(statusIn(checks, 'signIn'), 'pass');
  });

  it('says so when the key cannot be opened any more', async () => {
    const { id } = await connected();
    await world.sql(`update connections set application_key_encrypted = decode('01', 'hex') || sha256('x') || sha256('y')
      where connection_id = '${id}'`);
    const checks = await diagnose(id);
    assert.equal(statusIn(checks, 'applicationKey'), 'fail');
    assert.match(checks.get('applicationKey')?.detail ?? '', /ENCRYPTION_KEY/);
    assert.equal(statusIn(checks, 'signIn'), 'skipped');
    const connect = await world.app.admin('POST', `/connections/${id}/connect`, { mode: 'delegated' });
    assert.equal(connect.status, 409);
  });

  it('looks for the groups of the rules: missing, not security-enabled, with groups inside', async () => {
    const { id } = await connected();
    const good = world.tenant.addGroup({ displayName: 'Technicians' });
    const inner = world.tenant.addGroup({ displayName: 'Inner' });
    const outer = world.tenant.addGroup({ displayName: 'Outer' });
    const office = world.tenant.addGroup({ displayName: 'Office', securityEnabled: false });
    world.tenant.addMembers(outer, [inner]);
    const absent = crypto.randomUUID();
    await createRule(id, good);
    const fine = await diagnose(id);
    for (const name of ['groupsExist', 'groupsSecurityEnabled', 'nestedGroups'])
      assert.equal(statusIn(fine, name), 'pass', name);
    for (const groupId of [outer, office, absent]) await createRule(id, groupId);
    const checks = await diagnose(id);
    assert.equal(statusIn(checks, 'groupsExist'), 'fail');
    assert.ok(checks.get('groupsExist')?.detail.includes(absent));
    assert.equal(statusIn(checks, 'groupsSecurityEnabled'), 'warn');
    assert.match(checks.get('groupsSecurityEnabled')?.detail ?? '', /Office/);
    assert.equal(statusIn(checks, 'nestedGroups'), 'warn');
    assert.match(checks.get('nestedGroups')?.detail ?? '', /members of Outer\./);
    assert.equal(statusIn(checks, 'groupsProvisioned'), 'warn', 'none was provisioned or read yet');
  });

  it('tells whether the directory is read, and whether notifications come', async () => {
    const { id } = await connected();
    const before = await diagnose(id);
    assert.equal(statusIn(before, 'directoryReads'), 'warn');
    assert.match(before.get('directoryReads')?.fix ?? '', /Start a sync/);
    assert.equal(statusIn(before, 'notifications'), 'warn');
    await world.sql(`update connections set last_sync_at = now(), last_graph_success_at = now()
      where connection_id = '${id}'`);
    assert.equal(statusIn(await diagnose(id), 'directoryReads'), 'pass');
    const subscribe = (resource: string) =>
      world.sql(`insert into graph_subscriptions select organization_id, connection_id, '${resource}', '${resource}',
        sha256('x'), now() + interval '1 day', now() from connections where connection_id = '${id}'`);
    await subscribe('/users');
    assert.match((await diagnose(id)).get('notifications')?.fix ?? '', /Group\.Read\.All/);
    await subscribe('/groups');
    assert.equal(statusIn(await diagnose(id), 'notifications'), 'pass');
    await world.sql(`update connections set last_graph_success_at = now() - interval '1 hour'
      where connection_id = '${id}'`);
    assert.equal(statusIn(await diagnose(id), 'directoryReads'), 'warn');
  });

  it('answers while Microsoft hangs, and blames nobody', async () => {
    const { id } = await connected();
    world.emulator.injectFault({ match: { service: 'graph' }, effect: { kind: 'hang' } });
    world.emulator.injectFault({ match: { service: 'login' }, effect: { kind: 'hang' } });
    const checks = await diagnose(id);
    for (const name of ['tenant', 'signIn', 'consent', 'groupsExist', 'clockSkew'])
      assert.equal(statusIn(checks, name), 'skipped', name);
    assert.equal(statusIn(checks, 'applicationKey'), 'pass');
  });

  it('answers while Microsoft is out of order', async () => {
    const { id } = await connected();
    world.emulator.injectFault({ match: { service: 'login' }, effect: { kind: 'html', status: 503 } });
    const checks = await diagnose(id);
    assert.notEqual(statusIn(checks, 'signIn'), 'pass');
    assert.equal(statusIn(checks, 'tenant'), 'skipped');
  });

  it('notices a clock that is wrong', async () => {
    const { id } = await connected();
    world.emulator.injectFault({
      match: { service: 'graph', path: '/v1.0/organization*' },
      effect: { kind: 'headers', headers: { date: new Date(Date.now() + 600_000).toUTCString() } },
    });
    assert.equal(statusIn(await diagnose(id), 'clockSkew'), 'fail');
  });

  it('has for other SCIM clients the checks that make sense there', async () => {
    const created = await world.app.admin('POST', '/connections', { name: 'Okta', kind: 'scim' });
    const before = await diagnose(created.body.id);
    assert.deepEqual([...before.keys()].sort(), [
      'employeeDefaults',
      'groupsProvisioned',
      'mappingRules',
      'provisioningMode',
      'publicUrl',
      'scimToken',
    ]);
    assert.equal(statusIn(before, 'scimToken'), 'warn');
    const path = `/connections/${created.body.id}/scim-tokens`;
    const soon = new Date(Date.now() + 86_400_000).toISOString();
    await world.app.admin('POST', path, { name: 'soon', expiresAt: soon });
    assert.equal(statusIn(await diagnose(created.body.id), 'scimToken'), 'warn');
    await world.app.admin('POST', path, { name: 'lasting' });
    assert.equal(statusIn(await diagnose(created.body.id), 'scimToken'), 'pass');
  });

  it('is for connections that exist', async () => {
    assert.equal((await world.app.admin('GET', `/connections/${crypto.randomUUID()}/doctor`)).status, 404);
  });
});

describe('a certificate in place of the secret', () => {
  const certificate = makeSelfSignedCertificate({ commonName: 'psa', keyType: 'rsa' });
  const pem = `${certificate.certificate}\n${certificate.privateKey}`;

  it('connects the application, and tells when it expires', async () => {
    const applicationId = world.registerApplication({ secrets: [], certificates: [certificate.certificate] });
    world.emulator.consent({
      tenantId: world.tenant.id,
      appId: applicationId,
      roles: ['User.Read.All', 'GroupMember.Read.All'],
    });
    const { id } = await world.createConnection({ applicationId, applicationKey: pem });
    const { body } = await world.tryApplication(id);
    assert.equal(body.status, 'connected', body.statusDetail);
    const checks = await diagnose(id);
    assert.match(checks.get('applicationKeyAge')?.detail ?? '', /certificate expires on \d{4}-\d\d-\d\d/);
    assert.ok(!world.log.includes('PRIVATE KEY'));
  });

  it('is refused with the reason when half of it is missing', async () => {
    const { status, body } = await world.app.admin('POST', '/connections', {
      name: 'x',
      kind: 'entra',
      tenant: world.tenant.id,
      applicationKey: certificate.certificate,
    });
    assert.equal(status, 400);
    assert.equal(body.errors[0].pointer, '/applicationKey');
    assert.match(body.detail, /private key/);
  });
});
