import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Json, pointersOf, startWorld, unique, unknownId, type World } from './people-world.ts';

describe('relations', () => {
  let world: World;
  let employeeId: string;
  let contactId: string;

  before(async () => {
    world = await startWorld();
    const name = unique('holder');
    const employee = { username: name, email: `${name}@msp.example`, firstName: 'A', lastName: 'B' };
    employeeId = (await world.expect(201, 'POST', '/employees', employee)).id;
    const contact = { accountId: world.account.id, firstName: 'C', lastName: 'D' };
    contactId = (await world.expect(201, 'POST', '/contacts', contact)).id;
  });
  after(() => world?.app.stop());

  it('links each kind of record to an employee or a contact', async () => {
    for (const kind of ['ticket', 'invoice', 'timeEntry', 'asset']) {
      const answer = await world.call('POST', '/relations', { kind, reference: ' R-1 ', contactId });
      assert.equal(answer.status, 201);
      assert.match(answer.header('location') ?? '', new RegExp(`/api/v1/relations/${answer.body.id}$`));
      assert.deepEqual(answer.body, {
        id: answer.body.id,
        kind,
        reference: 'R-1',
        employeeId: null,
        contactId,
      });
      assert.deepEqual(await world.expect(200, 'GET', `/relations/${answer.body.id}`), answer.body);
    }
    await world.expect(201, 'POST', '/relations', { kind: 'ticket', reference: 'T-9', employeeId });
    const ofEmployee = await world.expect(200, 'GET', `/relations?employeeId=${employeeId}`);
    assert.deepEqual(
      ofEmployee.items.map((item: Json) => item.reference),
      ['T-9'],
    );
    const ofContact = await world.expect(200, 'GET', `/relations?contactId=${contactId}&limit=3`);
    assert.equal(ofContact.items.length, 3);
    const rest = await world.expect(
      200,
      'GET',
      `/relations?contactId=${contactId}&cursor=${ofContact.nextCursor}`,
    );
    assert.equal(rest.items.length, 1);
  });

  it('wants exactly one person, and one that exists', async () => {
    for (const holder of [{}, { employeeId, contactId }]) {
      await world.expect(400, 'POST', '/relations', { kind: 'ticket', reference: 'T', ...holder });
    }
    const employee = await world.expect(400, 'POST', '/relations', {
      kind: 'ticket',
      reference: 'T',
      employeeId: unknownId,
    });
    assert.deepEqual(pointersOf(employee), ['/employeeId']);
    const contact = await world.expect(400, 'POST', '/relations', {
      kind: 'ticket',
      reference: 'T',
      contactId: unknownId,
    });
    assert.deepEqual(pointersOf(contact), ['/contactId']);
  });

  it('refuses an unknown kind and an empty reference', async () => {
    await world.expect(400, 'POST', '/relations', { kind: 'note', reference: 'T', employeeId });
    await world.expect(400, 'POST', '/relations', { kind: 'ticket', reference: ' ', employeeId });
  });

  it('answers 404 for a relation that does not exist', async () => {
    await world.expect(404, 'DELETE', `/relations/${unknownId}`);
    await world.expect(404, 'GET', `/relations/${unknownId}`);
  });
});
