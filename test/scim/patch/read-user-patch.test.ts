import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserContent } from '../../../src/directory/directory-user.ts';
import type { JsonObject } from '../../../src/directory/json.ts';
import type { InvalidReason } from '../../../src/operations/operation-error.ts';
import { makeCatalogue, standardCatalogue } from '../../../src/scim/catalogue.ts';
import { readUserPatch } from '../../../src/scim/patch/read-user-patch.ts';
import { assertInvalid, CORE_USER, deepFreeze, ENTERPRISE, patchOf, user } from '../scim-fixtures.ts';

const ACME = 'urn:ietf:params:scim:schemas:extension:acme:2.0:User';
const catalogue = makeCatalogue([
  {
    schema: ACME,
    name: 'Acme',
    resource: 'User',
    attributes: [
      { name: 'badge', type: 'integer' },
      { name: 'hired', type: 'dateTime' },
      { name: 'tags', multiValued: true },
      { name: 'origin', mutability: 'immutable' },
      { name: 'source', mutability: 'readOnly' },
    ],
  },
]);

function apply(current: UserContent, ...operations: readonly unknown[]): UserContent {
  return readUserPatch(deepFreeze(patchOf(...operations)), catalogue)(deepFreeze(current));
}

interface Change {
  readonly when: string;
  readonly stored?: JsonObject;
  readonly operations: readonly unknown[];
  /** The stored attributes afterwards. */
  readonly attributes?: JsonObject;
  /** Where more than the attributes changes. */
  readonly rest?: Partial<UserContent>;
}

const workMail = { type: 'work', value: 'ada@x', primary: true };
const homeMail = { type: 'home', value: 'ada@home' };

