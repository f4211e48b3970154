import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { startTestApp, type TestApp } from '../support/app.ts';

const unknownId = '0199c1a0-0000-7000-8000-00000000ffff';
const tenantId = '6f2c2c1c-4a0a-4b60-8d5c-0c1b8f1f7b55';
const applicationId = '2d4d11a2-f814-46a7-890a-274a72a7309e';
const secret = 'wq~8Q~the-value-of-the-secret_AbC';

describe('connections', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.stop());

  const made = async (path: string, body: object) => {
    const { status, body: item } = await app.admin('POST', path, body);
    assert.equal(status, 201, JSON.stringify(item));
    return item;
  };
  const entra = {
    name: 'Contoso',
    kind: 'entra',
    tenant: 'Contoso.onmicrosoft.com',
    applicationId,
    applicationKey: secret,
  };
  const faultsOf = (body: { errors: readonly { pointer: string; detail: string }[] }) => body.errors;

  describe('of kind scim', () => {
    it('need a name only and start with everything else empty', async () => {
      const { status, headers, body } = await app.admin('POST', '/connections', {
        name: ' Okta ',
        kind: 'scim',
      });
      assert.equal(status, 201);
      const { id, createdAt, ...rest } = body;
      assert.ok(createdAt);
      assert.deepEqual(rest, {
        name: 'Okta',
        kind: 'scim',
        tenant: null,
        tenantId: null,
        cloud: null,
        applicationId: null,
        hasApplicationKey: false,
        emailSource: 'auto',
        status: 'created',
        statusDetail: null,
        grantedScopes: [],
        verifiedDomains: [],
        allowedExternalDomains: [],
        deletePolicy: 'deactivateAndHide',
        customExtensions: [],
        scimBaseUrl: `${app.baseUrl}/scim/v2/${id}`,
        lastSync: null,
        lastGraphSuccessAt: null,
      });
      assert.equal(headers.get('location'), `/api/v1/connections/${id}`);
      assert.deepEqual((await app.admin('GET', `/connections/${id}`)).body, body);
    });

    it('refuse what belongs to Entra, with a pointer each', async () => {
      const { status, body } = await app.admin('POST', '/connections', {
        ...entra,
        kind: 'scim',
        cloud: 'global',
      });
      assert.equal(status, 400);
      assert.deepEqual(
        faultsOf(body).map(({ pointer }) => pointer),
        ['/tenant', '/cloud', '/applicationId', '/applicationKey'],
      );
    });
  });

  describe('of kind entra', () => {
    it('take a domain name, whose tenant id is not known yet', async () => {
      const connection = await made('/connections', entra);
      assert.equal(connection.tenant, 'Contoso.onmicrosoft.com');
      assert.equal(connection.tenantId, null);
      assert.equal(connection.cloud, 'global');
      assert.equal(connection.applicationId, applicationId);
    });

    it('take a tenant GUID, which is the tenant id (REQ-51)', async () => {
      const connection = await made('/connections', {
        ...entra,
        tenant: tenantId.toUpperCase(),
        cloud: 'usgov',
      });
      assert.equal(connection.tenantId, tenantId);
      assert.equal(connection.cloud, 'usgov');
    });

    it('refuse a tenant that is neither', async () => {
      for (const tenant of ['contoso', 'https://contoso.com', 'a@contoso.com', '', null, 'contoso..com']) {
        const { status, body } = await app.admin('POST', '/connections', { ...entra, tenant });
        assert.equal(status, 400, String(tenant));
        assert.equal(faultsOf(body)[0]?.pointer, '/tenant');
      }
    });

    it('refuse a GUID for the application key with the hint that it is the Secret ID (REQ-45)', async () => {
      const { status, body } = await app.admin('POST', '/connections', {
        ...entra,
        applicationKey: unknownId,
      });
      assert.equal(status, 400);
      assert.equal(faultsOf(body)[0]?.pointer, '/applicationKey');
      assert.match(faultsOf(body)[0]?.detail ?? '', /Secret ID.*Value/);
      assert.ok(!JSON.stringify(body).includes(unknownId), 'the refused key is not repeated');
    });

    it('keep the application key when it is absent, and clear it by null', async () => {
      const { body } = await app.admin('POST', '/connections', entra);
      const change = (input: object) => app.admin('PATCH', `/connections/${body.id}`, input);
      assert.equal((await change({ name: 'Renamed' })).body.hasApplicationKey, true);
      assert.equal((await change({ applicationKey: null })).body.hasApplicationKey, false);
    });

    it('never return the application key, and keep it encrypted', async () => {
      const created = await app.admin('POST', '/connections', entra);
      assert.equal(created.body.hasApplicationKey, true);
      const changed = await app.admin('PATCH', `/connections/${created.body.id}`, {
        applicationKey: `${secret}-2`,
      });
      const listed = await app.admin('GET', '/connections?limit=200');
      for (const { body } of [created, changed, listed]) assert.ok(!JSON.stringify(body).includes(secret));

      const client = new pg.Client({ connectionString: app.databaseUrl });
      await client.connect();
      const { rows } = await client.query(
        'select application_key_encrypted from connections where connection_id = $1',
        [created.body.id],
      );
      await client.end();
      const stored: Buffer = rows[0].application_key_encrypted;
      assert.ok(stored.length > secret.length);
      assert.ok(!stored.includes(secret));
    });

    it('refuse an unknown cloud, kind and email source', async () => {
      for (const wrong of [
        { cloud: 'mars' },
        { kind: 'okta' },
        { emailSource: 'upn' },
        { applicationId: 'x' },
      ]) {
        const { status, body } = await app.admin('POST', '/connections', { ...entra, ...wrong });
        assert.equal(status, 400);
        assert.equal(faultsOf(body)[0]?.pointer, `/${Object.keys(wrong)[0]}`);
      }
    });
  });

  it('change by merge patch, with an ETag that guards against lost updates', async () => {
    const created = await app.admin('POST', '/connections', { name: 'Patched', kind: 'scim' });
    const path = `/connections/${created.body.id}`;
    const etag = { 'if-match': created.headers.get('etag') ?? '' };
    const patch = { emailSource: 'mail', allowedExternalDomains: ['Child.Example', 'child.example'] };
    const changed = await app.admin('PATCH', path, patch, etag);
    assert.equal(changed.status, 200);
    assert.equal(changed.body.name, 'Patched');
    assert.equal(changed.body.emailSource, 'mail');
    assert.deepEqual(changed.body.allowedExternalDomains, ['child.example']);
    assert.equal((await app.admin('PATCH', path, { name: 'x' }, etag)).status, 412);
    assert.equal((await app.admin('DELETE', path, undefined, etag)).status, 412);
    assert.deepEqual((await app.admin('GET', path)).body, changed.body);
  });

  it('neither change their kind nor what the server finds out by itself', async () => {
    const { id } = await made('/connections', { name: 'Fixed', kind: 'scim' });
    for (const patch of [{ kind: 'entra' }, { status: 'connected' }, { verifiedDomains: ['x.example'] }]) {
      assert.equal(
        (await app.admin('PATCH', `/connections/${id}`, patch)).status,
        400,
        JSON.stringify(patch),
      );
    }
  });

  describe('SCIM tokens', () => {
    const probe = (connection: { scimBaseUrl: string }, token: string) =>
      app.scim({ connectionId: '', scimBaseUrl: connection.scimBaseUrl, token }, 'GET', '/Users?count=0');

    it('are shown once, begin with their prefix and work at once', async () => {
      const connection = await made('/connections', { name: 'Tokens', kind: 'scim' });
      const path = `/connections/${connection.id}/scim-tokens`;
      const token = await made(path, { name: 'Entra' });
      assert.match(token.token, /^rcs_[\w-]{43}$/);
      assert.ok(token.token.startsWith(token.prefix) && token.prefix.length < 16);
      assert.equal(token.expiresAt, null);
      assert.equal(token.lastUsedAt, null);
      assert.equal((await probe(connection, token.token)).status, 200);
      const { body } = await app.admin('GET', path);
      assert.deepEqual(
        body.items.map(({ id }: { id: string }) => id),
        [token.id],
      );
      assert.ok(!JSON.stringify(body).includes(token.token));
    });

    it('are valid two at a time, and revoking one takes effect at once on that one only', async () => {
      const connection = await made('/connections', { name: 'Rotation', kind: 'scim' });
      const path = `/connections/${connection.id}/scim-tokens`;
      const old = await made(path, { name: 'Old' });
      const fresh = await made(path, { name: 'Fresh' });
      for (const { token } of [old, fresh]) assert.equal((await probe(connection, token)).status, 200);
      assert.equal((await app.admin('DELETE', `${path}/${old.id}`)).status, 204);
      assert.equal((await probe(connection, old.token)).status, 401);
      assert.equal((await probe(connection, fresh.token)).status, 200);
      assert.equal((await app.admin('DELETE', `${path}/${old.id}`)).status, 404);
    });

    it('of one connection do not open another', async () => {
      const one = await app.createScimConnection('One');
      const other = await app.createScimConnection('Other');
      assert.equal((await probe(other, one.token)).status, 401);
      const tokens = await app.admin('GET', `/connections/${one.connectionId}/scim-tokens`);
      const foreign = `/connections/${other.connectionId}/scim-tokens/${tokens.body.items[0].id}`;
      assert.equal((await app.admin('DELETE', foreign)).status, 404);
      assert.equal((await probe(one, one.token)).status, 200);
    });

    it('refuse an expiry that has passed or is none', async () => {
      const { connectionId } = await app.createScimConnection();
      const path = `/connections/${connectionId}/scim-tokens`;
      const afterAllYears = '9999-12-31T23:59:59-01:00';
      const wrong = [
        '2020-01-01T00:00:00Z',
        'tomorrow',
        '2030-02-30T00:00:00Z',
        '2030-01-01',
        afterAllYears,
        5,
      ];
      for (const expiresAt of wrong) {
        const { status, body } = await app.admin('POST', path, { name: 'x', expiresAt });
        assert.equal(status, 400, String(expiresAt));
        assert.equal(body.errors[0].pointer, '/expiresAt');
      }
    });

    it('answer their expiry in UTC and end then', async () => {
      const connection = await made('/connections', { name: 'Expiring', kind: 'scim' });
      const path = `/connections/${connection.id}/scim-tokens`;
      const later = await made(path, { name: 'x', expiresAt: '2099-06-01T02:00:00+02:00' });
      assert.equal(later.expiresAt, '2099-06-01T00:00:00.000Z');
      const last = await made(path, { name: 'x', expiresAt: '9999-12-31T23:59:59.9999999Z' });
      assert.equal(last.expiresAt, '9999-12-31T23:59:59.999Z');
      const soon = await made(path, { name: 'y', expiresAt: new Date(Date.now() + 1500).toISOString() });
      assert.equal((await probe(connection, soon.token)).status, 200);
      await new Promise((resolve) => setTimeout(resolve, Date.parse(soon.expiresAt) - Date.now() + 50));
      assert.equal((await probe(connection, soon.token)).status, 401);
    });

    it('tell within five seconds when they were last used', async () => {
      const connection = await made('/connections', { name: 'Used', kind: 'scim' });
      const path = `/connections/${connection.id}/scim-tokens`;
      const { token } = await made(path, { name: 'x' });
      const start = Date.now();
      await probe(connection, token);
      let lastUsedAt: string | null = null;
      while (lastUsedAt === null && Date.now() < start + 5000) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        lastUsedAt = (await app.admin('GET', path)).body.items[0].lastUsedAt;
      }
      assert.ok(lastUsedAt !== null && Date.parse(lastUsedAt) >= start - 1000);
    });

    it('are not made for a connection that does not exist', async () => {
      assert.equal(
        (await app.admin('POST', `/connections/${unknownId}/scim-tokens`, { name: 'x' })).status,
        404,
      );
      assert.equal((await app.admin('GET', `/connections/${unknownId}/scim-tokens`)).status, 404);
    });
  });

  describe('deletion', () => {
    it('ends the tokens of the connection at once', async () => {
      const connection = await app.createScimConnection('Deleted');
      assert.equal((await app.scim(connection, 'GET', '/Users')).status, 200);
      assert.equal((await app.admin('DELETE', `/connections/${connection.connectionId}`)).status, 204);
      assert.equal((await app.scim(connection, 'GET', '/Users')).status, 401);
      assert.equal((await app.admin('GET', `/connections/${connection.connectionId}`)).status, 404);
    });

    it('is refused while people are linked; with unlink=true they stay and lose their link', async () => {
      const first = async (path: string) => (await app.admin('GET', path)).body.items[0].id;
      const roles = (await app.admin('GET', '/security-roles')).body.items;
      const role = roles.find(({ name }: { name: string }) => name === 'Technician').id;
      await app.admin('PUT', '/employee-defaults', {
        departmentId: await first('/departments'),
        locationId: await first('/locations'),
        managerId: await first('/employees'),
        jobTitleId: await first('/job-titles'),
        employmentType: 'Full-time',
        securityRoleId: role,
        employeeRoleId: await first('/employee-roles'),
      });
      assert.equal((await app.admin('PATCH', '/settings', { provisioningMode: 'azureAdSync' })).status, 200);
      const connection = await app.createScimConnection('Linked');
      const path = `/connections/${connection.connectionId}`;
      const user = await app.scim(connection, 'POST', '/Users', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: 'linked@contoso.example',
        name: { givenName: 'Lin', familyName: 'Ked' },
        active: true,
      });
      await app.scim(connection, 'POST', '/Groups', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName: 'Linked',
        externalId: 'linked',
        members: [{ value: user.body.id }],
      });
      const rule = { groupId: 'linked', order: 1, userType: 'employee', securityRoleId: role };
      await made('/mapping-rules', { connectionId: connection.connectionId, ...rule });
      const [employee] = (await app.admin('GET', `/employees?connectionId=${connection.connectionId}`)).body
        .items;
      assert.equal(employee.directoryUserId, user.body.id);

      const refused = await app.admin('DELETE', path);
      assert.equal(refused.status, 409);
      assert.deepEqual(refused.body.usedBy, [{ kind: 'employees', count: 1 }]);
      assert.equal((await app.admin('DELETE', `${path}?unlink=false`)).status, 409);
      assert.equal((await app.admin('DELETE', `${path}?unlink=yes`)).status, 400);

      assert.equal((await app.admin('DELETE', `${path}?unlink=true`)).status, 204);
      const kept = (await app.admin('GET', `/employees/${employee.id}`)).body;
      const { directoryUserId, winningRuleId, updatedAt, ...rest } = employee;
      assert.ok(directoryUserId && winningRuleId && updatedAt);
      assert.deepEqual(
        { ...kept, updatedAt: '' },
        {
          ...rest,
          directoryUserId: null,
          formerIdentity: { tenantId: null, objectId: null },
          winningRuleId: null,
          updatedAt: '',
        },
      );
      assert.equal((await app.admin('GET', '/mapping-rules')).body.items.length, 0);
      const { body: log } = await app.admin('GET', `/provisioning-events?employeeId=${employee.id}`);
      assert.equal(log.items[0].trigger, 'manual');
      assert.match(log.items[0].reason, /Linked was deleted/);
    });
  });
});
