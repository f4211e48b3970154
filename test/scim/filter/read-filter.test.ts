import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OperationError } from '../../../src/operations/operation-error.ts';
import type { AttributePath, ResourceFilter, ResourceKind } from '../../../src/operations/resource-query.ts';
import { makeCatalogue, standardCatalogue } from '../../../src/scim/catalogue.ts';
import { readFilter } from '../../../src/scim/filter/read-filter.ts';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ACME = 'urn:ietf:params:scim:schemas:extension:acme:2.0:User';

const catalogue = makeCatalogue([
  {
    schema: ACME,
    name: 'Acme',
    resource: 'User',
    attributes: [
      { name: 'badge', type: 'integer' },
      { name: 'load', type: 'decimal' },
      { name: 'hired', type: 'dateTime' },
      { name: 'tags', multiValued: true },
      { name: 'code', caseExact: true },
    ],
  },
]);

/** The filter as a line of text in which every bracket is written, so that a table row shows the whole tree. */
function show(filter: ResourceFilter): string {
  switch (filter.kind) {
    case 'all':
    case 'any':
      return `(${filter.of.map(show).join(filter.kind === 'all' ? ' & ' : ' | ')})`;
    case 'not':
      return `!${show(filter.of)}`;
    case 'present':
      return `${showPath(filter.path)} pr`;
    case 'element':
      return `${showPath(filter.path)}{${show(filter.where)}}`;
    case 'compare':
      return `${showPath(filter.path)} ${filter.operator} ${JSON.stringify(filter.value)}`;
  }
}

function showPath(path: AttributePath): string {
  const name = [path.attribute, path.subAttribute].filter((part) => part !== null).join('.');
  return path.extension === null ? name : `<${path.extension.split(':').at(-3)}>${name}`;
}

const read = (text: string, kind: ResourceKind = 'User') => show(readFilter(text, kind, catalogue));

function refuses(text: string, kind: ResourceKind = 'User'): void {
  assert.throws(
    () => readFilter(text, kind, catalogue),
    (error) => error instanceof OperationError && error.kind === 'invalid' && error.reason === 'filter',
    text.slice(0, 80),
  );
}

