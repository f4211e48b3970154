import pg from 'pg';
import { uuidV7 } from '../../src/uuid-v7.ts';
import type { BenchRequest } from './load.ts';

/** What the scenarios work on; the seeding fills it in. */
export interface World {
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly databaseUrl: string;
  readonly connectionId: string;
  organizationId?: string;
  userIds: string[];
  userNames: string[];
  groups: { readonly id: string; readonly size: number }[];
}

export interface UserScenario {
  readonly name: string;
  readonly ours: (index: number) => BenchRequest;
  readonly bare: (index: number) => BenchRequest;
}

export interface OwnScenario {
  readonly name: string;
  readonly ours: (index: number) => BenchRequest;
}

const createBody = (userName: string): string =>
  JSON.stringify({
    schemas: [
      'urn:ietf:params:scim:schemas:core:2.0:User',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    ],
    externalId: userName.split('@')[0],
    userName,
    active: true,
    displayName: 'Bench Person',
    name: { formatted: 'Bench Person', familyName: 'Person', givenName: 'Bench' },
    emails: [{ primary: true, type: 'work', value: userName }],
    title: 'Engineer',
    phoneNumbers: [{ type: 'work', value: '+44 20 7946 0001' }],
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': {
      department: 'Delivery',
      employeeNumber: 'E-1',
    },
  });

const titleBody = (title: string): string =>
  JSON.stringify({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'Replace', path: 'title', value: title }],
  });

const memberBody = (op: 'Add' | 'Remove', id: string): string =>
  JSON.stringify({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op, path: 'members', value: [{ $ref: null, value: id }] }],
  });

async function inDatabase<Result>(
  world: World,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: world.databaseUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Users as the server itself would have stored them, in one statement. */
export async function seedUsers(world: World, count: number): Promise<void> {
  await inDatabase(world, async (client) => {
    const found = await client.query('select organization_id from connections where connection_id = $1', [
      world.connectionId,
    ]);
    world.organizationId = found.rows[0].organization_id;
    world.userIds = Array.from({ length: count }, () => uuidV7());
    world.userNames = world.userIds.map((_, index) => `seed${index}@bench.example`);
    await client.query(
      `insert into directory_users (organization_id, connection_id, directory_user_id, user_name, external_id, attributes)
       select $1, $2, s.id, s.name, 'seed-' || s.id, $5
       from unnest($3::uuid[], $4::text[]) as s (id, name)`,
      [world.organizationId, world.connectionId, world.userIds, world.userNames, createAttributes()],
    );
    await client.query('analyze');
  });
}

function createAttributes(): string {
  const {
    schemas: _schemas,
    userName: _userName,
    externalId: _externalId,
    active: _active,
    ...rest
  } = JSON.parse(createBody('seed@bench.example'));
  return JSON.stringify(rest);
}

export async function seedGroups(world: World, sizes: readonly number[]): Promise<void> {
  await inDatabase(world, async (client) => {
    for (const size of sizes) {
      const id = uuidV7();
      await client.query(
        `insert into directory_groups (organization_id, connection_id, directory_group_id, display_name, member_count)
         values ($1, $2, $3, $4, $5)`,
        [world.organizationId, world.connectionId, id, `Group of ${size}`, size],
      );
      await client.query(
        `insert into memberships (organization_id, directory_group_id, directory_user_id)
         select $1, $2, unnest($3::uuid[])`,
        [world.organizationId, id, world.userIds.slice(0, size)],
      );
      world.groups.push({ id, size });
    }
    await client.query('analyze');
  });
}

const pick = <Item>(items: readonly Item[], index: number): Item => {
  const item = items[(index * 7919) % items.length];
  if (item === undefined) throw new Error('Nothing was seeded.');
  return item;
};

/** Over all scenarios of the run: no name may come twice. */
let created = 0;

export function userScenarios(world: World): readonly UserScenario[] {
  const filter = (index: number): string =>
    encodeURIComponent(`userName eq "${pick(world.userNames, index)}"`);
  const create = (path: string): BenchRequest => ({
    method: 'POST',
    path,
    body: createBody(`new${created++}@bench.example`),
  });
  const patch = (path: string, index: number): BenchRequest => ({
    method: 'PATCH',
    path: `${path}/${pick(world.userIds, index)}`,
    body: titleBody(`Title ${index} ${Math.trunc(performance.now())}`),
  });
  const users = `${world.base}/Users`;
  return [
    { name: 'create user', ours: () => create(users), bare: () => create('/Users') },
    {
      name: 'match by userName',
      ours: (index) => ({ method: 'GET', path: `${users}?filter=${filter(index)}` }),
      bare: (index) => ({ method: 'GET', path: `/Users?filter=${filter(index)}` }),
    },
    {
      name: 'get user',
      ours: (index) => ({ method: 'GET', path: `${users}/${pick(world.userIds, index)}` }),
      bare: (index) => ({ method: 'GET', path: `/Users/${pick(world.userIds, index)}` }),
    },
    { name: 'patch user', ours: (index) => patch(users, index), bare: (index) => patch('/Users', index) },
  ];
}

/** For one connection: it is about the cost of one, and all of a group's requests change the same group. */
export function groupScenarios(world: World): readonly OwnScenario[] {
  const outsider = world.userIds.at(-1) ?? '';
  const members = world.groups.map(({ id, size }) => ({
    name: `patch group ±1 of ${size}`,
    ours: (index: number): BenchRequest => {
      // The largest group holds everybody, so its turn is remove first.
      const isIn = (size === world.userIds.length) === (index % 2 === 0);
      return {
        method: 'PATCH',
        path: `${world.base}/Groups/${id}`,
        body: memberBody(isIn ? 'Remove' : 'Add', outsider),
      };
    },
  }));
  const list: OwnScenario = {
    name: 'list page of 100',
    ours: (index) => ({
      method: 'GET',
      path: `${world.base}/Users?startIndex=${1 + ((index * 100) % 9000)}&count=100`,
    }),
  };
  return [...members, list];
}
