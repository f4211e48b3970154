import type { RequestListener } from 'node:http';
import { PassThrough } from 'node:stream';
import request from 'supertest';
import { makeLogger } from '../../../src/observability/logger.ts';
import type { ConnectionKind } from '../../../src/operations/context.ts';
import { OperationError } from '../../../src/operations/operation-error.ts';
import { makeScimHandler } from '../../../src/scim/scim-handler.ts';
import { makeMemoryOperations } from './memory-operations.ts';

export const CONNECTION = '0190aaaa-0000-7000-8000-00000000000a';
/** Shares the data in memory: only addresses tell the two apart. */
export const OTHER_CONNECTION = '0190bbbb-0000-7000-8000-00000000000b';
const TOKEN = 'a-token-of-this-connection';

const CONNECTIONS = new Set([CONNECTION, OTHER_CONNECTION]);

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
export const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
export const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete' | 'options';

/** Parses `application/scim+json`, which supertest takes for an unknown type. */
function parseScim(response: request.Response, done: (error: Error | null, body: unknown) => void): void {
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
  });
  response.on('end', () => done(null, text === '' ? null : JSON.parse(text)));
}

/** The SCIM router over operations in memory: what it makes of a request, without a database. */
export function makeScimHarness(kind: ConnectionKind = 'scim') {
  const operations = makeMemoryOperations(CONNECTION);
  const log = new PassThrough();
  const base = `/scim/v2/${CONNECTION}`;
  let isDatabaseAway = false;

  const handle = makeScimHandler({
    operations,
    publicUrl: 'https://psa.example/',
    logger: makeLogger('debug', log),
    authentication: {
      async authenticate(connectionId, token) {
        if (isDatabaseAway) throw new OperationError('unavailable', 'secret host db.internal');
        if (!CONNECTIONS.has(connectionId) || token !== TOKEN) return null;
        return {
          organizationId: CONNECTION,
          connectionKind: kind,
          scimTokenId: CONNECTION,
          customExtensions: '[]',
        };
      },
      findExtensions: async (connectionId) => (CONNECTIONS.has(connectionId) ? '[]' : null),
    },
  });
  const app: RequestListener = (incoming, outgoing) =>
    handle(incoming, outgoing, (incoming.url ?? '').slice('/scim/v2'.length));

  const sendTo = (address: string, method: Method) =>
    request(app)[method](address).set('Authorization', `Bearer ${TOKEN}`).buffer(true).parse(parseScim);
  const send = (method: Method, path: string) => sendTo(`${base}${path}`, method);

  return {
    app,
    base,
    operations,
    send,
    sendTo,
    location: (path: string) => `https://psa.example${base}${path}`,
    withBody: (method: 'post' | 'put' | 'patch', path: string, body: object) =>
      send(method, path).set('Content-Type', 'application/scim+json').send(JSON.stringify(body)),
    anonymous: (method: 'get' | 'post', path: string) =>
      request(app)[method](path).buffer(true).parse(parseScim),
    loseDatabase: () => {
      isDatabaseAway = true;
    },
    logged: () => String(log.read() ?? ''),
  };
}

export type ScimHarness = ReturnType<typeof makeScimHarness>;

export async function createUser(harness: ScimHarness, userName: string, more: object = {}): Promise<string> {
  const { body } = await harness
    .withBody('post', '/Users', { schemas: [USER], userName, ...more })
    .expect(201);
  return body.id;
}

export async function createGroup(
  harness: ScimHarness,
  displayName: string,
  memberIds: readonly string[] = [],
): Promise<string> {
  const members = memberIds.map((value) => ({ value }));
  const { body } = await harness
    .withBody('post', '/Groups?attributes=id', { schemas: [GROUP], displayName, members })
    .expect(201);
  return body.id;
}