const accepted: readonly (readonly [text: string, tree: string])[] = [
  // What clients send.
  ['userName eq "ada@fabrikam.example"', 'userName eq "ada@fabrikam.example"'],
  ['UserName EQ "ada@fabrikam.example"', 'userName eq "ada@fabrikam.example"'],
  ['username Eq "ada"', 'userName eq "ada"'],
  ['externalId eq jyoung', 'externalId eq "jyoung"'],
  ['externalId eq ada.lovelace', 'externalId eq "ada.lovelace"'],
  ['userName eq "o\'neil+test@fabrikam.example"', 'userName eq "o\'neil+test@fabrikam.example"'],
  ['emails eq "a@x"', 'emails.value eq "a@x"'],
  ['emails Co "@x"', 'emails.value co "@x"'],
  ['emails[type eq "work"].value eq "a@x"', 'emails{(emails.type eq "work" & emails.value eq "a@x")}'],
  [
    'EMAILS[Type eq "work" and primary eq true].Value sw "a"',
    'emails{(emails.type eq "work" & emails.primary eq true & emails.value sw "a")}',
  ],
  ['emails[type eq "work"].value pr', 'emails{(emails.type eq "work" & emails.value pr)}'],
  ['id eq "1" and manager eq "2"', '(id eq "1" & <enterprise>manager.value eq "2")'],
  ['department eq "Sales"', '<enterprise>department eq "Sales"'],
  [`${ENTERPRISE}:employeeNumber eq "701984"`, '<enterprise>employeeNumber eq "701984"'],
  [`${ENTERPRISE.toUpperCase()}:manager.value eq "2"`, '<enterprise>manager.value eq "2"'],
  [`${CORE}:userName sw "J"`, 'userName sw "J"'],
  [`${CORE}:name.familyName co "O'M"`, `name.familyName co "O'M"`],
  ['roles[primary eq "True"]', 'roles{roles.primary eq true}'],
  ['id eq "not-a-uuid"', 'id eq "not-a-uuid"'],
  // RFC 7644 §3.4.2.2, its examples.
  ['title pr', 'title pr'],
  ['title pr and userType eq "Employee"', '(title pr & userType eq "Employee")'],
  ['title pr or userType eq "Intern"', '(title pr | userType eq "Intern")'],
  ['meta.lastModified gt "2011-05-13T04:42:34Z"', 'meta.lastModified gt "2011-05-13T04:42:34Z"'],
  [
    'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
    '(userType eq "Employee" & (emails.value co "example.com" | emails.value co "example.org"))',
  ],
  [
    'userType ne "Employee" and not (emails co "a" or emails.value co "b")',
    '(userType ne "Employee" & !(emails.value co "a" | emails.value co "b"))',
  ],
  [
    'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
    '(userType eq "Employee" & emails{(emails.type eq "work" & emails.value co "@example.com")})',
  ],
  [
    'emails[type eq "work" and value co "@a"] or ims[type eq "xmpp" and value co "@b"]',
    '(emails{(emails.type eq "work" & emails.value co "@a")} | ims{(ims.type eq "xmpp" & ims.value co "@b")})',
  ],
  // Precedence, grouping, negation.
  ['title pr or nickName pr and active eq true', '(title pr | (nickName pr & active eq true))'],
  ['(title pr or nickName pr) and active eq true', '((title pr | nickName pr) & active eq true)'],
  ['((title pr or nickName pr) and locale pr) or id pr', '(((title pr | nickName pr) & locale pr) | id pr)'],
  ['not (not (title pr))', '!!title pr'],
  ['NOT(title pr)', '!title pr'],
  ['not (title pr and nickName pr)', '!(title pr & nickName pr)'],
  ['(title pr)and(nickName pr)', '(title pr & nickName pr)'],
  ['title pr AND nickName pr OR locale pr', '((title pr & nickName pr) | locale pr)'],
  ['not (emails[type eq "work"])', '!emails{emails.type eq "work"}'],
  [
    'emails[type eq "work" and (value co "a" or value co "b")]',
    'emails{(emails.type eq "work" & (emails.value co "a" | emails.value co "b"))}',
  ],
  ['emails[not (type eq "work")]', 'emails{!emails.type eq "work"}'],
  [
    'emails[type eq "work"] and emails[type eq "home"]',
    '(emails{emails.type eq "work"} & emails{emails.type eq "home"})',
  ],
  [
    'emails[ type eq "work" or type eq "home" ].value eq "x"',
    'emails{((emails.type eq "work" | emails.type eq "home") & emails.value eq "x")}',
  ],
  ['  title   pr  ', 'title pr'],
  // Strings.
  ['displayName eq "salt and pepper"', 'displayName eq "salt and pepper"'],
  ['(displayName eq "a) or (b]")', 'displayName eq "a) or (b]"'],
  ['displayName eq "a\\"b"', 'displayName eq "a\\"b"'],
  ['displayName eq "\\\\\\u0041\\n"', 'displayName eq "\\\\A\\n"'],
  ['displayName eq ""', 'displayName eq ""'],
  ['displayName eq "É"', 'displayName eq "É"'],
  // Types.
  ['active eq True', 'active eq true'],
  ['active eq "FALSE"', 'active eq false'],
  ['active ne false', 'active ne false'],
  ['emails.primary eq true', 'emails.primary eq true'],
  ['badge ge -12', '<acme>badge ge -12'],
  ['load lt 1.5e2', '<acme>load lt 150'],
  ['hired le "2024-02-29T10:00:00.120+02:00"', '<acme>hired le "2024-02-29T08:00:00.12Z"'],
  ['meta.created ge 2011-05-13T04:42:34', 'meta.created ge "2011-05-13T04:42:34Z"'],
  ['tags eq "x"', '<acme>tags eq "x"'],
  ['tags[value sw "x"]', '<acme>tags{<acme>tags sw "x"}'],
  ['x509Certificates.value eq "QUJD"', 'x509Certificates.value eq "QUJD"'],
  ['meta.resourceType eq "User"', 'meta.resourceType eq "User"'],
  ['meta.version eq "W/\\"1\\""', 'meta.version eq "W/\\"1\\""'],
  // Null and complex attributes.
  ['title eq null', 'title eq null'],
  ['title ne NULL', 'title ne null'],
  ['manager eq null', '<enterprise>manager.value eq null'],
  ['name eq null', '!name pr'],
  ['addresses ne null', 'addresses pr'],
  ['name pr', 'name pr'],
  ['emails pr', 'emails.value pr'],
  ['groups eq "g1"', 'groups.value eq "g1"'],
  ['groups[value eq "g1"]', 'groups{groups.value eq "g1"}'],
  // One value only: brackets say nothing more than the dotted path.
  ['name[givenName eq "A" and familyName eq "B"]', '(name.givenName eq "A" & name.familyName eq "B")'],
  ['manager[value eq "2"]', '<enterprise>manager.value eq "2"'],
];

