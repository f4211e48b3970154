import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from '../../src/provisioning/decide.ts';
import { Ledger } from '../../src/provisioning/ledger.ts';
import {
  aContact,
  anEmployee,
  aRule,
  aUser,
  decideIn,
  factsOf,
  now,
  only,
  portalRule,
} from '../support/decision-fixtures.ts';

const actions = ({ decision }: ReturnType<typeof decideIn>): readonly string[] =>
  decision.events.map((it) => it.action);
const linked = { directoryUserId: 'user', winningRuleId: 'rule', governed: true } as const;
const portalLogin = {
  username: 'ada.lovelace',
  email: 'ada.lovelace@contoso.com',
  enabled: true,
  sessionsEndedAt: null,
};

describe('A person under an employee rule', () => {
  it('who is in no record becomes a new employee with rule, defaults and directory values (REQ-01, REQ-09, REQ-46)', () => {
    const attributes = {
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      title: 'Engineer',
      phoneNumbers: [{ type: 'work', value: '+44 1' }],
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Not consumed' },
    };
    const result = decideIn({ rules: [aRule()] }, { user: aUser({ attributes }) });
    const employee = only(result.employees);
    assert.equal(result.decision.outcome, 'employee');
    assert.deepEqual(actions(result), ['created']);
    assert.equal(employee.firstName, 'Ada');
    assert.equal(employee.lastName, 'Lovelace');
    assert.equal(employee.phone, '+44 1');
    assert.equal(employee.securityRoleId, 'technician');
    assert.equal(
      employee.departmentId,
      'default-department',
      'REQ-18: the pushed department changes nothing',
    );
    assert.equal(employee.employmentType, 'Full-time');
    assert.deepEqual(result.ledger.changes().jobTitles, [{ id: employee.jobTitleId, name: 'Engineer' }]);
    assert.deepEqual(employee.login, { ...portalLogin, enabled: true });
    assert.equal(employee.directoryUserId, 'user');
    assert.equal(employee.winningRuleId, 'rule');
  });

  it('is merged by email without regard to case, keeping id, username and local fields (REQ-07, REQ-08, A-19)', () => {
    const before = anEmployee({
      departmentId: 'local-department',
      login: { ...portalLogin, username: 'old.name', email: 'ADA.Lovelace@Contoso.com' },
    });
    const result = decideIn({ rules: [aRule()], employees: [before] });
    const employee = only(result.employees);
    assert.deepEqual(actions(result), ['merged']);
    assert.equal(employee.id, 'employee');
    assert.equal(employee.firstName, 'Ada');
    assert.equal(employee.departmentId, 'local-department');
    assert.equal(employee.locationId, 'default-location', 'an empty field takes the default');
    assert.equal(employee.login.username, 'old.name');
    assert.equal(employee.securityRoleId, 'technician', 'REQ-55: access is overridden');
  });

  it('is never merged with an archived record (A-04)', () => {
    const archived = anEmployee({ status: 'archived', login: { ...portalLogin, enabled: false } });
    const facts = { loginEmails: new Map<string, string>(), usernames: new Map<string, string>() };
    const result = decideIn({ rules: [aRule()], employees: [archived], facts });
    assert.deepEqual(actions(result), ['created']);
  });

  it('gets the fallback username when the plain one is taken, and keeps it when that becomes free (A-12)', () => {
    const other = anEmployee({ id: 'other', login: { ...portalLogin, email: 'other@x.example' } });
    const created = only(decideIn({ rules: [aRule()], employees: [other] }).employees);
    assert.equal(created.login.username, 'ada.lovelace.contoso');
    const later = decideIn(
      { rules: [aRule()], employees: [created] },
      { previous: aUser(), user: aUser({ version: 2 }) },
    );
    assert.deepEqual(later.employees, []);
  });

  it('takes the default job title only when the directory has none (REQ-47, A-11)', () => {
    const silent = only(decideIn({ rules: [aRule()] }).employees);
    assert.equal(silent.jobTitleId, 'default-title');
    const titled = aUser({ attributes: { title: 'ENGINEER' } });
    const known = decideIn(
      { rules: [aRule()], facts: { jobTitles: new Map([['engineer', 'engineer-id']]) } },
      { user: titled },
    );
    assert.equal(only(known.employees).jobTitleId, 'engineer-id');
  });

  for (const [unknownJobTitle, expected] of [
    ['useDefault', 'default-title'],
    ['keep', 'own-title'],
  ] as const) {
    it(`with an unknown job title ends as the setting ${unknownJobTitle} says (A-11)`, () => {
      const facts = { settings: { ...factsOf({}).settings, unknownJobTitle } };
      const employees = [anEmployee({ jobTitleId: 'own-title' })];
      const user = aUser({ attributes: { title: 'Wizard' } });
      const result = decideIn({ rules: [aRule()], employees, facts }, { user });
      assert.equal(only(result.employees).jobTitleId, expected);
      assert.deepEqual(result.ledger.changes().jobTitles, []);
    });
  }

  it('whose contact has portal access gets the login there closed and freed, the contact stays (REQ-33)', () => {
    const contact = aContact({ ...linked, hasPortalAccess: true, login: portalLogin });
    const result = decideIn({ rules: [aRule()], contacts: [contact] });
    assert.deepEqual(actions(result), ['accessRevoked', 'converted']);
    const after = only(result.contacts);
    assert.equal(after.id, 'contact');
    assert.equal(after.hasPortalAccess, false);
    assert.equal(after.login, null);
    assert.equal(after.status, 'active');
    assert.equal(only(result.employees).login.username, 'ada.lovelace');
  });

  it('whose contact has no portal access leaves that contact alone', () => {
    const result = decideIn({ rules: [aRule()], contacts: [aContact()] });
    assert.deepEqual(result.contacts, []);
    assert.deepEqual(actions(result), ['created']);
  });

  it('conflicts when another live directory user has the record, and nothing is written', () => {
    const employees = [anEmployee({ directoryUserId: 'someone-else' })];
    const identities = new Map([
      ['someone-else', { directoryUserId: 'someone-else', connectionId: 'c', deleted: false }],
    ]);
    const result = decideIn({ rules: [aRule()], employees, facts: { identities } });
    assert.equal(result.decision.outcome, 'conflict');
    assert.deepEqual(actions(result), ['conflict']);
    assert.deepEqual(result.employees, []);
  });

  it('takes over the record of a directory user that was deleted, and reactivates it', () => {
    const employees = [
      anEmployee({ directoryUserId: 'gone', status: 'inactive', inactivatedBy: 'sync', governed: true }),
    ];
    const identities = new Map([['gone', { directoryUserId: 'gone', connectionId: 'c', deleted: true }]]);
    const result = decideIn({ rules: [aRule()], employees, facts: { identities } });
    const employee = only(result.employees);
    assert.equal(employee.directoryUserId, 'user');
    assert.equal(employee.status, 'active');
    assert.equal(employee.login.enabled, true);
  });
});

