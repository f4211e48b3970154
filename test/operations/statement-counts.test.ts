import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { makeClient, unique } from '../admin-api/people-world.ts';
import { type Behaviour, startBehaviour } from '../behaviour/behaviour-world.ts';

const manager = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const isBookkeeping = (text: string): boolean =>
  /^\s*(begin|commit|rollback|select set_config)\b/i.test(text) || text.includes('touched_tokens');

/** A token is remembered for a second, which the requests of a slow machine may not share. */
const isTokenLookup = (text: string): boolean => text.includes('find_scim_token(');

/** Members of their own for a group, as if a client had pushed them. */
const addMembers = `
  with users as (
    insert into directory_users (organization_id, directory_user_id, connection_id, user_name)
    select g.organization_id, gen_random_uuid(), g.connection_id, g.directory_group_id || '.' || n || '@contoso.example'
    from directory_groups g cross join generate_series(1, $2::integer) n
    where g.directory_group_id = $1::uuid
    returning organization_id, directory_user_id
  )
  insert into memberships (organization_id, directory_group_id, directory_user_id)
  select organization_id, $1::uuid, directory_user_id from users`;

/**
 * Everything that is sent for a request, but for what opens (and binds to the organization) and ends a transaction,
 * and the note of when a token was last used, which is written beside all requests once in a while.
 */
describe('SQL statements of a request', () => {
  let world: Behaviour;
  let groupId: string;
  before(async () => {
    world = await startBehaviour();
    groupId = (await world.employeeGroup()).id;
  });
  after(() => world.app.stop());

  const statementsOf = async (request: () => Promise<unknown>): Promise<readonly string[]> => {
    world.app.takeStatements();
    await request();
    return world.app.takeStatements().filter((text) => !isBookkeeping(text));
  };
  const atMost = async (limit: number, request: () => Promise<unknown>): Promise<void> => {
    const statements = await statementsOf(request);
    assert.ok(statements.length > 0);
    assert.ok(statements.length <= limit, statements.join('\n;\n'));
  };
  const governed = async (name: string): Promise<string> => {
    const id = await world.client.addUser(name);
    await world.join(groupId, id);
    return id;
  };

  it('creating a user takes at most eight', () => atMost(8, () => world.client.addUser(unique('create'))));

  it('changing an attribute, disabling, enabling, naming a manager and renaming take at most eight each', async () => {
    const [id, boss] = [await governed(unique('patch')), await world.client.addUser(unique('boss'))];
    const name = unique('renamed');
    for (const value of [
      { title: unique('Title') },
      { active: false },
      { active: true },
      { [manager]: { manager: { value: boss } } },
      { userName: `${name}@contoso.example` },
      { title: 'Engineer', phoneNumbers: [{ type: 'work', value: '1' }], name: { familyName: 'New' } },
    ]) {
      await atMost(8, () => world.client.patchUser(id, value));
    }
    assert.equal((await world.employeeOf(id)).username, name);
  });

  it('a group change that converts a person takes at most twelve, the two of the guard among them', async () => {
    const id = await governed(unique('convert'));
    const portal = await world.portalGroup([], { order: 1 });
    await atMost(12, () => world.join(portal.id, id));
    assert.equal((await world.contactOf(id)).hasPortalAccess, true);
  });

  it('a list takes at most two, whatever its length', async () => {
    for (const path of ['/Users', '/Users?count=1', '/Users?startIndex=2&count=200', '/Groups?count=5']) {
      await atMost(2, () => world.scim(200, world.connection, 'GET', path));
    }
    const filter = encodeURIComponent('userName eq "nobody@contoso.example"');
    await atMost(2, () => world.scim(200, world.connection, 'GET', `/Users?filter=${filter}`));
  });

  it('one member more or less costs the same in a group of none, of 1,000 and of 10,000', async () => {
    const connection = await world.app.createScimConnection('Large');
    const client = makeClient(world, connection);
    const extra = await client.addUser(unique('extra'));
    const database = new pg.Client({ connectionString: world.app.databaseUrl });
    await database.connect();
    const patch = (id: string, operation: object) =>
      world.scim(200, connection, 'PATCH', `/Groups/${id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [operation],
      });
    const counts: (readonly [number, number])[] = [];
    try {
      for (const size of [0, 1_000, 10_000]) {
        const id = await client.addGroup(unique('sized'));
        await database.query(addMembers, [id, size]);
        const added: number[] = [];
        const removed: number[] = [];
        const countOf = async (request: () => Promise<unknown>): Promise<number> =>
          (await statementsOf(request)).filter((text) => !isTokenLookup(text)).length;
        // What the server does by itself meanwhile can only add to a count.
        for (let round = 0; round < 3; round += 1) {
          const joining = { op: 'add', path: 'members', value: [{ value: extra }] };
          added.push(await countOf(() => patch(id, joining)));
          const leaving = { op: 'remove', path: `members[value eq "${extra}"]` };
          removed.push(await countOf(() => patch(id, leaving)));
        }
        counts.push([Math.min(...added), Math.min(...removed)]);
      }
    } finally {
      await database.end();
    }
    assert.deepEqual(counts, [counts[0], counts[0], counts[0]]);
    assert.ok(Math.max(...(counts[0] ?? [])) <= 8, String(counts[0]));
  });
});
