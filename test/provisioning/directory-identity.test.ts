import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/directory/json.ts';
import {
  addressKeysOf,
  identify,
  loginNameOf,
  personNames,
} from '../../src/provisioning/directory-identity.ts';
import { usernameCandidates } from '../../src/provisioning/username.ts';
import { aUser } from '../support/decision-fixtures.ts';

const work = { type: 'work', value: 'ada@mail.example' };
const withMail = { emails: [{ type: 'home', value: 'home@mail.example' }, work] };

describe('The email of a directory user (REQ-22, A-09)', () => {
  const cases = [
    ['auto takes the user name when it is an address', 'auto', 'ada@upn.example', 'ada@upn.example'],
    ['auto takes the work mail when the user name is no address', 'auto', 'ada', 'ada@mail.example'],
    ['userPrincipalName takes the user name', 'userPrincipalName', 'ada@upn.example', 'ada@upn.example'],
    ['mail takes the work mail', 'mail', 'ada@upn.example', 'ada@mail.example'],
  ] as const;
  for (const [title, source, userName, expected] of cases) {
    it(title, () => {
      assert.equal(identify(aUser({ userName, attributes: withMail }), null, source).email, expected);
    });
  }

  for (const [source, expected] of [
    ['auto', 'one@x.example'],
    ['userPrincipalName', 'one@x.example'],
    ['mail', 'two@x.example'],
  ] as const) {
    it(`is the first one without a work address, for mail the primary one before that (${source})`, () => {
      const [one, two] = [{ value: 'one@x.example' }, { value: 'two@x.example' }];
      const emailOf = (emails: JsonObject[]): string | null =>
        identify(aUser({ userName: 'ada', attributes: { emails } }), null, source).email;
      assert.equal(emailOf([one, { ...two, primary: true }]), expected);
      assert.equal(emailOf([one, two]), 'one@x.example');
    });
  }

  it('is unknown when the directory has no address at all', () => {
    assert.equal(identify(aUser({ userName: 'ada', attributes: {} }), null, 'auto').email, null);
  });

  it('is looked up under every address the person could have, lower case', () => {
    const user = aUser({ userName: 'Ada@UPN.example', attributes: withMail });
    assert.deepEqual(addressKeysOf(user, null), ['ada@upn.example', 'ada@mail.example']);
  });
});

describe('The login name of a directory user', () => {
  it('is the home address of a guest (A-17, REQ-37)', () => {
    const guest = aUser({ userName: 'visitor.one_partner.example#EXT#@contoso.onmicrosoft.com' });
    assert.equal(loginNameOf(guest, null), 'visitor.one@partner.example');
    const underscores = aUser({ userName: 'first_last_partner.example#ext#@contoso.com' });
    assert.equal(loginNameOf(underscores, null), 'first_last@partner.example');
  });

  it('ignores the tombstone prefix of a deleted user (D-04)', () => {
    const userName = '9f0c2b7d448a1e4f0cb9c26b0f7d0a41ada@contoso.com';
    assert.equal(loginNameOf(aUser({ userName, active: false }), null), 'ada@contoso.com');
    assert.equal(loginNameOf(aUser({ userName }), aUser({ userName: 'ada@contoso.com' })), 'ada@contoso.com');
  });

  it('keeps a name that merely begins with hexadecimal digits', () => {
    const userName = '9f0c2b7d448a1e4f0cb9c26b0f7d0a41ada@contoso.com';
    assert.equal(loginNameOf(aUser({ userName }), null), userName);
    assert.equal(
      loginNameOf(aUser({ userName: 'facade@contoso.com', active: false }), null),
      'facade@contoso.com',
    );
  });
});

describe('The mapped fields of a directory user', () => {
  it('takes the office phone of type work and no other (REQ-18, REQ-23)', () => {
    const phoneNumbers = [
      { type: 'mobile', value: '1' },
      { type: 'Work', value: '2' },
    ];
    assert.equal(identify(aUser({ attributes: { phoneNumbers } }), null, 'auto').officePhone, '2');
    const mobileOnly = { phoneNumbers: [{ type: 'mobile', value: '1' }] };
    assert.equal(identify(aUser({ attributes: mobileOnly }), null, 'auto').officePhone, null);
  });

  it('gives a new person first and last name whatever the directory left out', () => {
    const names = (attributes: Parameters<typeof aUser>[0]): unknown =>
      personNames(identify(aUser(attributes), null, 'auto'));
    assert.deepEqual(names({ attributes: { displayName: 'Ada King Lovelace' } }), {
      firstName: 'Ada King',
      lastName: 'Lovelace',
    });
    assert.deepEqual(names({ attributes: {} }), { firstName: 'ada.lovelace', lastName: 'ada.lovelace' });
  });
});

describe('Usernames to try (REQ-26, A-12)', () => {
  it('begin without the domain, then add the first domain label, then numbers', () => {
    const candidates = [...usernameCandidates('jane.doe@contoso.co.uk', 'user-id')];
    assert.deepEqual(candidates.slice(0, 4), [
      'jane.doe',
      'jane.doe.contoso',
      'jane.doe.contoso2',
      'jane.doe.contoso3',
    ]);
  });

  it('are numbered at once for a name without a domain', () => {
    assert.deepEqual([...usernameCandidates('jdoe', 'user-id')].slice(0, 3), ['jdoe', 'jdoe2', 'jdoe3']);
  });

  it('end with a form that only this user can have', () => {
    const last = [...usernameCandidates('jdoe@x.example', '0190a0b0-0000-7000-8000-00000000abcd')].at(-1);
    assert.equal(last, 'jdoe.x.00000000abcd');
  });
});
