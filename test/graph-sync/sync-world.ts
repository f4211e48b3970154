import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Json, startWorld, type World } from '../admin-api/people-world.ts';
import type { TestAppOptions } from '../support/app.ts';
import type { SeedInput } from '../support/entra/seed-tenant.ts';
import { type EntraEmulator, startEntraEmulator } from '../support/entra/start-entra-emulator.ts';
import type { TenantDirectory } from '../support/entra/tenant-directory.ts';

const SECRET = 'kQ8~the-value-of-the-client-secret';
/** Far longer than anything takes: only a broken server reaches it. */
const patienceMs = 90_000;

export interface SyncWorld extends World {
  readonly emulator: EntraEmulator;
  readonly tenant: TenantDirectory;
  readonly connectionId: string;
  /** Starts a run and waits for its end. */
  readonly sync: () => Promise<Json>;
  readonly ended: (runId: string) => Promise<Json>;
  readonly addRule: (groupId: string, order?: number, more?: object) => Promise<Json>;
  /** What the PSA holds, by email: to compare with another world. */
  readonly people: () => Promise<Readonly<Record<string, Json>>>;
  readonly sql: (text: string, values?: readonly unknown[]) => Promise<readonly Json[]>;
  readonly stop: () => Promise<void>;
}

export interface SyncWorldOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly app?: Omit<TestAppOptions, 'env' | 'entra'>;
  readonly seed?: SeedInput;
  /** Otherwise nobody is notified, and what is read is what was asked for. */
  readonly isNotified?: boolean;
}

export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Waited too long until ${what}`);
    await sleep(25);
  }
}

/** A server with a connected tenant. It asks for changes only when it is told to, unless `env` says otherwise. */
export async function startSyncWorld({
  env = {},
  app = {},
  seed,
  isNotified = false,
}: SyncWorldOptions = {}): Promise<
  SyncWorld & { readonly userIds: readonly string[]; readonly groupIds: readonly string[] }
> {
  const emulator = await startEntraEmulator();
  emulator.setDelivery({ isSilent: !isNotified });
  const tenant = emulator.addTenant({ domains: ['mymsp.example', 'mymsp.onmicrosoft.com'] });
  const seeded = seed ? emulator.seed(tenant.id, seed) : { userIds: [], groupIds: [] };
  const world = await startWorld({ GRAPH_POLL_SECONDS: '3600', ...env }, { ...app, entra: emulator });
  const { expect } = world;
  // Tests of the guard narrow it again.
  const guard = { maxDeactivations: 10_000, maxDeactivationsPercent: 100, maxConversions: 10_000 };
  await expect(200, 'PATCH', '/settings', { guard });
  const { appId } = emulator.registerApplication({ secrets: [SECRET] });
  emulator.consent({ tenantId: tenant.id, appId, roles: ['User.Read.All', 'Group.Read.All'] });
  const connection = await expect(201, 'POST', '/connections', {
    name: 'My MSP',
    kind: 'entra',
    tenant: tenant.id,
    applicationId: appId,
    applicationKey: SECRET,
  });
  await expect(200, 'POST', `/connections/${connection.id}/connect`, { mode: 'application' });
  const client = new pg.Client({ connectionString: world.app.databaseUrl });
  await client.connect();
  const ended = async (runId: string): Promise<Json> => {
    let run: Json = null;
    await until(`run ${runId} ends`, async () => {
      run = await expect(200, 'GET', `/sync-runs/${runId}`);
      return !['queued', 'running'].includes(run.state);
    });
    return run;
  };
  return {
    ...world,
    ...seeded,
    emulator,
    tenant,
    connectionId: connection.id,
    ended,
    sync: async () => {
      const run = await expect(202, 'POST', `/connections/${connection.id}/sync`);
      return ended(run.id);
    },
    addRule: (groupId, order = 1, more = {}) =>
      expect(201, 'POST', '/mapping-rules', {
        connectionId: connection.id,
        groupId,
        order,
        userType: 'employee',
        securityRoleId: world.roles['Technician'],
        ...more,
      }),
    people: () => peopleOf(world),
    sql: async (text, values = []) => (await client.query(text, [...values])).rows,
    stop: async () => {
      await client.end();
      await world.app.stop();
      await emulator.stop();
    },
  };
}

/** Every employee and contact that is linked to the directory, without ids and times. */
async function peopleOf({ expect }: World): Promise<Readonly<Record<string, Json>>> {
  const people: Record<string, Json> = {};
  for (const kind of ['employees', 'contacts'] as const) {
    let cursor: string | null = null;
    do {
      const page: Json = await expect(
        200,
        'GET',
        `/${kind}?limit=200${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      for (const person of page.items) {
        if (person.directoryUserId !== null) people[`${kind}:${person.username}`] = withoutIds(person);
      }
      cursor = page.nextCursor;
    } while (cursor !== null);
  }
  return people;
}

const withoutIds = (person: Json): Json =>
  Object.fromEntries(
    Object.entries(person).filter(
      ([name]) => !/(^id$|Id$|At$|^relations$)/.test(name) || name === 'accountLocationId',
    ),
  );

export const assertSucceeded = (run: Json): void =>
  assert.equal(run.state, 'succeeded', `the run ended as ${JSON.stringify(run)}`);
