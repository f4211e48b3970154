import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { ADVANCED, type GraphBody, useGraph } from './graph-harness.ts';

describe('emulated directory reads', () => {
  const graph = useGraph();
  let ada = '';

  before(() => {
    ada = graph().tenant.addUser({
      userPrincipalName: 'ada@mymsp.example',
      displayName: 'Ada Lovelace',
      businessPhones: ['+1 555 0100'],
    });
    for (let number = 1; number <= 30; number += 1) {
      graph().tenant.addUser({
        userPrincipalName: `user${number}@mymsp.example`,
        displayName: `User ${number}`,
      });
    }
  });
  beforeEach(() => {
    graph().token = graph().freshToken();
  });

  it('reads a user by id and by name, with the default properties', async () => {
    for (const name of [ada, 'ADA@mymsp.example']) {
      const { status, body } = await graph().get(`users/${name}`);
      assert.deepEqual([status, body['id'], body['displayName']], [200, ada, 'Ada Lovelace']);
      assert.equal(body['mail'], null);
      assert.equal(Object.hasOwn(body, 'accountEnabled'), false);
    }
    const { body } = await graph().get(`users/${ada}?$select=accountEnabled,userType,identities`);
    assert.deepEqual([body['accountEnabled'], body['userType'], body['id']], [true, 'Member', ada]);
    assert.deepEqual(body['identities'], [
      { signInType: 'userPrincipalName', issuer: 'mymsp.example', issuerAssignedId: 'ada@mymsp.example' },
    ]);
  });

  it('tells what the organization is and which domains it has verified', async () => {
    const { body } = await graph().get('organization');
    const [organization] = body.value;
    assert.equal(organization?.id, graph().tenant.id);
    assert.deepEqual(
      Object(organization?.['verifiedDomains']).map(
        ({ name, isDefault, isInitial }: Record<string, unknown>) => [name, isDefault, isInitial],
      ),
      [
        ['mymsp.example', true, false],
        ['mymsp.onmicrosoft.com', false, true],
      ],
    );
  });

  it('tells when a group was created, which decides between rules of the same order', async () => {
    const id = graph().tenant.addGroup({ displayName: 'Old', createdDateTime: '2019-01-02T03:04:05Z' });
    const { body } = await graph().get(`groups/${id}?$select=id,createdDateTime`);
    assert.equal(body['createdDateTime'], '2019-01-02T03:04:05Z');
    const { status, body: refusal } = await graph().get('groups/4b0f6f7e-0000-4000-8000-000000000000');
    assert.deepEqual([status, refusal.error?.code], [404, 'Request_ResourceNotFound']);
  });

  it('pages through a list, and counts it when asked in the right way', async () => {
    const seen: string[] = [];
    let next: string | undefined = 'users?$top=7&$select=id&$count=true';
    let pages = 0;
    while (next !== undefined) {
      const { body }: { body: GraphBody } = await graph().get(next, ADVANCED);
      assert.equal(body['@odata.count'], pages === 0 ? 31 : undefined);
      seen.push(...body.value.map(({ id }) => id));
      next = body['@odata.nextLink'];
      pages += 1;
    }
    assert.deepEqual([pages, new Set(seen).size, seen.length], [5, 31, 31]);
    for (const top of ['0', '1000', 'x']) assert.equal((await graph().get(`users?$top=${top}`)).status, 400);
  });

  it('filters, searches and sorts', async () => {
    const namesOf = async (query: string, headers = {}) =>
      (await graph().get(`users?$select=displayName&${query}`, headers)).body.value.map(
        (row) => row['displayName'],
      );
    assert.deepEqual(await namesOf("$filter=userPrincipalName eq 'ADA@mymsp.example'"), ['Ada Lovelace']);
    assert.deepEqual(await namesOf("$filter=startswith(displayName,'user 3')&$orderby=displayName desc"), [
      'User 30',
      'User 3',
    ]);
    assert.deepEqual(await namesOf(`$filter=id in ('${ada}') and accountEnabled eq true`), ['Ada Lovelace']);
    assert.deepEqual(await namesOf('$search="displayName:lovelace"', ADVANCED), ['Ada Lovelace']);
    assert.equal((await graph().get('users?$search="displayName:lovelace"')).status, 400);
    assert.equal((await graph().get('users?$filter=displayName gt 5')).status, 400);
  });

  it('lists deleted users by type, under a name with the object id in front', async () => {
    const id = graph().tenant.addUser({ userPrincipalName: 'gone@mymsp.example' });
    graph().tenant.softDeleteUser(id);
    assert.equal((await graph().get(`users/${id}`)).status, 404);
    const { body } = await graph().get(
      'directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,deletedDateTime',
    );
    const [deleted] = body.value;
    assert.equal(deleted?.['userPrincipalName'], `${id.replaceAll('-', '')}gone@mymsp.example`);
    assert.match(String(deleted?.['deletedDateTime']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.equal((await graph().get('directory/deletedItems')).status, 400);
    // The name is free for somebody else, and then the first one cannot come back.
    const successor = graph().tenant.addUser({ userPrincipalName: 'gone@mymsp.example' });
    assert.throws(() => graph().tenant.restoreUser(id), /taken/);
    graph().tenant.purgeUser(successor);
    graph().tenant.restoreUser(id);
    assert.equal((await graph().get('users/gone@mymsp.example')).body['id'], id);
  });

  it('answers errors as Graph words them', async () => {
    const { status, body, headers } = await graph().get('users/nobody', { 'client-request-id': 'request-1' });
    assert.equal(status, 404);
    const inner = Object(body.error)['innerError'];
    assert.deepEqual(Object.keys(inner).sort(), ['client-request-id', 'date', 'request-id']);
    assert.equal(inner['client-request-id'], 'request-1');
    assert.ok(headers.get('request-id'));
    assert.equal((await graph().get('shoes')).body.error?.code, 'BadRequest');
    assert.equal((await graph().post('users/delta', {})).status, 405);
    assert.equal((await graph().send('users/x/getMemberGroups', { method: 'POST', body: 'x' })).status, 415);
  });
});
