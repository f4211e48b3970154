import { type Json, makeClient, startWorld, unique, type World } from '../admin-api/people-world.ts';
import type { ScimConnection } from '../support/app.ts';

/** A connection with its client, and the two kinds of rules, each for a group of its own. */
export interface Behaviour extends World {
  readonly connection: ScimConnection;
  readonly client: ReturnType<typeof makeClient>;
  readonly patchGroup: (id: string, operations: readonly object[]) => Promise<Json>;
  readonly join: (groupId: string, userId: string) => Promise<Json>;
  readonly leave: (groupId: string, userId: string) => Promise<Json>;
  readonly employeeGroup: (members?: readonly string[], more?: object) => Promise<RuledGroup>;
  readonly portalGroup: (members?: readonly string[], more?: object) => Promise<RuledGroup>;
  readonly employeeOf: (userId: string) => Promise<Json>;
  readonly contactOf: (userId: string) => Promise<Json>;
  readonly directoryUser: (userId: string) => Promise<Json>;
  readonly explain: (userId: string) => Promise<Json>;
  /** Newest first. */
  readonly events: (query: string) => Promise<readonly Json[]>;
  readonly found: (kind: 'employees' | 'contacts', email: string) => Promise<readonly Json[]>;
  /** Records made by hand; the name is the username, and the address before `@contoso.example`. */
  readonly localEmployee: (name: string, more?: object) => Promise<Json>;
  readonly localContact: (name: string, more?: object) => Promise<Json>;
}

export interface RuledGroup {
  readonly id: string;
  readonly externalId: string;
  readonly rule: Json;
}

const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
/** Tests of the guard have a place of their own. */
const wideOpen = { maxDeactivations: 10_000, maxDeactivationsPercent: 100, maxConversions: 10_000 };

export async function startBehaviour(): Promise<Behaviour> {
  const world = await startWorld();
  const { expect, scim } = world;
  await expect(200, 'PATCH', '/settings', { guard: wideOpen });
  const connection = await world.app.createScimConnection('Contoso');
  const client = makeClient(world, connection);
  const patchGroup = (id: string, Operations: readonly object[]) =>
    scim(200, connection, 'PATCH', `/Groups/${id}`, { schemas: [patchSchema], Operations });
  const ruled = async (members: readonly string[], rule: object): Promise<RuledGroup> => {
    const externalId = unique('group');
    const id = await client.addGroup(externalId, members);
    const { connectionId } = connection;
    const made = await expect(201, 'POST', '/mapping-rules', {
      connectionId,
      groupId: externalId,
      order: 10,
      ...rule,
    });
    return { id, externalId, rule: made };
  };
  const directoryUser = (userId: string) => expect(200, 'GET', `/directory-users/${userId}`);
  return {
    ...world,
    connection,
    client,
    patchGroup,
    join: (groupId, userId) =>
      patchGroup(groupId, [{ op: 'add', path: 'members', value: [{ value: userId }] }]),
    leave: (groupId, userId) =>
      patchGroup(groupId, [{ op: 'remove', path: `members[value eq "${userId}"]` }]),
    employeeGroup: (members = [], more = {}) =>
      ruled(members, { userType: 'employee', securityRoleId: world.roles['Technician'], ...more }),
    portalGroup: (members = [], more = {}) =>
      ruled(members, {
        userType: 'clientPortal',
        securityRoleId: world.roles['External User'],
        accountId: world.account.id,
        ...more,
      }),
    employeeOf: async (userId) =>
      expect(200, 'GET', `/employees/${(await directoryUser(userId)).employeeId}`),
    contactOf: async (userId) => expect(200, 'GET', `/contacts/${(await directoryUser(userId)).contactId}`),
    directoryUser,
    explain: (userId) => expect(200, 'GET', `/directory-users/${userId}/explanation`),
    events: async (query) => (await expect(200, 'GET', `/provisioning-events?limit=200&${query}`)).items,
    found: async (kind, email) =>
      (await expect(200, 'GET', `/${kind}?limit=200&email=${encodeURIComponent(email)}`)).items,
    localEmployee: (name, more = {}) =>
      expect(201, 'POST', '/employees', {
        firstName: 'Local',
        lastName: 'Person',
        email: `${name}@contoso.example`,
        username: name,
        ...more,
      }),
    localContact: (name, more = {}) =>
      expect(201, 'POST', '/contacts', {
        accountId: world.account.id,
        firstName: 'Local',
        lastName: 'Contact',
        emails: [{ address: `${name}@contoso.example` }],
        ...more,
      }),
  };
}
