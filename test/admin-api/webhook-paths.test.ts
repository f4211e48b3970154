import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../jobs/job-bench.ts';
import { type Receiver, startReceiver, verify } from '../webhooks/receiver.ts';
import { type Json, makeClient, startWorld, unique, type World } from './people-world.ts';

/** Wherever a change of a person comes from, it is published: what the log has is what webhooks are sent. */
describe('webhooks and the paths by which people change', () => {
  let world: World;
  let receiver: Receiver;
  let secret: string;
  before(async () => {
    world = await startWorld({ WEBHOOK_ALLOW_PRIVATE: 'true' });
    receiver = await startReceiver();
    ({ secret } = await world.expect(201, 'POST', '/webhooks', { url: receiver.url }));
  });
  after(async () => {
    await world.app.stop();
    await receiver.close();
  });

  const typesOf = (directoryUserId: string): readonly string[] =>
    receiver.received
      .filter(({ body }) => body.data.directoryUserId === directoryUserId)
      .sort((one, other) => one.body.data.eventId.localeCompare(other.body.data.eventId))
      .map(({ body }) => body.type);
  const published = async (directoryUserId: string, ...types: string[]) => {
    await until(`${types.join(', ')} are published`, () => typesOf(directoryUserId).length >= types.length);
    assert.deepEqual(typesOf(directoryUserId), types);
  };
  const addRule = (connectionId: string, groupId: string, more: object = {}): Promise<Json> =>
    world.expect(201, 'POST', '/mapping-rules', {
      connectionId,
      groupId,
      order: 10,
      userType: 'employee',
      securityRoleId: world.roles.Technician,
      ...more,
    });

  it('a push, a rule change, a conversion and a departure', async () => {
    const connection = await world.app.createScimConnection(unique('connection'));
    const client = makeClient(world, connection);
    const id = await client.addUser(unique('anna'));
    const [staff, portal] = [unique('staff'), unique('portal')];
    await client.addGroup(staff, [id]);
    await client.addGroup(portal, [id]);
    const rule = await addRule(connection.connectionId, staff);
    await published(id, 'employee.created');
    await client.patchUser(id, { displayName: 'Anna Berg', 'name.familyName': 'Berg' });
    await published(id, 'employee.created', 'employee.updated');
    const converted = ['employee.archived', 'contact.created'];
    await addRule(connection.connectionId, portal, {
      order: 1,
      userType: 'clientPortal',
      securityRoleId: world.roles['External User'],
      accountId: world.account.id,
    });
    await published(id, 'employee.created', 'employee.updated', ...converted);
    await client.patchUser(id, { active: false });
    await published(id, 'employee.created', 'employee.updated', ...converted, 'contact.deactivated');
    assert.ok(rule.id);
    const last = receiver.received.at(-1);
    assert.ok(last);
    verify(last, secret);
    assert.equal(last.body.data.connectionId, connection.connectionId);
    assert.equal(last.body.data.trigger, 'scim');
    assert.deepEqual(
      last.body.data.changes.find(({ field }: Json) => field === 'status'),
      { field: 'status', before: 'active', after: 'inactive', origin: 'directory' },
    );
  });

  it('a change of a group that is left to a job', async () => {
    const connection = await world.app.createScimConnection(unique('connection'));
    const client = makeClient(world, connection);
    const group = unique('many');
    await addRule(connection.connectionId, group);
    const ids: string[] = [];
    for (let count = 0; count < 205; count += 1) ids.push(await client.addUser(unique('person')));
    await client.addGroup(group, ids);
    const wanted = new Set(ids);
    await until('all are published', () => {
      const found = receiver.received.filter(({ body }) => wanted.has(body.data.directoryUserId));
      return new Set(found.map(({ body }) => body.data.directoryUserId)).size === ids.length;
    });
    const sent = receiver.received.filter(({ body }) => wanted.has(body.data.directoryUserId));
    assert.ok(sent.every(({ body }) => body.type === 'employee.created'));
    assert.equal(new Set(sent.map(({ headers }) => headers['webhook-id'])).size, ids.length);
  });

  it('and everything that the log has of people, nothing else', async () => {
    const log: Json[] = [];
    let cursor = '';
    do {
      const page = await world.expect(200, 'GET', `/provisioning-events?limit=200${cursor}`);
      log.push(...page.items);
      cursor = page.nextCursor === null ? '' : `&cursor=${encodeURIComponent(page.nextCursor)}`;
    } while (cursor !== '');
    const silent = new Set(['unchanged', 'held', 'conflict', 'failed']);
    const since = receiver.received.map(({ body }) => body.data.eventId).sort()[0];
    const expected = log
      .filter(
        ({ id, action, employeeId, contactId }) =>
          id >= since && !silent.has(action) && (employeeId ?? contactId),
      )
      .map(({ id }) => id)
      .sort();
    const sent = [...new Set(receiver.received.map(({ body }) => body.data.eventId))].sort();
    assert.deepEqual(sent, expected);
    assert.ok(sent.length > 205);
  });
});
