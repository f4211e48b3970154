import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUser, ENTERPRISE, makeScimHarness, PATCH_OP, type ScimHarness, USER } from './scim-harness.ts';

async function withAda(): Promise<{ readonly harness: ScimHarness; readonly id: string }> {
  const harness = makeScimHarness();
  const id = await createUser(harness, 'ada@fabrikam.example', {
    schemas: [USER, ENTERPRISE],
    displayName: 'Ada Lovelace',
    name: { givenName: 'Ada', familyName: 'Lovelace' },
    emails: [
      { type: 'work', value: 'ada@fabrikam.example', primary: true },
      { type: 'home', value: 'ada@home.example' },
    ],
    [ENTERPRISE]: { department: 'Analysis', employeeNumber: 'E-100' },
  });
  return { harness, id };
}

async function shown(query: string): Promise<Record<string, unknown>> {
  const { harness, id } = await withAda();
  const { body } = await harness.send('get', `/Users/${id}?${query}`).expect(200);
  return body;
}

test('attributes shows those named and always schemas and id', async () => {
  const body = await shown('attributes=userName');
  assert.deepEqual(Object.keys(body).sort(), ['id', 'schemas', 'userName']);
  assert.deepEqual(body['schemas'], [USER, ENTERPRISE]);
});

test('names compare without case, with the core URN and with sub-attributes', async () => {
  const body = await shown(
    `attributes=USERNAME,Name.GivenName,emails.VALUE,${USER.toUpperCase()}:displayname`,
  );
  assert.deepEqual(Object.keys(body).sort(), ['displayName', 'emails', 'id', 'name', 'schemas', 'userName']);
  assert.deepEqual(body['name'], { givenName: 'Ada' });
  assert.deepEqual(body['emails'], [{ value: 'ada@fabrikam.example' }, { value: 'ada@home.example' }]);
});

test('an extension is shown as a whole or by one of its attributes', async () => {
  const whole = await shown(`attributes=${ENTERPRISE}`);
  assert.deepEqual(whole[ENTERPRISE], { department: 'Analysis', employeeNumber: 'E-100' });
  const part = await shown(`attributes=${ENTERPRISE.toLowerCase()}:department`);
  assert.deepEqual(part[ENTERPRISE], { department: 'Analysis' });
});

test('an attribute that only an extension knows is found by its name alone', async () => {
  const body = await shown('attributes=Department,title');
  assert.deepEqual(Object.keys(body).sort(), ['id', 'schemas', ENTERPRISE].sort());
  assert.deepEqual(body[ENTERPRISE], { department: 'Analysis' });
  const rest = await shown('excludedAttributes=department');
  assert.deepEqual(rest[ENTERPRISE], { employeeNumber: 'E-100' });
});

test('the URN of the core schema alone means everything outside the extensions', async () => {
  const core = await shown(`attributes=${USER}`);
  assert.deepEqual(core['name'], { givenName: 'Ada', familyName: 'Lovelace' });
  assert.ok('userName' in core && 'meta' in core);
  assert.equal(ENTERPRISE in core, false);
  const rest = await shown(`excludedAttributes=${USER.toLowerCase()}`);
  assert.deepEqual(Object.keys(rest).sort(), ['id', 'schemas', ENTERPRISE].sort());
});

test('an unknown or empty name shows nothing and breaks nothing', async () => {
  assert.deepEqual(Object.keys(await shown('attributes=favouriteColour')).sort(), ['id', 'schemas']);
  assert.ok('userName' in (await shown('attributes=')));
  assert.deepEqual(Object.keys(await shown('attributes=userName,,')).sort(), ['id', 'schemas', 'userName']);
});

test('excludedAttributes leaves out, but never schemas and id', async () => {
  const body = await shown(`excludedAttributes=schemas,ID,meta,emails.type,name,${ENTERPRISE}:department`);
  assert.ok(body['schemas'] && body['id']);
  assert.equal('meta' in body || 'name' in body, false);
  assert.deepEqual(body['emails'], [
    { value: 'ada@fabrikam.example', primary: true },
    { value: 'ada@home.example' },
  ]);
  assert.deepEqual(body[ENTERPRISE], { employeeNumber: 'E-100' });
});

test('values that nothing is left of are left out', async () => {
  const primary = await shown('attributes=emails.primary');
  assert.deepEqual(primary['emails'], [{ primary: true }]);
  const absent = await shown('attributes=emails.display,userName');
  assert.deepEqual(Object.keys(absent).sort(), ['id', 'schemas', 'userName']);
  const rest = await shown('excludedAttributes=emails.value,emails.type');
  assert.deepEqual(rest['emails'], [{ primary: true }]);
  const none = await shown('excludedAttributes=emails.value,emails.type,emails.primary');
  assert.equal('emails' in none, false);
});

test('both parameters together are both applied', async () => {
  const body = await shown('attributes=userName,name&excludedAttributes=name.familyName');
  assert.deepEqual(Object.keys(body).sort(), ['id', 'name', 'schemas', 'userName']);
  assert.deepEqual(body['name'], { givenName: 'Ada' });
});

test('answers of POST, PUT and PATCH follow the parameters too', async () => {
  const { harness, id } = await withAda();
  const user = { schemas: [USER], userName: 'ada@fabrikam.example', title: 'Countess' };
  const patch = { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'title', value: 'Lady' }] };
  const answers = [
    await harness.withBody('put', `/Users/${id}?attributes=title`, user).expect(200),
    await harness.withBody('patch', `/Users/${id}?attributes=title`, patch).expect(200),
    await harness.withBody('post', '/Users?attributes=title', { ...user, userName: 'b' }).expect(201),
  ];
  for (const { body } of answers) assert.deepEqual(Object.keys(body).sort(), ['id', 'schemas', 'title']);
});

test('groups are not even read when they are not shown', async () => {
  const { harness, id } = await withAda();
  await harness.send('get', `/Users/${id}?attributes=userName`);
  await harness.send('get', `/Users/${id}?excludedAttributes=groups`);
  await harness.send('get', `/Users/${id}?attributes=groups.display`);
  await harness.send('get', `/Users/${id}`);
  assert.deepEqual(harness.operations.asked.withGroups, [false, false, true, true]);
});

test('the list applies the parameters to every entry', async () => {
  const { harness } = await withAda();
  await createUser(harness, 'min@fabrikam.example');
  const { body } = await harness
    .send('get', `/Users?attributes=${ENTERPRISE}:department,name.givenName`)
    .expect(200);
  assert.deepEqual(Object.keys(body.Resources[0]).sort(), ['id', 'name', 'schemas', ENTERPRISE].sort());
  assert.deepEqual(Object.keys(body.Resources[1]).sort(), ['id', 'schemas']);
});
