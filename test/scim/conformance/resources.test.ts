import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { ENTERPRISE, GROUP, makeClient, type ScimClient, USER } from './scim-client.ts';

describe('resources over the whole server', () => {
  let app: TestApp;
  let serial = 0;
  const client = (): Promise<ScimClient> => makeClient(app, `conformance ${++serial}`);
  before(async () => {
    app = await startTestApp();
  });
  after(() => app.stop());

  test('values round-trip as they were sent', async () => {
    const scim = await client();
    const sent = {
      userName: 'Ada.Lovelace@Fabrikam.example',
      externalId: 'ADA-1',
      displayName: 'Ada  Lovelace — “Countess” 🧮',
      name: { givenName: 'Ada', familyName: "O'Lovelace", formatted: 'Ada Lovelace' },
      timezone: 'Nowhere/Else',
      emails: [{ value: 'Ada@Fabrikam.example', type: 'work', primary: true }],
      phoneNumbers: [{ value: 'call me 555', type: 'fax' }],
      addresses: [{ type: 'work', country: 'Far Away', streetAddress: '1 Example Way\nSecond line' }],
      [ENTERPRISE]: { employeeNumber: '0007', department: 'Analysis' },
    };
    const id = await scim.createUser(sent.userName, { ...sent, schemas: [USER, ENTERPRISE] });
    const {
      schemas,
      meta,
      groups,
      active,
      id: shownId,
      ...shown
    } = await scim.expect(200, 'GET', `/Users/${id}`);
    assert.deepEqual(shown, sent);
    assert.deepEqual([schemas, active, shownId, groups], [[USER, ENTERPRISE], true, id, []]);
    assert.equal(meta.location, `${scim.connection.scimBaseUrl}/Users/${id}`);
  });

  test('missing schemas, userName or displayName is 400 on POST and PUT', async () => {
    const scim = await client();
    const userId = await scim.createUser('ada');
    const groupId = await scim.createGroup('Engineers');
    for (const body of [{ userName: 'x' }, { schemas: [USER] }, { schemas: [USER], userName: '' }]) {
      await scim.expect(400, 'POST', '/Users', body);
      await scim.expect(400, 'PUT', `/Users/${userId}`, body);
    }
    for (const body of [{ displayName: 'x' }, { schemas: [GROUP] }]) {
      await scim.expect(400, 'POST', '/Groups', body);
      await scim.expect(400, 'PUT', `/Groups/${groupId}`, body);
    }
  });

  test('version and lastModified move only when something changed', async () => {
    const scim = await client();
    const id = await scim.createUser('ada', { title: 'Countess', emails: [{ value: 'a@x', type: 'work' }] });
    const created = await scim.expect(200, 'GET', `/Users/${id}`);
    await scim.patch(`/Users/${id}`, { op: 'replace', path: 'title', value: 'Countess' });
    await scim.patch(`/Users/${id}`, { op: 'add', path: 'emails', value: [{ value: 'a@x', type: 'work' }] });
    await scim.patch(`/Users/${id}`, { op: 'remove', path: 'nickName' });
    const { meta, groups, ...same } = created;
    await scim.expect(200, 'PUT', `/Users/${id}`, same);
    assert.deepEqual(await scim.expect(200, 'GET', `/Users/${id}`), created);

    await scim.patch(`/Users/${id}`, { op: 'replace', path: 'title', value: 'Lady' });
    const changed = await scim.expect(200, 'GET', `/Users/${id}`);
    assert.notEqual(changed.meta.version, meta.version);
    assert.ok(changed.meta.lastModified > meta.lastModified);
    assert.equal(changed.meta.created, meta.created);
  });

  test('membership repeated or removed twice succeeds and leaves the version of the group', async () => {
    const scim = await client();
    const id = await scim.createUser('ada');
    const other = await scim.createUser('grace');
    const groupId = await scim.createGroup('Engineers', [id]);
    const { meta } = await scim.expect(200, 'GET', `/Groups/${groupId}`);
    await scim.patch(`/Groups/${groupId}`, { op: 'add', path: 'members', value: [{ value: id }] });
    await scim.patch(`/Groups/${groupId}`, { op: 'remove', path: `members[value eq "${other}"]` });
    assert.deepEqual((await scim.expect(200, 'GET', `/Groups/${groupId}`)).meta, meta);
  });

  test("a user's groups follow membership, and a member's display follows the user", async () => {
    const scim = await client();
    const id = await scim.createUser('ada', { displayName: 'Ada' });
    const groupId = await scim.createGroup('Engineers', [id]);
    await scim.patch(`/Groups/${groupId}`, { op: 'replace', path: 'displayName', value: 'Makers' });
    await scim.patch(`/Users/${id}`, { op: 'replace', path: 'displayName', value: 'Countess' });
    assert.equal((await scim.expect(200, 'GET', `/Users/${id}`)).groups[0].display, 'Makers');
    assert.equal((await scim.expect(200, 'GET', `/Groups/${groupId}`)).members[0].display, 'Countess');
    await scim.patch(`/Groups/${groupId}`, { op: 'remove', path: 'members' });
    assert.deepEqual((await scim.expect(200, 'GET', `/Users/${id}`)).groups, []);
  });

  test('of twins created at once one is 201 and the others are 409', async () => {
    const scim = await client();
    const twins = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        scim.call('POST', '/Users', { schemas: [USER], userName: index % 2 ? 'ADA@x' : 'ada@x' }),
      ),
    );
    assert.deepEqual(twins.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409]);
    for (const { status, body } of twins) if (status === 409) assert.equal(body.scimType, 'uniqueness');
  });

  test('conflicting changes at once lose nothing', async () => {
    const scim = await client();
    const id = await scim.createUser('ada');
    const types = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    await Promise.all(
      types.map((type) =>
        scim.patch(`/Users/${id}`, {
          op: 'add',
          path: `emails[type eq "${type}"].value`,
          value: `${type}@x`,
        }),
      ),
    );
    const { emails, meta } = await scim.expect(200, 'GET', `/Users/${id}`);
    assert.equal(emails.length, types.length);
    assert.equal(meta.version, 'W/"9"');
  });

  test('of changes at once on the same version only one passes', async () => {
    const scim = await client();
    const id = await scim.createUser('ada');
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((title) =>
        scim.call(
          'PUT',
          `/Users/${id}`,
          { schemas: [USER], userName: 'ada', title },
          { 'if-match': 'W/"1"' },
        ),
      ),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412, 412, 412]);
  });

  test('ids of another connection are not found and not accepted as members or manager', async () => {
    const one = await client();
    const other = await client();
    const foreign = await other.createUser('ada');
    const groupId = await one.createGroup('Engineers');
    await one.expect(404, 'GET', `/Users/${foreign}`);
    await one.expect(404, 'DELETE', `/Users/${foreign}`);
    const added = await one.patch(`/Groups/${groupId}`, {
      op: 'add',
      path: 'members',
      value: [{ value: foreign }],
    });
    assert.equal(added.status, 400);
    const subordinate = await one.createUser('x');
    const named = await one.patch(`/Users/${subordinate}`, {
      op: 'add',
      path: `${ENTERPRISE}:manager`,
      value: foreign,
    });
    assert.equal(named.status, 400);
    assert.deepEqual(await one.find('Users', `id eq "${foreign}"`), []);
    await other.expect(200, 'GET', `/Users/${foreign}`);
  });

  test('a whole user may name a manager that is no user: it is kept as sent, and refers to nobody', async () => {
    const scim = await client();
    const body = {
      schemas: [USER, ENTERPRISE],
      userName: 'ada@fabrikam.example',
      [ENTERPRISE]: {
        manager: { value: 'grace@fabrikam.example', displayName: 'Grace' },
        employeeNumber: '7',
      },
    };
    const created = await scim.expect(201, 'POST', '/Users', body);
    assert.deepEqual(created[ENTERPRISE].manager, { value: 'grace@fabrikam.example' });
    body[ENTERPRISE].manager.value = 'E-12';
    const replaced = await scim.expect(200, 'PUT', `/Users/${created.id}`, body);
    assert.equal(replaced[ENTERPRISE].manager.value, 'E-12');
    const found = await scim.find('Users', 'manager eq "E-12"');
    assert.equal(found.length, 1);
    const unknown = { op: 'replace', path: `${ENTERPRISE}:manager`, value: 'E-13' };
    assert.equal((await scim.patch(`/Users/${created.id}`, unknown)).status, 400);
    const title = { op: 'replace', path: 'title', value: 'Engineer' };
    assert.equal((await scim.patch(`/Users/${created.id}`, title)).status, 200);
  });

  test('a bulk request works through the whole server', async () => {
    const scim = await client();
    const { Operations } = await scim.expect(200, 'POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [
        {
          method: 'POST',
          path: '/Groups',
          bulkId: 'g',
          data: { schemas: [GROUP], displayName: 'Engineers', members: [{ value: 'bulkId:a' }] },
        },
        ...[
          ['a', 'b'],
          ['b', 'a'],
        ].map(([bulkId, manager]) => ({
          method: 'POST',
          path: '/Users',
          bulkId,
          data: {
            schemas: [USER],
            userName: bulkId,
            [ENTERPRISE]: { manager: { value: `bulkId:${manager}` } },
          },
        })),
        { method: 'DELETE', path: '/Users/0190ffff-0000-7000-8000-00000000000f' },
      ],
    });
    assert.deepEqual(
      Operations.map(({ status }: { status: string }) => status),
      ['201', '201', '201', '404'],
    );
    const idOf = (index: number): string => Operations[index].location.split('/').at(-1);
    const group = await scim.expect(200, 'GET', `/Groups/${idOf(0)}`);
    assert.equal(group.members[0].value, idOf(1));
    const first = await scim.expect(200, 'GET', `/Users/${idOf(1)}`);
    assert.equal(first[ENTERPRISE].manager.value, idOf(2));
    assert.equal(first.meta.version, Operations[1].version);
  });

  test('a group of 3,000 is replaced, read in full and emptied', async () => {
    const scim = await client();
    const ids: string[] = [];
    for (let batch = 0; batch < 3; batch += 1) {
      const { Operations } = await scim.expect(200, 'POST', '/Bulk', {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations: Array.from({ length: 1000 }, (_, index) => ({
          method: 'POST',
          path: '/Users',
          bulkId: `u${index}`,
          data: { schemas: [USER], userName: `user${batch}-${index}` },
        })),
      });
      ids.push(...Operations.map(({ location }: { location: string }) => location.split('/').at(-1)));
    }
    const groupId = await scim.createGroup('Everybody');
    const members = ids.map((value) => ({ value }));
    const put = await scim.expect(200, 'PUT', `/Groups/${groupId}`, {
      schemas: [GROUP],
      displayName: 'All',
      members,
    });
    assert.equal('members' in put, false);
    const { members: read } = await scim.expect(200, 'GET', `/Groups/${groupId}`);
    assert.deepEqual(new Set(read.map(({ value }: { value: string }) => value)), new Set(ids));
    assert.equal((await scim.patch(`/Groups/${groupId}`, { op: 'remove', path: 'members' })).status, 200);
    assert.deepEqual((await scim.expect(200, 'GET', `/Groups/${groupId}`)).members, []);
  });
});