const changes: readonly Change[] = [
  // Operation names and scalars.
  {
    when: 'operation names come in any case (Entra without the flag)',
    operations: [
      { op: 'Add', path: 'nickName', value: 'Babs' },
      { op: 'REPLACE', path: 'title', value: 'Lead' },
      { op: 'Remove', path: 'locale' },
    ],
    stored: { locale: 'en' },
    attributes: { nickName: 'Babs', title: 'Lead' },
  },
  {
    when: 'member names of the message come in any case',
    operations: [{ Op: 'replace', Path: 'title', Value: 'Lead' }],
    attributes: { title: 'Lead' },
  },
  {
    when: 'operations apply in order',
    operations: [
      { op: 'add', path: 'title', value: 'A' },
      { op: 'remove', path: 'title' },
      { op: 'replace', path: 'title', value: 'B' },
    ],
    attributes: { title: 'B' },
  },
  {
    when: 'paths come in any case and keep the canonical name',
    operations: [
      { op: 'replace', path: 'UserName', value: 'Ada.King@Fabrikam.example' },
      { op: 'replace', path: 'NAME.GIVENNAME', value: 'Ada' },
      { op: 'replace', path: 'Emails[Type eq "Work"].Value', value: 'x@y' },
    ],
    attributes: { name: { givenName: 'Ada' }, emails: [{ type: 'Work', value: 'x@y' }] },
    rest: { userName: 'Ada.King@Fabrikam.example' },
  },
  {
    when: 'the core URN may stand before a path',
    operations: [
      { op: 'replace', path: `${CORE_USER}:title`, value: 'Lead' },
      { op: 'replace', path: `${CORE_USER}:name.givenName`, value: 'Ada' },
      { op: 'replace', path: `${CORE_USER}:externalId`, value: 'new' },
    ],
    attributes: { title: 'Lead', name: { givenName: 'Ada' } },
    rest: { externalId: 'new' },
  },
  {
    when: 'a number becomes the text of a string attribute',
    operations: [{ op: 'replace', path: `${ENTERPRISE}:employeeNumber`, value: 701984 }],
    attributes: { [ENTERPRISE]: { employeeNumber: '701984' } },
  },
  {
    when: 'a scalar is taken out of a one-element array (older Entra jobs)',
    operations: [
      { op: 'Replace', path: 'title', value: [{ value: 'Lead' }] },
      { op: 'Replace', path: 'nickName', value: ['Babs'] },
      { op: 'Add', path: 'userType', value: [{ $ref: null, value: 'Staff' }] },
      { op: 'Replace', path: 'active', value: [{ value: 'False' }] },
    ],
    attributes: { title: 'Lead', nickName: 'Babs', userType: 'Staff' },
    rest: { active: false },
  },
  {
    when: 'values are kept verbatim',
    operations: [
      { op: 'replace', path: 'displayName', value: '  Ada  O’Neil\t' },
      { op: 'add', path: 'phoneNumbers[type eq "work"].value', value: '+44 (20) 7946-0001 ext. x' },
      { op: 'add', path: 'addresses[type eq "work"].country', value: 'Narnia' },
    ],
    attributes: {
      displayName: '  Ada  O’Neil\t',
      phoneNumbers: [{ type: 'work', value: '+44 (20) 7946-0001 ext. x' }],
      addresses: [{ type: 'work', country: 'Narnia' }],
    },
  },
  // active.
  ...[false, 'False', 'false', 'FALSE', [false], [{ value: 'False' }], { value: false }].map((value) => ({
    when: `active ${JSON.stringify(value)} disables`,
    operations: [{ op: 'Replace', path: 'active', value }],
    rest: { active: false },
  })),
  {
    when: 'active false through add (Entra, when it never set the flag)',
    operations: [{ op: 'Add', path: 'active', value: 'False' }],
    rest: { active: false },
  },
  {
    when: 'active false without a path (Okta)',
    operations: [{ op: 'replace', value: { active: false } }],
    rest: { active: false },
  },
  {
    when: 'unsetting active leaves the flag as it is',
    operations: [
      { op: 'replace', path: 'active', value: null },
      { op: 'replace', path: 'active', value: '' },
      { op: 'remove', path: 'active' },
      { op: 'replace', value: { active: null } },
    ],
    rest: { active: true },
  },
  {
    when: 'unsetting active keeps what an operation before it set',
    operations: [
      { op: 'replace', path: 'active', value: false },
      { op: 'remove', path: 'active' },
    ],
    rest: { active: false },
  },
  // Clearing.
  {
    when: 'empty text and null clear optional attributes (validation harness)',
    stored: {
      title: 'Lead',
      nickName: 'Babs',
      name: { givenName: 'Ada', familyName: 'L' },
      emails: [workMail],
      [ENTERPRISE]: { department: 'R&D', costCenter: '1' },
    },
    operations: [
      { op: 'replace', path: 'title', value: '' },
      { op: 'replace', path: 'nickName', value: null },
      { op: 'replace', path: 'name.familyName', value: '' },
      { op: 'replace', path: 'emails[type eq "work"].value', value: '' },
      { op: 'replace', path: `${ENTERPRISE}:department`, value: null },
      { op: 'replace', path: 'externalId', value: '' },
    ],
    attributes: { name: { givenName: 'Ada' }, [ENTERPRISE]: { costCenter: '1' } },
    rest: { externalId: null },
  },
  {
    when: 'one path-less replace clears every attribute it names',
    stored: {
      title: 'Lead',
      preferredLanguage: 'en',
      name: { familyName: 'L' },
      emails: [workMail, homeMail],
      [ENTERPRISE]: { department: 'R&D', manager: { value: 'm' } },
    },
    operations: [
      {
        op: 'replace',
        value: {
          title: null,
          preferredLanguage: '',
          'name.familyName': null,
          'emails[type eq "work"].value': '',
          [`${ENTERPRISE}:department`]: null,
          [`${ENTERPRISE}:manager`]: '',
        },
      },
    ],
    attributes: { emails: [homeMail] },
  },
  {
    when: 'null and [] clear a multi-valued attribute',
    stored: { emails: [workMail], roles: [{ value: 'a' }], phoneNumbers: [{ value: '1' }] },
    operations: [
      { op: 'replace', path: 'emails', value: null },
      { op: 'replace', path: 'roles', value: [] },
      { op: 'replace', path: 'phoneNumbers', value: [null] },
    ],
    attributes: {},
  },
  {
    when: 'removing what is not there succeeds',
    operations: [
      { op: 'remove', path: 'title' },
      { op: 'remove', path: 'name.givenName' },
      { op: 'remove', path: 'emails' },
      { op: 'remove', path: 'emails[type eq "work"]' },
      { op: 'remove', path: 'emails[type eq "work"].value' },
      { op: 'remove', path: `${ENTERPRISE}:manager` },
      { op: 'remove', path: ENTERPRISE },
    ],
    attributes: {},
  },
  {
    when: 'clearing a selected part that is not there creates nothing',
    operations: [{ op: 'replace', path: 'phoneNumbers[type eq "work"].value', value: '' }],
    attributes: {},
  },
  // Complex attributes.
  {
    when: 'add and replace of a complex attribute keep the sub-attributes they do not name',
    stored: { name: { givenName: 'Ada', familyName: 'L' } },
    operations: [
      { op: 'replace', path: 'name', value: { FamilyName: 'King' } },
      { op: 'add', path: 'name', value: { middleName: 'A', colour: 'red' } },
    ],
    attributes: { name: { givenName: 'Ada', familyName: 'King', middleName: 'A' } },
  },
  {
    when: 'a null sub-attribute in an object clears it, the last one takes the attribute along',
    stored: { name: { givenName: 'Ada', familyName: 'L' } },
    operations: [
      { op: 'replace', path: 'name', value: { familyName: null } },
      { op: 'replace', value: { name: { givenName: '' } } },
    ],
    attributes: {},
  },
  {
    when: 'an empty object changes nothing',
    stored: { name: { givenName: 'Ada' } },
    operations: [
      { op: 'replace', path: 'name', value: {} },
      { op: 'replace', value: {} },
    ],
    attributes: { name: { givenName: 'Ada' } },
  },
  // Path-less objects.
  {
    when: 'dotted, URN and value-path keys in one object (Entra with the flag)',
    stored: { [ENTERPRISE]: { costCenter: '1' }, name: { familyName: 'L' } },
    operations: [
      {
        op: 'replace',
        value: {
          'name.givenName': 'Ada',
          [`${ENTERPRISE}:department`]: 'R&D',
          'emails[type eq "work"].value': 'a@x',
          DisplayName: 'Ada L',
          [`${CORE_USER}:title`]: 'Lead',
        },
      },
    ],
    attributes: {
      name: { familyName: 'L', givenName: 'Ada' },
      displayName: 'Ada L',
      title: 'Lead',
      emails: [{ type: 'work', value: 'a@x' }],
      [ENTERPRISE]: { costCenter: '1', department: 'R&D' },
    },
  },
  {
    when: 'nested objects, an extension among them, keep what they do not name',
    stored: { [ENTERPRISE]: { costCenter: '1' }, name: { familyName: 'L' } },
    operations: [
      {
        op: 'add',
        value: {
          name: { givenName: 'Ada' },
          [ENTERPRISE.toUpperCase()]: { Department: 'R&D', unknown: 1 },
          [CORE_USER]: { title: 'Lead' },
        },
      },
    ],
    attributes: {
      name: { familyName: 'L', givenName: 'Ada' },
      title: 'Lead',
      [ENTERPRISE]: { costCenter: '1', department: 'R&D' },
    },
  },
  {
    when: 'unknown and read-only members of an object are left out (Okta, authentik)',
    operations: [
      {
        op: 'replace',
        value: {
          schemas: [CORE_USER],
          id: 'zzz',
          meta: { resourceType: 'User' },
          groups: [{ value: 'g' }],
          password: 'n3w',
          favouriteColour: 'red',
          'name.colour': 'red',
          'emails[colour eq "red"].value': 'x',
          'urn:unknown:thing': { a: 1 },
          displayName: 'Ada L',
        },
      },
    ],
    attributes: { displayName: 'Ada L' },
  },
  {
    when: 'operations on an extension that nobody described are left out, the others count (Entra)',
    operations: [
      { op: 'Add', path: 'urn:ietf:params:scim:schemas:extension:unknown:2.0:User:badge', value: '7' },
      { op: 'Remove', path: 'urn:unknown:list[type eq "x"].value' },
      { op: 'Replace', path: 'title', value: 'Lead' },
    ],
    attributes: { title: 'Lead' },
  },
  {
    when: 'an object wrapped in an array is still one object',
    operations: [{ op: 'replace', value: [{ title: 'Lead' }] }],
    attributes: { title: 'Lead' },
  },
  {
    when: 'a path of null or nothing is no path',
    operations: [
      { op: 'replace', path: null, value: { title: 'Lead' } },
      { op: 'add', path: '', value: { nickName: 'Babs' } },
    ],
    attributes: { title: 'Lead', nickName: 'Babs' },
  },
  {
    when: 'path-less add appends, path-less replace replaces a list',
    stored: { emails: [workMail], roles: [{ value: 'a' }] },
    operations: [
      { op: 'add', value: { emails: [homeMail] } },
      { op: 'replace', value: { roles: [{ value: 'b' }] } },
    ],
    attributes: { emails: [workMail, homeMail], roles: [{ value: 'b' }] },
  },
  // Extensions as a whole.
  {
    when: 'a whole extension by path: add, replace, then remove of one attribute',
    operations: [
      { op: 'add', path: ENTERPRISE, value: { department: 'R&D', costCenter: '1' } },
      { op: 'replace', path: ENTERPRISE, value: { department: 'Sales' } },
      { op: 'remove', path: `${ENTERPRISE}:costCenter` },
    ],
    attributes: { [ENTERPRISE]: { department: 'Sales' } },
  },
  {
    when: 'a whole extension is removed',
    stored: { title: 'Lead', [ENTERPRISE]: { department: 'R&D', manager: { value: 'm' } } },
    operations: [{ op: 'remove', path: ENTERPRISE }],
    attributes: { title: 'Lead' },
  },
  {
    when: 'a whole extension is cleared by null',
    stored: { [ENTERPRISE]: { department: 'R&D' }, [ACME]: { badge: 7 } },
    operations: [
      { op: 'replace', path: ENTERPRISE, value: null },
      { op: 'replace', value: { [ACME]: null } },
    ],
    attributes: {},
  },
  {
    when: 'attributes of extensions are found without their URN',
    operations: [
      { op: 'replace', path: 'department', value: 'R&D' },
      { op: 'replace', value: { employeeNumber: '7', badge: '12' } },
    ],
    attributes: { [ENTERPRISE]: { department: 'R&D', employeeNumber: '7' }, [ACME]: { badge: 12 } },
  },
  // manager.
  ...[
    'm-1',
    { value: 'm-1' },
    [{ value: 'm-1' }],
    [{ $ref: 'http://scim.fabrikam.example/scim/Users/m-1', value: 'm-1' }],
    { $ref: 'm-1', value: 'm-1' },
    { $ref: 'https://x/scim/v2/c/Users/m-1' },
    { $ref: null, value: 'm-1', displayName: 'Boss' },
    ['m-1'],
  ].map((value) => ({
    when: `the manager as ${JSON.stringify(value)}`,
    operations: [{ op: 'Add', path: 'manager', value }],
    attributes: { [ENTERPRISE]: { manager: { value: 'm-1' } } },
  })),
  {
    when: 'the manager by its dotted paths',
    operations: [
      { op: 'replace', path: `${ENTERPRISE}:manager.value`, value: 'm-0' },
      { op: 'replace', path: `${ENTERPRISE}:manager.$ref`, value: 'https://x/Users/m-1' },
    ],
    attributes: { [ENTERPRISE]: { manager: { value: 'm-1' } } },
  },
  ...['', null, [], [null], { value: '' }, { value: null }, { $ref: null, value: null }].map((value) => ({
    when: `the manager goes with ${JSON.stringify(value)}`,
    stored: { [ENTERPRISE]: { manager: { value: 'm-1' }, department: 'R&D' } },
    operations: [{ op: 'replace', path: `${ENTERPRISE}:manager`, value }],
    attributes: { [ENTERPRISE]: { department: 'R&D' } },
  })),
  {
    when: 'the manager goes with a remove that names the old one',
    stored: { [ENTERPRISE]: { manager: { value: 'm-1' } } },
    operations: [{ op: 'Remove', path: `${ENTERPRISE}:manager`, value: 'm-1' }],
    attributes: {},
  },
  // Value paths.
  {
    when: 'replace of a part of the selected element',
    stored: { emails: [workMail, homeMail] },
    operations: [{ op: 'Replace', path: 'emails[type eq "work"].value', value: 'ada.king@x' }],
    attributes: { emails: [{ ...workMail, value: 'ada.king@x' }, homeMail] },
  },
  ...['Add', 'Replace'].flatMap((op) =>
    [
      ['emails[type eq "other"].value', { emails: [{ type: 'other', value: 'v' }] }],
      ['phoneNumbers[type eq "mobile"].value', { phoneNumbers: [{ type: 'mobile', value: 'v' }] }],
      ['addresses[type eq "work"].formatted', { addresses: [{ type: 'work', formatted: 'v' }] }],
      ['roles[primary eq "True"].value', { roles: [{ primary: true, value: 'v' }] }],
      [
        'ims[type eq "xmpp" and primary eq true].value',
        { ims: [{ type: 'xmpp', primary: true, value: 'v' }] },
      ],
      ['emails.value', { emails: [{ value: 'v' }] }],
    ].map(([path, attributes]) => ({
      when: `${op} of ${path} creates the element that is not there`,
      operations: [{ op, path, value: 'v' }],
      attributes: attributes as JsonObject,
    })),
  ),
  {
    when: 'several operations build one absent element',
    operations: [
      { op: 'Add', path: 'emails[type eq "work"].primary', value: 'True' },
      { op: 'Add', path: 'emails[type eq "work"].display', value: 'Work' },
      { op: 'Add', path: 'emails[type eq "work"].value', value: 'a@x' },
      { op: 'Add', path: 'addresses[type eq "work"].locality', value: 'Exampleton' },
      { op: 'Add', path: 'addresses[type eq "work"].country', value: 'GB' },
    ],
    attributes: {
      emails: [{ type: 'work', primary: true, display: 'Work', value: 'a@x' }],
      addresses: [{ type: 'work', locality: 'Exampleton', country: 'GB' }],
    },
  },
  {
    when: 'whole selected element: replace replaces it, add merges into it, both keep its type',
    stored: {
      emails: [{ ...workMail, display: 'Old' }],
      phoneNumbers: [{ type: 'work', value: '1', display: 'D' }],
    },
    operations: [
      { op: 'replace', path: 'emails[type eq "work"]', value: { value: 'new@x' } },
      { op: 'add', path: 'phoneNumbers[type eq "work"]', value: [{ value: '2' }] },
      { op: 'replace', path: 'ims[type eq "xmpp"]', value: 'ada@im' },
    ],
    attributes: {
      emails: [{ type: 'work', value: 'new@x' }],
      phoneNumbers: [{ type: 'work', value: '2', display: 'D' }],
      ims: [{ type: 'xmpp', value: 'ada@im' }],
    },
  },
  {
    when: 'whole selected element: remove, and null',
    stored: { emails: [workMail, homeMail], roles: [{ value: 'a' }, { value: 'b' }] },
    operations: [
      { op: 'remove', path: 'emails[type eq "work"]' },
      { op: 'replace', path: 'roles[value eq "A"]', value: null },
    ],
    attributes: { emails: [homeMail], roles: [{ value: 'b' }] },
  },
  {
    when: 'removing the value of an element takes the empty element along, other parts stay',
    stored: { emails: [workMail, { ...homeMail, display: 'Home' }] },
    operations: [{ op: 'remove', path: 'emails.value' }],
    attributes: { emails: [{ type: 'home', display: 'Home' }] },
  },
  {
    when: 'conditions with inner logic and every kind of comparison',
    stored: { emails: [workMail, homeMail, { type: 'other', value: 'zed@x' }] },
    operations: [
      {
        op: 'replace',
        path: 'emails[(type eq "home" or value sw "zed") and not (primary eq true)].display',
        value: 'D',
      },
      { op: 'remove', path: 'emails[value ew "@home" and display pr and value gt "a" and value ne "b"]' },
    ],
    attributes: { emails: [workMail, { type: 'other', value: 'zed@x', display: 'D' }] },
  },
  // Lists.
  {
    when: 'adding what is there already changes nothing, in any shape',
    stored: { emails: [workMail, homeMail], roles: [{ value: 'a' }], [ACME]: { tags: ['x'] } },
    operations: [
      { op: 'add', path: 'emails', value: [{ value: 'ada@home', type: 'home' }] },
      { op: 'add', path: 'emails', value: { type: 'work', value: 'ada@x' } },
      { op: 'add', path: 'roles', value: 'a' },
      { op: 'add', path: 'roles', value: [] },
      { op: 'add', path: 'tags', value: ['x', 'x'] },
      { op: 'replace', path: 'emails', value: [workMail, homeMail, homeMail] },
    ],
    attributes: { emails: [workMail, homeMail], roles: [{ value: 'a' }], [ACME]: { tags: ['x'] } },
  },
  {
    when: 'adding an element that is there completes it',
    stored: { roles: [{ type: 't', value: 'a' }] },
    operations: [{ op: 'add', path: 'roles', value: [{ value: 'a', type: 't', display: 'A' }] }],
    attributes: { roles: [{ type: 't', value: 'a', display: 'A' }] },
  },
  {
    when: 'an object for an array and bare values for objects (OneLogin, Entra)',
    operations: [
      { op: 'replace', path: 'emails', value: { value: 'a@x', type: 'work' } },
      { op: 'replace', path: 'roles', value: ['a', 'b'] },
      { op: 'replace', path: 'phoneNumbers', value: 112 },
    ],
    attributes: {
      emails: [{ value: 'a@x', type: 'work' }],
      roles: [{ value: 'a' }, { value: 'b' }],
      phoneNumbers: [{ value: '112' }],
    },
  },
  {
    when: 'an app role as a JSON document in a string (Entra, complex mapping)',
    stored: { roles: [{ value: 'PsaUser' }] },
    operations: [
      {
        op: 'Add',
        path: 'roles',
        value: [{ value: '{"id":"b0d1","value":"PsaAdmin","displayName":"PSA Admin"}' }],
      },
    ],
    attributes: { roles: [{ value: 'PsaUser' }, { value: 'PsaAdmin', display: 'PSA Admin' }] },
  },
  {
    when: 'a role that only looks like a document is kept verbatim',
    operations: [{ op: 'Add', path: 'roles', value: [{ value: '{not json' }, { value: '{"id":"x"}' }] }],
    attributes: { roles: [{ value: '{not json' }, { value: '{"id":"x"}' }] },
  },
  {
    when: 'the full list of roles is authoritative (Entra, assertive mapping)',
    stored: { roles: [{ value: 'a' }, { value: 'b' }] },
    operations: [
      {
        op: 'replace',
        path: 'roles',
        value: [{ primary: 'True', type: 'T', display: 'PSA User', value: 'PsaUser' }],
      },
    ],
    attributes: { roles: [{ primary: true, type: 'T', display: 'PSA User', value: 'PsaUser' }] },
  },
  {
    when: 'types outside the canonical ones are stored',
    operations: [
      { op: 'add', path: 'emails', value: [{ type: 'Alias #2', value: 'a@x' }] },
      { op: 'add', path: 'x509Certificates', value: [{ type: 'signing', value: 'QUJD' }] },
    ],
    attributes: {
      emails: [{ type: 'Alias #2', value: 'a@x' }],
      x509Certificates: [{ type: 'signing', value: 'QUJD' }],
    },
  },
  {
    when: 'elements without content are left out (Okta sends "" for what is not set)',
    operations: [
      {
        op: 'replace',
        path: 'emails',
        value: [null, {}, { type: 'work', primary: true, value: '' }, homeMail],
      },
    ],
    attributes: { emails: [homeMail] },
  },
  {
    when: 'remove with a list of values takes only those',
    stored: {
      emails: [workMail, homeMail, { type: 'other', value: 'o@x' }],
      roles: [{ value: 'a' }, { value: 'b' }],
    },
    operations: [
      {
        op: 'Remove',
        path: 'emails',
        value: [{ value: 'ada@x' }, { type: 'other' }, { type: 'work', value: 'ada@home' }],
      },
      { op: 'Remove', path: 'roles', value: ['b'] },
      { op: 'Remove', path: 'roles', value: [] },
    ],
    attributes: { emails: [homeMail], roles: [{ value: 'a' }] },
  },
  {
    when: 'a list of plain values: add, select, remove',
    stored: { [ACME]: { tags: ['x', 'y'] } },
    operations: [
      { op: 'add', path: `${ACME}:tags`, value: ['z', 'x'] },
      { op: 'remove', path: `${ACME}:tags[value eq "Y"]` },
      { op: 'remove', path: 'tags', value: 'z' },
    ],
    attributes: { [ACME]: { tags: ['x'] } },
  },
  // primary.
  {
    when: 'a new primary unsets the old one',
    stored: { emails: [workMail, homeMail] },
    operations: [{ op: 'Add', path: 'emails[type eq "home"].primary', value: 'True' }],
    attributes: {
      emails: [
        { ...workMail, primary: false },
        { ...homeMail, primary: true },
      ],
    },
  },
  {
    when: 'an added primary wins over the stored one, even before it in the list',
    stored: { emails: [homeMail, workMail] },
    operations: [{ op: 'add', path: 'emails', value: [{ ...homeMail, primary: true }] }],
    attributes: {
      emails: [
        { ...homeMail, primary: true },
        { ...workMail, primary: false },
      ],
    },
  },
  {
    when: 'of two primaries in one list the last one wins',
    operations: [{ op: 'replace', path: 'emails', value: [workMail, { ...homeMail, primary: true }] }],
    attributes: {
      emails: [
        { ...workMail, primary: false },
        { ...homeMail, primary: true },
      ],
    },
  },
  // What has no effect.
  {
    when: 'a password and the list of schemas are taken and dropped',
    operations: [
      { op: 'replace', path: 'password', value: 'n3w' },
      { op: 'replace', value: { password: 'n3w' } },
      { op: 'remove', path: 'password' },
      { op: 'add', path: 'schemas', value: [ENTERPRISE] },
    ],
    attributes: {},
  },
  {
    when: 'an immutable attribute is set once and may be repeated',
    operations: [
      { op: 'add', path: 'origin', value: 'HR' },
      { op: 'replace', path: 'origin', value: 'HR' },
    ],
    attributes: { [ACME]: { origin: 'HR' } },
  },
  {
    when: 'what another version stored stays untouched',
    stored: { retired: { a: 1 }, 'urn:gone:User': { b: [1] } },
    operations: [{ op: 'replace', path: 'title', value: 'Lead' }],
    attributes: { retired: { a: 1 }, 'urn:gone:User': { b: [1] }, title: 'Lead' },
  },
];

