import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestApp, type TestApp } from '../support/app.ts';

const unknownId = '0199c1a0-0000-7000-8000-00000000ffff';

describe('settings', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.stop());

  it('starts with provisioning off and the documented guard', async () => {
    const { body } = await app.admin('GET', '/settings');
    assert.deepEqual(body, {
      provisioningMode: 'off',
      unknownJobTitle: 'create',
      defaultPhoneType: 'Work',
      restoreArchived: 'whenNoHistory',
      guard: { maxDeactivations: 20, maxDeactivationsPercent: 10, maxConversions: 5, windowMinutes: 60 },
    });
  });

  it('merges a patch: absent fields stay, also inside the guard', async () => {
    const { body } = await app.admin('PATCH', '/settings', {
      guard: { maxDeactivations: 3 },
      unknownJobTitle: 'keep',
    });
    assert.equal(body.unknownJobTitle, 'keep');
    assert.equal(body.defaultPhoneType, 'Work');
    assert.deepEqual(body.guard, {
      maxDeactivations: 3,
      maxDeactivationsPercent: 10,
      maxConversions: 5,
      windowMinutes: 60,
    });
    assert.deepEqual((await app.admin('GET', '/settings')).body, body);
  });

  it('takes an empty patch for no change', async () => {
    const { headers } = await app.admin('GET', '/settings');
    const { status, headers: after } = await app.admin('PATCH', '/settings', {});
    assert.equal(status, 200);
    assert.equal(after.get('etag'), headers.get('etag'));
  });

  it('refuses values outside their range and unknown choices, and changes nothing', async () => {
    const { body: before } = await app.admin('GET', '/settings');
    const wrong = [
      { provisioningMode: 'samlJit' },
      { restoreArchived: 'never' },
      { unknownJobTitle: '' },
      { defaultPhoneType: '' },
      { defaultPhoneType: '   ' },
      { guard: { maxDeactivations: -1 } },
      { guard: { maxDeactivationsPercent: 101 } },
      { guard: { maxConversions: 1.5 } },
      { guard: { windowMinutes: 0 } },
      { guard: null },
    ];
    for (const patch of wrong) {
      assert.equal((await app.admin('PATCH', '/settings', patch)).status, 400, JSON.stringify(patch));
    }
    assert.deepEqual((await app.admin('GET', '/settings')).body, before);
  });

  it('changes its ETag with every change, and only then', async () => {
    const first = await app.admin('GET', '/settings');
    const changed = await app.admin('PATCH', '/settings', { defaultPhoneType: 'Office' });
    assert.notEqual(changed.headers.get('etag'), first.headers.get('etag'));
    const same = await app.admin('PATCH', '/settings', { defaultPhoneType: 'Office' });
    assert.equal(same.headers.get('etag'), changed.headers.get('etag'));
    assert.equal((await app.admin('GET', '/settings')).headers.get('etag'), changed.headers.get('etag'));
  });

  it('honours If-Match: stale is 412, current and * pass, a weak form of the current one too', async () => {
    const { headers, body } = await app.admin('GET', '/settings');
    const etag = headers.get('etag') ?? '';
    await app.admin('PATCH', '/settings', { defaultPhoneType: 'Changed meanwhile' });
    const patch = { defaultPhoneType: 'Lost update' };
    const stale = await app.admin('PATCH', '/settings', patch, { 'if-match': etag });
    assert.equal(stale.status, 412);
    assert.equal((await app.admin('GET', '/settings')).body.defaultPhoneType, 'Changed meanwhile');

    const current = (await app.admin('GET', '/settings')).headers.get('etag') ?? '';
    assert.equal(
      (await app.admin('PATCH', '/settings', patch, { 'if-match': `${etag}, ${current}` })).status,
      200,
    );
    assert.equal((await app.admin('PATCH', '/settings', body, { 'if-match': '*' })).status, 200);
    const latest = (await app.admin('GET', '/settings')).headers.get('etag') ?? '';
    assert.equal((await app.admin('PATCH', '/settings', patch, { 'if-match': `W/${latest}` })).status, 200);
    assert.equal(
      (await app.admin('PATCH', '/settings', patch, { 'if-match': '"of-another-server"' })).status,
      412,
    );
    assert.equal((await app.admin('PATCH', '/settings', patch, { 'if-match': 'unquoted' })).status, 400);
  });
});

