import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DirectoryUser } from '../../src/directory/directory-user.ts';
import type { AttributePath, ResourceFilter, ResourceQuery } from '../../src/operations/resource-query.ts';
import { makeCatalogue } from '../../src/scim/catalogue.ts';
import { readFilter } from '../../src/scim/filter/read-filter.ts';
import { ENTERPRISE } from '../scim/scim-fixtures.ts';
import {
  addConnection,
  addTenant,
  insertGroup,
  insertUsers,
  openWorld,
  type Tenant,
  type World,
} from './world.ts';

const CUSTOM = 'urn:ietf:params:scim:schemas:extension:fabrikam:2.0:User';
const catalogue = makeCatalogue([
  {
    schema: CUSTOM,
    name: 'Fabrikam User',
    resource: 'User',
    attributes: [
      { name: 'level', type: 'integer' },
      { name: 'ratio', type: 'decimal' },
      { name: 'hiredAt', type: 'dateTime' },
      { name: 'badge', type: 'string', caseExact: true },
      { name: 'tags', type: 'string', multiValued: true },
    ],
  },
]);

const ada = 'aaaaaaaa-1111-7111-8111-111111111111';
const bob = '22222222-2222-7222-8222-222222222222';

/** Named by the first letter of the userName, which the table below lists. */
const population: readonly Partial<DirectoryUser>[] = [
  {
    id: ada,
    userName: 'Ada@Fabrikam.example',
    externalId: 'Ext-A',
    createdAt: '2026-01-01T00:00:00.000Z',
    lastModifiedAt: '2026-01-05T00:00:00.000Z',
    version: 3,
    attributes: {
      displayName: 'Ada Lovelace',
      title: 'Engineer',
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      emails: [
        { value: 'Ada@Work.example', type: 'work', primary: true },
        { value: 'ada@home.example', type: 'home' },
      ],
      phoneNumbers: [{ value: '+1 555', type: 'work' }],
      roles: [{ value: 'admin', primary: true }],
      [ENTERPRISE]: { department: 'R&D', manager: { value: bob } },
      [CUSTOM]: {
        level: 5,
        ratio: 0.5,
        hiredAt: '2020-02-29T12:00:00+02:00',
        badge: 'aB',
        tags: ['Red', 'blue'],
      },
    },
  },
  {
    id: bob,
    userName: 'Bob@fabrikam.example',
    externalId: 'ext-a',
    active: false,
    createdAt: '2026-01-02T00:00:00.000Z',
    lastModifiedAt: '2026-01-02T00:00:00.000Z',
    attributes: {
      displayName: 'Bob',
      title: '',
      emails: [
        { value: 'bob@home.example', type: 'work' },
        { value: 'Ada@work.example', type: 'other' },
      ],
      [ENTERPRISE]: { department: 'r&d' },
      // What a looser release may have stored: no query may fail on it.
      [CUSTOM]: { level: 'many', ratio: '0.5', hiredAt: 'soon', badge: 'AB', tags: 'red' },
    },
  },
  {
    userName: 'carl',
    externalId: null,
    createdAt: '2026-01-03T00:00:00.000Z',
    lastModifiedAt: '2026-01-03T00:00:00.000Z',
    attributes: {
      title: '100% _under\\score "quoted" \'single\'',
      emails: [],
      [CUSTOM]: { level: -2, hiredAt: '2021-02-30T00:00:00Z' },
    },
  },
  {
    userName: 'Ünal',
    externalId: "x'; drop table directory_users; --",
    createdAt: '2026-01-04T00:00:00.000Z',
    lastModifiedAt: '2026-01-04T00:00:00.000Z',
    attributes: { displayName: 'ÜNAL ÇELİK', emails: [{ value: 'unal@work.example' }], nickName: null },
  },
];