describe('a PATCH of a user', () => {
  for (const { when, stored = {}, operations, attributes, rest = {} } of changes) {
    it(when, () => {
      const result = apply(user(stored), ...operations);
      assert.deepEqual(result, user(attributes ?? stored, rest));
    });
  }

  it('is equal to the stored content when it changes nothing', () => {
    const stored = user({
      name: { givenName: 'Ada' },
      emails: [workMail],
      [ENTERPRISE]: { manager: { value: 'm' } },
    });
    const result = apply(
      stored,
      { op: 'replace', path: 'userName', value: stored.userName },
      { op: 'replace', value: { name: { givenName: 'Ada' }, active: 'True', externalId: 'ada' } },
      { op: 'add', path: 'emails', value: [workMail] },
      { op: 'replace', path: 'manager', value: 'm' },
      { op: 'remove', path: 'title' },
    );
    assert.deepEqual(result, stored);
  });

  it('may be applied again, after a retried transaction', () => {
    const change = readUserPatch(
      patchOf({ op: 'add', path: 'emails', value: [workMail] }),
      standardCatalogue,
    );
    assert.deepEqual(change(user()), change(user()));
  });
});

interface Refusal {
  readonly when: string;
  readonly body?: unknown;
  readonly operations?: readonly unknown[];
  readonly reason: InvalidReason;
}

