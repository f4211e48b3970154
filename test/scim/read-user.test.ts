import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserContent } from '../../src/directory/directory-user.ts';
import type { InvalidReason } from '../../src/operations/operation-error.ts';
import { makeCatalogue, standardCatalogue } from '../../src/scim/catalogue.ts';
import { readUser } from '../../src/scim/read-user.ts';
import {
  assertInvalid,
  CORE_GROUP,
  CORE_USER,
  deepFreeze,
  ENTERPRISE,
  PATCH_OP,
  user,
} from './scim-fixtures.ts';

const ACME = 'urn:ietf:params:scim:schemas:extension:acme:2.0:User';
const catalogue = makeCatalogue([
  {
    schema: ACME,
    name: 'Acme',
    resource: 'User',
    attributes: [
      { name: 'badge', required: true },
      { name: 'origin', mutability: 'immutable' },
      { name: 'source', mutability: 'readOnly' },
      { name: 'level', type: 'integer' },
    ],
  },
]);

const body = (rest: object, schemas: unknown = [CORE_USER]) =>
  deepFreeze({ schemas, userName: 'ada@fabrikam.example', ...rest });
const create = (given: unknown) => readUser(given, catalogue, { kind: 'create' });
const replace = (given: unknown, current: UserContent) =>
  readUser(given, catalogue, { kind: 'replace', current: deepFreeze(current) });
const content = (attributes: UserContent['attributes'] = {}, rest: Partial<UserContent> = {}) =>
  user(attributes, { externalId: null, ...rest });

