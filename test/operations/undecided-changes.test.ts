import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { unique } from '../admin-api/people-world.ts';
import { type Behaviour, startBehaviour } from '../behaviour/behaviour-world.ts';

const patchOf = (path: string, value: unknown) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', path, value }],
});

const joinGroup = `
  insert into memberships (organization_id, directory_group_id, directory_user_id, source)
  select organization_id, directory_group_id, $2, 'scim' from directory_groups where directory_group_id = $1`;

const waiting = `
  select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;

/** After some changes that nobody had to decide, the next ones are expected to be the same. */
describe('changes of users in no group', () => {
  let world: Behaviour;
  before(async () => {
    world = await startBehaviour();
  });
  after(() => world.app.stop());

  const patch = (id: string, path: string, value: unknown, headers: Record<string, string> = {}) =>
    world.app.scim(world.connection, 'PATCH', `/Users/${id}`, patchOf(path, value), headers);
  const get = (id: string) => world.scim(200, world.connection, 'GET', `/Users/${id}`);
  const warmUp = async (): Promise<void> => {
    const id = await world.client.addUser(unique('warm'));
    for (const title of ['a', 'b', 'c', 'd', 'e', 'f']) await patch(id, 'title', title);
  };
  const countWrites = (): number =>
    world.app.takeStatements().filter((text) => text.includes('with changed as materialized')).length;

  it('are kept, all of them, whoever else changes the same users', async () => {
    await warmUp();
    const ids = await Promise.all([1, 2, 3].map(() => world.client.addUser(unique('many'))));
    const paths = ['title', 'nickName', 'userType', 'locale', 'displayName'];
    world.app.takeStatements();
    const answers = await Promise.all(
      ids.flatMap((id) => paths.map((path) => patch(id, path, `new ${path}`))),
    );
    assert.ok(countWrites() > 0, 'none was written together');
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    for (const id of ids) {
      const user = await get(id);
      assert.deepEqual(
        paths.map((path) => user[path]),
        paths.map((path) => `new ${path}`),
      );
      assert.equal(user.meta.version, `W/"${paths.length + 1}"`);
    }
  });

  it('take four statements, and fail one by one', async () => {
    await warmUp();
    const [one, other, third] = [unique('one'), unique('other'), unique('third')];
    const ids = await Promise.all([one, other, third].map((name) => world.client.addUser(name)));
    const [first = '', second = '', last = ''] = ids;
    world.app.takeStatements();
    const taken = `${one}@contoso.example`;
    const answers = await Promise.all([
      patch(first, 'title', 'Engineer'),
      patch(second, 'userName', taken),
      patch(last, 'title', 'Engineer'),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 409, 200],
    );
    assert.equal((await get(last)).title, 'Engineer');
    const { version } = (await get(first)).meta;
    const stale = await patch(first, 'title', 'Manager', { 'if-match': 'W/"1"' });
    assert.equal(stale.status, 412);
    assert.equal((await patch(first, 'title', 'Manager', { 'if-match': version })).status, 200);
    assert.equal((await patch(first, 'active', 'perhaps')).status, 400);
    assert.equal((await patch(crypto.randomUUID(), 'title', 'Nobody')).status, 404);
    world.app.takeStatements();
    await patch(first, 'title', 'Director');
    const statements = world.app.takeStatements().filter((text) => !/^\s*(begin|commit)\b/.test(text));
    assert.ok(statements.length <= 4, statements.join('\n;\n'));
  });

  it('are decided when a group takes the user in just before they are written', async () => {
    const group = await world.employeeGroup();
    const id = await world.client.addUser(unique('joins'));
    await warmUp();
    const database = new pg.Client({ connectionString: world.app.databaseUrl });
    await database.connect();
    try {
      await database.query('begin');
      await database.query('select from directory_users where directory_user_id = $1 for no key update', [
        id,
      ]);
      await database.query(joinGroup, [group.id, id]);
      const patched = patch(id, 'name.familyName', 'Late');
      while ((await database.query(waiting)).rowCount === 0) await setTimeout(5);
      await database.query('commit');
      assert.equal((await patched).status, 200);
    } finally {
      await database.end();
    }
    assert.equal((await world.employeeOf(id)).lastName, 'Late');
  });

  it('follow the emails they change', async () => {
    await warmUp();
    const id = await world.client.addUser(unique('mail'));
    const address = `${unique('moved')}@contoso.example`;
    assert.equal((await patch(id, 'emails[type eq "work"].value', address)).status, 200);
    const filter = encodeURIComponent(`emails.value eq "${address}"`);
    const found = await world.scim(200, world.connection, 'GET', `/Users?filter=${filter}`);
    assert.equal(found.totalResults, 1);
  });
});
