import assert from 'node:assert/strict';
import { type ScimConnection, startTestApp, type TestApp, type TestAppOptions } from '../support/app.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
/** Bodies are read by the tests member by member; what is not there fails the assertion that looks at it. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of the wire, checked against the OpenAPI document
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly body: Json;
}

/** An organization that is ready to provision: reference data, defaults, the mode switched on. */
export interface World {
  readonly app: TestApp;
  readonly call: (
    method: Method,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer>;
  /** Like `call`, and fails unless the answer has the status. */
  readonly expect: (
    status: number,
    method: Method,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Json>;
  readonly scim: (
    status: number,
    connection: ScimConnection,
    method: Method,
    path: string,
    body?: unknown,
  ) => Promise<Json>;
  readonly roles: Readonly<Record<string, string>>;
  readonly rootId: string;
  readonly defaults: Json;
  readonly account: Json;
  readonly accountLocationId: string;
}

/** A word that no other test of the file uses. */
let serial = 0;
export const unique = (word: string): string => `${word}-${++serial}`;

export const unknownId = '0199c1a0-0000-7000-8000-00000000ffff';

export async function startWorld(
  env: Readonly<Record<string, string>> = {},
  options: Omit<TestAppOptions, 'env'> = {},
): Promise<World> {
  const app = await startTestApp({ ...options, env });
  const call: World['call'] = async (method, path, body, headers) => {
    const { status, headers: answered, body: json } = await app.admin(method, path, body, headers);
    return { status, header: (name) => answered.get(name), body: json };
  };
  const expect: World['expect'] = async (status, method, path, body, headers) => {
    const answer = await call(method, path, body, headers);
    assert.equal(answer.status, status, `${method} ${path} answered ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const scim: World['scim'] = async (status, connection, method, path, body) => {
    const answer = await app.scim(connection, method, path, body);
    assert.equal(answer.status, status, `${method} ${path} answered ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const made = async (path: string, body: object): Promise<string> =>
    (await expect(201, 'POST', path, body)).id;

  const listed = await expect(200, 'GET', '/security-roles?limit=200');
  const roles = Object.fromEntries(listed.items.map((role: Json) => [role.name, role.id]));
  const people = await expect(200, 'GET', '/employees?limit=200');
  const rootId = people.items.find((employee: Json) => employee.isRoot).id;
  const defaults = await expect(200, 'PUT', '/employee-defaults', {
    departmentId: await made('/departments', { name: 'Service Desk' }),
    locationId: await made('/locations', { name: 'Berlin' }),
    managerId: rootId,
    jobTitleId: await made('/job-titles', { name: 'Engineer' }),
    employmentType: 'Full-time',
    securityRoleId: roles['Read Only'],
    employeeRoleId: await made('/employee-roles', { name: 'Support' }),
    accountId: null,
  });
  await expect(200, 'PATCH', '/settings', { provisioningMode: 'azureAdSync' });
  const account = await expect(201, 'POST', '/accounts', { name: 'Fabrikam' });
  const locations = await expect(200, 'GET', `/accounts/${account.id}/locations`);
  const accountLocationId = locations.items.find((location: Json) => location.isMain).id;
  return { app, call, expect, scim, roles, rootId, defaults, account, accountLocationId };
}

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** What the provisioning client does, in the words of its requests. */
export function makeClient(world: World, connection: ScimConnection) {
  const { scim } = world;
  return {
    addUser: async (name: string, more: object = {}): Promise<string> => {
      const body = {
        schemas: [userSchema],
        userName: `${name}@contoso.example`,
        externalId: unique('user'),
        active: true,
        displayName: `${name} Doe`,
        name: { givenName: name, familyName: 'Doe' },
        ...more,
      };
      return (await scim(201, connection, 'POST', '/Users', body)).id;
    },
    patchUser: (id: string, value: object) =>
      scim(200, connection, 'PATCH', `/Users/${id}`, {
        schemas: [patchSchema],
        Operations: [{ op: 'replace', value }],
      }),
    deleteUser: (id: string) => scim(204, connection, 'DELETE', `/Users/${id}`),
    addGroup: async (externalId: string, memberIds: readonly string[] = []): Promise<string> => {
      const members = memberIds.map((value) => ({ value }));
      const body = { schemas: [groupSchema], displayName: `Group ${externalId}`, externalId, members };
      return (await scim(201, connection, 'POST', '/Groups', body)).id;
    },
    deleteGroup: (id: string) => scim(204, connection, 'DELETE', `/Groups/${id}`),
  };
}

export const pointersOf = (problem: Json): readonly string[] =>
  (problem.errors ?? []).map((error: Json) => error.pointer);
