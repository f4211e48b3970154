import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { DirectoryUser } from '../../src/directory/directory-user.ts';
import type { PeopleChanges, Stores } from '../../src/operations/ports.ts';
import type { CaseLookup } from '../../src/operations/reconcile/planning-ports.ts';
import type { Contact, Employee } from '../../src/provisioning/person.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';
import {
  addAccount,
  addTenant,
  contactOf,
  employeeOf,
  insertGroup,
  insertUsers,
  login,
  now,
  openWorld,
  type Tenant,
  type World,
} from './world.ts';

describe('people', () => {
  let world: World;
  let tenant: Tenant;
  let place: { readonly accountId: string; readonly accountLocationId: string };
  let user: DirectoryUser;
  before(async () => {
    world = await openWorld();
  });
  beforeEach(async () => {
    tenant = await addTenant(world);
    place = await addAccount(world.owner, tenant);
    const [made] = await insertUsers(world, tenant, [{}]);
    assert.ok(made);
    user = made;
  });
  after(() => world.close());

  const write = <Result>(work: (stores: Stores) => Promise<Result>): Promise<Result> =>
    world.unitOfWork.write(tenant.context, 'shared', work);
  const apply = (changes: Partial<PeopleChanges>): Promise<void> =>
    write((stores) => stores.people.apply({ jobTitles: [], employees: [], contacts: [], ...changes }));
  const lookup = (given: Partial<CaseLookup> = {}): CaseLookup => ({
    users: [{ id: user.id, connectionId: tenant.connectionId }],
    addressKeys: [],
    usernameKeys: [],
    usernameStems: [],
    jobTitleKeys: [],
    ...given,
  });
  const load = (given: Partial<CaseLookup> = {}) => write((stores) => stores.people.loadCases(lookup(given)));
  const ada = (given: Partial<Employee> = {}): Employee =>
    employeeOf({
      directoryUserId: user.id,
      login: login({ username: 'ada', email: 'ada@fabrikam.example' }),
      ...given,
    });

  it('come back as they were applied, new and overwritten', async () => {
    const employee = ada({
      phone: '+1',
      governed: true,
      archivedAt: null,
      login: login({ username: 'Ada', sessionsEndedAt: now() }),
    });
    const contact = contactOf(place, {
      directoryUserId: user.id,
      emails: [
        { address: 'Ada@Home.example', type: 'Work', isDefault: true },
        { address: 'b@home.example', type: 'Other', isDefault: false },
      ],
      phones: [{ number: '1', type: 'Work', isDefault: true }],
      login: login({ username: 'portal', enabled: false }),
    });
    await apply({ employees: [employee], contacts: [contact] });
    const first = await load();
    assert.deepEqual(first.employees, [employee]);
    assert.deepEqual(first.contacts, [contact]);

    const later = { updatedAt: '2027-01-01T00:00:00.000Z' };
    const changed: Employee = {
      ...employee,
      ...later,
      firstName: 'Augusta',
      status: 'inactive',
      inactivatedBy: 'sync',
    };
    const moved: Contact = {
      ...contact,
      ...later,
      emails: [{ address: 'c@home.example', type: 'Work', isDefault: true }],
      phones: [],
      login: null,
    };
    await apply({ employees: [changed], contacts: [moved] });
    const second = await load();
    assert.deepEqual(second.employees, [changed]);
    assert.deepEqual(second.contacts, [moved]);
    await apply({ contacts: [{ ...moved, emails: [] }] });
    assert.deepEqual((await load()).contacts[0]?.emails, []);
    await apply({});
  });

  it('hand over a username and an email in one statement (REQ-31)', async () => {
    const employee = ada();
    await apply({ employees: [employee] });
    const archived = ada({
      ...employee,
      status: 'archived',
      archivedAt: now(),
      login: login({ username: 'ada_Archived', email: 'ada@fabrikam.example_Archived', enabled: false }),
    });
    const contact = contactOf(place, {
      directoryUserId: user.id,
      emails: [{ address: 'ada@fabrikam.example', type: 'Work', isDefault: true }],
      login: login({ username: 'ada', email: 'ada@fabrikam.example' }),
    });
    await apply({ employees: [archived], contacts: [contact] });
    const facts = await load({
      usernameKeys: ['ada', 'ada_archived'],
      addressKeys: ['ada@fabrikam.example'],
    });
    assert.deepEqual(facts.employees, [archived], 'an archived record is loaded while it is linked');
    assert.deepEqual(facts.contacts, [contact]);
    assert.equal(facts.usernames.get('ada'), contact.id);
    assert.equal(facts.usernames.get('ada_archived'), employee.id);
    assert.equal(facts.loginEmails.get('ada@fabrikam.example'), contact.id);

    // And back again: both ways in the same statement.
    const restored = ada({ ...employee, status: 'active', login: employee.login });
    await apply({ employees: [restored], contacts: [{ ...contact, login: null, hasPortalAccess: false }] });
    assert.deepEqual((await load()).employees, [restored]);
  });

  it('swap their names in one statement', async () => {
    const one = employeeOf({ login: login({ username: 'one' }) });
    const two = employeeOf({ login: login({ username: 'two' }) });
    await apply({ employees: [one, two] });
    await apply({
      employees: [
        { ...one, login: two.login },
        { ...two, login: one.login },
      ],
    });
    const { usernames } = await load({ usernameKeys: ['one', 'two'] });
    assert.deepEqual([usernames.get('one'), usernames.get('two')], [two.id, one.id]);
  });

  it('have at most one login enabled per directory user, one username and one email (REQ-33)', async () => {
    await apply({ employees: [ada()] });
    const clashes: readonly (readonly [Partial<PeopleChanges>, RegExp])[] = [
      [{ contacts: [contactOf(place, { login: login({ username: 'ADA' }) })] }, /username is taken/],
      [
        { employees: [employeeOf({ login: login({ email: 'Ada@Fabrikam.example' }) })] },
        /email address is taken/,
      ],
      [{ employees: [employeeOf({ directoryUserId: user.id })] }, /already linked/],
      [{ contacts: [contactOf(place, { directoryUserId: user.id, login: login() })] }, /already linked/],
    ];
    for (const [changes, message] of clashes) {
      await assert.rejects(apply(changes), (error: Error & { kind?: string }) => {
        assert.equal(error.kind, 'conflict');
        assert.match(error.message, message);
        return true;
      });
    }
    await apply({
      contacts: [contactOf(place, { directoryUserId: user.id, login: login({ enabled: false }) })],
    });
  });

  it('get one of many twins that are made at the same moment', async () => {
    const create = () =>
      write(async (stores) => {
        await stores.users.lock(tenant.connectionId, user.id);
        const facts = await stores.people.loadCases(lookup({ usernameKeys: ['ada'] }));
        if (facts.employees.length === 0)
          await stores.people.apply({ jobTitles: [], contacts: [], employees: [ada()] });
        return facts.employees.length;
      });
    const seen = await Promise.all(Array.from({ length: 5 }, create));
    assert.deepEqual(seen.sort(), [0, 1, 1, 1, 1]);
  });

  it('decide again on fresh facts when different users want one name at the same moment', async () => {
    const others = await insertUsers(
      world,
      tenant,
      Array.from({ length: 4 }, () => ({})),
    );
    const names = ['ada', 'ada2', 'ada3', 'ada4'];
    const create = (own: DirectoryUser) =>
      write(async (stores) => {
        const facts = await stores.people.loadCases(
          lookup({ users: [{ id: own.id, connectionId: own.connectionId }], usernameKeys: names }),
        );
        const username = names.find((name) => !facts.usernames.has(name)) ?? '';
        const employee = employeeOf({ directoryUserId: own.id, login: login({ username }) });
        await stores.people.apply({ jobTitles: [], contacts: [], employees: [employee] });
        return username;
      });
    assert.deepEqual((await Promise.all(others.map(create))).sort(), names);
  });

  describe('job titles', () => {
    it('are made with the employee who has them, and not twice', async () => {
      const titleId = uuidV7();
      await apply({
        jobTitles: [{ id: titleId, name: 'Engineer' }],
        employees: [ada({ jobTitleId: titleId })],
      });
      const { jobTitles, employees } = await load({ jobTitleKeys: ['engineer', 'nobody'] });
      assert.deepEqual([...jobTitles], [['engineer', titleId]]);
      assert.equal(employees[0]?.jobTitleId, titleId);

      const twinId = uuidV7();
      const other = employeeOf({ jobTitleId: twinId });
      const contact = contactOf(place);
      await apply({ jobTitles: [{ id: twinId, name: 'ENGINEER' }], employees: [other], contacts: [contact] });
      const { rows } = await world.owner.query(
        'select job_title_id as id from employees where employee_id = $1',
        [other.id],
      );
      assert.deepEqual(rows, [{ id: titleId }], 'the one that is there');
    });

    it('are switched on again when the directory brings one that was switched off', async () => {
      const titleId = uuidV7();
      await apply({ jobTitles: [{ id: titleId, name: 'Clerk' }] });
      await world.owner.query(
        `update job_titles set is_active = false, updated_at = '2026-01-01T00:00:00Z' where job_title_id = $1`,
        [titleId],
      );
      assert.equal((await load({ jobTitleKeys: ['clerk'] })).jobTitles.size, 0);
      const asked = uuidV7();
      await apply({ jobTitles: [{ id: asked, name: 'clerk' }], employees: [ada({ jobTitleId: asked })] });
      const facts = await load({ jobTitleKeys: ['clerk'] });
      assert.equal(facts.jobTitles.get('clerk'), titleId);
      assert.equal(facts.employees[0]?.jobTitleId, titleId);
      const { rowCount } = await world.owner.query(
        `select from job_titles where job_title_id = $1 and updated_at > '2026-01-01T00:00:00Z'`,
        [titleId],
      );
      assert.equal(rowCount, 1, 'a change like others');
    });

    it('survive being made by many at once', async () => {
      await Promise.all(
        Array.from({ length: 6 }, () => {
          const id = uuidV7();
          return apply({ jobTitles: [{ id, name: 'Popular' }], employees: [employeeOf({ jobTitleId: id })] });
        }),
      );
      const { rowCount } = await world.owner.query(
        `select 1 from employees e join job_titles j using (organization_id, job_title_id)
          where e.organization_id = $1 and j.name = 'Popular'`,
        [tenant.organizationId],
      );
      assert.equal(rowCount, 6);
    });
  });

  describe('facts of a case', () => {
    const addRole = async (name: string, isAdministrator = false): Promise<string> => {
      const id = uuidV7();
      await world.owner.query(
        `insert into security_roles (organization_id, security_role_id, name, is_administrator) values ($1, $2, $3, $4)`,
        [tenant.organizationId, id, name, isAdministrator],
      );
      return id;
    };
    const addRule = async (groupId: string, roleId: string, enabled = true): Promise<string> => {
      const id = uuidV7();
      await world.owner.query(
        `insert into mapping_rules (organization_id, mapping_rule_id, connection_id, group_id, rule_order, user_type,
            security_role_id, enabled) values ($1, $2, $3, $4, 5, 'employee', $5, $6)`,
        [tenant.organizationId, id, tenant.connectionId, groupId, roleId, enabled],
      );
      return id;
    };

    it('hold settings, defaults, the connection and the roles', async () => {
      const role = await addRole('Administrator', true);
      await world.owner.query(
        `update connections set email_source = 'mail', verified_domains = '{a.example,b.example}'
          where organization_id = $1`,
        [tenant.organizationId],
      );
      await world.owner.query(
        `update employee_defaults set employment_type = 'Full-time', security_role_id = $2 where organization_id = $1`,
        [tenant.organizationId, role],
      );
      const facts = await load();
      assert.equal(facts.settings.provisioningMode, 'off');
      assert.deepEqual(facts.settings.guard, {
        maxDeactivations: 20,
        maxDeactivationsPercent: 10,
        maxConversions: 5,
        windowMinutes: 60,
      });
      assert.equal(facts.defaults.employmentType, 'Full-time');
      assert.deepEqual(facts.connections.get(tenant.connectionId), {
        id: tenant.connectionId,
        emailSource: 'mail',
        verifiedDomains: ['a.example', 'b.example'],
        allowedExternalDomains: [],
      });
      assert.deepEqual(
        [...facts.securityRoles.values()],
        [{ id: role, name: 'Administrator', isAdministrator: true }],
      );
    });

    it('hold every rule whose group one of the users is in, with the group', async () => {
      const role = await addRole('Technician');
      const [other] = await insertUsers(world, tenant, [{}]);
      assert.ok(other);
      const objectId = uuidV7();
      const byObject = await insertGroup(world, tenant, { displayName: 'O', objectId, externalId: 'x' }, [
        user.id,
      ]);
      const byExternal = await insertGroup(world, tenant, { externalId: 'Ext-2' }, [user.id, other.id]);
      const byId = await insertGroup(world, tenant, {}, [other.id]);
      await insertGroup(world, tenant, { externalId: 'nobody-in-it' });
      const rules = {
        object: await addRule(objectId.toUpperCase(), role),
        external: await addRule('EXT-2', role, false),
        id: await addRule(byId.id, role),
      };
      await addRule('nobody-in-it', role);
      await addRule('never-seen', role);
      const users = [user, other].map(({ id, connectionId }) => ({ id, connectionId }));
      const facts = await load({ users });
      assert.deepEqual([...facts.rules.keys()].sort(), Object.values(rules).sort());
      assert.deepEqual(facts.memberRules.get(user.id)?.toSorted(), [rules.object, rules.external].sort());
      assert.deepEqual(facts.memberRules.get(other.id)?.toSorted(), [rules.external, rules.id].sort());
      const rule = facts.rules.get(rules.object);
      assert.deepEqual(rule?.group, {
        id: byObject.id,
        name: 'O',
        createdAt: null,
        firstSeenAt: byObject.createdAt,
        state: 'found',
      });
      assert.equal(rule?.order, 5);
      assert.equal(rule?.groupId, objectId.toUpperCase(), 'as the administrator entered it');
      assert.equal(facts.rules.get(rules.external)?.enabled, false);
      assert.equal(facts.rules.get(rules.external)?.group.id, byExternal.id);
      assert.match(rule?.createdAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    });

    it('find people by link, by login email and by any email of a contact, without regard to case', async () => {
      const [second] = await insertUsers(world, tenant, [{}]);
      assert.ok(second);
      const linked = ada({ login: login({ username: 'linked' }) });
      const byEmail = employeeOf({
        directoryUserId: second.id,
        login: login({ email: 'Byte@Fabrikam.example' }),
      });
      const contact = contactOf(place, {
        emails: [
          { address: 'first@x.example', type: 'Work', isDefault: true },
          { address: 'Second@X.example', type: 'Home', isDefault: false },
        ],
      });
      const byPortal = contactOf(place, { login: login({ email: 'Portal@x.example' }) });
      const archived = employeeOf({
        status: 'archived',
        login: login({ email: 'old@x.example', enabled: false }),
      });
      const stranger = employeeOf({ login: login({ email: 'stranger@x.example' }) });
      await apply({ employees: [linked, byEmail, archived, stranger], contacts: [contact, byPortal] });
      const facts = await load({
        addressKeys: ['byte@fabrikam.example', 'second@x.example', 'portal@x.example', 'old@x.example'],
      });
      assert.deepEqual(facts.employees.map((employee) => employee.id).sort(), [linked.id, byEmail.id].sort());
      assert.deepEqual(facts.contacts.map((each) => each.id).sort(), [contact.id, byPortal.id].sort());
      assert.deepEqual(facts.identities.get(second.id), {
        directoryUserId: second.id,
        connectionId: tenant.connectionId,
        deleted: false,
      });
      assert.equal(facts.loginEmails.get('old@x.example'), archived.id, 'taken, although nobody to match');
      await write((stores) => stores.users.save({ ...second, deletedAt: now() }));
      const later = await load({ addressKeys: ['byte@fabrikam.example'] });
      assert.equal(later.identities.get(second.id)?.deleted, true);
    });

    it('know the archived forms of names that are taken (A-14)', async () => {
      const first = employeeOf({
        status: 'archived',
        login: login({ username: 'Ada_Archived', enabled: false }),
      });
      const second = employeeOf({
        status: 'archived',
        login: login({ username: 'ada_archived_2', enabled: false }),
      });
      const mails = employeeOf({
        status: 'archived',
        login: login({ email: 'ada@fabrikam.example_Archived', enabled: false }),
      });
      const unrelated = employeeOf({ login: login({ username: 'adam_archived' }) });
      await apply({ employees: [ada(), first, second, mails, unrelated] });
      const facts = await load();
      assert.deepEqual([...facts.usernames.keys()].sort(), ['ada_archived', 'ada_archived_2']);
      assert.deepEqual([...facts.loginEmails], [['ada@fabrikam.example_archived', mails.id]]);
    });

    it('name the employees that other records hang on', async () => {
      const employee = ada();
      await apply({ employees: [employee] });
      assert.equal((await load()).employeesWithRelations.size, 0);
      for (const reference of ['T-1', 'T-2']) {
        await world.owner.query(
          `insert into relations (organization_id, relation_id, kind, reference, employee_id) values ($1, $2, 'ticket', $3, $4)`,
          [tenant.organizationId, uuidV7(), reference, employee.id],
        );
      }
      assert.deepEqual([...(await load()).employeesWithRelations], [employee.id]);
    });

    it('are those after a change that the load had to wait for', async () => {
      const employee = ada();
      const contact = contactOf(place, {
        directoryUserId: user.id,
        emails: [{ address: 'before@x.example', type: 'Work', isDefault: true }],
      });
      await apply({ employees: [employee], contacts: [contact] });
      let waiting: Promise<Awaited<ReturnType<typeof load>>> | null = null;
      await write(async (stores) => {
        await stores.people.loadCases(lookup());
        waiting = load({ addressKeys: ['after@x.example'] });
        for (;;) {
          const { rowCount } = await world.owner.query(
            `select 1 from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())
              or (not granted and locktype = 'transactionid')`,
          );
          if (rowCount) break;
        }
        await stores.people.apply({
          jobTitles: [],
          employees: [{ ...employee, firstName: 'After', login: login({ username: 'after' }) }],
          contacts: [
            {
              ...contact,
              emails: [
                { address: 'after@x.example', type: 'Work', isDefault: true },
                { address: 'more@x.example', type: 'Work', isDefault: false },
              ],
            },
          ],
        });
      });
      assert.ok(waiting);
      const facts = await (waiting as ReturnType<typeof load>);
      assert.equal(facts.employees[0]?.firstName, 'After');
      assert.equal(facts.employees[0]?.login.username, 'after');
      assert.deepEqual(
        facts.contacts[0]?.emails.map((email) => email.address),
        ['after@x.example', 'more@x.example'],
      );
    });
  });
});