/** Filter → first letters of the user names that match, in any order. */
const users: readonly (readonly [string, string])[] = [
  // Columns and their case rules.
  ['userName eq "ADA@FABRIKAM.EXAMPLE"', 'A'],
  ['userName ne "ada@fabrikam.example"', 'Bcu'],
  ['userName co "FABRIKAM"', 'AB'],
  ['userName sw "bob"', 'B'],
  ['userName ew ".EXAMPLE"', 'AB'],
  ['userName eq "ünal"', 'u'],
  ['userName gt "b"', 'Bcu'],
  ['userName le "bob@fabrikam.example"', 'AB'],
  ['userName pr', 'ABcu'],
  ['externalId eq "Ext-A"', 'A'],
  ['externalId eq "EXT-A"', ''],
  ['externalId co "xt-"', 'AB'],
  ['externalId pr', 'ABu'],
  ['externalId eq null', 'c'],
  ['externalId ne null', 'ABu'],
  ['not (externalId pr)', 'c'],
  ['externalId ne "Ext-A"', 'Bcu'],
  ['active eq true', 'Acu'],
  ['active eq "False"', 'B'],
  ['active ne true', 'B'],
  ['active pr', 'ABcu'],
  // Ids: ours are lower case UUIDs, anything else matches nothing and is no fault.
  [`id eq "${ada}"`, 'A'],
  [`id eq "${ada.toUpperCase()}"`, ''],
  [`id ne "${ada.toUpperCase()}"`, 'ABcu'],
  ['id eq "not-a-uuid"', ''],
  ['id ne "not-a-uuid"', 'ABcu'],
  ['id eq ""', ''],
  ['id sw "aaaa"', 'A'],
  ['id sw "AAAA"', ''],
  ['id pr', 'ABcu'],
  [`id eq "${ada}" or userName eq "carl"`, 'Ac'],
  // Meta.
  ['meta.created gt "2026-01-02T00:00:00Z"', 'cu'],
  ['meta.created ge "2026-01-02T00:00:00Z"', 'Bcu'],
  ['meta.created eq "2026-01-02T01:00:00+01:00"', 'B'],
  ['meta.lastModified lt "2026-01-03T00:00:00Z"', 'B'],
  ['meta.resourceType eq "User"', 'ABcu'],
  ['meta.resourceType eq "Group"', ''],
  // Stored single values.
  ['title eq "engineer"', 'A'],
  ['title ne "engineer"', 'Bcu'],
  ['title pr', 'Ac'],
  ['title eq null', 'Bu'],
  ['not (title eq "engineer")', 'Bcu'],
  ['not (title co "e")', 'Bu'],
  ['displayName eq "ünal çelİk"', 'u'],
  ['name.familyName sw "love"', 'A'],
  ['name pr', 'A'],
  ['name eq null', 'Bcu'],
  ['nickName pr', ''],
  ['urn:ietf:params:scim:schemas:core:2.0:User:title eq "Engineer"', 'A'],
  [`${ENTERPRISE}:department eq "R&d"`, 'AB'],
  [`${ENTERPRISE}:manager.value eq "${bob}"`, 'A'],
  [`${ENTERPRISE}:manager eq "${bob}"`, 'A'],
  [`manager eq "${bob}"`, 'A'],
  // Types, with stored values of the wrong type beside them.
  [`${CUSTOM}:level eq 5`, 'A'],
  [`${CUSTOM}:level ge -2`, 'Ac'],
  [`${CUSTOM}:level lt 5`, 'c'],
  [`${CUSTOM}:ratio eq 0.50`, 'A'],
  [`${CUSTOM}:ratio gt 0.4999`, 'A'],
  [`${CUSTOM}:hiredAt eq "2020-02-29T10:00:00Z"`, 'A'],
  [`${CUSTOM}:hiredAt gt "2000-01-01T00:00:00Z"`, 'A'],
  [`${CUSTOM}:hiredAt pr`, 'ABc'],
  [`${CUSTOM}:badge eq "AB"`, 'B'],
  [`${CUSTOM}:badge sw "a"`, 'A'],
  [`${CUSTOM}:tags eq "red"`, 'A'],
  [`${CUSTOM}:tags co "LU"`, 'A'],
  [`${CUSTOM}:tags pr`, 'A'],
  [`${CUSTOM}:tags[value eq "blue"]`, 'A'],
  // Multi-valued: any one element satisfies a comparison, one and the same element a value path.
  ['emails eq "ADA@WORK.example"', 'AB'],
  ['emails.value eq "ada@work.EXAMPLE"', 'AB'],
  ['emails[type eq "work"].value eq "ada@work.example"', 'A'],
  ['emails[type eq "WORK" and value eq "ada@work.example"]', 'A'],
  ['emails[value eq "ada@work.example" and type eq "other"]', 'B'],
  ['emails[type eq "home" and value eq "ada@work.example"]', ''],
  ['emails[type eq "work" and value co "@"]', 'AB'],
  ['emails.type eq "home" and emails.value eq "ada@work.example"', 'A'],
  ['emails[value eq "unal@work.example"]', 'u'],
  ['emails[type eq null]', 'u'],
  ['emails[not (type eq "work")]', 'ABu'],
  ['emails[type eq "work" and (value sw "ada" or value sw "bob")]', 'AB'],
  ['emails[type eq "work" and primary eq true]', 'A'],
  ['emails[primary ne true]', 'ABu'],
  ['emails co "home"', 'AB'],
  ['emails pr', 'ABu'],
  ['not (emails pr)', 'c'],
  ['not (emails eq "ada@work.example")', 'cu'],
  ['emails ne "ada@work.example"', 'ABcu'],
  ['emails.value ne "unal@work.example"', 'ABc'],
  ['emails.type eq null', 'cu'],
  ['roles[primary eq "True"].value eq "admin"', 'A'],
  ['phoneNumbers[type eq "work"]', 'A'],
  // Logic.
  ['title pr and active eq true and not (userName sw "a")', 'c'],
  ['(userName sw "a" or userName sw "b") and active eq false', 'B'],
  ['userName sw "a" or userName sw "b" and active eq true', 'A'],
  ['not (userName sw "a" or active eq false)', 'cu'],
  ['not (not (userName sw "a"))', 'A'],
  ['not (title eq "x" and displayName eq "x")', 'ABcu'],
  // Hostile literals are text like any other.
  ['title co "%"', 'c'],
  ['title sw "100%"', 'c'],
  ['title co "_under"', 'c'],
  ['title co "%under"', ''],
  ['title co "A_a"', ''],
  ['title co "\\\\score"', 'c'],
  ['title co "\\"quoted\\""', 'c'],
  [`title ew "'single'"`, 'c'],
  [`externalId eq "x'; drop table directory_users; --"`, 'u'],
  [`userName eq "' or '1'='1"`, ''],
  ['title eq "$1"', ''],
  ['title co "\\u0027"', 'c'],
  ['userName co ""', 'ABcu'],
  ['title sw ""', 'ABc'],
  ['title ew ""', 'ABc'],
];

