import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type Json,
  makeClient,
  pointersOf,
  startWorld,
  unique,
  unknownId,
  type World,
} from '../admin-api/people-world.ts';
import type { ScimConnection } from '../support/app.ts';

describe('previewing other employee defaults', () => {
  let world: World;
  let connection: ScimConnection;
  let client: ReturnType<typeof makeClient>;
  let departmentId: string;

  before(async () => {
    world = await startWorld();
    connection = await world.app.createScimConnection('Contoso');
    client = makeClient(world, connection);
    departmentId = (await world.expect(201, 'POST', '/departments', { name: 'Sales' })).id;
  });
  after(() => world?.app.stop());

  const preview = (more: object, query = ''): Promise<Json> =>
    world.expect(200, 'POST', `/employee-defaults/preview${query}`, { ...world.defaults, ...more });
  const mode = (provisioningMode: string) => world.expect(200, 'PATCH', '/settings', { provisioningMode });
  /** Under a rule, while nothing is provisioned yet. */
  const waiting = async (names: readonly string[]): Promise<readonly string[]> => {
    const ids = [];
    for (const name of names) ids.push(await client.addUser(unique(name)));
    const group = unique('group');
    await client.addGroup(group, ids);
    const { connectionId } = connection;
    const role = { userType: 'employee', securityRoleId: world.roles['Technician'] };
    await world.expect(201, 'POST', '/mapping-rules', { connectionId, groupId: group, order: 1, ...role });
    return ids;
  };

  it('lists who would be made with other values, and is right about it', async () => {
    await mode('off');
    const ids = await waiting(['ada', 'bob']);
    const answer = await preview({ departmentId });
    assert.equal(answer.counts.departmentId, 2);
    assert.deepEqual(
      answer.items.map((item: Json) => [item.directoryUserId, item.employeeId, item.fields]),
      ids
        .toSorted()
        .map((id) => [
          id,
          null,
          [{ field: 'departmentId', before: world.defaults.departmentId, after: departmentId }],
        ]),
    );
    assert.deepEqual((await preview({})).items, []);
    await world.expect(200, 'PUT', '/employee-defaults', { ...world.defaults, departmentId });
    await mode('azureAdSync');
    const { items } = await world.expect(200, 'GET', `/employees?connectionId=${connection.connectionId}`);
    assert.deepEqual(new Set(items.map((employee: Json) => employee.departmentId)), new Set([departmentId]));
    await world.expect(200, 'PUT', '/employee-defaults', world.defaults);
  });

  it('lists nobody who has a value, and whoever has an empty field that a default fills', async () => {
    const [id] = await waiting(['eve']);
    assert.deepEqual((await preview({ departmentId })).items, []);
    const { employeeId } = await world.expect(200, 'GET', `/directory-users/${id}`);
    await world.expect(200, 'PATCH', `/employees/${employeeId}`, { jobTitleId: null });
    const jobTitleId = (await world.expect(201, 'POST', '/job-titles', { name: unique('Clerk') })).id;
    const { items, counts } = await preview({ jobTitleId });
    assert.equal(counts.jobTitleId, 1);
    assert.deepEqual(items[0].fields, [
      { field: 'jobTitleId', before: world.defaults.jobTitleId, after: jobTitleId },
    ]);
    assert.equal(items[0].employeeId, employeeId);
    const read = await world.expect(200, 'GET', `/employees/${employeeId}`);
    assert.equal(read.jobTitleId, null, 'a preview writes nothing');
  });

  it('goes on from page to page with one digest, and checks what the defaults point at', async () => {
    await mode('off');
    await waiting(['kim', 'lee', 'max']);
    const first = await preview({ departmentId }, '?limit=2');
    const second = await preview({ departmentId }, `?limit=2&cursor=${first.nextCursor}`);
    assert.equal(first.digest, second.digest);
    assert.equal(first.items.length + second.items.length, 3);
    assert.equal(second.nextCursor, null);
    const other = { ...world.defaults, departmentId: null };
    const late = await world.call(
      'POST',
      `/employee-defaults/preview?limit=2&cursor=${first.nextCursor}`,
      other,
    );
    assert.equal(late.status, 409);
    const wrong = { ...world.defaults, departmentId: unknownId };
    const answer = await world.call('POST', '/employee-defaults/preview', wrong);
    assert.equal(answer.status, 400);
    assert.deepEqual(pointersOf(answer.body), ['/departmentId']);
    await mode('azureAdSync');
  });

  it('refuses what could not be stored: gaps while provisioning is on', async () => {
    const gaps = { ...world.defaults, departmentId: null, employmentType: null };
    await mode('azureAdSync');
    for (const [method, path] of [
      ['PUT', '/employee-defaults'],
      ['POST', '/employee-defaults/preview'],
    ] as const) {
      const { missing } = await world.expect(409, method, path, gaps);
      assert.deepEqual(missing, ['departmentId', 'employmentType'], path);
    }
    await mode('off');
    await preview({ departmentId: null });
    await mode('azureAdSync');
  });

  it('takes no cursor of another preview', async () => {
    await mode('off');
    await waiting(['noa', 'oda']);
    const { nextCursor } = await preview({ departmentId }, '?limit=1');
    const changes = [{ op: 'delete', id: unknownId }];
    const answer = await world.call('POST', `/mapping-rules/preview?cursor=${nextCursor}`, { changes });
    assert.equal(answer.status, 400);
    assert.deepEqual(pointersOf(answer.body), ['/cursor']);
    await mode('azureAdSync');
  });
});
