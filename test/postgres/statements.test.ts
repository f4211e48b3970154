import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Stores } from '../../src/operations/ports.ts';
import { standardCatalogue } from '../../src/scim/catalogue.ts';
import { readFilter } from '../../src/scim/filter/read-filter.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import {
  addAccount,
  addTenant,
  contactOf,
  employeeOf,
  groupOf,
  insertGroup,
  insertUsers,
  login,
  now,
  openWorld,
  type Tenant,
  userOf,
  type World,
} from './world.ts';

describe('statements', () => {
  let world: World;
  let tenant: Tenant;
  const statements: string[] = [];
  before(async () => {
    world = await openWorld({ onStatement: (text) => statements.push(text), poolSize: 1 });
    tenant = await addTenant(world);
  });
  after(() => world.close());

  const sentBy = async (work: (stores: Stores) => Promise<unknown>): Promise<readonly string[]> => {
    await world.unitOfWork.read(tenant.context, (stores) => stores.organizations.get());
    statements.length = 0;
    await world.unitOfWork.read(tenant.context, work);
    return statements.splice(0);
  };
  const filtered = (text: string | null, kind: 'User' | 'Group' = 'User') => ({
    filter: text === null ? null : readFilter(text, kind, standardCatalogue),
    sort: null,
    withReferences: true,
    page: { kind: 'index', startIndex: 1, count: 2 } as const,
  });

  it('are counted: what each store call costs', async () => {
    const users = await insertUsers(world, tenant, [{}, {}, {}]);
    const [user] = users;
    assert.ok(user);
    const group = await insertGroup(world, tenant, {}, [user.id]);
    const lookup = {
      users: [{ id: user.id, connectionId: tenant.connectionId }],
      addressKeys: ['a@b.example'],
      usernameKeys: ['a'],
      usernameStems: ['a'],
      jobTitleKeys: ['b'],
    };
    const costs: readonly (readonly [string, number, (stores: Stores) => Promise<unknown>])[] = [
      ['insert a user', 1, (stores) => stores.users.insert(userOf(tenant))],
      ['lock a user with its groups', 1, (stores) => stores.users.lock(tenant.connectionId, user.id)],
      ['save a user', 1, (stores) => stores.users.save({ ...user, version: 2 })],
      ['get a user with its groups', 1, (stores) => stores.users.get(tenant.connectionId, user.id, true)],
      [
        'match a user',
        1,
        (stores) => stores.users.list(tenant.connectionId, filtered(`userName eq "${user.userName}"`)),
      ],
      [
        'match nobody',
        1,
        (stores) => stores.users.list(tenant.connectionId, filtered('userName eq "nobody"')),
      ],
      [
        'list a full page of users with groups',
        1,
        (stores) => stores.users.list(tenant.connectionId, filtered(null)),
      ],
      [
        'list beyond the end',
        2,
        (stores) =>
          stores.users.list(tenant.connectionId, {
            ...filtered(null),
            page: { kind: 'index', startIndex: 1000, count: 2 },
          }),
      ],
      ['list groups', 1, (stores) => stores.groups.list(tenant.connectionId, filtered(null, 'Group'))],
      ['members of a page of groups', 1, (stores) => stores.memberships.membersOf([group.id, uuidV7()])],
      [
        'add members',
        1,
        (stores) =>
          stores.memberships.add(
            group,
            users.map((each) => each.id),
          ),
      ],
      ['replace members', 1, (stores) => stores.memberships.replace(group, [user.id])],
      ['remove members', 1, (stores) => stores.memberships.remove(group, [user.id])],
      ['load cases', 1, (stores) => stores.people.loadCases(lookup)],
      [
        'apply changes',
        1,
        (stores) =>
          stores.people.apply({
            jobTitles: [{ id: uuidV7(), name: 'Title' }],
            employees: [employeeOf({ login: login({ username: 'counted' }) }), employeeOf()],
            contacts: [],
          }),
      ],
      ['apply nothing', 0, (stores) => stores.people.apply({ jobTitles: [], employees: [], contacts: [] })],
      ['delete a user', 1, (stores) => stores.users.save({ ...user, version: 3, deletedAt: now() })],
    ];
    for (const [what, cost, work] of costs) {
      const sent = await sentBy(work);
      assert.equal(sent.length, cost, `${what}: ${sent.join('\n')}`);
    }
  });

  describe('keep a plan that suits an organization of any size', () => {
    const id = uuidV7();
    const list =
      (text: string, kind: 'User' | 'Group' = 'User') =>
      (stores: Stores) =>
        kind === 'User'
          ? stores.users.list(tenant.connectionId, filtered(text))
          : stores.groups.list(tenant.connectionId, filtered(text, 'Group'));
    const lookup = {
      users: [{ id, connectionId: id }],
      addressKeys: ['a'],
      usernameKeys: ['a'],
      usernameStems: ['a'],
      jobTitleKeys: ['a'],
    };
    const nothing = { jobTitles: [], employees: [], contacts: [] };
    const place = { accountId: id, accountLocationId: id };
    const works: readonly (readonly [string, (stores: Stores) => Promise<unknown>])[] = [
      ['match by userName', list('userName eq "a"')],
      ['match by externalId', list('externalId eq "a"')],
      ['match by id', list(`id eq "${id}"`)],
      ['match by email', list('emails.value eq "a@b.example"')],
      ['match by work email', list('emails[type eq "work"].value eq "a@b.example"')],
      [
        'match by alternatives',
        list('userName eq "a" or externalId eq "a" or emails.value eq "a@b.example"'),
      ],
      ['names with a beginning', list('userName sw "a"')],
      ['groups with a beginning', list('displayName sw "a" and externalId pr', 'Group')],
      ['match in two ways', list('userName eq "a" and active eq true')],
      ['match a group by name', list('displayName eq "a"', 'Group')],
      ['match a group by externalId', list('externalId eq "a"', 'Group')],
      ['groups of a member', list(`members.value eq "${id}"`, 'Group')],
      ['is it a member', list(`id eq "${id}" and members eq "${id}"`, 'Group')],
      ['get a user with groups', (stores) => stores.users.get(tenant.connectionId, id, true)],
      ['lock a user', (stores) => stores.users.lock(tenant.connectionId, id)],
      ['lock users', (stores) => stores.users.lockAlsoDeleted([id])],
      ['missing users', (stores) => stores.users.missing(tenant.connectionId, [id])],
      ['save a user', (stores) => stores.users.save(userOf(tenant))],
      ['delete a user', (stores) => stores.users.save(userOf(tenant, { deletedAt: now() }))],
      ['users under groups', (stores) => stores.users.idsUnderGroups(tenant.connectionId, ['a'], null, 10)],
      ['get a group', (stores) => stores.groups.get(tenant.connectionId, id)],
      ['save a group', (stores) => stores.groups.save(groupOf(tenant))],
      ['add a member', (stores) => stores.memberships.add(groupOf(tenant), [id])],
      ['remove a member', (stores) => stores.memberships.remove(groupOf(tenant), [id])],
      ['replace members', (stores) => stores.memberships.replace(groupOf(tenant), [id])],
      ['members of groups', (stores) => stores.memberships.membersOf([id])],
      ['load cases', (stores) => stores.people.loadCases(lookup)],
      ['apply employees', (stores) => stores.people.apply({ ...nothing, employees: [employeeOf()] })],
      ['apply contacts', (stores) => stores.people.apply({ ...nothing, contacts: [contactOf(place)] })],
    ];
    /** Tables that grow with the directory; the others hold a handful of rows of an organization. */
    const large =
      /\b(directory_users|directory_user_emails|directory_groups|memberships|employees|contacts|contact_emails|logins|relations)\b/;

    const lastOf = async (work: (stores: Stores) => Promise<unknown>): Promise<string> => {
      const text = (await sentBy((stores) => work(stores).catch(() => undefined))).at(-1);
      assert.ok(text);
      return text;
    };
    /** The plan that a connection of the application would keep. */
    const planOf = (text: string): Promise<readonly string[]> =>
      world.database.withSession(async (session) => {
        await session.bind(tenant.organizationId);
        const { rows } = await session.run({ text: `explain (generic_plan, costs off) ${text}` });
        return rows.map((row: Record<string, string>) => row['QUERY PLAN'] ?? '');
      });

    /** Scans that read more of a large table than what the statement names. */
    const wholeReads = (plan: readonly string[]): readonly string[] =>
      plan.filter((line, index) => {
        if (!/Scan/.test(line) || !large.test(line.replace(/using \S+/, ''))) return false;
        const condition = plan[index + 1]?.match(/Index Cond: (.*)/)?.[1] ?? '';
        const columns = [...condition.matchAll(/\((?:\w+\.)?(\w+) (?:=|>=|>) /g)].map((match) => match[1]);
        return columns.every((column) => column === 'organization_id' || column === 'connection_id');
      });

    before(async () => {
      const others = await addTenant(world, 'Others');
      for (const own of [tenant, others]) {
        const place = await addAccount(world.owner, own);
        const { organizationId, connectionId } = own;
        await world.owner.query(seed, [
          organizationId,
          connectionId,
          place.accountId,
          place.accountLocationId,
        ]);
      }
      await world.owner.query('analyze');
    });

    it('reads by index and nothing else', async () => {
      for (const [what, work] of works) {
        const plan = await planOf(await lastOf(work));
        assert.ok(plan.length > 2, what);
        assert.deepEqual(wholeReads(plan), [], `${what}\n${plan.join('\n')}`);
      }
    });

    it('would be found out if it read an organization', async () => {
      const plan = await planOf(
        `select u.user_name from directory_users u where u.organization_id = $1::uuid and u.external_id like $2`,
      );
      assert.equal(wholeReads(plan).length, 1, plan.join('\n'));
    });
  });
});

/** $1 organization, $2 connection, $3 account, $4 its location. */
const seed = `
  with users as (
    insert into directory_users (organization_id, directory_user_id, connection_id, user_name, external_id)
    select $1, gen_random_uuid(), $2, 'seeded ' || i, 'external ' || i from generate_series(1, 4000) i
    returning directory_user_id as id, user_name
  ),
  emails as (
    insert into directory_user_emails (organization_id, directory_user_id, value_key, type_key)
    select $1, u.id, u.user_name, 'work' from users u
  ),
  groups as (
    insert into directory_groups (organization_id, directory_group_id, connection_id, display_name, external_id)
    select $1, gen_random_uuid(), $2, 'seeded ' || i, 'external ' || i from generate_series(1, 2000) i
    returning directory_group_id as id, display_name
  ),
  members as (
    insert into memberships (organization_id, directory_group_id, directory_user_id)
    select $1, g.id, u.id from groups g join users u on hashtext(u.id::text) % 2000 = hashtext(g.id::text) % 2000
  ),
  people as (
    insert into employees (organization_id, employee_id, first_name, last_name, directory_user_id)
    select $1, u.id, 'First', 'Last', u.id from users u
    returning employee_id as id
  ),
  employee_logins as (
    insert into logins (organization_id, person_id, employee_id, username, email, enabled)
    select $1, p.id, p.id, p.id::text, p.id::text, true from people p
  ),
  clients as (
    insert into contacts (organization_id, contact_id, account_id, account_location_id, first_name, last_name)
    select $1, gen_random_uuid(), $3, $4, 'First', 'Last' from generate_series(1, 3000)
    returning contact_id as id
  )
  insert into contact_emails (organization_id, contact_id, position, address, type)
  select $1, c.id, 0, c.id || '@x.example', 'Work' from clients c`;
