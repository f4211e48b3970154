import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useGraph } from './graph-harness.ts';

const SELECT = 'users/delta?$select=id,displayName,jobTitle,accountEnabled';
const DAY = 86_400_000;

describe('an emulated delta query refuses', () => {
  const graph = useGraph();

  for (const option of ['$top=5', '$orderby=displayName', '$expand=manager', '$search="displayName:a"']) {
    it(`${option}`, async () => {
      const { status, body } = await graph().get(`${SELECT}&${option}`);
      assert.deepEqual([status, body.error?.code], [400, 'Request_UnsupportedQuery']);
    });
  }

  it('a filter by anything but ids', async () => {
    const { status } = await graph().get(`${SELECT}&$filter=displayName eq 'Ada'`);
    assert.equal(status, 400);
  });

  it('an unknown property', async () => {
    const { status, body } = await graph().get('users/delta?$select=id,shoeSize');
    assert.deepEqual([status, body.error?.code], [400, 'BadRequest']);
  });

  it('a link that was edited', async () => {
    const { deltaLink } = await graph().round(SELECT);
    assert.equal((await graph().get(`${deltaLink}&$select=id`)).status, 400);
    const { status, body } = await graph().get(`${deltaLink.slice(0, -2)}xx`);
    assert.deepEqual([status, body.error?.code], [400, 'syncStateNotFound']);
  });

  it('the token of groups', async () => {
    const { deltaLink } = await graph().round('groups/delta');
    const { body } = await graph().get(deltaLink.replace('/groups/', '/users/'));
    assert.equal(body.error?.code, 'syncStateNotFound');
  });

  it('a token of more than seven days, and says where to begin again', async () => {
    const id = graph().tenant.addUser({ userPrincipalName: 'user@mymsp.example' });
    const { deltaLink } = await graph().round(SELECT);
    graph().emulator.advanceClock(7 * DAY);
    graph().token = graph().freshToken();
    const { status, headers, body } = await graph().get(deltaLink);
    assert.deepEqual([status, body.error?.code], [410, 'resyncRequired']);
    const location = headers.get('location') ?? '';
    assert.match(location, /\/users\/delta\?\$select=id,displayName,jobTitle,accountEnabled&\$deltatoken=$/);
    const again = await graph().round(location);
    assert.ok(again.rows.some((row) => row.id === id));
    assert.notEqual(again.deltaLink, '');
  });
});
