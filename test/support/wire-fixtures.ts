import { randomUUID } from 'node:crypto';
import type { ScimConnection, TestApp } from './app.ts';

const USER_URN = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE_URN = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const GROUP_URN = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH_URN = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const BULK_URN = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const DOMAIN = 'fabrikam.example';
const ADA = 'usr_01ADA';
const MANAGER = 'usr_05MGR';

const ada = {
  userName: `ada.lovelace@${DOMAIN}`,
  externalId: 'ada.lovelace',
  displayName: 'Ada Lovelace',
  active: true,
  emails: [{ type: 'work', value: `ada.lovelace@${DOMAIN}`, primary: true }],
  [ENTERPRISE_URN]: { employeeNumber: 'E-100' },
};

const users: Readonly<Record<string, object>> = {
  [ADA]: ada,
  usr_02GRA: { userName: `grace.hopper@${DOMAIN}`, displayName: 'Grace Hopper', active: true },
  usr_03INA: { userName: `ina.ctive@${DOMAIN}`, displayName: 'Ina Ctive', active: false },
  usr_04MIN: { userName: `min@${DOMAIN}` },
  [MANAGER]: { userName: `mgr@${DOMAIN}`, displayName: 'Mgr', active: true },
  usr_98DEL: { userName: `deleted.user@${DOMAIN}`, active: true },
};

const groups: Readonly<Record<string, { readonly body: object; readonly members: readonly string[] }>> = {
  grp_01ENG: {
    body: { displayName: 'PSA Engineers', externalId: '6f3b0c5e-2d41-4a0b-9a51-0f9d2c7e1a10' },
    members: [ADA, 'usr_02GRA', 'usr_03INA'],
  },
  grp_02EMP: { body: { displayName: 'PSA Empty' }, members: [] },
  grp_98DEL: { body: { displayName: 'PSA Deleted' }, members: [] },
};

/**
 * The resources a case takes for granted, created over SCIM on the connection of the case. Cases know them by name
 * (`usr_01ADA`); `idOf` tells the real id, and an id that nothing has for a name that stands for nothing.
 */
export class WireFixtures {
  readonly #app: TestApp;
  readonly #connection: ScimConnection;
  readonly #ids = new Map<string, string>();
  readonly #created = new Set<string>();

  constructor(app: TestApp, connection: ScimConnection) {
    this.#app = app;
    this.#connection = connection;
  }

  idOf(name: string): string {
    const id = this.#ids.get(name) ?? randomUUID();
    this.#ids.set(name, id);
    return id;
  }

  async make(given: string): Promise<void> {
    const deleted = /^deleted ((usr|grp)_\w+)$/.exec(given);
    if (deleted?.[1] !== undefined) return this.#makeDeleted(deleted[1]);
    const maker = Object.hasOwn(this.#makers, given) ? this.#makers[given] : undefined;
    if (maker === undefined) throw new Error(`Unknown fixture ${given}`);
    await maker();
  }

  /** Ada signs in: a rule for a group of hers makes her an employee. */
  async makeAdaAnEmployee(): Promise<void> {
    await this.#user(ADA);
    const groupId = randomUUID();
    const members = [{ value: this.idOf(ADA) }];
    await this.#send('POST', '/Groups', {
      schemas: [GROUP_URN],
      displayName: 'Staff',
      externalId: groupId,
      members,
    });
    await addEmployeeRule(this.#app, this.#connection.connectionId, groupId);
  }