describe('A synced employee', () => {
  const synced = anEmployee({
    ...linked,
    securityRoleId: 'technician',
    firstName: 'Ada',
    lastName: 'Lovelace',
  });
  const complete = {
    ...synced,
    departmentId: 'd',
    locationId: 'l',
    managerId: 'm',
    employmentType: 'e',
    employeeRoleId: 'r',
    jobTitleId: 'default-title',
  };

  it('keeps a local edit when nothing changed in the directory (REQ-14, A-07)', () => {
    for (const cause of ['replan', 'membership', 'ruleChange'] as const) {
      const employees = [{ ...complete, firstName: 'Countess' }];
      assert.deepEqual(decideIn({ rules: [aRule()], employees }, { cause }).employees, []);
    }
  });

  it('loses local edits of mapped fields with the next directory change of whatever attribute (REQ-15, REQ-17)', () => {
    const employees = [{ ...complete, firstName: 'Countess', departmentId: 'moved' }];
    const user = aUser({ version: 2, attributes: { ...aUser().attributes, nickName: 'Ada' } });
    const employee = only(decideIn({ rules: [aRule()], employees }, { user, previous: aUser() }).employees);
    assert.equal(employee.firstName, 'Ada');
    assert.equal(employee.departmentId, 'moved', 'unmapped fields stay local');
  });

  it('keeps a locally changed role on a re-plan and loses it with a directory or rule change (REQ-55)', () => {
    const employees = [{ ...complete, securityRoleId: 'administrator' }];
    assert.deepEqual(decideIn({ rules: [aRule()], employees }, { cause: 'replan' }).employees, []);
    for (const cause of ['directory', 'membership', 'ruleChange'] as const) {
      const result = decideIn({ rules: [aRule()], employees }, { cause, previous: aUser() });
      assert.equal(only(result.employees).securityRoleId, 'technician', cause);
      assert.deepEqual(actions(result), ['roleChanged']);
    }
  });

  it('keeps a phone the directory never had and loses one the directory cleared (A-10)', () => {
    const employees = [{ ...complete, phone: '+44 1' }];
    const changed = aUser({ version: 2, attributes: { ...aUser().attributes, nickName: 'A' } });
    assert.deepEqual(
      decideIn({ rules: [aRule()], employees }, { user: changed, previous: aUser() }).employees,
      [],
    );
    const had = aUser({
      attributes: { ...aUser().attributes, phoneNumbers: [{ type: 'work', value: '+44 1' }] },
    });
    const cleared = decideIn({ rules: [aRule()], employees }, { user: changed, previous: had });
    assert.equal(only(cleared.employees).phone, null);
  });

  it('follows a new local part of its user name, and only that (A-12)', () => {
    const renamed = aUser({ userName: 'ada.king@contoso.com', version: 2 });
    const employee = only(
      decideIn({ rules: [aRule()], employees: [complete] }, { user: renamed, previous: aUser() }).employees,
    );
    assert.equal(employee.login.username, 'ada.king');
    assert.equal(employee.login.email, 'ada.king@contoso.com');
    const moved = aUser({ userName: 'ada.lovelace@fabrikam.com', version: 2 });
    const local = { ...complete, login: { ...complete.login, username: 'chosen.locally' } };
    const other = only(
      decideIn({ rules: [aRule()], employees: [local] }, { user: moved, previous: aUser() }).employees,
    );
    assert.equal(other.login.username, 'chosen.locally');
    assert.equal(other.login.email, 'ada.lovelace@fabrikam.com');
  });

  it('keeps its email, with a warning, while somebody else logs in with the new one (REQ-22, REQ-33)', () => {
    const moved = aUser({ userName: 'ada.lovelace@fabrikam.com', version: 2 });
    const facts = { loginEmails: new Map([['ada.lovelace@fabrikam.com', 'somebody']]) };
    const world = { rules: [aRule()], employees: [complete], facts };
    const { decision, employees } = decideIn(world, { user: moved, previous: aUser() });
    assert.deepEqual(employees, []);
    const { action, reason } = only(decision.events);
    assert.equal(action, 'unchanged');
    assert.match(reason, /somebody else logs in with ada\.lovelace@fabrikam\.com; the email stays as it is/);
  });

  it('is deactivated when disabled or deleted upstream, sessions ended, never deleted (REQ-16, D-08)', () => {
    for (const gone of [{ active: false }, { deletedAt: now }]) {
      const result = decideIn(
        { rules: [aRule()], employees: [complete] },
        { user: aUser(gone), previous: aUser() },
      );
      const employee = only(result.employees);
      assert.equal(result.decision.outcome, 'inactive');
      assert.deepEqual(actions(result), ['deactivated']);
      assert.equal(employee.status, 'inactive');
      assert.equal(employee.inactivatedBy, 'sync');
      assert.equal(employee.login.enabled, false);
      assert.equal(employee.login.sessionsEndedAt, now);
      assert.equal(employee.login.email, complete.login.email);
    }
  });

  it('does not take the tombstone name of a deleted user (D-04)', () => {
    const user = aUser({
      userName: `9f0c2b7d448a1e4f0cb9c26b0f7d0a41${aUser().userName}`,
      active: false,
      version: 2,
    });
    const employee = only(
      decideIn({ rules: [aRule()], employees: [complete] }, { user, previous: aUser() }).employees,
    );
    assert.equal(employee.login.username, 'ada.lovelace');
    assert.equal(employee.login.email, 'ada.lovelace@contoso.com');
    const restored = decideIn(
      { rules: [aRule()], employees: [employee] },
      { user: aUser({ version: 3 }), previous: user },
    );
    assert.deepEqual(actions(restored), ['reactivated']);
    assert.equal(only(restored.employees).login.username, 'ada.lovelace');
  });

  it('comes back as the same record when the sync had deactivated it, and not when a human had', () => {
    const off = { ...complete, status: 'inactive', login: { ...complete.login, enabled: false } } as const;
    const bySync = decideIn(
      { rules: [aRule()], employees: [{ ...off, inactivatedBy: 'sync' }] },
      { cause: 'replan' },
    );
    assert.equal(only(bySync.employees).status, 'active');
    assert.equal(only(bySync.employees).login.enabled, true);
    const byHuman = decideIn(
      { rules: [aRule()], employees: [{ ...off, inactivatedBy: 'human' }] },
      { previous: aUser() },
    );
    assert.deepEqual(byHuman.employees, []);
  });

  it('without a rule has no access, keeps its record and gets its access back with a rule (REQ-57, A-21)', () => {
    const result = decideIn({ employees: [complete] }, { cause: 'membership' });
    const revoked = only(result.employees);
    assert.deepEqual(actions(result), ['accessRevoked']);
    assert.deepEqual(
      [revoked.status, revoked.login.enabled, revoked.securityRoleId, revoked.winningRuleId],
      ['active', false, null, null],
    );
    const back = decideIn({ rules: [aRule()], employees: [revoked] }, { cause: 'membership' });
    assert.deepEqual(actions(back), ['accessGranted']);
    assert.equal(only(back.employees).securityRoleId, 'technician');
  });
});

