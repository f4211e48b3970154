import { createHash, randomBytes } from 'node:crypto';
import { beforeEach } from 'node:test';
import type { EmulatorOptions } from '../support/entra/start-entra-emulator.ts';
import { type GraphHarness, useGraph } from './graph-harness.ts';

export const REDIRECT = 'https://psa.example/OAuth/IntegrationCallback.aspx';
export const SECRET = 'the value of the secret';
export const SECRET_ID = '5f0f1f60-0000-4000-8000-00000000abcd';
export const SCOPES =
  'openid profile offline_access User.Read User.Read.All Group.Read.All Directory.Read.All';

export interface TokenBody {
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly scope?: string;
  readonly error?: string;
  readonly error_codes?: readonly number[];
  readonly error_description?: string;
  readonly suberror?: string;
}

type Fields = Readonly<Record<string, string>>;

export function claimsOf(token: string | undefined): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString());
}

/** A browser and an application at the identity platform, each in a line or two. */
export class LoginHarness {
  readonly graph: GraphHarness;
  readonly appId: string;
  readonly verifier = randomBytes(32).toString('base64url');

  constructor(graph: GraphHarness) {
    this.graph = graph;
    const { emulator, tenant } = graph;
    if (tenant.findUserId('admin@mymsp.example') === undefined) {
      tenant.addUser({ userPrincipalName: 'admin@mymsp.example', displayName: 'Admin' });
    }
    this.appId = emulator.registerApplication({
      redirectUris: [REDIRECT],
      secrets: [{ id: SECRET_ID, value: SECRET }],
      requiredScopes: ['User.Read', 'User.Read.All'],
      requiredRoles: ['User.Read.All'],
    }).appId;
    emulator.scriptSignIn({ kind: 'approve' });
    emulator.scriptAdminConsent({ kind: 'approve' });
  }

  async authorize(changes: Fields = {}, tenant = this.graph.tenant.id) {
    const query = new URLSearchParams({
      client_id: this.appId,
      response_type: 'code',
      redirect_uri: REDIRECT,
      scope: SCOPES,
      state: 'the state',
      nonce: 'the nonce',
      code_challenge: createHash('sha256').update(this.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...changes,
    });
    const url = `${this.graph.emulator.loginUrl}/${tenant}/oauth2/v2.0/authorize?${query}`;
    const response = await fetch(url, { redirect: 'manual' });
    const location = response.headers.get('location');
    return {
      response,
      parameters: location === null ? new URLSearchParams() : new URL(location).searchParams,
    };
  }

  async token(fields: Fields, tenant = this.graph.tenant.id) {
    const response = await fetch(`${this.graph.emulator.loginUrl}/${tenant}/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: this.appId, client_secret: SECRET, ...fields }),
    });
    const body = (await response.json()) as TokenBody;
    return { status: response.status, headers: response.headers, body };
  }

  async redeem(code: string | null, changes: Fields = {}) {
    return await this.token({
      grant_type: 'authorization_code',
      code: code ?? '',
      redirect_uri: REDIRECT,
      code_verifier: this.verifier,
      ...changes,
    });
  }

  async signIn() {
    return await this.redeem((await this.authorize()).parameters.get('code'));
  }

  async appOnly(fields: Fields = {}, tenant?: string) {
    const scope = 'https://graph.microsoft.com/.default';
    return await this.token({ grant_type: 'client_credentials', scope, ...fields }, tenant);
  }
}

/** A new application for each test, nobody has consented to it yet. */
export function useLogin(options: EmulatorOptions = {}): () => LoginHarness {
  const graph = useGraph(options);
  let harness: LoginHarness | undefined;
  beforeEach(() => {
    harness = new LoginHarness(graph());
  });
  return () => {
    if (!harness) throw new Error('The emulator runs only during tests.');
    return harness;
  };
}