const refusals: readonly Refusal[] = [
  // The message.
  ...[null, 'x', 1, [], [{}]].map((body) => ({
    when: `a body of ${JSON.stringify(body)}`,
    body,
    reason: 'syntax' as const,
  })),
  { when: 'no schemas', body: { Operations: [{ op: 'remove', path: 'title' }] }, reason: 'syntax' },
  {
    when: 'schemas of null',
    body: { schemas: null, Operations: [{ op: 'remove', path: 'title' }] },
    reason: 'syntax',
  },
  {
    when: 'another schema',
    body: { schemas: [CORE_USER], Operations: [{ op: 'remove', path: 'title' }] },
    reason: 'syntax',
  },
  {
    when: 'no operations',
    body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'] },
    reason: 'syntax',
  },
  { when: 'an empty list of operations', operations: [], reason: 'syntax' },
  { when: 'an operation of null', operations: [null], reason: 'syntax' },
  { when: 'an operation that is a list', operations: [[]], reason: 'syntax' },
  { when: 'no op', operations: [{ path: 'title', value: 'x' }], reason: 'syntax' },
  { when: 'an unknown op', operations: [{ op: 'move', path: 'title', value: 'x' }], reason: 'syntax' },
  {
    when: 'an op that is no text',
    operations: [{ op: ['add'], path: 'title', value: 'x' }],
    reason: 'syntax',
  },
  { when: 'remove without a path', operations: [{ op: 'remove' }], reason: 'no-target' },
  {
    when: 'remove without a path but with a value',
    operations: [{ op: 'remove', value: { title: 'x' } }],
    reason: 'no-target',
  },
  { when: 'add without a value', operations: [{ op: 'add', path: 'title' }], reason: 'value' },
  { when: 'replace without a value', operations: [{ op: 'replace', path: 'title' }], reason: 'value' },
  { when: 'replace without path and value', operations: [{ op: 'replace' }], reason: 'value' },
  ...[null, 'x', 1, true, [], ['x'], [{}, {}]].map((value) => ({
    when: `a path-less value of ${JSON.stringify(value)}`,
    operations: [{ op: 'replace', value }],
    reason: 'value' as const,
  })),
  // Paths.
  ...[
    'favouriteColour',
    'name.colour',
    'name.givenName.x',
    'emails[type eq "work"',
    'emails[type eq "work"]value',
    'emails[type eq "work"].colour',
    'emails[colour eq "red"].value',
    'emails[type zz "work"].value',
    'emails[type eq "work"].value.x',
    'emails[]',
    'name[givenName eq "x"].familyName',
    'title[value eq "x"]',
    'emails.value[type eq "work"]',
    'members',
    `${ENTERPRISE}:userName`,
    'urn:ietf:params:scim:schemas:core:2.0:Group:displayName',
    '__proto__',
    'constructor.prototype',
    'emails[__proto__ eq "x"].value',
    '.',
    'title.',
    '/title',
    'a.'.repeat(600),
  ].map((path) => ({
    when: `the path ${path.slice(0, 60)}`,
    operations: [{ op: 'replace', path, value: 'x' }],
    reason: 'path' as const,
  })),
  {
    when: 'a path that is no text',
    operations: [{ op: 'replace', path: ['title'], value: 'x' }],
    reason: 'path',
  },
  { when: 'removing the core schema', operations: [{ op: 'remove', path: CORE_USER }], reason: 'path' },
  // Mutability.
  ...[
    'id',
    'meta',
    'meta.created',
    'groups',
    'groups[value eq "g"]',
    `${ENTERPRISE}:manager.displayName`,
    'source',
  ].map((path) => ({
    when: `writing ${path} by path`,
    operations: [{ op: 'replace', path, value: 'x' }],
    reason: 'mutability' as const,
  })),
  { when: 'removing groups', operations: [{ op: 'remove', path: 'groups' }], reason: 'mutability' },
  { when: 'removing userName', operations: [{ op: 'remove', path: 'userName' }], reason: 'mutability' },
  // Values.
  ...['', null, '   ', [], true, {}, ['a', 'b'], 'x'.repeat(513), 'a\0b', '\ud800'].map((value) => ({
    when: `userName ${JSON.stringify(value)?.slice(0, 20)}`,
    operations: [{ op: 'replace', path: 'userName', value }],
    reason: 'value' as const,
  })),
  {
    when: 'userName null without a path',
    operations: [{ op: 'replace', value: { userName: null } }],
    reason: 'value',
  },
  ...['Maybe', 'yes', 1, {}, [true, false], { value: 'x' }].map((value) => ({
    when: `active ${JSON.stringify(value)}`,
    operations: [{ op: 'Replace', path: 'active', value }],
    reason: 'value' as const,
  })),
  {
    when: 'active nonsense without a path',
    operations: [{ op: 'replace', value: { active: 'x' } }],
    reason: 'value',
  },
  {
    when: 'an object for a text',
    operations: [{ op: 'replace', path: 'title', value: { a: 1 } }],
    reason: 'value',
  },
  {
    when: 'a boolean for a text',
    operations: [{ op: 'replace', path: 'title', value: false }],
    reason: 'value',
  },
  {
    when: 'a list for a text',
    operations: [{ op: 'replace', path: 'title', value: ['a', 'b'] }],
    reason: 'value',
  },
  {
    when: 'a text for a complex attribute',
    operations: [{ op: 'replace', path: 'name', value: 'Ada' }],
    reason: 'value',
  },
  {
    when: 'a text for an address',
    operations: [{ op: 'add', path: 'addresses', value: ['x'] }],
    reason: 'value',
  },
  { when: 'a list of lists', operations: [{ op: 'add', path: 'emails', value: [['a']] }], reason: 'value' },
  {
    when: 'a boolean among emails',
    operations: [{ op: 'add', path: 'emails', value: [true] }],
    reason: 'value',
  },
  {
    when: 'two values for one element',
    operations: [{ op: 'add', path: 'emails[type eq "w"]', value: [{}, {}] }],
    reason: 'value',
  },
  {
    when: 'nonsense in primary',
    operations: [{ op: 'add', path: 'emails', value: [{ value: 'a', primary: 'x' }] }],
    reason: 'value',
  },
  {
    when: 'a text for a whole extension',
    operations: [{ op: 'replace', path: ENTERPRISE, value: 'x' }],
    reason: 'value',
  },
  {
    when: 'a fraction for an integer',
    operations: [{ op: 'replace', path: 'badge', value: 1.5 }],
    reason: 'value',
  },
  {
    when: 'a word for an integer',
    operations: [{ op: 'replace', path: 'badge', value: 'x' }],
    reason: 'value',
  },
  {
    when: 'a date that is none',
    operations: [{ op: 'replace', path: 'hired', value: '2024-02-31T00:00:00Z' }],
    reason: 'value',
  },
  {
    when: 'half a surrogate pair',
    operations: [{ op: 'replace', path: 'title', value: '\udc00' }],
    reason: 'value',
  },
  {
    when: 'U+0000 in an element',
    operations: [{ op: 'add', path: 'emails', value: ['a\0'] }],
    reason: 'value',
  },
  {
    when: 'a text of more than 64 KiB',
    operations: [{ op: 'replace', path: 'title', value: 'x'.repeat(65_537) }],
    reason: 'value',
  },
  // Amounts.
  {
    when: '1,001 values',
    operations: [{ op: 'add', path: 'emails', value: Array(1001).fill('a@x') }],
    reason: 'too-many',
  },
  {
    when: '1,001 operations',
    operations: Array(1001).fill({ op: 'remove', path: 'title' }),
    reason: 'too-many',
  },
  {
    when: '1,001 members of an object',
    operations: [
      { op: 'add', value: Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`k${i}`, 1])) },
    ],
    reason: 'too-many',
  },
];

