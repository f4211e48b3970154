import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  type Json,
  makeClient,
  pointersOf,
  startWorld,
  unique,
  unknownId,
  type World,
} from '../admin-api/people-world.ts';
import type { ScimConnection } from '../support/app.ts';
import { portalFields, technicianRule } from './rules.ts';

const noEffects = {
  grantAccess: 0,
  revokeAccess: 0,
  changeRole: 0,
  createEmployee: 0,
  createContact: 0,
  archiveEmployee: 0,
  disablePortal: 0,
};

describe('previewing and applying changes of mapping rules', () => {
  let world: World;
  let connection: ScimConnection;
  let client: ReturnType<typeof makeClient>;

  before(async () => {
    world = await startWorld();
    const guard = { maxDeactivations: 1000, maxDeactivationsPercent: 100, maxConversions: 1000 };
    await world.expect(200, 'PATCH', '/settings', { guard });
  });
  beforeEach(async () => {
    connection = await world.app.createScimConnection(unique('Contoso'));
    client = makeClient(world, connection);
  });
  after(() => world?.app.stop());

  const rule = (groupId: string, more: object = {}): Json => technicianRule(world, connection, groupId, more);
  const portal = (): Json => portalFields(world);
  const preview = (changes: Json, query = ''): Promise<Json> =>
    world.expect(200, 'POST', `/mapping-rules/preview${query}`, { changes });
  const apply = (changes: Json, digest: string): Promise<Json> =>
    world.expect(200, 'POST', '/mapping-rules/apply', { changes, digest });
  const patchMembers = (op: 'add' | 'remove', groupId: string, ids: readonly string[]): Promise<Json> =>
    world.scim(200, connection, 'PATCH', `/Groups/${groupId}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op, path: 'members', value: ids.map((value) => ({ value })) }],
    });
  const people = async (): Promise<Json> => ({
    employees: (await world.expect(200, 'GET', `/employees?connectionId=${connection.connectionId}`)).items,
    contacts: (await world.expect(200, 'GET', `/contacts?connectionId=${connection.connectionId}`)).items,
    rules: (await world.expect(200, 'GET', `/mapping-rules?connectionId=${connection.connectionId}`)).items,
    events: (await world.expect(200, 'GET', `/provisioning-events?connectionId=${connection.connectionId}`))
      .items,
  });

  it('lists who would become an employee, and writes nothing (A-24)', async () => {
    const [ada, bob] = [await client.addUser(unique('ada')), await client.addUser(unique('bob'))];
    await client.addUser(unique('eve'));
    const group = unique('group');
    await client.addGroup(group, [ada, bob]);
    const unchanged = await people();
    const answer = await preview([{ op: 'create', rule: rule(group) }]);
    assert.deepEqual(answer.counts, { ...noEffects, grantAccess: 2, createEmployee: 2 });
    assert.deepEqual(
      answer.items.map((item: Json) => item.directoryUserId),
      [ada, bob].sort(),
    );
    const [item] = answer.items;
    assert.deepEqual(item.before, {
      outcome: 'noRule',
      userType: null,
      securityRoleId: null,
      winningRuleId: null,
      employeeId: null,
      contactId: null,
      loginEnabled: false,
    });
    assert.deepEqual(item.after, {
      outcome: 'employee',
      userType: 'employee',
      securityRoleId: world.roles['Technician'],
      winningRuleId: null,
      employeeId: null,
      contactId: null,
      loginEnabled: true,
    });
    assert.deepEqual(item.effects, ['grantAccess', 'createEmployee']);
    assert.deepEqual(await people(), unchanged);
  });

  it('does what was previewed when the digest is quoted', async () => {
    const ada = await client.addUser(unique('ada'));
    const group = unique('group');
    await client.addGroup(group, [ada]);
    const changes = [{ op: 'create', rule: rule(group) }];
    const { digest, counts } = await preview(changes);
    const applied = await apply(changes, digest);
    assert.deepEqual(applied.counts, counts);
    const { employees, rules } = await people();
    assert.deepEqual(applied.rules, rules);
    assert.equal(employees.length, 1);
    assert.equal(employees[0].winningRuleId, rules[0].id);
    assert.equal(employees[0].loginEnabled, true);
  });

  it('tells a conversion as an archived employee, a new contact and another role', async () => {
    const ada = await client.addUser(unique('ada'));
    const group = unique('group');
    await client.addGroup(group, [ada]);
    const { id } = await world.expect(201, 'POST', '/mapping-rules', rule(group));
    const changes = [{ op: 'update', id, rule: portal() }];
    const answer = await preview(changes);
    assert.deepEqual(answer.items[0].effects, ['changeRole', 'createContact', 'archiveEmployee']);
    assert.equal(answer.items[0].before.winningRuleId, id);
    assert.equal(answer.items[0].after.winningRuleId, id);
    assert.equal(answer.items[0].after.userType, 'clientPortal');
    await apply(changes, answer.digest);
    const back = await preview([
      { op: 'update', id, rule: { userType: 'employee', securityRoleId: world.roles['Technician'] } },
    ]);
    assert.deepEqual(back.items[0].effects, ['changeRole', 'disablePortal']);
  });

  it('tells who loses access when a rule is deleted', async () => {
    const ada = await client.addUser(unique('ada'));
    const group = unique('group');
    await client.addGroup(group, [ada]);
    const { id } = await world.expect(201, 'POST', '/mapping-rules', rule(group));
    const changes = [{ op: 'delete', id }];
    const answer = await preview(changes);
    assert.deepEqual(answer.items[0].effects, ['revokeAccess']);
    assert.equal(answer.items[0].after.outcome, 'noRule');
    assert.deepEqual((await apply(changes, answer.digest)).rules, []);
    await world.expect(404, 'GET', `/mapping-rules/${id}`);
    assert.equal((await people()).employees[0].loginEnabled, false);
  });

  it('takes the changes one after the other: a rule moves to the group that another one gave up', async () => {
    const [ada, bob] = [await client.addUser(unique('ada')), await client.addUser(unique('bob'))];
    const [first, second] = [unique('group'), unique('group')];
    await client.addGroup(first, [ada]);
    await client.addGroup(second, [bob]);
    const one = await world.expect(201, 'POST', '/mapping-rules', rule(first));
    const two = await world.expect(
      201,
      'POST',
      '/mapping-rules',
      rule(second, { securityRoleId: world.roles['Read Only'] }),
    );
    const changes = [
      { op: 'update', id: one.id, rule: { groupId: unique('elsewhere') } },
      { op: 'update', id: two.id, rule: { groupId: first } },
      { op: 'update', id: one.id, rule: { groupId: second } },
    ];
    const answer = await preview(changes);
    assert.deepEqual(answer.counts, { ...noEffects, changeRole: 2 });
    await apply(changes, answer.digest);
    const { rules } = await people();
    assert.deepEqual(
      rules.map((it: Json) => [it.id, it.groupId]),
      [
        [one.id, second],
        [two.id, first],
      ],
    );
  });

  it('answers an empty list when people come out the same', async () => {
    const ada = await client.addUser(unique('ada'));
    const group = unique('group');
    await client.addGroup(group, [ada]);
    const { id } = await world.expect(201, 'POST', '/mapping-rules', rule(group));
    for (const change of [{ note: 'only a note' }, { order: 3 }, { order: 10 }]) {
      const answer = await preview([{ op: 'update', id, rule: change }]);
      assert.deepEqual(answer.items, []);
      assert.deepEqual(answer.counts, noEffects);
      assert.equal(answer.nextCursor, null);
    }
    const changes = [{ op: 'update', id, rule: { note: 'only a note' } }];
    const { rules } = await apply(changes, (await preview(changes)).digest);
    assert.equal(rules[0].note, 'only a note');
  });

  it('says of somebody deactivated by hand that another kind of rule leaves them inactive, and of nobody twice', async () => {
    const member = await client.addUser(unique('left'));
    const groupId = unique('leavers');
    await client.addGroup(groupId, [member]);
    const { id } = await world.expect(201, 'POST', '/mapping-rules', rule(groupId));
    const { employeeId } = await world.expect(200, 'GET', `/directory-users/${member}`);
    await world.expect(200, 'PATCH', `/employees/${employeeId}`, { status: 'inactive' });
    const changes = [{ op: 'update', id, rule: portal() }];
    const plan = await preview(changes);
    assert.deepEqual(plan.counts, noEffects);
    assert.deepEqual(
      plan.items.map(({ after, effects }: Json) => [after.outcome, after.employeeId, effects]),
      [['inactive', employeeId, []]],
    );
    await apply(changes, plan.digest);
    assert.equal((await world.expect(200, 'GET', `/employees/${employeeId}`)).status, 'inactive');
    assert.deepEqual((await preview([{ op: 'update', id, rule: { order: 7 } }])).items, []);
  });

  it('has the same digest for the same outcome and another one for another outcome', async () => {
    const [ada, bob] = [await client.addUser(unique('ada')), await client.addUser(unique('bob'))];
    const group = unique('group');
    const groupId = await client.addGroup(group, [ada]);
    const changes = [{ op: 'create', rule: rule(group) }];
    const { digest } = await preview(changes);
    assert.equal((await preview(changes)).digest, digest);
    assert.equal((await preview([{ op: 'create', rule: rule(group, { order: 99 }) }])).digest, digest);
    const other = [{ op: 'create', rule: rule(group, { securityRoleId: world.roles['Read Only'] }) }];
    assert.notEqual((await preview(other)).digest, digest);
    await patchMembers('add', groupId, [bob]);
    assert.notEqual((await preview(changes)).digest, digest);
  });

  it('refuses to apply what would do something else by now, and says what that is', async () => {
    const [ada, bob] = [await client.addUser(unique('ada')), await client.addUser(unique('bob'))];
    const group = unique('group');
    const groupId = await client.addGroup(group, [ada]);
    const changes = [{ op: 'create', rule: rule(group) }];
    const { digest } = await preview(changes);
    await patchMembers('add', groupId, [bob]);
    const problem = await world.expect(409, 'POST', '/mapping-rules/apply', { changes, digest });
    assert.match(problem.detail, /Preview the changes again/);
    assert.deepEqual((await people()).rules, []);
    assert.equal(problem.digest, (await preview(changes)).digest);
    await apply(changes, problem.digest);
    assert.equal((await people()).employees.length, 2);
  });

  it('goes on from page to page, and says when the outcome has changed in between', async () => {
    const ids = [];
    for (let index = 0; index < 5; index += 1) ids.push(await client.addUser(unique('member')));
    const group = unique('group');
    const groupId = await client.addGroup(group, ids);
    const changes = [{ op: 'create', rule: rule(group) }];
    const seen = [];
    let query = '?limit=2';
    for (;;) {
      const page = await preview(changes, query);
      assert.equal(page.counts.createEmployee, 5);
      seen.push(...page.items.map((item: Json) => item.directoryUserId));
      if (page.nextCursor === null) break;
      query = `?limit=2&cursor=${page.nextCursor}`;
    }
    assert.deepEqual(seen, ids.toSorted());
    const first = await preview(changes, '?limit=2');
    await patchMembers('remove', groupId, [ids[4] ?? '']);
    const late = await world.expect(
      409,
      'POST',
      `/mapping-rules/preview?limit=2&cursor=${first.nextCursor}`,
      { changes },
    );
    assert.match(late.detail, /Start again with the first page/);
    const wrong = await world.call('POST', '/mapping-rules/preview?cursor=nonsense', { changes });
    assert.equal(wrong.status, 400);
    assert.deepEqual(pointersOf(wrong.body), ['/cursor']);
  });

  it('refuses two new rules for one group, and names no rule that is not there', async () => {
    const create = { op: 'create', rule: rule(unique('group')) };
    const changes = [create, create];
    const twice = await world.expect(409, 'POST', '/mapping-rules/preview', { changes });
    assert.equal(
      twice.detail,
      'A rule that an earlier change creates names this group of the connection already.',
    );
    assert.deepEqual(pointersOf(twice), ['/changes/1/rule/groupId']);
    const { id } = await world.expect(201, 'POST', '/mapping-rules', create.rule);
    const held = await world.expect(409, 'POST', '/mapping-rules/preview', { changes: [create] });
    assert.equal(held.detail, `The mapping rule ${id} names this group of the connection already.`);
  });

  it('points into the changes when one of them is not valid', async () => {
    const { id } = await world.expect(201, 'POST', '/mapping-rules', rule(unique('group')));
    const good = { op: 'update', id, rule: { order: 1 } };
    const role = world.roles['Technician'];
    const faulty: readonly [Json, readonly string[]][] = [
      [
        { op: 'create', rule: { groupId: 'x', order: 1 } },
        ['/changes/1/rule/userType', '/changes/1/rule/securityRoleId'],
      ],
      [
        { op: 'create' },
        ['groupId', 'order', 'userType', 'securityRoleId'].map((field) => `/changes/1/rule/${field}`),
      ],
      [
        { op: 'create', rule: rule(unique('group'), { connectionId: unknownId }) },
        ['/changes/1/rule/connectionId'],
      ],
      [
        { op: 'create', rule: rule(unique('group'), { securityRoleId: unknownId }) },
        ['/changes/1/rule/securityRoleId'],
      ],
      [
        {
          op: 'create',
          rule: rule(unique('group'), {
            userType: 'clientPortal',
            securityRoleId: world.roles['External User'],
          }),
        },
        ['/changes/1/rule/accountId'],
      ],
      [{ op: 'update', rule: { order: 2 } }, ['/changes/1/id']],
      [{ op: 'update', id }, ['/changes/1/rule']],
      [{ op: 'update', id: unknownId, rule: { order: 2 } }, ['/changes/1/id']],
      [
        { op: 'update', id, rule: { connectionId: connection.connectionId } },
        ['/changes/1/rule/connectionId'],
      ],
      [
        { op: 'update', id, rule: { userType: 'clientPortal', securityRoleId: role } },
        ['/changes/1/rule/securityRoleId', '/changes/1/rule/accountId'],
      ],
      [{ op: 'delete', id: unknownId }, ['/changes/1/id']],
      [{ op: 'delete', id, rule: { order: 1 } }, ['/changes/1/rule']],
      [{ op: 'replace', id }, ['/changes/1/op']],
      [{ op: 'update', id, rule: { colour: 'red' } }, ['/changes/1/rule/colour']],
      [{ op: 'update', id, rule: { order: -1 } }, ['/changes/1/rule/order']],
    ];
    for (const [change, pointers] of faulty) {
      const answer = await world.call('POST', '/mapping-rules/preview', { changes: [good, change] });
      assert.equal(answer.status, 400, JSON.stringify([change, answer.body]));
      assert.deepEqual(pointersOf(answer.body), pointers, JSON.stringify(change));
    }
    for (const body of [{}, { changes: [] }, { changes: {} }, { changes: [good], digest: 1 }])
      assert.equal((await world.call('POST', '/mapping-rules/preview', body)).status, 400);
    assert.equal((await world.call('POST', '/mapping-rules/apply', { changes: [good] })).status, 400);
  });

  it('refuses a second rule for a group, also when the first one is new in the same changes (A-23)', async () => {
    const group = unique('group');
    const changes = [
      { op: 'create', rule: rule(group) },
      { op: 'create', rule: rule(group.toUpperCase(), { order: 2 }) },
    ];
    const answer = await world.call('POST', '/mapping-rules/preview', { changes });
    assert.equal(answer.status, 409);
    assert.deepEqual(pointersOf(answer.body), ['/changes/1/rule/groupId']);
  });

  it('does not know the rules of another organization, and asks for the admin role', async () => {
    assert.equal((await world.call('GET', '/mapping-rules/preview')).status, 405);
    const key = await world.expect(201, 'POST', '/api-keys', { name: unique('reader'), role: 'readOnly' });
    const authorization = { authorization: `Bearer ${key.key}` };
    const changes = [{ op: 'delete', id: unknownId }];
    const answer = await world.call('POST', '/mapping-rules/apply', { changes, digest: 'x' }, authorization);
    assert.equal(answer.status, 403);
  });

  it('shows whom the guard would hold, unchanged, and holds just them (A-24)', async () => {
    const ids = [];
    for (const name of ['ada', 'bob', 'eve']) ids.push(await client.addUser(unique(name)));
    const group = unique('group');
    await client.addGroup(group, ids);
    const { id } = await world.expect(201, 'POST', '/mapping-rules', rule(group));
    const guard = { maxDeactivations: 1000, maxDeactivationsPercent: 100, maxConversions: 2 };
    await world.expect(200, 'PATCH', '/settings', { guard });
    try {
      const changes = [{ op: 'update', id, rule: portal() }];
      const answer = await preview(changes);
      assert.deepEqual(answer.counts, noEffects);
      assert.deepEqual(
        answer.items.map((item: Json) => item.directoryUserId),
        ids.toSorted(),
      );
      for (const { before, after, effects } of answer.items) {
        assert.deepEqual(after, { ...before, outcome: 'held' });
        assert.deepEqual(effects, []);
      }
      const was = (await people()).employees;
      await apply(changes, answer.digest);
      assert.deepEqual((await people()).employees, was);
      const path = `/held-changes?connectionId=${connection.connectionId}`;
      const { items } = await world.expect(200, 'GET', path);
      assert.deepEqual(
        items.map((item: Json) => [item.directoryUserId, item.effect]).sort(),
        ids.toSorted().map((userId) => [userId, 'convert']),
      );
    } finally {
      await world.expect(200, 'PATCH', '/settings', { guard: { ...guard, maxConversions: 1000 } });
    }
  });

  it('finds nothing to do while provisioning is switched off (REQ-48)', async () => {
    const ada = await client.addUser(unique('ada'));
    const group = unique('group');
    await client.addGroup(group, [ada]);
    await world.expect(200, 'PATCH', '/settings', { provisioningMode: 'off' });
    try {
      const answer = await preview([{ op: 'create', rule: rule(group) }]);
      assert.deepEqual(answer.items, []);
    } finally {
      await world.expect(200, 'PATCH', '/settings', { provisioningMode: 'azureAdSync' });
    }
  });
});
