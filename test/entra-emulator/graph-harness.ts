import { after, before } from 'node:test';
import type { Application } from '../support/entra/applications.ts';
import {
  type EmulatorOptions,
  type EntraEmulator,
  startEntraEmulator,
} from '../support/entra/start-entra-emulator.ts';
import type { TenantDirectory } from '../support/entra/tenant-directory.ts';

export interface Row {
  readonly id: string;
  readonly '@removed'?: { readonly reason: string };
  readonly 'members@delta'?: readonly Row[];
  readonly [property: string]: unknown;
}

/** What Graph answers, as far as these tests look at it. */
export interface GraphBody {
  readonly '@odata.nextLink'?: string;
  readonly '@odata.deltaLink'?: string;
  readonly '@odata.count'?: number;
  readonly value: readonly Row[];
  readonly error?: { readonly code: string; readonly message: string };
  readonly responses?: readonly {
    readonly id: string;
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: GraphBody;
  }[];
  readonly [property: string]: unknown;
}

export interface GraphAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: GraphBody;
}

export interface Round {
  readonly rows: readonly Row[];
  readonly pages: readonly GraphBody[];
  readonly deltaLink: string;
}

const ALL_ROLES = ['User.Read.All', 'GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All'];

/** One emulator with one tenant and an application that may read everything. */
export class GraphHarness {
  readonly emulator: EntraEmulator;
  readonly tenant: TenantDirectory;
  readonly application: Application;
  token: string;

  constructor(emulator: EntraEmulator) {
    this.emulator = emulator;
    this.tenant = emulator.addTenant({ domains: ['mymsp.example', 'mymsp.onmicrosoft.com'] });
    this.application = emulator.registerApplication({ secrets: ['a secret value'] });
    emulator.consent({ tenantId: this.tenant.id, appId: this.application.appId, roles: ALL_ROLES });
    this.token = this.freshToken();
  }

  freshToken(permissions?: readonly string[], userId?: string): string {
    return this.emulator.graphToken({
      tenantId: this.tenant.id,
      appId: this.application.appId,
      ...(permissions === undefined ? {} : { permissions }),
      ...(userId === undefined ? {} : { userId }),
    });
  }

  /** A path below the version, or a link as it came. */
  async send(target: string, init: RequestInit = {}): Promise<GraphAnswer> {
    const url = target.startsWith('http') ? target : `${this.emulator.graphUrl}/v1.0/${target}`;
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${this.token}`);
    const response = await this.emulator.fetch(url, { ...init, headers, redirect: 'manual' });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    // The tests look at what they need.
    const body = (isJson && text !== '' ? JSON.parse(text) : { value: [] }) as GraphBody;
    return { status: response.status, headers: response.headers, text, body };
  }

  async get(target: string, headers: Readonly<Record<string, string>> = {}): Promise<GraphAnswer> {
    return await this.send(target, { headers });
  }

  async post(target: string, body: unknown, method = 'POST'): Promise<GraphAnswer> {
    const headers = { 'content-type': 'application/json' };
    return await this.send(target, { method, headers, body: JSON.stringify(body) });
  }

  /** From the first page to the delta link. */
  async round(target: string, headers: Readonly<Record<string, string>> = {}): Promise<Round> {
    const pages: GraphBody[] = [];
    let next: string | undefined = target;
    while (next !== undefined) {
      const { status, body, text } = await this.get(next, headers);
      if (status !== 200) throw new Error(`${next} was answered ${status}: ${text}`);
      pages.push(body);
      next = body['@odata.nextLink'];
    }
    const deltaLink = pages.at(-1)?.['@odata.deltaLink'] ?? '';
    return { pages, deltaLink, rows: pages.flatMap(({ value }) => value) };
  }
}

/** A fresh one before the tests of a `describe`, stopped after them. */
export function useGraph(options: EmulatorOptions = {}): () => GraphHarness {
  let harness: GraphHarness | undefined;
  before(async () => {
    harness = new GraphHarness(await startEntraEmulator(options));
  });
  after(() => harness?.emulator.stop());
  return () => {
    if (!harness) throw new Error('The emulator runs only during tests.');
    return harness;
  };
}

export const ADVANCED = { consistencylevel: 'eventual' } as const;