const groups: readonly (readonly [string, string])[] = [
  ['displayName eq "ENGINEERS"', 'E'],
  ['displayName co "e"', 'EP'],
  ['externalId eq "g-1"', 'E'],
  ['externalId eq "G-1"', ''],
  ['externalId pr', 'E'],
  [`members eq "${ada}"`, 'E'],
  [`members.value eq "${ada}"`, 'E'],
  [`members[value eq "${bob}"]`, 'EP'],
  // Their schema compares members without case, an id with it.
  [`members eq "${ada.toUpperCase()}"`, 'E'],
  [`members[value eq "${bob.toUpperCase()}"]`, 'EP'],
  [`members[value eq "${ada.toUpperCase()}" and display sw "ada"]`, 'E'],
  [`members.value ne "${bob.toUpperCase()}"`, 'Em'],
  ['members.value eq "not-a-uuid"', ''],
  [`members.value ne "${bob}"`, 'Em'],
  ['members pr', 'EP'],
  ['not (members pr)', 'm'],
  ['members.display co "LOVE"', 'E'],
  ['members[type eq "User" and display sw "bob"]', 'EP'],
  ['members[value sw "aaaa"]', 'E'],
  ['meta.created gt "2020-01-01T00:00:00Z"', 'EPm'],
];

describe('filters as SQL', () => {
  let world: World;
  let tenant: Tenant;
  before(async () => {
    world = await openWorld();
    tenant = await addTenant(world);
    await insertUsers(world, tenant, population);
    const elsewhere = { ...tenant, connectionId: await addConnection(world.owner, tenant.organizationId) };
    await insertUsers(world, elsewhere, [
      { userName: 'zoe', externalId: 'Ext-A', attributes: { title: 'Engineer' } },
    ]);
    const [gone] = await insertUsers(world, tenant, [{ userName: 'gone', externalId: 'Ext-A' }]);
    assert.ok(gone);
    await world.unitOfWork.write(tenant.context, 'none', (stores) =>
      stores.users.save({ ...gone, deletedAt: '2026-02-01T00:00:00.000Z' }),
    );
    await insertGroup(world, tenant, { displayName: 'Engineers', externalId: 'g-1' }, [ada, bob]);
    await insertGroup(world, tenant, { displayName: 'People' }, [bob]);
    await insertGroup(world, tenant, { displayName: 'mt' });
  });
  after(() => world.close());

  const query = (filter: ResourceFilter | null, given: Partial<ResourceQuery> = {}): ResourceQuery => ({
    filter,
    sort: null,
    page: { kind: 'index', startIndex: 1, count: 100 },
    withReferences: false,
    ...given,
  });
  const initials = (names: readonly string[]): string =>
    names
      .map((name) => (name === 'Ünal' ? 'u' : (name[0] ?? '')))
      .sort()
      .join('');
  const usersThat = async (filter: ResourceFilter) => {
    const { items, total } = await world.unitOfWork.read(tenant.context, (stores) =>
      stores.users.list(tenant.connectionId, query(filter)),
    );
    assert.equal(total, items.length);
    return initials(items.map((item) => item.user.userName));
  };
  const sorted = (text: string): string => [...text].sort().join('');

  for (const [text, expected] of users) {
    it(`users: ${text} → ${expected || 'nobody'}`, async () => {
      const filter = readFilter(text, 'User', catalogue);
      assert.equal(await usersThat(filter), sorted(expected));
    });
  }

  for (const [text, expected] of groups) {
    it(`groups: ${text} → ${expected || 'none'}`, async () => {
      const filter = readFilter(text, 'Group', catalogue);
      const { items, total } = await world.unitOfWork.read(tenant.context, (stores) =>
        stores.groups.list(tenant.connectionId, query(filter)),
      );
      assert.equal(total, items.length);
      assert.equal(initials(items.map((group) => group.displayName)), sorted(expected));
    });
  }

  it('finds users by group', async () => {
    const [engineers] = (
      await world.unitOfWork.read(tenant.context, (stores) =>
        stores.groups.list(
          tenant.connectionId,
          query(readFilter('displayName eq "Engineers"', 'Group', catalogue)),
        ),
      )
    ).items;
    assert.ok(engineers);
    assert.equal(await usersThat(readFilter(`groups.value eq "${engineers.id}"`, 'User', catalogue)), 'AB');
    const inUpperCase = `groups eq "${engineers.id.toUpperCase()}"`;
    assert.equal(await usersThat(readFilter(inUpperCase, 'User', catalogue)), 'AB');
    assert.equal(await usersThat(readFilter('groups.display eq "people"', 'User', catalogue)), 'B');
    assert.equal(await usersThat(readFilter('groups.type eq "direct"', 'User', catalogue)), 'AB');
    assert.equal(await usersThat(readFilter('groups pr', 'User', catalogue)), 'AB');
    assert.equal(await usersThat(readFilter('groups.value eq "nope"', 'User', catalogue)), '');
  });

  it('gives the same answer when it is compiled many times and combined with itself', async () => {
    for (const [text, expected] of users.slice(0, 40)) {
      const filter = readFilter(text, 'User', catalogue);
      for (const combined of [
        { kind: 'all', of: [filter, filter] },
        { kind: 'any', of: [filter, filter] },
        { kind: 'not', of: { kind: 'not', of: filter } },
      ] as const) {
        assert.equal(await usersThat(combined), sorted(expected), text);
      }
      const opposite = await usersThat({ kind: 'not', of: filter });
      assert.equal(sorted(opposite + expected), sorted('ABcu'), `not (${text})`);
    }
  });

  describe('with what the reader of filters would refuse', () => {
    const path = (given: Partial<AttributePath> = {}): AttributePath => ({
      extension: null,
      attribute: 'title',
      subAttribute: null,
      multiValued: false,
      type: 'string',
      caseExact: false,
      ...given,
    });

    it('matches nothing by U+0000 and is no failure', async () => {
      for (const operator of ['eq', 'co', 'sw', 'ew', 'gt', 'le'] as const) {
        for (const at of [
          path(),
          path({ attribute: 'userName' }),
          path({ attribute: 'emails', subAttribute: 'value', multiValued: true }),
          path({ attribute: 'id' }),
        ]) {
          assert.equal(await usersThat({ kind: 'compare', path: at, operator, value: 'a\0' }), '');
        }
      }
      assert.equal(await usersThat({ kind: 'compare', path: path(), operator: 'ne', value: '\0' }), 'ABcu');
    });

    it('binds the names of attributes too', async () => {
      const attribute = `x'); drop table directory_users; --`;
      const extension = `urn:x' -> "y`;
      const hostile = path({ extension, attribute, subAttribute: `z'` });
      assert.equal(await usersThat({ kind: 'compare', path: hostile, operator: 'eq', value: 'a' }), '');
      assert.equal(await usersThat({ kind: 'present', path: hostile }), '');
      const many = { ...hostile, multiValued: true };
      assert.equal(await usersThat({ kind: 'compare', path: many, operator: 'eq', value: 'a' }), '');
      assert.equal(
        await usersThat({ kind: 'element', path: many, where: { kind: 'present', path: many } }),
        '',
      );
    });

    it('refuses an order of booleans and a comparison of complex values', async () => {
      for (const type of ['boolean', 'complex'] as const) {
        const filter: ResourceFilter = { kind: 'compare', path: path({ type }), operator: 'gt', value: 'x' };
        await assert.rejects(usersThat(filter), { kind: 'invalid', reason: 'filter' });
      }
    });

    it('takes 200 conditions and 30 levels', async () => {
      const one = readFilter('title co "e"', 'User', catalogue);
      const wide: ResourceFilter = { kind: 'all', of: Array.from({ length: 200 }, () => one) };
      assert.equal(await usersThat(wide), 'Ac');
      let deep: ResourceFilter = one;
      for (let level = 0; level < 30; level += 1) deep = { kind: 'not', of: deep };
      assert.equal(await usersThat(deep), 'Ac');
    });
  });

  describe('by email', () => {
    it('uses the index for the forms that clients match by, and agrees with a search without it', async () => {
      const value = 'ada@work.example';
      const email = (subAttribute: string) => ({
        extension: null,
        attribute: 'emails',
        subAttribute,
        multiValued: true,
        type: 'string' as const,
        caseExact: false,
      });
      const indexed = readFilter(`emails[type eq "work" and value eq "${value}"]`, 'User', catalogue);
      const plain: ResourceFilter = {
        kind: 'element',
        path: email('value'),
        where: {
          kind: 'all',
          of: [
            { kind: 'compare', path: email('type'), operator: 'eq', value: 'work' },
            { kind: 'compare', path: email('value'), operator: 'eq', value },
            { kind: 'present', path: email('value') },
          ],
        },
      };
      assert.equal(await usersThat(indexed), await usersThat(plain));
    });

    it('finds values too long for the index', async () => {
      const long = `${'x'.repeat(300)}@work.example`;
      const typed = 't'.repeat(100);
      const [stored] = await insertUsers(world, tenant, [
        {
          userName: 'Dora',
          attributes: { emails: [{ value: long }, { value: 'dora@x.example', type: typed }] },
        },
      ]);
      assert.ok(stored);
      for (const text of [
        `emails eq "${long.toUpperCase()}"`,
        'emails eq "DORA@x.example"',
        `emails[type eq "${typed}" and value eq "dora@x.example"]`,
      ]) {
        assert.equal(await usersThat(readFilter(text, 'User', catalogue)), 'D', text.slice(0, 40));
      }
      assert.equal(
        await usersThat(readFilter('emails[type eq "t" and value eq "dora@x.example"]', 'User', catalogue)),
        '',
      );
      await world.unitOfWork.write(tenant.context, 'none', (stores) =>
        stores.users.save({ ...stored, deletedAt: '2026-02-01T00:00:00.000Z' }),
      );
    });
  });
});
