import assert from 'node:assert/strict';
import type { ScimAnswer, ScimConnection, TestApp } from '../../support/app.ts';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** A client of one fresh connection of the whole server. */
export interface ScimClient {
  readonly connection: ScimConnection;
  readonly call: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<ScimAnswer>;
  /** Fails unless the answer has the status; the body. */
  readonly expect: (
    status: number,
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<ScimAnswer['body']>;
  readonly createUser: (userName: string, more?: object) => Promise<string>;
  readonly createGroup: (
    displayName: string,
    memberIds?: readonly string[],
    more?: object,
  ) => Promise<string>;
  readonly patch: (path: string, ...operations: readonly object[]) => Promise<ScimAnswer>;
  /** userNames or displayNames of what a filter finds, in the order of the answer. */
  readonly find: (type: 'Users' | 'Groups', filter: string, more?: string) => Promise<readonly string[]>;
}

export async function makeClient(app: TestApp, name: string): Promise<ScimClient> {
  const connection = await app.createScimConnection(name);
  const call: ScimClient['call'] = (method, path, body, headers) =>
    app.scim(connection, method, path, body, headers);
  const expect: ScimClient['expect'] = async (status, method, path, body) => {
    const answer = await call(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
    return answer.body;
  };
  return {
    connection,
    call,
    expect,
    createUser: async (userName, more = {}) =>
      (await expect(201, 'POST', '/Users', { schemas: [USER], userName, ...more })).id,
    createGroup: async (displayName, memberIds = [], more = {}) => {
      const members = memberIds.map((value) => ({ value }));
      return (await expect(201, 'POST', '/Groups', { schemas: [GROUP], displayName, members, ...more })).id;
    },
    patch: (path, ...operations) => call('PATCH', path, { schemas: [PATCH_OP], Operations: operations }),
    find: async (type, filter, more = '') => {
      const body = await expect(200, 'GET', `/${type}?filter=${encodeURIComponent(filter)}${more}`);
      return body.Resources.map(
        (found: Record<string, unknown>) => found['userName'] ?? found['displayName'],
      );
    },
  };
}
