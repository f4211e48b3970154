import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { ENTERPRISE, makeClient, type ScimClient, USER } from './scim-client.ts';

const people = [
  {
    userName: 'ada@fabrikam.example',
    externalId: 'A-1',
    active: true,
    title: 'Countess',
    name: { givenName: 'Ada', familyName: 'Lovelace' },
    emails: [
      { value: 'ada@fabrikam.example', type: 'work', primary: true },
      { value: 'ada@home.example', type: 'home' },
    ],
    [ENTERPRISE]: { department: 'Analysis', employeeNumber: 'E-100' },
  },
  {
    userName: 'Grace@fabrikam.example',
    externalId: 'a-1',
    active: false,
    name: { givenName: 'Grace', familyName: 'Hopper' },
    emails: [{ value: 'grace@fabrikam.example', type: 'work' }],
    roles: [{ value: 'admiral', primary: true }],
    [ENTERPRISE]: { department: 'Navy' },
  },
  { userName: 'min@fabrikam.example' },
];

describe('queries over the whole server', () => {
  let app: TestApp;
  let scim: ScimClient;
  const ids = new Map<string, string>();
  before(async () => {
    app = await startTestApp();
    scim = await makeClient(app, 'queries');
    for (const { userName, ...more } of people) ids.set(userName, await scim.createUser(userName, more));
    const ada = ids.get('ada@fabrikam.example') ?? '';
    await scim.createGroup('Engineers', [ada]);
    await scim.createGroup('engineers of the night');
  });
  after(() => app.stop());

  const ada = 'ada@fabrikam.example';
  const grace = 'Grace@fabrikam.example';
  const min = 'min@fabrikam.example';
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['userName eq "ADA@FABRIKAM.EXAMPLE"', [ada]],
    ['USERNAME Eq "grace@fabrikam.example"', [grace]],
    ['externalId eq "A-1"', [ada]],
    ['externalId eq "a-1"', [grace]],
    ['id eq "not-a-uuid"', []],
    ['userName sw "a"', [ada]],
    ['userName co "FABRIKAM"', [ada, grace, min]],
    ['userName ew "example" and active eq false', [grace]],
    ['active eq "True"', [ada, min]],
    ['active ne true', [grace]],
    ['title pr', [ada]],
    ['not (title pr)', [grace, min]],
    ['title eq null', [grace, min]],
    ['title ne "Countess"', [grace, min]],
    ['emails.value co "home"', [ada]],
    ['emails co "home.example"', [ada]],
    ['emails[type eq "work" and value co "grace"]', [grace]],
    ['emails[type eq "home" and value co "fabrikam"]', []],
    ['emails[type eq "work"].value eq "ADA@fabrikam.example"', [ada]],
    ['emails.type eq "home" and emails.value eq "ada@fabrikam.example"', [ada]],
    ['not (emails[type eq "home"])', [grace, min]],
    ['emails[not (type eq "work")]', [ada]],
    ['roles[primary eq True]', [grace]],
    ['name.familyName gt "H" and name.familyName lt "M"', [ada, grace]],
    [`${ENTERPRISE}:department eq "navy"`, [grace]],
    [`${ENTERPRISE.toUpperCase()}:employeeNumber sw "e-"`, [ada]],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "min@fabrikam.example"', [min]],
    ['title pr or active eq false and userName sw "x"', [ada]],
    ['(title pr or active eq false) and userName sw "g"', [grace]],
    ['not (title pr or active eq false)', [min]],
    ['meta.created gt "2020-01-01T00:00:00Z"', [ada, grace, min]],
    ['meta.lastModified lt "2020-01-01T00:00:00+02:00"', []],
    ['groups.display eq "engineers"', [ada]],
    ['groups pr', [ada]],
    ['meta.resourceType eq "User"', [ada, grace, min]],
    ['userName eq ada@fabrikam.example', [ada]],
    [`schemas eq "${ENTERPRISE}"`, [ada, grace]],
    [`schemas eq "${USER.toUpperCase()}"`, [ada, grace, min]],
    [`${USER}:schemas co "enterprise" and active eq true`, [ada]],
    [`not (schemas eq "${ENTERPRISE}")`, [min]],
    ['schemas eq "urn:unknown:schema"', []],
    ['schemas pr', [ada, grace, min]],
  ];
  for (const [filter, found] of cases) {
    test(`${filter} finds ${found.length}`, async () => {
      assert.deepEqual(new Set(await scim.find('Users', filter)), new Set(found));
    });
  }

  for (const filter of [
    'favouriteColour eq "red"',
    'userName',
    'userName eq',
    'userName like "x"',
    'active gt true',
    'userName eq 5',
    'schemas eq 5',
    'schemas[value eq "x"]',
    'active eq "maybe"',
    'meta.created gt "yesterday"',
    '(userName pr',
    'emails[type eq "work"',
    `${'('.repeat(500)}userName pr${')'.repeat(500)}`,
  ]) {
    test(`${filter.slice(0, 40)} is 400 invalidFilter`, async () => {
      const { status, body } = await scim.call('GET', `/Users?filter=${encodeURIComponent(filter)}`);
      assert.deepEqual([status, body.scimType], [400, 'invalidFilter']);
    });
  }

  test('a membership is found from the group and from the user', async () => {
    const member = ids.get(ada) ?? '';
    assert.deepEqual(await scim.find('Groups', `members.value eq "${member}"`), ['Engineers']);
    assert.deepEqual(await scim.find('Groups', `members[value eq "${member}"]`), ['Engineers']);
    assert.deepEqual(await scim.find('Groups', `members eq "${ids.get(min)}"`), []);
    assert.deepEqual(await scim.find('Groups', 'displayName eq "ENGINEERS"'), ['Engineers']);
  });

  test('locations, references and the names of managers can be searched', async () => {
    const adaId = ids.get(ada) ?? '';
    const adaNow = await scim.expect(200, 'GET', `/Users/${adaId}`);
    const [{ $ref: groupRef }] = adaNow.groups;
    const managed = `${ENTERPRISE}:manager`;
    await scim.patch(`/Users/${ids.get(grace)}`, { op: 'replace', path: managed, value: adaId });
    await scim.patch(`/Users/${adaId}`, { op: 'replace', path: 'displayName', value: 'Ada Lovelace' });
    const users: readonly (readonly [string, readonly string[]])[] = [
      [`meta.location eq "${adaNow.meta.location}"`, [ada]],
      [`meta.location eq "${adaNow.meta.location}x"`, []],
      [`not (meta.location ew "${adaId}") and meta.location pr`, [grace, min]],
      [`groups.$ref eq "${groupRef}"`, [ada]],
      [`groups[$ref eq "${groupRef}" and type eq "direct"]`, [ada]],
      [`${managed}.$ref eq "${adaNow.meta.location}"`, [grace]],
      ['manager.$ref pr', [grace]],
      [`${managed}.displayName eq "ada lovelace"`, [grace]],
      ['manager[displayName sw "Ada"]', [grace]],
      ['not (manager.displayName pr)', [ada, min]],
    ];
    for (const [filter, found] of users)
      assert.deepEqual(new Set(await scim.find('Users', filter)), new Set(found), filter);
    assert.deepEqual(await scim.find('Groups', `members.$ref eq "${adaNow.meta.location}"`), ['Engineers']);
    assert.deepEqual(await scim.find('Groups', `meta.location eq "${groupRef}"`), ['Engineers']);
    assert.deepEqual(await scim.find('Groups', 'members.$ref eq "https://elsewhere.example/Users/1"'), []);
    for (const sortBy of ['manager.displayName', 'manager.$ref', 'meta.location'])
      assert.equal((await scim.find('Users', 'userName pr', `&sortBy=${sortBy}`)).length, 3, sortBy);
  });

  test('members leave by any condition on a member', async () => {
    const everybody = [...ids.values()];
    const adaLocation = (await scim.expect(200, 'GET', `/Users/${ids.get(ada)}`)).meta.location;
    const group = await scim.createGroup('Leavers', everybody);
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['display sw "min"', [ada, grace]],
      ['display co "FABRIKAM" and type eq "user"', [ada]],
      [`not (value eq "${ids.get(ada)}")`, [ada]],
      [`value ne "${ids.get(ada)}" and value ne "${ids.get(min)}"`, [ada, min]],
      [`value eq "${ids.get(min)}" or display eq "grace@fabrikam.example"`, [ada]],
      [`$ref eq "${adaLocation}"`, [grace, min]],
      [`$ref ew "${ids.get(ada)}" or not (display pr)`, [grace, min]],
      ['type eq "Group"', [ada, grace, min]],
      ['type ne "Group"', []],
    ];
    for (const [where, left] of cases) {
      await scim.patch(`/Groups/${group}`, { op: 'add', path: 'members', value: everybody });
      const { status } = await scim.patch(`/Groups/${group}`, { op: 'remove', path: `members[${where}]` });
      assert.equal(status, 200, where);
      const { members = [] } = await scim.expect(200, 'GET', `/Groups/${group}`);
      const present = members.map(({ value }: { value: string }) => value).sort();
      assert.deepEqual(present, left.map((name) => ids.get(name) ?? '').sort(), where);
    }
    await scim.call('DELETE', `/Groups/${group}`);
  });

  test('a group as a member is refused with the reason', async () => {
    const inner = await scim.createGroup('Inner');
    const outer = await scim.createGroup('Outer');
    const value = [{ value: inner, type: 'Group' }];
    const { status, body } = await scim.patch(`/Groups/${outer}`, { op: 'add', path: 'members', value });
    assert.deepEqual([status, body.scimType], [400, 'invalidValue']);
    assert.match(body.detail, new RegExp(`"${inner}" is a group`));
    for (const id of [inner, outer]) await scim.call('DELETE', `/Groups/${id}`);
  });

  test('sorted lists put absent values last and turn round on request', async () => {
    const sorted = (query: string) => scim.find('Users', 'userName pr', `&${query}`);
    assert.deepEqual(await sorted('sortBy=userName'), [ada, grace, min]);
    assert.deepEqual(await sorted('sortBy=userName&sortOrder=descending'), [min, grace, ada]);
    assert.deepEqual(await sorted('sortBy=name.familyName'), [grace, ada, min]);
    assert.deepEqual(await sorted('sortBy=emails'), [ada, grace, min]);
    assert.equal((await sorted('sortBy=title')).at(0), ada);
  });

  test('cursor and index lead through the same list, sorted or not', async () => {
    for (const query of [
      '',
      'sortBy=userName&sortOrder=descending&',
      'sortBy=title&',
      'filter=userName%20pr&',
    ]) {
      const all = await scim.expect(200, 'GET', `/Users?${query}`);
      const expected = all.Resources.map(({ id }: { id: string }) => id);
      const seen: string[] = [];
      let cursor: string | undefined = '';
      while (cursor !== undefined && seen.length < 10) {
        const page = await scim.expect(200, 'GET', `/Users?${query}count=1&cursor=${cursor}`);
        assert.equal(page.totalResults, 3);
        seen.push(...page.Resources.map(({ id }: { id: string }) => id));
        cursor = page.nextCursor;
      }
      assert.deepEqual(seen, expected, query);
    }
  });

  test('a cursor of another list or a made-up one is 400 invalidCursor', async () => {
    for (const cursor of ['nonsense', 'AAAA', '0']) {
      const { status, body } = await scim.call('GET', `/Users?cursor=${cursor}`);
      assert.deepEqual([status, body.scimType], [400, 'invalidCursor'], cursor);
    }
  });

  test('a search at the root pages across users and groups', async () => {
    const search = (request: object) =>
      scim.expect(200, 'POST', '/.search', {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        ...request,
      });
    const whole = await search({ count: 10 });
    assert.equal(whole.totalResults, 5);
    const page = await search({ startIndex: 3, count: 2, attributes: ['meta.resourceType'] });
    assert.deepEqual(
      page.Resources.map(({ meta }: { meta: { resourceType: string } }) => meta.resourceType),
      ['User', 'Group'],
    );
    assert.equal((await search({ filter: 'meta.resourceType eq "Group"' })).totalResults, 2);
    assert.equal((await search({ filter: 'displayName sw "eng"' })).totalResults, 2);
    // RFC 7644 §3.4.2.1: a group is like a user without a userName.
    assert.equal((await search({ filter: `displayName sw "eng" or userName eq "${ada}"` })).totalResults, 3);
    assert.equal((await search({ filter: `userName ne "${ada}"` })).totalResults, 4);
    assert.equal((await search({ filter: 'userName pr' })).totalResults, 3);
    assert.equal((await search({ filter: 'not (members pr)' })).totalResults, 4);
    let cursor: string | undefined = '';
    let seen = 0;
    while (cursor !== undefined && seen < 10) {
      const { Resources, nextCursor } = await search({ cursor, count: 2 });
      seen += Resources.length;
      cursor = nextCursor;
    }
    assert.equal(seen, 5);
  });
});
