import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ScimConnection } from '../support/app.ts';
import { executeSql } from '../support/execute-sql.ts';
import { type Json, makeClient, startWorld, unique, unknownId, type World } from './people-world.ts';

describe('search of the provisioning log', () => {
  let world: World;
  let connection: ScimConnection;
  let client: ReturnType<typeof makeClient>;
  let name = '';
  let userId = '';
  let employeeId = '';
  let everything: readonly string[] = [];

  before(async () => {
    world = await startWorld();
    connection = await world.app.createScimConnection('Contoso');
    client = makeClient(world, connection);
    name = unique('searched');
    userId = await client.addUser(name, { externalId: 'Key-1' });
    await client.addGroup('searched', [userId]);
    await world.expect(201, 'POST', '/mapping-rules', {
      connectionId: connection.connectionId,
      groupId: 'searched',
      order: 1,
      userType: 'employee',
      securityRoleId: world.roles['Technician'],
    });
    employeeId = (await world.expect(200, 'GET', `/directory-users/${userId}`)).employeeId;
    await world.expect(200, 'PATCH', `/employees/${employeeId}`, { phone: '1' });
    // Somebody else, who must not be found.
    await client.addUser(unique('other'), { externalId: 'key-1' });
    everything = (await find(`directoryUserId=${userId}`)).map(({ id }) => id);
    assert.ok(everything.length >= 2);
  });
  after(() => world?.app.stop());

  const find = async (query: string): Promise<Json[]> =>
    (await world.expect(200, 'GET', `/provisioning-events?${query}`)).items;
  const idsOf = async (text: string): Promise<string[]> =>
    (await find(`q=${encodeURIComponent(text)}`)).map(({ id }) => id);

  it('finds what has to do with a person by email, username, user name and external id, in any case', async () => {
    const { email, username } = await world.expect(200, 'GET', `/employees/${employeeId}`);
    for (const text of [
      email,
      email.toUpperCase(),
      username,
      `${name}@CONTOSO.example`,
      ` ${email} `,
      'Key-1',
    ]) {
      assert.deepEqual(await idsOf(text), everything, text);
    }
  });

  it('finds it by the ids of the directory user and of the employee', async () => {
    assert.deepEqual(await idsOf(userId), everything);
    const ofEmployee = (await find(`employeeId=${employeeId}`)).map(({ id }) => id);
    assert.deepEqual(await idsOf(employeeId), ofEmployee);
  });

  it('finds one event by its own id', async () => {
    assert.deepEqual(await idsOf(everything[0] ?? ''), [everything[0]]);
  });

  it('finds what a request did, by q and by requestId', async () => {
    const answer = await world.app.admin(
      'PATCH',
      `/employees/${employeeId}`,
      { phone: '2' },
      { 'x-request-id': 'ticket-4711' },
    );
    assert.equal(answer.headers.get('x-request-id'), 'ticket-4711');
    const [event] = await find('requestId=ticket-4711');
    assert.equal(event.employeeId, employeeId);
    assert.deepEqual(await idsOf('ticket-4711'), [event.id]);
    everything = [event.id, ...everything];
  });

  it('finds what a run did, by q and by runId', async () => {
    await client.patchUser(userId, { title: 'Engineer' });
    await executeSql(
      world.app.databaseUrl,
      'update provisioning_events set run_id = $1 where provisioning_event_id = $2',
      [unknownId, everything[1]],
    );
    assert.deepEqual(await idsOf(unknownId), [everything[1]]);
    assert.deepEqual(
      (await find(`runId=${unknownId}`)).map(({ id }) => id),
      [everything[1]],
    );
  });

  it('is combined with the other filters, page by page', async () => {
    const all = await find(`q=${userId}`);
    const first = await world.expect(200, 'GET', `/provisioning-events?q=${userId}&limit=1`);
    assert.deepEqual([...first.items, ...(await find(`q=${userId}&cursor=${first.nextCursor}`))], all);
    assert.deepEqual(
      (await find(`q=${userId}&action=created`)).map(({ action }) => action),
      ['created'],
    );
  });

  it('is no search when it is empty, as in the lists of people', async () => {
    assert.deepEqual(await find('q='), await find('limit=50'));
  });

  it('finds nothing for what nobody is called, and refuses what no text can hold', async () => {
    assert.deepEqual(await idsOf('nobody@contoso.example'), []);
    assert.deepEqual(await idsOf('%'), []);
    assert.deepEqual(await idsOf('0199c1a0-0000-7000-8000-00000000fffe'), []);
    await world.expect(400, 'GET', '/provisioning-events?q=%00');
    await world.expect(400, 'GET', `/provisioning-events?q=${'x'.repeat(321)}`);
    await world.expect(400, 'GET', '/provisioning-events?runId=x');
  });
});