const bodies: readonly (readonly [when: string, body: object, content: UserContent])[] = [
  ['the smallest one', {}, content()],
  [
    'Entra',
    {
      schemas: [CORE_USER, ENTERPRISE],
      externalId: 'katherine.j',
      active: true,
      displayName: 'Katherine J',
      emails: [{ primary: true, type: 'work', value: 'k@x' }],
      meta: { resourceType: 'User' },
      name: { formatted: 'Katherine Johnson', familyName: 'Johnson', givenName: 'Katherine' },
      roles: [],
    },
    content(
      {
        displayName: 'Katherine J',
        emails: [{ primary: true, type: 'work', value: 'k@x' }],
        name: { formatted: 'Katherine Johnson', familyName: 'Johnson', givenName: 'Katherine' },
      },
      { externalId: 'katherine.j' },
    ),
  ],
  [
    'the tutorial: misspelt URN beside the core one, explicit nulls, among them the manager at the top',
    {
      schemas: [CORE_USER, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0User'],
      [ENTERPRISE]: { manager: 'm-1' },
      department: null,
      manager: null,
      addresses: null,
      phoneNumbers: null,
      title: null,
      preferredLanguage: null,
      active: null,
      externalId: null,
    },
    content({ [ENTERPRISE]: { manager: { value: 'm-1' } } }),
  ],
  ['active as text', { active: 'False' }, content({}, { active: false })],
  ['active in a list (Okta)', { active: [false] }, content({}, { active: false })],
  [
    'primary as text in one list and boolean in another',
    { roles: [{ primary: 'True', value: 'eng' }], emails: [{ primary: true, value: 'a@x' }] },
    content({ roles: [{ primary: true, value: 'eng' }], emails: [{ primary: true, value: 'a@x' }] }),
  ],
  ...[
    { [ENTERPRISE]: { manager: 'm-1' } },
    { [ENTERPRISE]: { manager: { value: 'm-1' } } },
    { [ENTERPRISE]: { manager: [{ value: 'm-1', $ref: 'x' }] } },
    { [`${ENTERPRISE}:manager`]: 'm-1' },
    { [ENTERPRISE.toLowerCase()]: { MANAGER: { Value: 'm-1' } } },
    { 'urn:ietf:params:scim:schemas:extension:enterprise:2.0User': { manager: 'm-1' } },
  ].map(
    (given) =>
      [
        `the manager in ${JSON.stringify(given)}`,
        given,
        content({ [ENTERPRISE]: { manager: { value: 'm-1' } } }),
      ] as const,
  ),
  [
    'extension data whose URN is not listed, flat keys, dotted keys',
    {
      [ACME]: { badge: 7, unknown: 1, source: 'client' },
      [`${ENTERPRISE}:department`]: 'R&D',
      'name.givenName': 'Ada',
      NAME: { familyName: 'L' },
    },
    content({
      [ACME]: { badge: '7' },
      [ENTERPRISE]: { department: 'R&D' },
      name: { givenName: 'Ada', familyName: 'L' },
    }),
  ],
  [
    'Okta: password, groups, id and empty texts',
    {
      id: 'zzz',
      password: 's3cret',
      groups: [],
      locale: 'en-US',
      nickName: '',
      emails: [
        { primary: true, value: 'a@x', type: 'work' },
        { value: '', type: 'home' },
      ],
    },
    content({ locale: 'en-US', emails: [{ primary: true, value: 'a@x', type: 'work' }] }),
  ],
  [
    'OneLogin: SCIM 1.1 URN, an object for a list, nulls',
    {
      schemas: ['urn:scim:schemas:core:1.0'],
      emails: { value: 'a@x', type: null },
      title: null,
      phoneNumbers: [null],
    },
    content({ emails: [{ value: 'a@x' }] }),
  ],
  ['schemas as one text, in another case', { schemas: CORE_USER.toUpperCase() }, content()],
  [
    'unknown and private URNs beside the core one',
    { schemas: ['urn:x', CORE_USER, 'http://y'], 'urn:x': { a: 1 } },
    content(),
  ],
  [
    'unknown attributes and sub-attributes',
    { favouriteColour: 'red', name: { givenName: 'Ada', colour: 1 }, emails: [{ value: 'a@x', colour: [] }] },
    content({ name: { givenName: 'Ada' }, emails: [{ value: 'a@x' }] }),
  ],
  [
    'two primaries: the last wins; the same pair twice: once',
    {
      emails: [
        { type: 'work', value: 'a@x', primary: true },
        { type: 'home', value: 'b@x', primary: true },
        { type: 'work', value: 'a@x', display: 'A' },
      ],
    },
    content({
      emails: [
        { type: 'work', value: 'a@x', primary: false, display: 'A' },
        { type: 'home', value: 'b@x', primary: true },
      ],
    }),
  ],
  [
    'the same name twice in different case: the last one',
    { TITLE: 'a', title: 'b' },
    content({ title: 'b' }),
  ],
  [
    'values verbatim',
    { displayName: ' É ', phoneNumbers: [{ value: '0(1) x', type: 'Car' }], timezone: 'Mars/Olympus' },
    content({
      displayName: ' É ',
      phoneNumbers: [{ value: '0(1) x', type: 'Car' }],
      timezone: 'Mars/Olympus',
    }),
  ],
  [
    'a SCIM id that the client made up',
    { id: '48af03ac28ad4fb88478', meta: { version: 'W/"9"' } },
    content(),
  ],
];

describe('the body of a POST of a user', () => {
  for (const [when, given, expected] of bodies) {
    it(when, () =>
      assert.deepEqual(
        create({ schemas: [CORE_USER], userName: 'ada@fabrikam.example', ...given }),
        expected,
      ),
    );
  }

  it('takes member names and userName in any case', () => {
    assert.deepEqual(create({ SCHEMAS: [CORE_USER], USERNAME: 'ada@fabrikam.example' }), content());
  });

  it('takes base64 without padding, with line breaks, with the URL-safe letters and as PEM', () => {
    const pem = '-----BEGIN CERTIFICATE-----\nR0hJ\n-----END CERTIFICATE-----\n';
    const sent = ['QUJD', 'QUI', 'QUI=', 'QQ==', 'QUJD\r\nREVG', '-_8', pem];
    const { attributes } = create(body({ x509Certificates: sent.map((value) => ({ value })) }));
    assert.deepEqual(
      attributes['x509Certificates'],
      ['QUJD', 'QUI', 'QUI=', 'QQ==', 'QUJDREVG', '+/8', 'R0hJ'].map((value) => ({ value })),
    );
  });

  it('takes a userName that is a number', () => {
    assert.equal(create(body({ userName: 12 })).userName, '12');
  });
});

const refusals: readonly (readonly [when: string, body: unknown, reason: InvalidReason])[] = [
  ...[undefined, null, 'x', 1, true, [], [body({})]].map(
    (given) => [`a body of ${JSON.stringify(given)}`, given, 'syntax'] as const,
  ),
  ['no schemas', { userName: 'a' }, 'syntax'],
  ...[[], null, '', 1, {}, [null], [1], [[]], [CORE_USER, 1]].map(
    (schemas) => [`schemas of ${JSON.stringify(schemas)}`, body({}, schemas), 'syntax'] as const,
  ),
  ...[CORE_GROUP, ENTERPRISE, PATCH_OP, 'urn:unknown'].map(
    (urn) => [`only the schema ${urn}`, body({}, [urn]), 'syntax'] as const,
  ),
  ['no userName', { schemas: [CORE_USER] }, 'value'],
  ...[null, '', ' ', '\t', true, {}, [], ['a', 'b']].map(
    (userName) => [`userName ${JSON.stringify(userName)}`, body({ userName }), 'value'] as const,
  ),
  ['a userName of 513 characters', body({ userName: 'x'.repeat(513) }), 'value'],
  ['an externalId of 513 characters', body({ externalId: 'x'.repeat(513) }), 'value'],
  ['active maybe', body({ active: 'maybe' }), 'value'],
  ['a name that is a text', body({ name: 'Ada' }), 'value'],
  ['a title that is an object', body({ title: {} }), 'value'],
  ['emails of numbers in lists', body({ emails: [[1]] }), 'value'],
  ...['-12.1', 'A', 'QQ=', 'QUJD=', 'caf\u00e9', 1, -12.1].map(
    (value) =>
      [
        `a certificate of ${JSON.stringify(value)}`,
        body({ x509Certificates: [{ value }] }),
        'value',
      ] as const,
  ),
  ['an extension that is a text', body({ [ENTERPRISE]: 'x' }), 'value'],
  ['an extension without what it requires', body({ [ACME]: { level: 1 } }), 'value'],
  ['an integer that is none', body({ [ACME]: { badge: 'b', level: 'high' } }), 'value'],
  ['a required attribute of null', body({ [ACME]: { badge: null, level: 1 } }), 'value'],
  ['U+0000 deep in the body', body({ emails: [{ value: 'a\0' }] }), 'value'],
  ['60,000 emails', body({ emails: Array(60_000).fill({ value: 'a@x' }) }), 'too-many'],
];

describe('the body of a POST of a user that is refused', () => {
  for (const [when, given, reason] of refusals)
    it(`${when}: ${reason}`, () => assertInvalid(() => create(given), reason));
});

describe('the body of a PUT of a user', () => {
  const stored = user(
    {
      title: 'Lead',
      emails: [{ value: 'old@x' }],
      [ENTERPRISE]: { department: 'R&D' },
      [ACME]: { badge: '7', origin: 'HR' },
    },
    { active: false },
  );

  it('drops what it leaves out, keeps active and immutable values', () => {
    assert.deepEqual(replace(body({ nickName: 'Babs' }), stored), {
      userName: 'ada@fabrikam.example',
      externalId: null,
      active: false,
      attributes: { nickName: 'Babs', [ACME]: { origin: 'HR' } },
    });
  });

  it('sets active when it has it, keeps it when it is null', () => {
    assert.equal(replace(body({ active: 'True' }), stored).active, true);
    assert.equal(replace(body({ active: null }), stored).active, false);
  });

  it('refuses another immutable value, takes the same', () => {
    assertInvalid(() => replace(body({ [ACME]: { badge: '7', origin: 'IT' } }), stored), 'mutability');
    assert.deepEqual(replace(body({ [ACME]: { badge: '7', origin: 'HR' } }), stored).attributes, {
      [ACME]: { badge: '7', origin: 'HR' },
    });
  });

  it('sent twice gives the same content twice', () => {
    const given = body({
      emails: [
        { value: 'a', primary: true },
        { value: 'b', primary: 'True' },
      ],
      [ACME]: { badge: '7' },
    });
    const once = replace(given, stored);
    assert.deepEqual(replace(given, once), once);
  });

  it('read back as it was stored gives what was stored', () => {
    const { attributes, ...rest } = stored;
    assert.deepEqual(
      replace({ schemas: [CORE_USER], ...rest, ...attributes, id: 'x', groups: [] }, stored),
      stored,
    );
  });
});

describe('a connection without the extension', () => {
  it('leaves its attributes out', () => {
    const given = body({ [ACME]: { badge: '7' }, [`${ACME}:level`]: 1 });
    assert.deepEqual(readUser(given, standardCatalogue, { kind: 'create' }), content());
  });
});
