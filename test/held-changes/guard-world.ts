import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Json, makeClient, startWorld, unique, type World } from '../admin-api/people-world.ts';
import type { ScimConnection } from '../support/app.ts';

/** A connection with people under a rule of employees and a group under a rule of portal users. */
export interface GuardWorld {
  readonly world: World;
  readonly connection: ScimConnection;
  readonly client: ReturnType<typeof makeClient>;
  readonly staffKey: string;
  readonly staffId: string;
  readonly portalId: string;
  readonly staffRuleId: string;
  /** Ids of directory users that are employees. */
  readonly hire: (count: number) => Promise<string[]>;
  readonly setGuard: (guard: object) => Promise<void>;
  readonly patchGroup: (groupId: string, operations: readonly object[]) => Promise<void>;
  readonly loginOf: (userId: string) => Promise<boolean>;
  readonly waiting: (more?: string) => Promise<Json[]>;
}

const wideOpen = {
  maxDeactivations: 10_000,
  maxDeactivationsPercent: 100,
  maxConversions: 10_000,
  windowMinutes: 60,
};

export async function startGuardWorld(world: World): Promise<GuardWorld> {
  const connection = await world.app.createScimConnection(unique('Guarded'));
  const client = makeClient(world, connection);
  const [staffKey, portalKey] = [unique('staff'), unique('portal')];
  const staffId = await client.addGroup(staffKey);
  const portalId = await client.addGroup(portalKey);
  const rule = { connectionId: connection.connectionId, order: 5 };
  const employee = { userType: 'employee', securityRoleId: world.roles['Technician'] };
  const staffRule = await world.expect(201, 'POST', '/mapping-rules', {
    ...rule,
    ...employee,
    groupId: staffKey,
  });
  const portal = {
    userType: 'clientPortal',
    securityRoleId: world.roles['External User'],
    accountId: world.account.id,
  };
  await world.expect(201, 'POST', '/mapping-rules', { ...rule, ...portal, order: 1, groupId: portalKey });
  const patchGroup: GuardWorld['patchGroup'] = async (groupId, Operations) => {
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
    const answer = await world.app.scim(connection, 'PATCH', `/Groups/${groupId}`, { schemas, Operations });
    assert.ok(answer.status === 200 || answer.status === 204, answer.text);
  };
  return {
    world,
    connection,
    client,
    staffKey,
    staffId,
    portalId,
    staffRuleId: staffRule.id,
    hire: async (count) => {
      const ids: string[] = [];
      for (let index = 0; index < count; index += 1) ids.push(await client.addUser(unique('person')));
      await patchGroup(staffId, [{ op: 'add', path: 'members', value: ids.map((value) => ({ value })) }]);
      // More than one request decides are left to jobs, and nothing says in which order these end.
      const isHired = async (id: string): Promise<boolean> =>
        (await world.expect(200, 'GET', `/directory-users/${id}`)).employeeId !== null;
      for (const id of ids)
        for (let attempt = 0; attempt < 300 && !(await isHired(id)); attempt += 1) await sleep(100);
      return ids;
    },
    setGuard: async (guard) => {
      await world.expect(200, 'PATCH', '/settings', { guard: { ...wideOpen, ...guard } });
    },
    patchGroup,
    loginOf: async (userId) => {
      const { employeeId, contactId } = await world.expect(200, 'GET', `/directory-users/${userId}`);
      if (employeeId !== null)
        return (await world.expect(200, 'GET', `/employees/${employeeId}`)).loginEnabled;
      return (await world.expect(200, 'GET', `/contacts/${contactId}`)).hasPortalAccess;
    },
    waiting: async (more = '') => {
      const path = `/held-changes?connectionId=${connection.connectionId}&limit=200${more}`;
      return (await world.expect(200, 'GET', path)).items;
    },
  };
}

export { startWorld };
