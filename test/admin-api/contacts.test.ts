import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
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

describe('contacts', () => {
  let world: World;
  let connection: ScimConnection;
  let client: ReturnType<typeof makeClient>;

  before(async () => {
    world = await startWorld();
    connection = await world.app.createScimConnection('Contoso');
    client = makeClient(world, connection);
  });
  after(() => world?.app.stop());

  const body = (more: object = {}): Json => ({
    accountId: world.account.id,
    firstName: 'Ada',
    lastName: 'Byron',
    emails: [{ address: `${unique('ada')}@fabrikam.example` }],
    ...more,
  });
  const portal = (more: object = {}): Json =>
    body({ hasPortalAccess: true, securityRoleId: world.roles['External User'], ...more });
  const created = (given: Json = body()): Promise<Json> => world.expect(201, 'POST', '/contacts', given);
  const patch = (id: string, change: object, status = 200): Promise<Json> =>
    world.expect(status, 'PATCH', `/contacts/${id}`, change);
  const actionsOf = async (id: string): Promise<string[]> =>
    (await world.expect(200, 'GET', `/provisioning-events?contactId=${id}`)).items.map(
      (event: Json) => event.action,
    );

  it('is created under the main location of its account, without portal access', async () => {
    const answer = await world.call('POST', '/contacts', body());
    const contact = answer.body;
    assert.match(answer.header('location') ?? '', new RegExp(`/api/v1/contacts/${contact.id}$`));
    assert.deepEqual(
      [contact.accountLocationId, contact.hasPortalAccess, contact.username, contact.status],
      [world.accountLocationId, false, null, 'active'],
    );
    assert.deepEqual(await world.expect(200, 'GET', `/contacts/${contact.id}`), contact);
    assert.deepEqual(await actionsOf(contact.id), ['created']);
  });

  it('makes the first email and phone the default when none is marked', async () => {
    const emails = [
      { address: `${unique('a')}@x.example` },
      { address: `${unique('b')}@x.example`, type: 'Home' },
    ];
    const phones = [{ number: '1' }, { number: '2', type: 'Mobile', isDefault: true }];
    const contact = await created(body({ emails, phones }));
    assert.deepEqual(contact.emails, [
      { ...emails[0], type: 'Work', isDefault: true },
      { ...emails[1], isDefault: false },
    ]);
    assert.deepEqual(contact.phones, [
      { number: '1', type: 'Work', isDefault: false },
      { number: '2', type: 'Mobile', isDefault: true },
    ]);
  });

  it('refuses two defaults, a doubled address, and what is no address', async () => {
    const twice = [
      { address: 'a@x.example', isDefault: true },
      { address: 'b@x.example', isDefault: true },
    ];
    assert.deepEqual(pointersOf(await world.expect(400, 'POST', '/contacts', body({ emails: twice }))), [
      '/emails/1/isDefault',
    ]);
    const doubled = [{ address: 'a@x.example' }, { address: 'A@X.example' }];
    assert.deepEqual(pointersOf(await world.expect(400, 'POST', '/contacts', body({ emails: doubled }))), [
      '/emails/1/address',
    ]);
    await world.expect(400, 'POST', '/contacts', body({ emails: [{ address: 'nowhere' }] }));
    await world.expect(400, 'POST', '/contacts', body({ phones: [{ type: 'Work' }] }));
  });

  it('replaces lists whole and clears them with null', async () => {
    const contact = await created(body({ phones: [{ number: '1' }] }));
    const changed = await patch(contact.id, { phones: [{ number: '2', type: 'Mobile' }] });
    assert.deepEqual(changed.phones, [{ number: '2', type: 'Mobile', isDefault: true }]);
    assert.deepEqual(changed.emails, contact.emails);
    assert.deepEqual((await patch(contact.id, { phones: null })).phones, []);
  });

  it('needs an account that exists and a location that belongs to it', async () => {
    const unknown = await world.expect(400, 'POST', '/contacts', body({ accountId: unknownId }));
    assert.deepEqual(pointersOf(unknown), ['/accountId']);
    const other = await world.expect(201, 'POST', '/accounts', { name: unique('Other') });
    const [location] = (await world.expect(200, 'GET', `/accounts/${other.id}/locations`)).items;
    const foreign = await world.expect(400, 'POST', '/contacts', body({ accountLocationId: location.id }));
    assert.deepEqual(pointersOf(foreign), ['/accountLocationId']);
    const contact = await created();
    const moved = await patch(contact.id, { accountId: other.id });
    assert.deepEqual([moved.accountId, moved.accountLocationId], [other.id, location.id]);
    await patch(contact.id, { accountLocationId: world.accountLocationId }, 400);
  });

  it('gives portal access with an external role and a username made from the default address', async () => {
    const name = unique('portal');
    const contact = await created(portal({ emails: [{ address: `${name}@fabrikam.example` }] }));
    assert.deepEqual([contact.hasPortalAccess, contact.username], [true, name]);
    const second = await created(portal({ emails: [{ address: `${name}@northwind.example` }] }));
    assert.equal(second.username, `${name}.northwind`);
  });

  it('refuses portal access without role, with an internal role, or with no way to a username', async () => {
    const role = await world.expect(400, 'POST', '/contacts', body({ hasPortalAccess: true }));
    assert.deepEqual(pointersOf(role), ['/securityRoleId']);
    const internal = await world.expect(
      400,
      'POST',
      '/contacts',
      portal({ securityRoleId: world.roles['Technician'] }),
    );
    assert.deepEqual(pointersOf(internal), ['/securityRoleId']);
    const nameless = await world.expect(400, 'POST', '/contacts', portal({ emails: [] }));
    assert.deepEqual(pointersOf(nameless), ['/username']);
  });

  it('refuses a username or address that somebody else logs in with (REQ-33)', async () => {
    const first = await created(portal());
    const problem = await world.expect(
      409,
      'POST',
      '/contacts',
      portal({ username: first.username.toUpperCase(), emails: first.emails }),
    );
    assert.deepEqual(pointersOf(problem), ['/username', '/emails/0/address']);
    assert.equal((await created(body({ emails: first.emails }))).hasPortalAccess, false);
  });

  it('keeps the username of a login that is switched off, and gives the address free', async () => {
    const contact = await created(portal());
    const [{ address }] = contact.emails;
    const off = await patch(contact.id, { hasPortalAccess: false });
    assert.deepEqual([off.hasPortalAccess, off.username], [false, contact.username]);
    const problem = await world.expect(409, 'POST', '/employees', {
      username: contact.username,
      firstName: 'A',
      lastName: 'B',
    });
    assert.deepEqual(pointersOf(problem), ['/username']);
    const employee = { username: unique('free'), email: address, firstName: 'A', lastName: 'B' };
    await world.expect(201, 'POST', '/employees', employee);
    await patch(contact.id, { hasPortalAccess: true }, 409);
    assert.deepEqual(await actionsOf(contact.id), ['accessRevoked', 'created']);
  });

  it('lets the login address follow the default address', async () => {
    const contact = await created(portal());
    const address = `${unique('next')}@fabrikam.example`;
    await patch(contact.id, { emails: [{ address }] });
    const twin = await world.expect(
      409,
      'POST',
      '/contacts',
      portal({ emails: [{ address }], username: unique('x') }),
    );
    assert.deepEqual(pointersOf(twin), ['/emails/0/address']);
    await created(portal({ emails: contact.emails, username: unique('x') }));
  });

  it('logs deactivation and activation, and keeps portal access through both', async () => {
    const contact = await created(portal());
    assert.deepEqual((await patch(contact.id, { status: 'inactive' })).hasPortalAccess, true);
    assert.equal((await patch(contact.id, { status: 'active' })).status, 'active');
    assert.deepEqual(await actionsOf(contact.id), ['reactivated', 'deactivated', 'created']);
    await patch(contact.id, { status: 'archived' }, 400);
  });

  it('keeps its id when the directory takes it over, and stays inactive by hand against the sync (REQ-10)', async () => {
    const name = unique('merge');
    const contact = await created(body({ emails: [{ address: `${name}@contoso.example` }] }));
    const groupId = unique('customers');
    const userId = await client.addUser(name);
    await client.addGroup(groupId, [userId]);
    const rule = await world.expect(201, 'POST', '/mapping-rules', {
      connectionId: connection.connectionId,
      groupId,
      order: 5,
      userType: 'clientPortal',
      securityRoleId: world.roles['External User'],
      accountId: world.account.id,
    });
    const merged = await world.expect(200, 'GET', `/contacts/${contact.id}`);
    assert.deepEqual(
      [merged.directoryUserId, merged.winningRuleId, merged.hasPortalAccess],
      [userId, rule.id, true],
    );
    await patch(contact.id, { status: 'inactive' });
    await client.patchUser(userId, { title: 'Buyer' });
    const kept = await world.expect(200, 'GET', `/contacts/${contact.id}`);
    assert.deepEqual([kept.status, kept.jobTitle], ['inactive', 'Buyer']);
  });

  it('is not deleted while something hangs on it, and lists what does', async () => {
    const { id } = await created();
    const relation = await world.expect(201, 'POST', '/relations', {
      kind: 'invoice',
      reference: 'I-1',
      contactId: id,
    });
    const refused = await world.expect(409, 'DELETE', `/contacts/${id}`);
    assert.deepEqual(refused.relations, [{ id: relation.id, kind: 'invoice', reference: 'I-1' }]);
    await world.expect(204, 'DELETE', `/relations/${relation.id}`);
    await world.expect(204, 'DELETE', `/contacts/${id}`);
    await world.expect(404, 'GET', `/contacts/${id}`);
  });

  it('is found by text, by any of its addresses, by status and connection, page by page', async () => {
    const word = unique('Seek');
    const address = `${unique('second')}@x.example`;
    const first = await created(
      body({ lastName: word, emails: [{ address: `${unique('z')}@x.example` }, { address }] }),
    );
    const second = await created(body({ lastName: word }));
    const page = await world.expect(200, 'GET', `/contacts?q=${word.toLowerCase()}&limit=1`);
    assert.deepEqual(
      page.items.map((item: Json) => item.id),
      [first.id],
    );
    const rest = await world.expect(200, 'GET', `/contacts?q=${word}&limit=1&cursor=${page.nextCursor}`);
    assert.deepEqual([rest.items[0].id, rest.nextCursor], [second.id, null]);
    const byEmail = await world.expect(200, 'GET', `/contacts?email=${address.toUpperCase()}`);
    assert.deepEqual(
      byEmail.items.map((item: Json) => item.id),
      [first.id],
    );
    await patch(second.id, { status: 'inactive' });
    const inactive = await world.expect(200, 'GET', `/contacts?q=${word}&status=inactive`);
    assert.deepEqual(
      inactive.items.map((item: Json) => item.id),
      [second.id],
    );
    assert.deepEqual(
      (await world.expect(200, 'GET', `/contacts?q=${word}&connectionId=${connection.connectionId}`)).items,
      [],
    );
  });

  it('answers 404 for a contact that does not exist and 400 for fields that cannot be written', async () => {
    await world.expect(404, 'GET', `/contacts/${unknownId}`);
    await patch(unknownId, { firstName: 'A' }, 404);
    const { id } = await created();
    for (const change of [
      { directoryUserId: unknownId },
      { winningRuleId: unknownId },
      { createdAt: 'x' },
      { lastName: null },
    ]) {
      await patch(id, change, 400);
    }
  });
});