describe('a PATCH of a user that is refused before the user is looked up', () => {
  for (const { when, body, operations, reason } of refusals) {
    it(`${when}: ${reason}`, () =>
      assertInvalid(
        () => readUserPatch(operations === undefined ? body : patchOf(...operations), catalogue),
        reason,
      ));
  }
});

describe('a PATCH of a user that its stored content refuses', () => {
  const cases: readonly (readonly [
    when: string,
    stored: JsonObject,
    operation: unknown,
    reason: InvalidReason,
  ])[] = [
    [
      'a condition that matches nothing and says not what to create',
      { emails: [workMail] },
      { op: 'replace', path: 'emails[value eq "nobody@x"].display', value: 'D' },
      'no-target',
    ],
    [
      'the same in an empty list',
      {},
      { op: 'add', path: 'emails[type sw "w"].value', value: 'x' },
      'no-target',
    ],
    [
      'a condition that can never hold',
      {},
      { op: 'add', path: 'emails[type eq "a" and type eq "b"].value', value: 'x' },
      'no-target',
    ],
    [
      'an immutable value that would change',
      { [ACME]: { origin: 'HR' } },
      { op: 'replace', path: 'origin', value: 'IT' },
      'mutability',
    ],
    [
      'an immutable value that would go',
      { [ACME]: { origin: 'HR' } },
      { op: 'remove', path: 'origin' },
      'mutability',
    ],
    [
      'more than 1,000 values together',
      { roles: Array.from({ length: 1000 }, (_, i) => ({ value: `r${i}` })) },
      { op: 'add', path: 'roles', value: [{ value: 'one more' }] },
      'too-many',
    ],
  ];
  for (const [when, stored, operation, reason] of cases) {
    it(`${when}: ${reason}`, () => {
      const change = readUserPatch(
        patchOf({ op: 'replace', path: 'title', value: 'Half applied' }, operation),
        catalogue,
      );
      const current = deepFreeze(user(stored));
      assertInvalid(() => change(current), reason);
    });
  }

  it('more than 500 keys with a condition over all operations', () => {
    const value = Object.fromEntries(
      Array.from({ length: 251 }, (_, i) => [`emails[type eq "t${i}"].value`, 'a']),
    );
    const operation = { op: 'add', value };
    const { emails } = readUserPatch(patchOf(operation), catalogue)(user()).attributes;
    assert.equal(Array.isArray(emails) ? emails.length : 0, 251);
    assertInvalid(() => readUserPatch(patchOf(operation, operation), catalogue), 'too-many');
  });

  it('too many looks at too many values', () => {
    const roles = Array.from({ length: 1000 }, (_, i) => ({ value: `r${i}` }));
    const operations = Array.from({ length: 1000 }, () => ({
      op: 'remove',
      path: 'roles[value eq "nobody"]',
    }));
    const change = readUserPatch(patchOf(...operations), catalogue);
    assertInvalid(() => change(user({ roles })), 'too-many');
  });
});
