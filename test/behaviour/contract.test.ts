import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Json, pointersOf, unique, unknownId } from '../admin-api/people-world.ts';
import { type Behaviour, type RuledGroup, startBehaviour } from './behaviour-world.ts';

const names = (text: string): readonly string[] => text.trim().split(/\s+/);

const employeeFields =
  names(`id username email firstName lastName phone jobTitle jobTitleId departmentId locationId
  managerId employmentType employeeRoleId securityRoleId loginEnabled status isRoot directoryUserId winningRuleId
  archivedAt predecessorId successorId relations createdAt updatedAt`);
const contactFields =
  names(`id accountId accountLocationId firstName lastName jobTitle emails phones hasPortalAccess
  username securityRoleId status directoryUserId winningRuleId createdAt updatedAt`);
const connectionFields =
  names(`id name kind tenant tenantId cloud applicationId hasApplicationKey emailSource status
  statusDetail grantedScopes verifiedDomains allowedExternalDomains scimBaseUrl lastSync lastGraphSuccessAt createdAt`);
const ruleFields = names(`id connectionId tenantId groupId groupName groupCreatedAt groupState order userType
  securityRoleId accountId accountLocationId overrides enabled note createdAt updatedAt`);
const userFields =
  names(`id connectionId objectId externalId userName displayName active deleted groups employeeId
  contactId`);
const groupFields = names('id connectionId objectId externalId name memberCount deleted');
const eventFields =
  names(`id at connectionId trigger runId requestId directoryUserId employeeId contactId action
  reason winningRuleId changes`);
const runFields = names('id connectionId kind state progress counts startedAt endedAt error');