describe('A person under a client portal rule', () => {
  it('who is in no record becomes a contact with portal access under the account of the rule (REQ-01)', () => {
    const attributes = {
      ...aUser().attributes,
      title: 'Buyer',
      phoneNumbers: [{ type: 'work', value: '+44 2' }],
    };
    const result = decideIn({ rules: [portalRule()] }, { user: aUser({ attributes }) });
    const contact = only(result.contacts);
    assert.equal(result.decision.outcome, 'clientPortal');
    assert.deepEqual(actions(result), ['created']);
    assert.equal(contact.accountId, 'account');
    assert.equal(contact.hasPortalAccess, true);
    assert.equal(contact.jobTitle, 'Buyer');
    assert.deepEqual(contact.emails, [
      { address: 'ada.lovelace@contoso.com', type: 'Work', isDefault: true },
    ]);
    assert.deepEqual(contact.phones, [{ number: '+44 2', type: 'Work', isDefault: true }]);
    assert.deepEqual(contact.login, portalLogin);
  });

  it('is merged into the contact that holds the address, with its id, account and other phones (REQ-10, REQ-11, REQ-24)', () => {
    const before = aContact({
      accountId: 'other-account',
      phones: [{ number: '1', type: 'Mobile', isDefault: true }],
    });
    const attributes = { ...aUser().attributes, phoneNumbers: [{ type: 'work', value: '+44 2' }] };
    const result = decideIn({ rules: [portalRule()], contacts: [before] }, { user: aUser({ attributes }) });
    const contact = only(result.contacts);
    assert.deepEqual(actions(result), ['merged']);
    assert.match(result.decision.events[0]?.reason ?? '', /another account/);
    assert.equal(contact.id, 'contact');
    assert.equal(contact.accountId, 'other-account');
    assert.deepEqual(contact.phones, [
      { number: '1', type: 'Mobile', isDefault: true },
      { number: '+44 2', type: 'Work', isDefault: false },
    ]);
  });

  it('prefers the active contact and the default address, and conflicts when two are equally good (A-04)', () => {
    const secondary = aContact({
      id: 'secondary',
      emails: [{ address: 'ada.lovelace@contoso.com', type: 'Other', isDefault: false }],
    });
    const inactive = aContact({ id: 'inactive', status: 'inactive' });
    const chosen = decideIn({ rules: [portalRule()], contacts: [inactive, secondary, aContact()] });
    assert.equal(only(chosen.contacts).id, 'contact');
    const twins = decideIn({ rules: [portalRule()], contacts: [aContact(), aContact({ id: 'twin' })] });
    assert.equal(twins.decision.outcome, 'conflict');
    assert.deepEqual(twins.contacts, []);
  });

  it('who was an employee is archived there and gets the freed names here (REQ-29 to REQ-34)', () => {
    const before = anEmployee({ ...linked });
    const result = decideIn({ rules: [portalRule()], employees: [before] }, { cause: 'membership' });
    assert.deepEqual(actions(result), ['archived', 'converted']);
    const employee = only(result.employees);
    assert.equal(employee.status, 'archived');
    assert.equal(employee.archivedAt, now);
    assert.equal(employee.login.username, 'ada.lovelace_Archived');
    assert.equal(employee.login.email, 'ada.lovelace@contoso.com_Archived');
    assert.equal(employee.login.enabled, false);
    const contact = only(result.contacts);
    assert.notEqual(contact.id, employee.id);
    assert.deepEqual(contact.login, portalLogin);
  });

  it('who is archived a second time gets the next suffix (A-14)', () => {
    const facts = {
      usernames: new Map([
        ['ada.lovelace', 'employee'],
        ['ada.lovelace_archived', 'earlier'],
      ]),
      loginEmails: new Map([
        ['ada.lovelace@contoso.com', 'employee'],
        ['ada.lovelace@contoso.com_archived', 'earlier'],
      ]),
    };
    const result = decideIn({ rules: [portalRule()], employees: [anEmployee({ ...linked })], facts });
    assert.equal(only(result.employees).login.username, 'ada.lovelace_Archived_2');
    assert.equal(only(result.employees).login.email, 'ada.lovelace@contoso.com_Archived_2');
  });

  it('who is both employee and contact keeps the contact and its id (A-13)', () => {
    const result = decideIn({ rules: [portalRule()], employees: [anEmployee()], contacts: [aContact()] });
    assert.equal(only(result.employees).status, 'archived');
    assert.equal(only(result.contacts).id, 'contact');
  });

  it('whose conversion is taken back is the same employee again when nothing hangs on it, otherwise a successor (A-15)', () => {
    const archived = anEmployee({
      ...linked,
      status: 'archived',
      archivedAt: now,
      login: {
        ...portalLogin,
        username: 'ada.lovelace_Archived',
        email: 'ada.lovelace@contoso.com_Archived',
        enabled: false,
      },
    });
    const contact = aContact({ ...linked, hasPortalAccess: true, login: portalLogin });
    const world = { rules: [aRule()], employees: [archived], contacts: [contact] };
    const restored = only(decideIn(world, { previous: aUser() }).employees);
    assert.equal(restored.id, 'employee');
    assert.equal(restored.status, 'active');
    assert.equal(restored.login.username, 'ada.lovelace');
    assert.equal(restored.login.email, 'ada.lovelace@contoso.com');
    const facts = { employeesWithRelations: new Set(['employee']) };
    const { employees } = decideIn({ ...world, facts }, { previous: aUser() });
    const successor = employees.find((it) => it.id !== 'employee');
    const predecessor = employees.find((it) => it.id === 'employee');
    assert.equal(successor?.predecessorId, 'employee');
    assert.equal(predecessor?.successorId, successor?.id);
    assert.equal(predecessor?.status, 'archived');
    assert.equal(
      predecessor?.login.username,
      'ada.lovelace_Archived',
      'REQ-36: a record with history is not renamed',
    );
  });

  it('loses portal access without a rule and keeps the contact (REQ-57)', () => {
    const contact = aContact({ ...linked, hasPortalAccess: true, login: portalLogin });
    const result = decideIn({ contacts: [contact] }, { cause: 'membership' });
    const after = only(result.contacts);
    assert.deepEqual([after.hasPortalAccess, after.winningRuleId, after.status], [false, null, 'active']);
    assert.equal(after.login?.enabled, false);
  });
});