describe('a filter that is read', () => {
  for (const [text, tree] of accepted) {
    it(`${text} means ${tree}`, () => assert.equal(read(text), tree));
  }

  it('finds groups by name, external id and member', () => {
    assert.equal(
      read('displayName eq "A" or externalId eq "b" or members eq "u1" and members.value eq "u2"', 'Group'),
      '(displayName eq "A" | externalId eq "b" | (members.value eq "u1" & members.value eq "u2"))',
    );
  });

  it('carries type, plurality and case rule of the attribute that is compared', () => {
    const paths = ['userName', 'externalId', 'emails', 'emails.primary', 'code', 'badge', 'tags'].map(
      (name) => {
        const filter = readFilter(`${name} eq ${name === 'badge' ? 1 : '"true"'}`, 'User', catalogue);
        assert.equal(filter.kind, 'compare');
        return filter.kind === 'compare' ? filter.path : null;
      },
    );
    assert.deepEqual(
      paths.map((path) => [path?.type, path?.multiValued, path?.caseExact]),
      [
        ['string', false, false],
        ['string', false, true],
        ['string', true, false],
        ['boolean', true, false],
        ['string', false, true],
        ['integer', false, false],
        ['string', true, false],
      ],
    );
  });

  it('takes 256 conditions, 32 levels and 8,192 characters', () => {
    const conditions = Array.from({ length: 256 }, () => 'title pr').join(' or ');
    const filter = readFilter(conditions, 'User', catalogue);
    assert.equal(filter.kind === 'any' ? filter.of.length : 0, 256);
    assert.equal(read(`${'('.repeat(32)}title pr${')'.repeat(32)}`), 'title pr');
    const groups = Array.from({ length: 40 }, () => '(title pr)').join(' and ');
    assert.equal(readFilter(groups, 'User', catalogue).kind, 'all');
    const long = `title eq "${'x'.repeat(8192 - 11)}"`;
    assert.equal(long.length, 8192);
    assert.equal(readFilter(long, 'User', catalogue).kind, 'compare');
  });
});