describe('the shape of what the administration API answers', () => {
  let world: Behaviour;
  let group: RuledGroup;
  let portal: RuledGroup;
  let userId: string;
  let portalUserId: string;
  before(async () => {
    world = await startBehaviour();
    userId = await world.client.addUser(unique('shape'));
    portalUserId = await world.client.addUser(unique('shape'));
    group = await world.employeeGroup([userId], { order: 1 });
    portal = await world.portalGroup([portalUserId], { order: 2 });
  });
  after(() => world.app.stop());

  const has = (object: Json, fields: readonly string[]): void => {
    for (const field of fields)
      assert.ok(field in object, `${field} is missing in ${JSON.stringify(object)}`);
  };

  it('REQ-50 REQ-51 employees, contacts, connections, rules and the mirror have every documented field', async () => {
    has(await world.employeeOf(userId), employeeFields);
    has(await world.contactOf(portalUserId), contactFields);
    const connection = await world.expect(200, 'GET', `/connections/${world.connection.connectionId}`);
    has(connection, connectionFields);
    assert.ok(connection.scimBaseUrl.startsWith('http') && !connection.scimBaseUrl.endsWith('/'));
    has(portal.rule, ruleFields);
    assert.deepEqual(
      Object.keys(portal.rule.overrides).sort(),
      names('departmentId employeeRoleId employmentType locationId managerId'),
    );
    const user = await world.directoryUser(userId);
    has(user, userFields);
    has(user.groups[0], names('id objectId name source'));
    has(await world.expect(200, 'GET', `/directory-groups/${group.id}`), groupFields);
    for (const event of await world.events(`directoryUserId=${userId}`)) {
      has(event, eventFields);
      for (const change of event.changes) has(change, names('field before after origin'));
    }
    const run = await world.expect(202, 'POST', `/connections/${connection.id}/sync`);
    has(run, runFields);
    has(run.progress, names('done total'));
  });

  it('an explanation has decision, fields and last events, and every rule of the connection as candidate', async () => {
    const { decision, fields, lastEvents } = await world.explain(userId);
    assert.deepEqual([decision.outcome, decision.winningRuleId], ['employee', group.rule.id]);
    for (const it of decision.candidates) has(it, names('ruleId order groupId groupName verdict reason'));
    assert.deepEqual(
      decision.candidates.map(({ ruleId, verdict }: Json) => [ruleId, verdict]),
      [
        [group.rule.id, 'won'],
        [portal.rule.id, 'notMember'],
      ],
    );
    const origins = new Map<string, string>(fields.map(({ field, origin }: Json) => [field, origin]));
    const expected = {
      firstName: 'directory',
      username: 'directory',
      email: 'directory',
      departmentId: 'default',
      securityRoleId: 'rule',
    };
    for (const [field, origin] of Object.entries(expected)) assert.equal(origins.get(field), origin, field);
    has(lastEvents[0], eventFields);
    assert.equal((await world.explain(portalUserId)).decision.outcome, 'clientPortal');
  });

  it('configuration carries an ETag on every answer, and a stale If-Match is 412', async () => {
    const { departmentId } = world.defaults;
    const paths = [
      '/settings',
      '/employee-defaults',
      `/departments/${departmentId}`,
      `/accounts/${world.account.id}`,
      `/connections/${world.connection.connectionId}`,
      `/mapping-rules/${group.rule.id}`,
    ];
    for (const path of paths) {
      const { header } = await world.call('GET', path);
      assert.ok(header('etag'), path);
      const [method, body] =
        path === '/employee-defaults' ? (['PUT', world.defaults] as const) : (['PATCH', {}] as const);
      assert.equal((await world.call(method, path, body, { 'if-match': '"stale"' })).status, 412, path);
      const any = await world.call(method, path, body, { 'if-match': '*' });
      assert.deepEqual([any.status, any.header('etag') !== null], [200, true], path);
    }
    const created = await world.call('POST', '/departments', { name: unique('ETag') });
    assert.ok(created.header('etag') && created.header('location'));
    assert.equal(
      (await world.call('DELETE', `/departments/${created.body.id}`, undefined, { 'if-match': '"stale"' }))
        .status,
      412,
    );
  });

  it('every answer has a request id, and problems name type, title, status and detail', async () => {
    for (const [method, path, body] of [
      ['GET', `/employees/${unknownId}`, undefined],
      ['POST', '/departments', { name: '', surprise: 1 }],
      ['GET', '/employees?limit=201', undefined],
    ] as const) {
      const answer = await world.call(method, path, body);
      assert.ok(answer.header('x-request-id'));
      assert.match(String(answer.header('content-type')), /^application\/problem\+json/);
      has(answer.body, names('type title status detail'));
      assert.equal(answer.body.status, answer.status);
    }
    const problem = await world.expect(400, 'POST', '/departments', { name: 'A', surprise: 1 });
    assert.deepEqual(pointersOf(problem), ['/surprise']);
  });

  it('references to what does not exist are 400 with a pointer', async () => {
    const rule = { groupId: unique('x'), order: 1, userType: 'employee' };
    const { connectionId } = world.connection;
    const cases: readonly (readonly [string, object, string])[] = [
      ['/mapping-rules', { ...rule, connectionId, securityRoleId: unknownId }, '/securityRoleId'],
      [
        '/mapping-rules',
        { ...rule, connectionId: unknownId, securityRoleId: world.roles['Technician'] },
        '/connectionId',
      ],
      ['/contacts', { accountId: unknownId, firstName: 'A', lastName: 'B' }, '/accountId'],
      [
        '/employees',
        { firstName: 'A', lastName: 'B', email: `${unique('r')}@x.example`, departmentId: unknownId },
        '/departmentId',
      ],
      ['/relations', { kind: 'ticket', reference: 'T', employeeId: unknownId }, '/employeeId'],
    ];
    for (const [path, body, pointer] of cases) {
      assert.deepEqual(pointersOf(await world.expect(400, 'POST', path, body)), [pointer], path);
    }
  });

  it('deletes with relations are 409 that list them, of contacts and employees alike', async () => {
    const [employee, contact] = [await world.employeeOf(userId), await world.contactOf(portalUserId)];
    for (const [path, owner] of [
      [`/employees/${employee.id}`, { employeeId: employee.id }],
      [`/contacts/${contact.id}`, { contactId: contact.id }],
    ] as const) {
      const body = { kind: 'asset', reference: unique('A'), ...owner };
      const { id } = await world.expect(201, 'POST', '/relations', body);
      const refused = await world.expect(409, 'DELETE', path);
      assert.deepEqual(
        refused.relations.map((it: Json) => [it.id, it.kind]),
        [[id, 'asset']],
      );
      await world.expect(204, 'DELETE', `/relations/${id}`);
    }
  });

  it('a preview names effects, before and after of those affected only, and its digest is what applies', async () => {
    const changes = [{ op: 'update', id: group.rule.id, rule: { enabled: false } }];
    const preview = await world.expect(200, 'POST', '/mapping-rules/preview', { changes });
    has(preview, names('digest counts items nextCursor'));
    assert.equal(preview.items.length, 1);
    const [item] = preview.items;
    has(item, names('directoryUserId displayName before after effects'));
    const outcome = names('outcome userType securityRoleId winningRuleId employeeId contactId loginEnabled');
    has(item.before, outcome);
    has(item.after, outcome);
    assert.deepEqual([item.directoryUserId, item.effects], [userId, ['revokeAccess']]);
    assert.deepEqual([item.before.outcome, item.after.outcome], ['employee', 'noRule']);
    assert.equal(preview.counts.revokeAccess, 1);
    assert.equal((await world.employeeOf(userId)).loginEnabled, true);
    await world.expect(409, 'POST', '/mapping-rules/apply', { changes, digest: 'of something else' });
    await world.expect(200, 'POST', '/mapping-rules/apply', { changes, digest: preview.digest });
    assert.equal((await world.employeeOf(userId)).loginEnabled, false);
    await world.expect(200, 'PATCH', `/mapping-rules/${group.rule.id}`, { enabled: true });
  });
});
