import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Json, startWorld, type World } from './people-world.ts';

describe('hostile input about people and rules', () => {
  let world: World;
  let contact: Json;

  before(async () => {
    world = await startWorld();
    const body = { accountId: world.account.id, firstName: 'C', lastName: 'D' };
    contact = await world.expect(201, 'POST', '/contacts', body);
  });
  after(() => world?.app.stop());

  const refuses = async (method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): Promise<void> => {
    const { status } = await world.call(method, path, body);
    assert.ok(status >= 400 && status < 500, `${method} ${path} ${JSON.stringify(body)} answered ${status}`);
  };

  it('is refused as the fault of the caller, never as one of the server, and changes nothing', async () => {
    const nul = 'a\u0000b';
    const { length } = (await world.expect(200, 'GET', '/employees?limit=200')).items;
    for (const username of [nul, '', ' ', 'x'.repeat(257), 7, true, [], {}, null]) {
      await refuses('POST', '/employees', { username, firstName: 'A', lastName: 'B' });
    }
    for (const firstName of [nul, '\t', 'x'.repeat(201), null]) {
      await refuses('POST', '/employees', { username: 'fine', firstName, lastName: 'B' });
    }
    const texts = [nul, 'x'.repeat(5000)];
    for (const text of texts) {
      await refuses('PATCH', `/contacts/${contact.id}`, { jobTitle: text });
      await refuses('PATCH', `/contacts/${contact.id}`, { phones: [{ number: text }] });
      await refuses('PATCH', `/contacts/${contact.id}`, { emails: [{ address: `${text}@x.example` }] });
      await refuses('POST', '/relations', { kind: 'ticket', reference: text, contactId: contact.id });
      await refuses('POST', '/mapping-rules', {
        connectionId: contact.id,
        groupId: text,
        order: 1,
        userType: 'employee',
        securityRoleId: world.roles.Technician,
      });
    }
    await refuses('PATCH', `/contacts/${contact.id}`, { emails: Array(21).fill({ address: 'a@x.example' }) });
    await refuses('PATCH', `/contacts/${contact.id}`, { phones: 'none' });
    for (const body of [[], 'text', 7, null, '{"__proto__":{"firstName":"x"}}', '{']) {
      await refuses('PATCH', `/contacts/${contact.id}`, body);
    }
    assert.equal((await world.expect(200, 'GET', '/employees?limit=200')).items.length, length);
    assert.deepEqual(await world.expect(200, 'GET', `/contacts/${contact.id}`), contact);
  });

  it('in a query is refused or finds nothing', async () => {
    const lists = ['/employees', '/contacts', '/directory-users', '/directory-groups'];
    for (const path of lists) {
      await refuses('GET', `${path}?q=%00`);
      await refuses('GET', `${path}?q=${'x'.repeat(201)}`);
      await refuses('GET', `${path}?q=a&q=b`);
      for (const text of ['%25', '_', '%5C', "'", '%22%3B--']) {
        assert.deepEqual((await world.expect(200, 'GET', `${path}?q=${text}`)).items, [], `${path} ${text}`);
      }
    }
    await refuses('GET', '/provisioning-events?since=0001-01-01T00:00:00Z');
    await refuses('GET', '/provisioning-events?since=2026-01-01T00:00:00%2B23:59');
    await refuses('GET', '/employees?cursor=cDE6eA');
  });
});
