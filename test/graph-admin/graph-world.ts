import assert from 'node:assert/strict';
import { after, before, beforeEach } from 'node:test';
import pg from 'pg';
import { makeLogger } from '../../src/observability/logger.ts';
import { type AdminAnswer, startTestApp, type TestApp } from '../support/app.ts';
import type { ApplicationInput } from '../support/entra/applications.ts';
import { type EntraEmulator, startEntraEmulator } from '../support/entra/start-entra-emulator.ts';
import type { TenantDirectory } from '../support/entra/tenant-directory.ts';

export const SECRET = 'kQ8~the-value-of-the-client-secret';
export const OPERATOR_KEY = 'operator-key-of-the-graph-world-0123456789';
const callback = '/OAuth/IntegrationCallback.aspx';

export interface CallbackPage {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The product, an emulated Microsoft beside it, and a browser. */
export class GraphWorld {
  #emulator: EntraEmulator | undefined;
  #app: TestApp | undefined;
  #tenant: TenantDirectory | undefined;
  readonly #log: string[] = [];

  async start(): Promise<void> {
    this.#emulator = await startEntraEmulator();
    this.#tenant = this.#emulator.addTenant({ domains: ['mymsp.example', 'mymsp.onmicrosoft.com'] });
    this.#tenant.addUser({ userPrincipalName: 'admin@mymsp.example', displayName: 'Ada Admin' });
    const logger = makeLogger('trace', { write: (line: string) => void this.#log.push(line) });
    const env = { OPERATOR_API_KEY: OPERATOR_KEY };
    this.#app = await startTestApp({ entra: this.#emulator, logger, env }).catch(async (error: unknown) => {
      await this.stop();
      throw error;
    });
  }

  async stop(): Promise<void> {
    await this.#app?.stop();
    await this.#emulator?.stop();
  }

  get emulator(): EntraEmulator {
    if (this.#emulator === undefined) throw new Error('The world has not been started');
    return this.#emulator;
  }

  get app(): TestApp {
    if (this.#app === undefined) throw new Error('The world has not been started');
    return this.#app;
  }

  get tenant(): TenantDirectory {
    if (this.#tenant === undefined) throw new Error('The world has not been started');
    return this.#tenant;
  }

  get redirectUri(): string {
    return `${this.app.baseUrl}${callback}`;
  }

  /** Everything that was logged, as text. */
  get log(): string {
    return this.#log.join('');
  }

  /** Everybody is glad to consent, and nothing is broken. */
  calm(): void {
    this.emulator.clearFaults();
    this.emulator.clearRequests();
    this.emulator.scriptSignIn({ kind: 'approve' });
    this.emulator.scriptAdminConsent({ kind: 'approve' });
  }

  registerApplication(input: ApplicationInput = {}): string {
    return this.emulator.registerApplication({
      redirectUris: [this.redirectUri],
      secrets: [SECRET],
      requiredScopes: ['Directory.Read.All', 'Group.Read.All', 'User.Read', 'User.Read.All'],
      requiredRoles: ['User.Read.All', 'GroupMember.Read.All'],
      ...input,
    }).appId;
  }

  /** A connection to the tenant with an application of its own. */
  async createConnection(
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<{ id: string; applicationId: string }> {
    const applicationId = String(fields['applicationId'] ?? this.registerApplication());
    const created = await this.app.admin('POST', '/connections', {
      name: 'My MSP',
      kind: 'entra',
      tenant: this.tenant.id,
      applicationKey: SECRET,
      ...fields,
      applicationId,
    });
    assert.equal(created.status, 201, JSON.stringify(created.body));
    return { id: created.body.id, applicationId };
  }

  connection(id: string): Promise<AdminAnswer> {
    return this.app.admin('GET', `/connections/${id}`);
  }

  /** The address of the sign-in page. */
  async beginSignIn(id: string): Promise<string> {
    const answer = await this.app.admin('POST', `/connections/${id}/connect`, { mode: 'delegated' });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.authorizationUrl;
  }

  /** What the sign-in page sends the browser to, without going there. */
  async signIn(authorizationUrl: string): Promise<URL> {
    const response = await fetch(authorizationUrl, { redirect: 'manual' });
    const location = response.headers.get('location');
    if (location === null) throw new Error(`No way back from the sign-in: ${await response.text()}`);
    return new URL(location);
  }

  async open(url: URL | string, init: RequestInit = {}): Promise<CallbackPage> {
    const response = await fetch(url, { redirect: 'manual', ...init });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** Azure Connect from the first click to the last page. */
  async connect(id: string): Promise<CallbackPage> {
    return this.open(await this.signIn(await this.beginSignIn(id)));
  }

  tryApplication(id: string): Promise<AdminAnswer> {
    return this.app.admin('POST', `/connections/${id}/connect`, { mode: 'application' });
  }

  /** Rows of a statement of the owner of the database, past row-level security. */
  async sql(text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const client = new pg.Client({ connectionString: this.app.databaseUrl });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** What reached a host that no client has any business with. */
  strangers(): readonly unknown[] {
    return this.emulator.requests({ service: 'stranger' });
  }
}

/** One world for a test file. */
export function useGraphWorld(): GraphWorld {
  const world = new GraphWorld();
  before(() => world.start());
  beforeEach(() => world.calm());
  after(() => world.stop());
  return world;
}