describe('The root user (REQ-58, A-22)', () => {
  const root = anEmployee({ ...linked, isRoot: true });

  it('keeps login and role without a rule, when disabled and when deleted', () => {
    for (const user of [aUser({ active: false }), aUser({ deletedAt: now })]) {
      const result = decideIn({ employees: [root] }, { user, cause: 'membership' });
      assert.deepEqual(result.employees, []);
    }
    const { employees } = decideIn({ employees: [root] }, { user: aUser(), cause: 'membership' });
    const { updatedAt } = only(employees);
    assert.deepEqual(employees, [{ ...root, winningRuleId: null, updatedAt }]);
  });

  it('keeps its role under an employee rule and is never converted by a portal rule', () => {
    const merged = decideIn({ rules: [aRule()], employees: [{ ...root, directoryUserId: null }] });
    assert.equal(only(merged.employees).securityRoleId, 'administrator');
    const converted = decideIn({ rules: [portalRule()], employees: [root] });
    assert.equal(converted.decision.outcome, 'held');
    assert.deepEqual(converted.employees, []);
    assert.deepEqual(converted.contacts, []);
  });
});

describe('Directory changes without effect on the PSA', () => {
  it('are only mirrored while provisioning is off (REQ-48)', () => {
    const facts = { settings: { ...factsOf({}).settings, provisioningMode: 'off' as const } };
    const result = decideIn({ rules: [aRule()], employees: [anEmployee()], facts });
    assert.equal(result.decision.outcome, 'off');
    assert.deepEqual([result.employees, result.decision.events], [[], []]);
  });

  it('are only mirrored for a person without a rule, and leave an unsynced record as it is', () => {
    const result = decideIn({ employees: [anEmployee()] });
    assert.equal(result.decision.outcome, 'noRule');
    assert.deepEqual([result.employees, actions(result)], [[], []]);
  });

  it('create nobody for a user that arrives disabled', () => {
    const result = decideIn({ rules: [aRule()] }, { user: aUser({ active: false }) });
    assert.deepEqual([result.decision.outcome, result.employees.length], ['inactive', 0]);
  });
});

describe('Several people decided together', () => {
  it('never take the same username or email (REQ-33)', () => {
    const first = aUser({ id: 'one' });
    const second = aUser({ id: 'two', userName: 'ada.lovelace@fabrikam.com' });
    const ledger = new Ledger(factsOf({ rules: [aRule()], users: [first, second] }));
    let count = 0;
    const moment = { now, newId: () => `new-${++count}` };
    for (const user of [first, second]) decide({ user, previous: null, cause: 'directory' }, ledger, moment);
    const names = ledger.changes().employees.map((it) => it.login.username);
    assert.deepEqual(names, ['ada.lovelace', 'ada.lovelace.fabrikam']);
  });

  it('merge the second identity of one email into a conflict, not into a second record', () => {
    const first = aUser({ id: 'one' });
    const second = aUser({ id: 'two' });
    const ledger = new Ledger(factsOf({ rules: [aRule()], users: [first, second] }));
    const moment = { now, newId: () => 'new' };
    const outcomes = [first, second].map(
      (user) => decide({ user, previous: null, cause: 'directory' }, ledger, moment).outcome,
    );
    assert.deepEqual(outcomes, ['employee', 'conflict']);
  });
});