const refused: readonly string[] = [
  // Syntax.
  '',
  '   ',
  'a',
  'userName',
  'userName eq',
  'userName eq ',
  'userName eq"x"',
  'userName "x"',
  'userName not eq "x"',
  'userName eq "x" "y"',
  'userName eq "x""y"',
  'userName eq "x" and',
  'userName eq "x" nickName pr',
  'userName eq "x"and title pr',
  'and title pr',
  'or',
  '()',
  '(title pr',
  'title pr)',
  'title pr pr',
  'not title pr',
  'not emails[type eq "work"]',
  'userName eq "unterminated',
  'userName eq "bad \\x escape"',
  'userName eq "\\u12"',
  "userName eq 'x'",
  'userName eq and',
  'emails[type eq "work"',
  'emails[type eq "work"]value eq "x"',
  'emails[type eq "work"].value',
  'emails[type eq "work"] eq "x"',
  'emails[]',
  'emails[type eq "work"].value eq "x"]',
  'emails[type eq "work"][type eq "home"]',
  'emails[emails[type eq "work"]]',
  'emails.value[type eq "work"]',
  'userName[value eq "x"]',
  '[type eq "work"]',
  // Names.
  'favouriteColour eq "red"',
  'email Co "x"',
  'emails.colour eq "red"',
  'emails[colour eq "red"]',
  'name.givenName.x eq "a"',
  'userName. eq "a"',
  '.userName eq "a"',
  `${ENTERPRISE} pr`,
  `${ENTERPRISE}:colour eq "red"`,
  `${ENTERPRISE}:userName eq "x"`,
  'urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "x"',
  'urn:unknown:User:title eq "x"',
  'members eq "u1"',
  'password eq "x"',
  'password pr',
  'schemas eq 5',
  '__proto__ eq "x"',
  '__proto__.a eq "x"',
  'constructor eq "x"',
  'constructor.name eq "x"',
  'toString pr',
  'emails.__proto__ eq "x"',
  'emails[constructor eq "x"]',
  // Operators and types (RFC 7644 table 3).
  'userName like "x"',
  'active gt true',
  'active co "tr"',
  'active eq "maybe"',
  'active eq 1',
  'active pr true',
  'x509Certificates.value gt "QQ"',
  'x509Certificates.value co "QQ"',
  'badge eq "12"',
  'badge eq 1.5',
  'badge co 1',
  'badge eq 1e999',
  'userName eq 5',
  'userName eq true',
  'meta.created gt "yesterday"',
  'meta.created gt "2011-02-30T00:00:00Z"',
  'meta.created gt "2011-05-13"',
  'meta.created gt "2011-05-13T24:00:00Z"',
  'meta.created gt "0000-05-13T00:00:00Z"',
  'meta.created gt 5',
  'meta.created sw "2011"',
  'title gt null',
  'title co null',
  'name eq "x"',
  'addresses co "x"',
  'meta eq "x"',
  'title eq "a\\u0000b"',
  'title eq "\\ud800"',
  // Limits.
  Array.from({ length: 257 }, () => 'title pr').join(' or '),
  `${'('.repeat(33)}title pr${')'.repeat(33)}`,
  `${'not ('.repeat(33)}title pr${')'.repeat(33)}`,
  `title eq "${'x'.repeat(8192)}"`,
  `title eq "${'\\\\'.repeat(4000)}`,
];

describe('a filter that is refused as invalidFilter', () => {
  for (const text of refused) it(JSON.stringify(text.slice(0, 70)), () => refuses(text));

  it('names the wrong part without repeating a long text', () => {
    const name = 'x'.repeat(500);
    assert.throws(
      () => readFilter(`${name} eq "a"`, 'User', standardCatalogue),
      (error) => error instanceof Error && error.message.includes('xxx') && error.message.length < 200,
    );
  });

  it('keeps attributes of users out of groups', () => {
    refuses('userName eq "x"', 'Group');
    refuses('manager eq "x"', 'Group');
  });
});

describe('an extension of the connection', () => {
  it('is unknown to connections without it', () => {
    assert.throws(() => readFilter('badge eq 1', 'User', standardCatalogue), OperationError);
    assert.throws(() => readFilter(`${ACME}:badge eq 1`, 'User', standardCatalogue), OperationError);
  });

  it('does not lend its name where two extensions have it', () => {
    const two = makeCatalogue([
      { schema: `${ACME}A`, name: 'A', resource: 'User', attributes: [{ name: 'badge' }] },
      { schema: `${ACME}B`, name: 'B', resource: 'User', attributes: [{ name: 'badge' }, { name: 'title' }] },
    ]);
    assert.throws(() => readFilter('badge eq "x"', 'User', two), OperationError);
    assert.equal(show(readFilter(`${ACME}B:badge eq "x"`, 'User', two)), '<acme>badge eq "x"');
    assert.equal(show(readFilter('title eq "x"', 'User', two)), 'title eq "x"');
  });

  it('wins over a shorter URN that starts alike', () => {
    const nested = makeCatalogue([
      { schema: ACME, name: 'A', resource: 'User', attributes: [{ name: 'more', type: 'complex' }] },
      { schema: `${ACME}:more`, name: 'B', resource: 'User', attributes: [{ name: 'badge' }] },
    ]);
    const filter = readFilter(`${ACME}:more:badge eq "x"`, 'User', nested);
    assert.equal(filter.kind === 'compare' ? filter.path.extension : null, `${ACME}:more`);
  });
});
