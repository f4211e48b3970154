import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findRunningServer } from '../../src/postgres/embedded/running-server.ts';
import { type PlainAnswer, pushUsers, sendScim, userBody } from '../faults/scim-push.ts';
import { runServer } from '../faults/server-run.ts';
import { scratchDirectory, until } from '../support/embedded-scratch.ts';
import { assertAccessFollowsRules, statusesOf } from './concurrency-checks.ts';

const adminKey = 'two-servers-two-servers-two-servers-two-servers';
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group';

describe('two servers on one database', () => {
  it('see rule changes and revoked tokens of each other, and share users and jobs', async (t) => {
    const dataDir = await scratchDirectory(t);
    const env = { ADMIN_API_KEY: adminKey };
    const one = runServer(t, { ...env, DATA_DIR: dataDir });
    const oneUrl = await one.ready();
    const databaseUrl = (await findRunningServer(dataDir)) ?? '';
    const two = runServer(t, { ...env, DATABASE_URL: databaseUrl });
    const twoUrl = await two.ready();

    const admin = async (base: string, method: string, path: string, body?: object) => {
      const response = await fetch(`${base}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      assert.ok(response.ok, `${method} ${path} answered ${response.status} ${text}`);
      return text === '' ? null : JSON.parse(text);
    };
    const listed = async (path: string) => (await admin(oneUrl, 'GET', path)).items;
    const connection = await admin(oneUrl, 'POST', '/connections', { name: 'Shared', kind: 'scim' });
    const issued = await admin(twoUrl, 'POST', `/connections/${connection.id}/scim-tokens`, { name: 'test' });
    const { pathname } = new URL(connection.scimBaseUrl);
    const at = (base: string) => ({ scimBaseUrl: `${base}${pathname}`, token: issued.token });
    const roles = await listed('/security-roles');
    const technician = roles.find((role: { name: string }) => role.name === 'Technician').id;
    await admin(oneUrl, 'PUT', '/employee-defaults', {
      departmentId: (await listed('/departments'))[0].id,
      locationId: (await listed('/locations'))[0].id,
      managerId: (await listed('/employees'))[0].id,
      jobTitleId: (await listed('/job-titles'))[0].id,
      employmentType: 'Full-time',
      securityRoleId: technician,
      employeeRoleId: (await listed('/employee-roles'))[0].id,
      accountId: null,
    });
    await admin(twoUrl, 'PATCH', '/settings', { provisioningMode: 'azureAdSync' });

    // The same people through both at once: each is made once.
    const names = Array.from({ length: 20 }, (_, index) => `person${index}@contoso.example`);
    const answers = await Promise.all(
      names.flatMap((name) =>
        [oneUrl, twoUrl].map((base) => sendScim(at(base), 'POST', '/Users', userBody(name))),
      ),
    );
    assert.deepEqual(statusesOf(answers), { 201: names.length, 409: names.length });
    const ids: string[] = answers
      .filter(({ status }: PlainAnswer) => status === 201)
      .map(({ body }) => JSON.parse(body).id);

    // A rule made at one decides what a membership that comes in at the other means.
    const group = JSON.stringify({ schemas: [groupSchema], displayName: 'Crew', externalId: 'crew' });
    const groupId = JSON.parse((await sendScim(at(twoUrl), 'POST', '/Groups', group)).body).id;
    const rule = await admin(oneUrl, 'POST', '/mapping-rules', {
      connectionId: connection.id,
      groupId: 'crew',
      order: 1,
      userType: 'employee',
      securityRoleId: technician,
    });
    const add = (base: string, value: string) =>
      sendScim(
        at(base),
        'PATCH',
        `/Groups/${groupId}`,
        JSON.stringify({
          schemas: [patchSchema],
          Operations: [{ op: 'add', path: 'members', value: [{ value }] }],
        }),
      );
    assert.equal((await add(twoUrl, ids[0] ?? '')).status, 200);
    assert.equal((await admin(twoUrl, 'GET', '/employees?email=person0@contoso.example')).items.length, 1);
    const added = await Promise.all(
      ids.slice(1).map((id, index) => add(index % 2 === 0 ? oneUrl : twoUrl, id)),
    );
    assert.deepEqual(statusesOf(added), { 200: ids.length - 1 });
    await assertAccessFollowsRules(databaseUrl);
    await admin(twoUrl, 'DELETE', `/mapping-rules/${rule.id}`);
    await until(async () => {
      const rows = await listed('/employees?limit=200');
      return rows.every(
        (person: { isRoot: boolean; isActive: boolean }) => person.isRoot || !person.isActive,
      );
    });

    // A token revoked at one is refused by the other, which remembers tokens for a second at most.
    assert.equal((await sendScim(at(twoUrl), 'GET', `/Users/${ids[0]}`)).status, 200);
    await admin(oneUrl, 'DELETE', `/connections/${connection.id}/scim-tokens/${issued.id}`);
    const revokedAt = Date.now();
    assert.equal((await sendScim(at(oneUrl), 'GET', `/Users/${ids[0]}`)).status, 401, 'here at once');
    let refusedAt = 0;
    await until(async () => {
      const asked = Date.now();
      const { status } = await sendScim(at(twoUrl), 'GET', `/Users/${ids[0]}`);
      assert.ok([200, 401].includes(status));
      // A request that was sent more than a second after the revocation must not be let in.
      assert.ok(status === 401 || asked <= revokedAt + 1000);
      refusedAt = status === 401 ? asked : 0;
      return refusedAt > 0;
    });

    // The one that brought the database stops; the other answers 503 until it is back.
    const push = pushUsers(
      {
        ...at(twoUrl),
        token: (await admin(oneUrl, 'POST', `/connections/${connection.id}/scim-tokens`, { name: 'second' }))
          .token,
      },
      'late',
    );
    await until(() => push.acknowledged.size > 10);
    one.child.kill('SIGTERM');
    assert.equal(await one.ended(), 0);
    await until(async () => (await fetch(`${twoUrl}/readyz`)).status === 503);
    assert.equal((await fetch(`${twoUrl}/healthz`)).status, 200);
    const again = runServer(t, { ...env, DATA_DIR: dataDir });
    await again.ready();
    const soFar = push.acknowledged.size;
    await until(() => push.acknowledged.size > soFar + 10);
    await push.stop();
    for (const { status } of push.refused) assert.equal(status, 503);
    two.child.kill('SIGTERM');
    assert.equal(await two.ended(), 0);
    again.child.kill('SIGTERM');
    assert.equal(await again.ended(), 0);
  });
});