  readonly #makers: Readonly<Record<string, () => Promise<unknown>>> = {
    ada: () => this.#user(ADA),
    'ada-full': () =>
      this.#user(ADA, {
        title: 'Analyst',
        preferredLanguage: 'en-GB',
        name: { givenName: 'Ada', familyName: 'Lovelace', formatted: 'Ada Lovelace' },
        [ENTERPRISE_URN]: { employeeNumber: 'E-100', department: 'Analysis' },
      }),
    'ada-with-manager': async () => {
      await this.#user(MANAGER);
      const manager = { value: this.idOf(MANAGER) };
      await this.#user(ADA, { [ENTERPRISE_URN]: { employeeNumber: 'E-100', manager } });
    },
    'ada-with-two-roles': () => this.#user(ADA, { roles: [{ value: 'PsaUser' }, { value: 'PsaAdmin' }] }),
    'ada-tombstoned': async () => {
      await this.#user(ADA);
      const userName = `${randomUUID().replaceAll('-', '')}${ada.userName}`;
      await this.#send('PATCH', `/Users/${this.idOf(ADA)}`, {
        schemas: [PATCH_URN],
        Operations: [
          { op: 'Replace', path: 'userName', value: userName },
          { op: 'Replace', path: 'active', value: 'False' },
        ],
      });
    },
    grace: () => this.#user('usr_02GRA'),
    ina: () => this.#user('usr_03INA'),
    min: () => this.#user('usr_04MIN'),
    mgr: () => this.#user(MANAGER),
    eng: () => this.#group('grp_01ENG'),
    emp: () => this.#group('grp_02EMP'),
    'bulk-1000': () => this.#population('usr_bulk_', 1000),
    'twelve-users': () => this.#population('usr_twelve_', 12),
    'two-hundred-users': () => this.#population('usr_hundred_', 200),
  };

  async #user(name: string, more: object = {}): Promise<void> {
    if (this.#created.has(name)) return;
    const body = await this.#send('POST', '/Users', { schemas: [USER_URN], ...users[name], ...more });
    this.#know(name, body);
  }

  async #group(name: string): Promise<void> {
    if (this.#created.has(name)) return;
    const group = groups[name];
    if (group === undefined) throw new Error(`Unknown group ${name}`);
    for (const member of group.members) await this.#user(member);
    const members = group.members.map((member) => ({ value: this.idOf(member) }));
    this.#know(name, await this.#send('POST', '/Groups', { schemas: [GROUP_URN], ...group.body, members }));
  }

  async #makeDeleted(name: string): Promise<void> {
    const isUser = name.startsWith('usr_');
    await (isUser ? this.#user(name) : this.#group(name));
    await this.#send('DELETE', `/${isUser ? 'Users' : 'Groups'}/${this.idOf(name)}`);
  }

  /** Four-digit numbers, as `$generate` writes them. */
  async #population(prefix: string, count: number): Promise<void> {
    const names = Array.from(
      { length: count },
      (_, index) => `${prefix}${String(index + 1).padStart(4, '0')}`,
    );
    const { Operations } = await this.#send('POST', '/Bulk', {
      schemas: [BULK_URN],
      Operations: names.map((name) => ({
        method: 'POST',
        path: '/Users',
        bulkId: name,
        data: { schemas: [USER_URN], userName: `${name}@${DOMAIN}` },
      })),
    });
    for (const { bulkId, location, status } of Operations) {
      if (status !== '201') throw new Error(`Fixture ${bulkId} was not created: ${status}`);
      this.#ids.set(bulkId, location.split('/').at(-1));
    }
  }

  #know(name: string, body: { readonly id: string }): void {
    this.#ids.set(name, body.id);
    this.#created.add(name);
  }

  async #send(method: string, path: string, body?: object) {
    const answer = await this.#app.scim(this.#connection, method, path, body);
    if (answer.status >= 300) throw new Error(`Fixture ${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }
}

async function addEmployeeRule(app: TestApp, connectionId: string, groupId: string): Promise<void> {
  const call = async (method: string, path: string, body?: object) => {
    const answer = await app.admin(method, path, body);
    if (answer.status >= 300) {
      throw new Error(`Fixture ${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  };
  const firstOf = async (path: string): Promise<string> => (await call('GET', path)).items[0].id;

  const roles: readonly { id: string; name: string }[] = (await call('GET', '/security-roles')).items;
  const securityRoleId = roles.find(({ name }) => name === 'Technician')?.id;
  await call('PUT', '/employee-defaults', {
    departmentId: await firstOf('/departments'),
    locationId: await firstOf('/locations'),
    managerId: await firstOf('/employees'),
    jobTitleId: await firstOf('/job-titles'),
    employmentType: 'Full-time',
    securityRoleId,
    employeeRoleId: await firstOf('/employee-roles'),
    accountId: null,
  });
  await call('PATCH', '/settings', { provisioningMode: 'azureAdSync' });
  await call('POST', '/mapping-rules', {
    connectionId,
    groupId,
    order: 1,
    userType: 'employee',
    securityRoleId,
  });
}
