import { createSecretKey, randomBytes } from 'node:crypto';
import { type Application, compose } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import { listen, type RunningServer } from '../../src/http/server.ts';
import { type Logger, makeLogger } from '../../src/observability/logger.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { assertDocumented } from './documented-answer.ts';
import type { EntraEmulator } from './entra/start-entra-emulator.ts';

export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers whose shape is what they check
  readonly body: any;
}

export interface ScimAnswer extends AdminAnswer {
  readonly text: string;
}

export interface ScimConnection {
  readonly connectionId: string;
  readonly scimBaseUrl: string;
  readonly token: string;
}

export interface TestApp {
  readonly baseUrl: string;
  readonly adminKey: string;
  /** Of the organization `Default`, for direct looks into the database. */
  readonly databaseUrl: string;
  /** Every SQL statement since the last call of this. */
  readonly takeStatements: () => readonly string[];
  readonly stop: () => Promise<void>;
  readonly admin: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<AdminAnswer>;
  readonly createScimConnection: (name?: string, kind?: 'scim' | 'entra') => Promise<ScimConnection>;
  readonly scim: (
    connection: ScimConnection,
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<ScimAnswer>;
}

export interface TestAppOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Stands in for the identity platform and Microsoft Graph; without it, there is none to be reached. */
  readonly entra?: Pick<EntraEmulator, 'loginUrl' | 'graphUrl'>;
  /** Of 32 bytes, where several servers share a database. */
  readonly encryptionKey?: Buffer;
  /** Instead of one that is silent. */
  readonly logger?: Logger;
  /** A database that others use too; otherwise the app has one of its own, dropped with it. */
  readonly database?: TestDatabase;
}

/** Nothing listens there, and Node's fetch refuses the port at once. */
const nowhere = 'http://127.0.0.1:1';

/** The whole server on a port of the system's choice and a database of its own, as `npm start` composes it. */
export async function startTestApp({
  env = {},
  database,
  entra,
  logger,
  encryptionKey,
}: TestAppOptions = {}): Promise<TestApp> {
  const adminKey = `test_${randomBytes(24).toString('base64url')}`;
  const config = readConfig({
    PORT: '0',
    ADMIN_API_KEY: adminKey,
    LOG_LEVEL: 'silent',
    ENTRA_LOGIN_URL_GLOBAL: entra?.loginUrl ?? nowhere,
    GRAPH_URL_GLOBAL: entra?.graphUrl ?? nowhere,
    ...env,
  });
  const own = database ?? (await createTestDatabase());
  let statements: string[] = [];
  let answer: Application['listener'] | null = null;
  const server = await listen(
    (request, response) => {
      if (answer) answer(request, response);
      else response.writeHead(503).end();
    },
    { host: '127.0.0.1', port: 0 },
  );
  const baseUrl = `http://127.0.0.1:${server.port}`;
  const application = compose({
    config,
    databaseUrl: own.url,
    publicUrl: baseUrl,
    encryptionKey: createSecretKey(encryptionKey ?? randomBytes(32)),
    logger: logger ?? makeLogger(config.logLevel),
    onStatement: (text) => statements.push(text),
  });
  await application.start().catch(async (error: unknown) => {
    await stopAll(server, application, database ? null : own);
    throw error;
  });
  answer = application.listener;
  return {
    baseUrl,
    adminKey,
    databaseUrl: own.url,
    takeStatements: () => {
      const taken = statements;
      statements = [];
      return taken;
    },
    stop: () => stopAll(server, application, database ? null : own),
    ...clients(baseUrl, adminKey),
  };
}

async function stopAll(
  server: RunningServer,
  application: Application,
  database: TestDatabase | null,
): Promise<void> {
  await server.drain(1000);
  await application.stop(2000);
  await database?.drop();
}

const contentType = (body: unknown, type: string): Record<string, string> =>
  body === undefined ? {} : { 'content-type': type };

/** Text goes out as it is, so that broken JSON can be sent. */
const encode = (body: unknown): { body?: string } =>
  body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };

function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return text;
  }
}

function clients(
  baseUrl: string,
  adminKey: string,
): Pick<TestApp, 'admin' | 'createScimConnection' | 'scim'> {
  const admin: TestApp['admin'] = async (method, path, body, headers = {}) => {
    const response = await fetch(`${baseUrl}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, ...contentType(body, 'application/json'), ...headers },
      ...encode(body),
    });
    const { status, headers: answered } = response;
    const json = parse(await response.text());
    assertDocumented({ method, path, status, headers: answered, body: json });
    return { status, headers: answered, body: json };
  };
  return {
    admin,
    createScimConnection: async (name = 'Directory', kind = 'scim') => {
      const tenant = kind === 'entra' ? { tenant: crypto.randomUUID() } : {};
      const created = await admin('POST', '/connections', { name, kind, ...tenant });
      if (created.status !== 201) throw new Error(`No connection: ${JSON.stringify(created.body)}`);
      const token = await admin('POST', `/connections/${created.body.id}/scim-tokens`, { name: 'test' });
      if (token.status !== 201) throw new Error(`No token: ${JSON.stringify(token.body)}`);
      return {
        connectionId: created.body.id,
        scimBaseUrl: created.body.scimBaseUrl,
        token: token.body.token,
      };
    },
    scim: async (connection, method, path, body, headers = {}) => {
      const response = await fetch(`${connection.scimBaseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${connection.token}`,
          ...contentType(body, 'application/scim+json'),
          ...headers,
        },
        ...encode(body),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: parse(text), text };
    },
  };
}
