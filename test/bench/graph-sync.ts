import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedServer } from '../../src/postgres/embedded-server.ts';
import { type AdminClient, makeAdminClient } from '../demo/admin-client.ts';
import { startEmulatorProcess } from '../support/entra/emulator-process-client.ts';
import { startServerProcess } from '../support/server-process.ts';
import { makeWorld } from './bench-server.ts';
import { clientMix, latencyHeading, latencyRow } from './client-mix.ts';
import { makeProbe } from './held-up.ts';
import { usageOf } from './process-usage.ts';
import { seedUsers } from './scenarios.ts';
import { switchProvisioningOn } from './switch-provisioning-on.ts';

/**
 * A first sync of a large tenant, against the emulator as a process of its own: users a second from the request to the last
 * person, the memory of the server, and the longest time for which it held up its event loop (milliseconds of CPU).
 * `GRAPH_USERS` and `GRAPH_GROUPS` set the size. `GRAPH_SCIM_SECONDS`: for so long clients of another connection ask and
 * write meanwhile, which takes its share of the machine.
 */
const users = Number(process.env['GRAPH_USERS'] ?? 100_000);
const groups = Number(process.env['GRAPH_GROUPS'] ?? 500);
const scimSeconds = Number(process.env['GRAPH_SCIM_SECONDS'] ?? 0);
const secret = 'kQ8~the-value-of-the-client-secret';

interface Named {
  readonly id: string;
}

interface Run extends Named {
  readonly state: string;
  readonly progress: { readonly done: number; readonly total: number | null };
  readonly counts: Readonly<Record<string, number>>;
  readonly error: string | null;
}

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function follow(admin: AdminClient, pid: number, runId: string): Promise<Run> {
  let peak = 0;
  const started = performance.now();
  for (let turn = 0; ; turn += 1) {
    const run = await admin.get<Run>(`/sync-runs/${runId}`);
    const { rssMegabytes } = usageOf(pid);
    peak = Math.max(peak, rssMegabytes);
    const seconds = (performance.now() - started) / 1000;
    if (!['queued', 'running'].includes(run.state)) {
      const rate = Math.round(users / seconds);
      const heldUp = Math.round(await probe.heldUp());
      say(
        `${run.state} after ${seconds.toFixed(1)} s: ${rate} users/s, memory up to ${Math.round(peak)} MB, held up ${heldUp} ms`,
      );
      return run;
    }
    if (turn % 20 === 0) {
      say(
        `${seconds.toFixed(0)} s ${run.progress.done} of ${run.progress.total}, ${Math.round(rssMegabytes)} MB`,
      );
    }
    await sleep(500);
  }
}

/** How long clients wait, idle and from now on. */
async function watchClients(admin: AdminClient): Promise<() => Promise<void>> {
  const world = await makeWorld(admin, database.url);
  await seedUsers(world, 1_000);
  const port = Number(new URL(server.baseUrl).port);
  await clientMix(world, port, 3_000);
  const idle = latencyRow('idle', await clientMix(world, port, 10_000));
  return async () => {
    const beside = await clientMix(world, port, scimSeconds * 1000);
    say(`${latencyHeading}\n${idle}\n${latencyRow('beside the read', beside)}`);
  };
}

const probe = makeProbe();
const dataDir = await mkdtemp(join(tmpdir(), 'rollcall-graph-'));
const adminKey = `bench_${randomBytes(24).toString('base64url')}`;
const database = await startEmbeddedServer({ dataDir });
const emulator = await startEmulatorProcess();
const server = await startServerProcess({
  DATABASE_URL: database.url,
  PORT: '0',
  ADMIN_API_KEY: adminKey,
  ENCRYPTION_KEY: randomBytes(32).toString('hex'),
  LOG_LEVEL: 'warn',
  ENTRA_LOGIN_URL_GLOBAL: emulator.loginUrl,
  GRAPH_URL_GLOBAL: emulator.graphUrl,
  ...probe.env,
});
try {
  const tenant = await emulator.control('add-tenant', {
    domains: ['large.example', 'large.onmicrosoft.com'],
  });
  await emulator.control('set-tenant', { tenantId: tenant['id'], deltaPageSize: 200, throttling: 'observe' });
  const seeded = await emulator.control('seed', { tenantId: tenant['id'], users, groups, nestedGroups: 20 });
  const groupIds = seeded['groupIds'];
  const application = await emulator.control('register-application', { secrets: [secret] });
  const roles = ['User.Read.All', 'Group.Read.All'];
  await emulator.control('consent', { tenantId: tenant['id'], appId: application['appId'], roles });
  const admin = makeAdminClient(server.baseUrl, adminKey);
  const { technician } = await switchProvisioningOn(admin);
  const connection = await admin.post<Named>('/connections', {
    name: 'Large',
    kind: 'entra',
    tenant: tenant['id'],
    applicationId: application['appId'],
    applicationKey: secret,
  });
  await admin.post(`/connections/${connection.id}/connect`, { mode: 'application' });
  for (const [order, groupId] of (Array.isArray(groupIds) ? groupIds : []).entries()) {
    const rule = {
      connectionId: connection.id,
      groupId,
      order,
      userType: 'employee',
      securityRoleId: technician,
    };
    await admin.post('/mapping-rules', rule);
  }
  say(
    `${users} users in ${groups} groups; the server holds ${Math.round(usageOf(server.pid).rssMegabytes)} MB`,
  );
  const besideClients = scimSeconds > 0 ? await watchClients(admin) : async () => undefined;
  await probe.heldUp();
  const clients = besideClients();
  const run = await admin.post<Run>(`/connections/${connection.id}/sync`, {});
  const ended = await follow(admin, server.pid, run.id);
  say(JSON.stringify({ counts: ended.counts, error: ended.error }));
  await clients;
  const again = await admin.post<Run>(`/connections/${connection.id}/sync`, {});
  await follow(admin, server.pid, again.id);
} finally {
  await server.stop();
  await emulator.stop();
  await database.stop();
  await rm(dataDir, { recursive: true, force: true });
}