describe('employee defaults', () => {
  let app: TestApp;
  let complete: Record<string, string | null>;
  let rootId: string;
  let externalRoleId: string;

  const idOf = async (path: string, name: string): Promise<string> => {
    const { body } = await app.admin('GET', `${path}?limit=200`);
    return body.items.find((item: { name: string }) => item.name === name).id;
  };
  const first = async (path: string): Promise<string> => (await app.admin('GET', path)).body.items[0].id;

  before(async () => {
    app = await startTestApp();
    rootId = await first('/employees');
    externalRoleId = await idOf('/security-roles', 'External User');
    complete = {
      departmentId: await first('/departments'),
      locationId: await first('/locations'),
      managerId: rootId,
      jobTitleId: await first('/job-titles'),
      employmentType: 'Full-time',
      securityRoleId: await idOf('/security-roles', 'Read Only'),
      employeeRoleId: await first('/employee-roles'),
      accountId: null,
    };
  });
  after(() => app.stop());

  it('starts empty', async () => {
    const { body } = await app.admin('GET', '/employee-defaults');
    assert.deepEqual(Object.keys(body), Object.keys(complete));
    assert.deepEqual(new Set(Object.values(body)), new Set([null]));
  });

  it('refuses to switch provisioning on and names every missing field; root may be the only employee (REQ-49)', async () => {
    const { status, body } = await app.admin('PATCH', '/settings', { provisioningMode: 'azureAdSync' });
    assert.equal(status, 409);
    assert.deepEqual(body.missing, [
      'departmentId',
      'locationId',
      'jobTitleId',
      'employmentType',
      'securityRoleId',
      'employeeRoleId',
    ]);
    assert.equal((await app.admin('GET', '/settings')).body.provisioningMode, 'off');
  });

  it('saves gaps while provisioning is off; a field that is left out becomes a gap', async () => {
    const saved = await app.admin('PUT', '/employee-defaults', { employmentType: 'Contractor' });
    assert.equal(saved.status, 200);
    assert.equal(saved.body.employmentType, 'Contractor');
    assert.equal((await app.admin('PUT', '/employee-defaults', {})).body.employmentType, null);
  });

  it('refuses references to what does not exist or does not fit, with a pointer each', async () => {
    const inactive = await app.admin('POST', '/job-titles', { name: 'Retired', isActive: false });
    const wrong: readonly (readonly [string, unknown])[] = [
      ['departmentId', unknownId],
      ['locationId', unknownId],
      ['managerId', unknownId],
      ['jobTitleId', unknownId],
      ['jobTitleId', inactive.body.id],
      ['securityRoleId', unknownId],
      ['securityRoleId', externalRoleId],
      ['employeeRoleId', unknownId],
      ['accountId', unknownId],
      ['departmentId', 'no-uuid'],
      ['departmentId', 5],
      ['employmentType', ''],
      ['employmentType', '  '],
      ['employmentType', 'x'.repeat(61)],
    ];
    for (const [field, value] of wrong) {
      const { status, body } = await app.admin('PUT', '/employee-defaults', { ...complete, [field]: value });
      assert.equal(status, 400, `${field} ${String(value)}`);
      assert.equal(body.errors[0].pointer, `/${field}`);
    }
  });

  it('reports all wrong references at once', async () => {
    const { body } = await app.admin('PUT', '/employee-defaults', {
      departmentId: unknownId,
      accountId: unknownId,
    });
    assert.deepEqual(
      body.errors.map(({ pointer }: { pointer: string }) => pointer),
      ['/departmentId', '/accountId'],
    );
  });

  it('refuses a manager who is not active', async () => {
    const { body: employee } = await app.admin('POST', '/employees', {
      username: 'away',
      firstName: 'Ada',
      lastName: 'Away',
      email: 'away@example.com',
      status: 'inactive',
    });
    const { status, body } = await app.admin('PUT', '/employee-defaults', {
      ...complete,
      managerId: employee.id,
    });
    assert.equal(status, 400);
    assert.equal(body.errors[0].pointer, '/managerId');
  });

  it('wants a manager as soon as there is another employee than root', async () => {
    await app.admin('PUT', '/employee-defaults', { ...complete, managerId: null });
    const { status, body } = await app.admin('PATCH', '/settings', { provisioningMode: 'azureAdSync' });
    assert.equal(status, 409);
    assert.deepEqual(body.missing, ['managerId']);
  });

  it('lets provisioning be switched on once the seven mandatory defaults are set', async () => {
    assert.equal((await app.admin('PUT', '/employee-defaults', complete)).status, 200);
    const { status, body } = await app.admin('PATCH', '/settings', { provisioningMode: 'azureAdSync' });
    assert.equal(status, 200);
    assert.equal(body.provisioningMode, 'azureAdSync');
  });

  it('refuses a gap while provisioning is on, and keeps what was saved', async () => {
    const { status, body } = await app.admin('PUT', '/employee-defaults', {
      ...complete,
      departmentId: null,
      employeeRoleId: null,
    });
    assert.equal(status, 409);
    assert.deepEqual(body.missing, ['departmentId', 'employeeRoleId']);
    assert.deepEqual((await app.admin('GET', '/employee-defaults')).body, complete);
  });

  it('accepts the optional account, and its ETag guards against a lost update', async () => {
    const { body: account } = await app.admin('POST', '/accounts', { name: 'Fabrikam' });
    const { headers } = await app.admin('GET', '/employee-defaults');
    const wanted = { ...complete, accountId: account.id };
    const options = { 'if-match': headers.get('etag') ?? '' };
    assert.equal((await app.admin('PUT', '/employee-defaults', wanted, options)).status, 200);
    assert.equal((await app.admin('PUT', '/employee-defaults', complete, options)).status, 412);
    assert.equal((await app.admin('GET', '/employee-defaults')).body.accountId, account.id);
  });

  it('plans everybody in the mirror again when provisioning is switched on', async () => {
    await app.admin('PATCH', '/settings', { provisioningMode: 'off' });
    const connection = await app.createScimConnection('Late');
    const user = await app.scim(connection, 'POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'late@contoso.example',
      name: { givenName: 'Lara', familyName: 'Late' },
      active: true,
    });
    await app.scim(connection, 'POST', '/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'Technicians',
      externalId: 'technicians',
      members: [{ value: user.body.id }],
    });
    await app.admin('POST', '/mapping-rules', {
      connectionId: connection.connectionId,
      groupId: 'technicians',
      order: 1,
      userType: 'employee',
      securityRoleId: complete.securityRoleId,
    });
    const query = `/employees?connectionId=${connection.connectionId}`;
    assert.equal((await app.admin('GET', query)).body.items.length, 0);

    await app.admin('PATCH', '/settings', { provisioningMode: 'azureAdSync' });
    const deadline = Date.now() + 30_000;
    let found: { username: string }[] = [];
    while (found.length === 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      found = (await app.admin('GET', query)).body.items;
    }
    assert.deepEqual(
      found.map(({ username }) => username),
      ['late'],
    );
  });
});
