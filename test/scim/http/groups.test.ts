import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuidV7 } from '../../../src/uuid-v7.ts';
import {
  createGroup,
  createUser,
  GROUP,
  makeScimHarness,
  PATCH_OP,
  type ScimHarness,
} from './scim-harness.ts';

const add = (id: string) => ({
  schemas: [PATCH_OP],
  Operations: [{ op: 'add', path: 'members', value: [{ value: id }] }],
});

/** Members in memory only: a real client would need a thousand requests. */
async function withMembers(
  harness: ScimHarness,
  count: number,
): Promise<{ groupId: string; memberIds: string[] }> {
  const { operations } = harness;
  const [first] = [...operations.users.values()];
  const memberIds = Array.from({ length: count }, () => uuidV7());
  for (const id of memberIds) {
    if (first !== undefined) operations.users.set(id, { ...first, id, userName: `${id}@fabrikam.example` });
  }
  return { groupId: await createGroup(harness, 'Everybody', memberIds), memberIds };
}

test('a group is answered with its members: value, address, type and display', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const { status, headers, body } = await harness.withBody('post', '/Groups', {
    schemas: [GROUP],
    displayName: 'Engineers',
    externalId: 'eng',
    members: [{ value: id }],
  });
  assert.equal(status, 201);
  assert.deepEqual([headers.location, headers.etag], [harness.location(`/Groups/${body.id}`), 'W/"1"']);
  assert.deepEqual([body.schemas, body.externalId, body.meta.resourceType], [[GROUP], 'eng', 'Group']);
  assert.deepEqual(body.members, [
    { value: id, $ref: harness.location(`/Users/${id}`), type: 'User', display: 'ada@fabrikam.example' },
  ]);
});

test('Entra gets 204 for a group PATCH and never reads the members', async () => {
  const harness = makeScimHarness('entra');
  const id = await createUser(harness, 'ada@fabrikam.example');
  const groupId = await createGroup(harness, 'Engineers');
  const { headers } = await harness.withBody('patch', `/Groups/${groupId}`, add(id)).expect(204);
  assert.deepEqual([headers.etag, headers['content-type']], ['W/"2"', undefined]);
  assert.deepEqual(harness.operations.asked.withMembers, []);
});

test('other clients get the group back after a PATCH', async () => {
  const harness = makeScimHarness('scim');
  const id = await createUser(harness, 'ada@fabrikam.example');
  const groupId = await createGroup(harness, 'Engineers');
  const { headers, body } = await harness.withBody('patch', `/Groups/${groupId}`, add(id)).expect(200);
  assert.deepEqual([body.members.length, headers.etag], [1, 'W/"2"']);
});

test('a PATCH that names attributes is answered with them, for Entra too', async () => {
  const harness = makeScimHarness('entra');
  const id = await createUser(harness, 'ada@fabrikam.example');
  const groupId = await createGroup(harness, 'Engineers');
  const { body } = await harness
    .withBody('patch', `/Groups/${groupId}?attributes=displayName`, add(id))
    .expect(200);
  assert.deepEqual(Object.keys(body).sort(), ['displayName', 'id', 'schemas']);
  assert.deepEqual(harness.operations.asked.withMembers, []);
});

test('above 1,000 members a write answers without them, unless they are asked for by name', async () => {
  const harness = makeScimHarness('scim');
  const id = await createUser(harness, 'ada@fabrikam.example');
  const { groupId } = await withMembers(harness, 1000);
  await harness.withBody('patch', `/Groups/${groupId}`, add(id)).expect(204);
  const put = await harness.withBody('put', `/Groups/${groupId}`, { schemas: [GROUP], displayName: 'All' });
  assert.deepEqual([put.status, put.body.displayName, 'members' in put.body], [200, 'All', false]);
  const named = await harness
    .withBody('patch', `/Groups/${groupId}?attributes=members.value`, add(id))
    .expect(200);
  assert.equal(named.body.members.length, 1001);
});

test('a very large group is answered in parts that make up the whole', async () => {
  const harness = makeScimHarness();
  await createUser(harness, 'ada@fabrikam.example');
  const { groupId, memberIds } = await withMembers(harness, 2750);
  const { headers, body } = await harness.send('get', `/Groups/${groupId}`).expect(200);
  assert.equal(headers['content-type'], 'application/scim+json');
  assert.deepEqual(
    body.members.map(({ value }: { value: string }) => value),
    memberIds,
  );
  assert.equal(body.meta.resourceType, 'Group');

  const listed = await harness.send('get', '/Groups?attributes=members.value,displayName').expect(200);
  assert.deepEqual(listed.body.Resources[0].members[2749], { value: memberIds[2749] });
  const head = await harness.send('head', `/Groups/${groupId}`).expect(200);
  assert.deepEqual(head.body, {});
});

test('PUT without members keeps them, with an empty list removes them all', async () => {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example');
  const groupId = await createGroup(harness, 'Engineers', [id]);
  const group = { schemas: [GROUP], displayName: 'Engineers' };
  const kept = await harness.withBody('put', `/Groups/${groupId}`, group).expect(200);
  assert.equal(kept.body.members.length, 1);
  const emptied = await harness.withBody('put', `/Groups/${groupId}`, { ...group, members: [] }).expect(200);
  assert.deepEqual(emptied.body.members, []);
});

test('an unknown member refuses the whole request and names it', async () => {
  const harness = makeScimHarness();
  const groupId = await createGroup(harness, 'Engineers');
  const unknown = uuidV7();
  const { status, body } = await harness.withBody('patch', `/Groups/${groupId}`, add(unknown));
  assert.deepEqual([status, body.scimType], [400, 'invalidValue']);
  assert.match(body.detail, new RegExp(unknown));
});

test('If-Match, If-None-Match and DELETE work on groups as on users', async () => {
  const harness = makeScimHarness();
  const groupId = await createGroup(harness, 'Engineers');
  await harness.send('get', `/Groups/${groupId}`).set('If-None-Match', 'W/"1"').expect(304);
  await harness.send('delete', `/Groups/${groupId}`).set('If-Match', 'W/"2"').expect(412);
  await harness.send('delete', `/Groups/${groupId}`).set('If-Match', 'W/"1"').expect(204);
  await harness.send('get', `/Groups/${groupId}`).expect(404);
});
