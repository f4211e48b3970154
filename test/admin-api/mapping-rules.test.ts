import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { ScimConnection } from '../support/app.ts';
import {
  type Json,
  makeClient,
  pointersOf,
  startWorld,
  unique,
  unknownId,
  type World,
} from './people-world.ts';

describe('mapping rules', () => {
  let world: World;
  let connection: ScimConnection;
  let client: ReturnType<typeof makeClient>;

  before(async () => {
    world = await startWorld();
    connection = await world.app.createScimConnection('Contoso');
    client = makeClient(world, connection);
  });
  after(() => world?.app.stop());

  const rule = (more: object = {}): Json => ({
    connectionId: connection.connectionId,
    groupId: unique('group'),
    order: 10,
    userType: 'employee',
    securityRoleId: world.roles['Technician'],
    ...more,
  });
  const portalRule = (more: object = {}): Json =>
    rule({
      userType: 'clientPortal',
      securityRoleId: world.roles['External User'],
      accountId: world.account.id,
      ...more,
    });
  const created = (body: Json): Promise<Json> => world.expect(201, 'POST', '/mapping-rules', body);

  it('answers a created rule with Location and ETag, and the same on a read (REQ-60)', async () => {
    const answer = await world.call('POST', '/mapping-rules', rule({ note: 'first' }));
    assert.equal(answer.status, 201);
    assert.match(answer.header('location') ?? '', new RegExp(`/api/v1/mapping-rules/${answer.body.id}$`));
    const read = await world.call('GET', `/mapping-rules/${answer.body.id}`);
    assert.deepEqual(read.body, answer.body);
    assert.equal(read.header('etag'), answer.header('etag'));
    assert.equal(read.body.enabled, true);
    assert.equal(read.body.accountId, null);
    assert.deepEqual(read.body.overrides, {
      departmentId: null,
      locationId: null,
      managerId: null,
      employmentType: null,
      employeeRoleId: null,
    });
  });

  it('takes null overrides as none, as the preview does', async () => {
    const body = rule({ overrides: null });
    const changes = [{ op: 'create', rule: body }];
    await world.expect(200, 'POST', '/mapping-rules/preview', { changes });
    assert.equal((await created(body)).overrides.departmentId, null);
  });

  it('lists the rules of one connection page by page', async () => {
    const other = await world.app.createScimConnection('Other');
    const ids = [];
    for (let index = 0; index < 3; index += 1)
      ids.push((await created(rule({ connectionId: other.connectionId }))).id);
    const path = `/mapping-rules?connectionId=${other.connectionId}&limit=2`;
    const first = await world.expect(200, 'GET', path);
    const second = await world.expect(200, 'GET', `${path}&cursor=${first.nextCursor}`);
    assert.deepEqual(
      [...first.items, ...second.items].map((item: Json) => item.id),
      ids,
    );
    assert.equal(second.nextCursor, null);
  });

  it('knows a group as unknown, then found, then missing', async () => {
    const body = rule();
    const { id, groupState, groupName } = await created(body);
    assert.deepEqual([groupState, groupName], ['unknown', null]);
    const groupId = await client.addGroup(body.groupId.toUpperCase());
    const found = await world.expect(200, 'GET', `/mapping-rules/${id}`);
    assert.deepEqual([found.groupState, found.groupName], ['found', `Group ${body.groupId.toUpperCase()}`]);
    assert.ok(found.groupCreatedAt);
    await client.deleteGroup(groupId);
    assert.equal((await world.expect(200, 'GET', `/mapping-rules/${id}`)).groupState, 'missing');
  });

  it('allows one rule per group of a connection, whatever the case of the id (A-23)', async () => {
    const body = rule();
    await created(body);
    const twin = await world.expect(409, 'POST', '/mapping-rules', {
      ...body,
      groupId: body.groupId.toUpperCase(),
    });
    assert.deepEqual(pointersOf(twin), ['/groupId']);
    const other = await world.app.createScimConnection('Elsewhere');
    await created({ ...body, connectionId: other.connectionId });
  });

  it('allows the same Order on two rules (A-23) and refuses one that is negative or no integer', async () => {
    await created(rule({ order: 77 }));
    await created(rule({ order: 77 }));
    for (const order of [-1, 1.5, '1', null]) {
      await world.expect(400, 'POST', '/mapping-rules', rule({ order }));
    }
  });

  it('refuses a role that is unknown or does not fit the user type, with a pointer', async () => {
    const bodies = [
      rule({ securityRoleId: unknownId }),
      rule({ securityRoleId: world.roles['External User'] }),
      portalRule({ securityRoleId: world.roles['Technician'] }),
    ];
    for (const body of bodies) {
      assert.deepEqual(pointersOf(await world.expect(400, 'POST', '/mapping-rules', body)), [
        '/securityRoleId',
      ]);
    }
  });

  it('refuses an inactive role', async () => {
    const role = await world.expect(201, 'POST', '/security-roles', {
      name: unique('Retired'),
      isActive: false,
    });
    const problem = await world.expect(400, 'POST', '/mapping-rules', rule({ securityRoleId: role.id }));
    assert.deepEqual(pointersOf(problem), ['/securityRoleId']);
  });

  it('needs an account for the client portal and takes its main location by default', async () => {
    assert.equal((await created(portalRule())).accountLocationId, world.accountLocationId);
    const missing = await world.expect(400, 'POST', '/mapping-rules', portalRule({ accountId: undefined }));
    assert.deepEqual(pointersOf(missing), ['/accountId']);
    const unknown = await world.expect(400, 'POST', '/mapping-rules', portalRule({ accountId: unknownId }));
    assert.deepEqual(pointersOf(unknown), ['/accountId']);
    const other = await world.expect(201, 'POST', '/accounts', { name: unique('Other') });
    const [otherLocation] = (await world.expect(200, 'GET', `/accounts/${other.id}/locations`)).items;
    const foreign = await world.expect(
      400,
      'POST',
      '/mapping-rules',
      portalRule({ accountLocationId: otherLocation.id }),
    );
    assert.deepEqual(pointersOf(foreign), ['/accountLocationId']);
  });

  it('checks every override', async () => {
    for (const field of ['departmentId', 'locationId', 'managerId', 'employeeRoleId']) {
      const problem = await world.expect(
        400,
        'POST',
        '/mapping-rules',
        rule({ overrides: { [field]: unknownId } }),
      );
      assert.deepEqual(pointersOf(problem), [`/overrides/${field}`]);
    }
    const overrides = { departmentId: world.defaults.departmentId, employmentType: ' Contractor ' };
    const { overrides: stored } = await created(rule({ overrides }));
    assert.deepEqual(
      [stored.departmentId, stored.employmentType],
      [world.defaults.departmentId, 'Contractor'],
    );
  });

  it('needs a connection that exists', async () => {
    const unknown = await world.expect(400, 'POST', '/mapping-rules', rule({ connectionId: unknownId }));
    assert.deepEqual(pointersOf(unknown), ['/connectionId']);
    await world.expect(400, 'POST', '/mapping-rules', rule({ connectionId: undefined }));
    const tenant = await world.expect(
      400,
      'POST',
      '/mapping-rules',
      rule({ connectionId: undefined, tenantId: unknownId }),
    );
    assert.deepEqual(pointersOf(tenant), ['/tenantId']);
  });

  it('refuses a domain name where the tenant id is wanted (REQ-59)', async () => {
    const body = rule({ connectionId: undefined, tenantId: 'contoso.onmicrosoft.com' });
    const problem = await world.expect(400, 'POST', '/mapping-rules', body);
    assert.deepEqual(pointersOf(problem), ['/tenantId']);
    assert.match(problem.detail, /GUID/);
  });

  describe('of an Entra connection', () => {
    let tenantId: string;
    let entra: ScimConnection;
    const groupId = (): string => crypto.randomUUID();

    before(async () => {
      entra = await world.app.createScimConnection('Entra', 'entra');
      ({ tenantId } = await world.expect(200, 'GET', `/connections/${entra.connectionId}`));
      const database = new pg.Client({ connectionString: world.app.databaseUrl });
      await database.connect();
      await database.query(
        "update connections set verified_domains = '{known.example}' where tenant_id = $1",
        [tenantId],
      );
      await database.end();
    });

    it('name it by the tenant id alone (REQ-59)', async () => {
      const made = await created(rule({ connectionId: undefined, tenantId, groupId: groupId() }));
      assert.deepEqual([made.connectionId, made.tenantId], [entra.connectionId, tenantId]);
      const upper = {
        connectionId: entra.connectionId,
        tenantId: tenantId.toUpperCase(),
        groupId: groupId(),
      };
      assert.equal((await created(rule(upper))).tenantId, tenantId);
      const mixed = rule({ tenantId, groupId: groupId() });
      assert.deepEqual(pointersOf(await world.expect(400, 'POST', '/mapping-rules', mixed)), ['/tenantId']);
    });

    it('are told the tenant id that stands behind a domain name (REQ-59)', async () => {
      const body = rule({ connectionId: undefined, tenantId: 'Known.Example', groupId: groupId() });
      const problem = await world.expect(400, 'POST', '/mapping-rules', body);
      assert.ok(problem.detail.includes(tenantId), problem.detail);
    });

    it('need the object id of the group (REQ-59)', async () => {
      const body = rule({ connectionId: entra.connectionId, groupId: 'Engineers' });
      assert.deepEqual(pointersOf(await world.expect(400, 'POST', '/mapping-rules', body)), ['/groupId']);
      const { id } = await created(rule({ connectionId: entra.connectionId, groupId: groupId() }));
      const change = { groupId: 'Engineers' };
      assert.deepEqual(pointersOf(await world.expect(400, 'PATCH', `/mapping-rules/${id}`, change)), [
        '/groupId',
      ]);
    });
  });

  it('refuses fields that it does not know, and fields that follow from the mirror', async () => {
    for (const more of [{ priority: 1 }, { groupName: 'x' }, { overrides: { jobTitleId: null } }]) {
      await world.expect(400, 'POST', '/mapping-rules', rule(more));
    }
  });

  it('merges a patch: absent stays, null clears, overrides are merged (RFC 7396)', async () => {
    const { id } = await created(rule({ note: 'n', overrides: { employmentType: 'Contractor' } }));
    const overrides = { departmentId: world.defaults.departmentId };
    const changed = await world.expect(200, 'PATCH', `/mapping-rules/${id}`, {
      note: null,
      order: 3,
      overrides,
    });
    assert.deepEqual([changed.note, changed.order, changed.userType], [null, 3, 'employee']);
    assert.equal(changed.overrides.employmentType, 'Contractor');
    assert.equal(changed.overrides.departmentId, world.defaults.departmentId);
    const cleared = await world.expect(200, 'PATCH', `/mapping-rules/${id}`, {
      overrides: { employmentType: null },
    });
    assert.equal(cleared.overrides.employmentType, null);
  });

  it('gives an employee rule that becomes a portal rule an account, and takes it away on the way back', async () => {
    const { id } = await created(rule());
    const path = `/mapping-rules/${id}`;
    const portal = { userType: 'clientPortal', securityRoleId: world.roles['External User'] };
    await world.expect(400, 'PATCH', path, { userType: 'clientPortal' });
    await world.expect(400, 'PATCH', path, portal);
    const changed = await world.expect(200, 'PATCH', path, { ...portal, accountId: world.account.id });
    assert.equal(changed.accountLocationId, world.accountLocationId);
    const back = await world.expect(200, 'PATCH', path, {
      userType: 'employee',
      securityRoleId: world.roles['Technician'],
    });
    assert.deepEqual([back.accountId, back.accountLocationId], [null, null]);
  });

  it('refuses a change that was made on an older version with 412, and takes * for any', async () => {
    const answer = await world.call('POST', '/mapping-rules', rule());
    const path = `/mapping-rules/${answer.body.id}`;
    const first = { 'If-Match': answer.header('etag') ?? '' };
    const changed = await world.call('PATCH', path, { order: 1 }, first);
    assert.equal(changed.status, 200);
    assert.notEqual(changed.header('etag'), first['If-Match']);
    await world.expect(412, 'PATCH', path, { order: 2 }, first);
    await world.expect(412, 'DELETE', path, undefined, first);
    assert.equal((await world.expect(200, 'GET', path)).order, 1);
    await world.expect(200, 'PATCH', path, { order: 2 }, { 'If-Match': '*' });
    await world.expect(204, 'DELETE', path, undefined, { 'If-Match': '*' });
    await world.expect(404, 'GET', path);
  });

  it('keeps the version when a patch changes nothing', async () => {
    const answer = await world.call('POST', '/mapping-rules', rule());
    const again = await world.call('PATCH', `/mapping-rules/${answer.body.id}`, { order: 10 });
    assert.equal(again.header('etag'), answer.header('etag'));
    assert.deepEqual(again.body, answer.body);
  });

  it('answers 404 for a rule that does not exist', async () => {
    for (const id of [unknownId, 'no-uuid']) {
      await world.expect(404, 'GET', `/mapping-rules/${id}`);
      await world.expect(404, 'PATCH', `/mapping-rules/${id}`, { order: 1 });
      await world.expect(404, 'DELETE', `/mapping-rules/${id}`);
    }
  });

  it('takes effect for the members at once: created, changed, moved to another group, deleted (A-24, REQ-57)', async () => {
    const name = unique('rita');
    const userId = await client.addUser(name);
    const body = rule();
    await client.addGroup(body.groupId, [userId]);
    const employees = `/employees?email=${name}@contoso.example`;
    assert.equal((await world.expect(200, 'GET', employees)).items.length, 0);

    const { id } = await created(body);
    const [employee] = (await world.expect(200, 'GET', employees)).items;
    assert.deepEqual([employee.securityRoleId, employee.winningRuleId], [world.roles['Technician'], id]);
    assert.equal(employee.directoryUserId, userId);

    await world.expect(200, 'PATCH', `/mapping-rules/${id}`, {
      securityRoleId: world.roles['Administrator'],
    });
    const path = `/employees/${employee.id}`;
    assert.equal((await world.expect(200, 'GET', path)).securityRoleId, world.roles['Administrator']);

    await world.expect(200, 'PATCH', `/mapping-rules/${id}`, { groupId: unique('empty') });
    const revoked = await world.expect(200, 'GET', path);
    assert.deepEqual(
      [revoked.loginEnabled, revoked.securityRoleId, revoked.winningRuleId, revoked.status],
      [false, null, null, 'active'],
    );

    await world.expect(200, 'PATCH', `/mapping-rules/${id}`, { groupId: body.groupId });
    assert.equal((await world.expect(200, 'GET', path)).loginEnabled, true);
    await world.expect(204, 'DELETE', `/mapping-rules/${id}`);
    assert.equal((await world.expect(200, 'GET', path)).loginEnabled, false);
  });

  it('takes effect for a group of any size, beyond what one request decides', async () => {
    const wideOpen = { maxDeactivations: 10_000, maxDeactivationsPercent: 100 };
    await world.expect(200, 'PATCH', '/settings', { guard: wideOpen });
    const word = unique('crowd');
    const userIds = [];
    for (let index = 0; index < 210; index += 1) userIds.push(await client.addUser(`${word}.${index}`));
    const body = rule();
    await client.addGroup(body.groupId, userIds);
    const { id } = await created(body);
    const count = async (filter: (employee: Json) => boolean): Promise<number> => {
      const first = await world.expect(200, 'GET', `/employees?q=${word}&limit=200`);
      if (first.nextCursor === null) return first.items.filter(filter).length;
      const rest = await world.expect(
        200,
        'GET',
        `/employees?q=${word}&limit=200&cursor=${first.nextCursor}`,
      );
      return [...first.items, ...rest.items].filter(filter).length;
    };
    const settled = async (filter: (employee: Json) => boolean): Promise<number> => {
      for (let attempt = 0; attempt < 100; attempt += 1) {
        if ((await count(filter)) === userIds.length) break;
        await sleep(100);
      }
      return count(filter);
    };
    assert.equal(await settled((it) => it.winningRuleId === id && it.loginEnabled), userIds.length);
    await world.expect(204, 'DELETE', `/mapping-rules/${id}`);
    assert.equal(await settled((it) => it.winningRuleId === null && !it.loginEnabled), userIds.length);
  });

  it('lets a disabled rule decide nothing', async () => {
    const userId = await client.addUser(unique('idle'));
    const body = rule({ enabled: false });
    await client.addGroup(body.groupId, [userId]);
    const { id } = await created(body);
    assert.equal((await world.expect(200, 'GET', `/directory-users/${userId}`)).employeeId, null);
    await world.expect(200, 'PATCH', `/mapping-rules/${id}`, { enabled: true });
    assert.notEqual((await world.expect(200, 'GET', `/directory-users/${userId}`)).employeeId, null);
  });

  it('logs what a rule change did as ruleChange with the request id of the change', async () => {
    const userId = await client.addUser(unique('log'));
    const body = rule();
    await client.addGroup(body.groupId, [userId]);
    const answer = await world.call('POST', '/mapping-rules', body);
    const { items } = await world.expect(200, 'GET', `/provisioning-events?directoryUserId=${userId}`);
    assert.equal(items[0].action, 'created');
    assert.equal(items[0].trigger, 'ruleChange');
    assert.equal(items[0].requestId, answer.header('x-request-id'));
    assert.equal(items[0].winningRuleId, answer.body.id);
  });
});
