import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { AdminClient } from '../demo/admin-client.ts';
import { startBenchServer } from './bench-server.ts';
import { clientMix, latencyHeading, latencyRow } from './client-mix.ts';
import { usageOf } from './process-usage.ts';
import { seedGroups, seedUsers } from './scenarios.ts';
import { switchProvisioningOn } from './switch-provisioning-on.ts';

/**
 * A change of the rule that `BENCH_MEMBERS` people are under: how long its preview takes, how long everybody has to wait for
 * it to be done, and what SCIM clients notice of it meanwhile.
 */
const members = Number(process.env['BENCH_MEMBERS'] ?? 10_000);

interface Preview {
  readonly digest: string;
  readonly counts: Readonly<Record<string, number>>;
}

const openGuard = {
  maxDeactivations: 1e6,
  maxDeactivationsPercent: 100,
  maxConversions: 1e6,
  windowMinutes: 1,
};

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const server = await startBenchServer();
const { port, pid, world, admin, heldUp } = server;
const database = new pg.Client({ connectionString: world.databaseUrl });

/** Nothing tells that the jobs of a rule change are done; the people do. */
async function until(sql: string): Promise<void> {
  for (;;) {
    const { rows } = await database.query(sql);
    if (Number(rows[0].n) >= members) return;
    await sleep(200);
  }
}

async function makeEmployees(client: AdminClient): Promise<{ ruleId: string; change: object }> {
  const { technician, externalUser } = await switchProvisioningOn(client);
  await client.patch('/settings', { guard: openGuard });
  const account = await client.post<{ id: string }>('/accounts', { name: 'Fabrikam' });
  const started = performance.now();
  const rule = await client.post<{ id: string }>('/mapping-rules', {
    connectionId: world.connectionId,
    groupId: 'b0b0b0b0-0000-4000-8000-000000000001',
    order: 1,
    userType: 'employee',
    securityRoleId: technician,
  });
  await until('select count(*) as n from employees where directory_user_id is not null');
  console.log(`${members} employees were made in ${seconds(started)}`);
  const portal = { userType: 'clientPortal', securityRoleId: externalUser, accountId: account.id };
  return { ruleId: rule.id, change: portal };
}

try {
  await database.connect();
  await seedUsers(world, members);
  await seedGroups(world, [members]);
  await database.query(`update directory_groups set object_id = 'b0b0b0b0-0000-4000-8000-000000000001'`);
  await database.query(`
    update directory_users set attributes = attributes - 'emails', is_provisioned = true`);
  const { ruleId, change } = await makeEmployees(admin);
  const changes = [{ op: 'update', id: ruleId, rule: change }];

  await admin.patch('/settings', { guard: { ...openGuard, maxConversions: 5 } });
  for (const [name, guard] of [
    ['preview, everybody held', { ...openGuard, maxConversions: 5 }],
    ['preview, everybody converted', openGuard],
  ] as const) {
    await admin.patch('/settings', { guard });
    await heldUp();
    const started = performance.now();
    const { cpuSeconds } = usageOf(pid);
    const { counts } = await admin.post<Preview>('/mapping-rules/preview', { changes });
    const done = `${seconds(started)} (CPU of the server ${(usageOf(pid).cpuSeconds - cpuSeconds).toFixed(1)} s)`;
    console.log(
      `${name}: ${done}, event loop held up ${(await heldUp()).toFixed(0)} ms; ${JSON.stringify(counts)}`,
    );
  }
  const { digest } = await admin.post<Preview>('/mapping-rules/preview', { changes });

  console.log(`\n${latencyHeading}`);
  console.log(latencyRow('idle', await clientMix(world, port, 5_000)));
  const started = performance.now();
  const applied = admin.post('/mapping-rules/apply', { changes, digest }).then(() => seconds(started));
  const converted = applied
    .then(() => until('select count(*) as n from contacts where directory_user_id is not null'))
    .then(() => seconds(started));
  console.log(latencyRow('while it is applied', await clientMix(world, port, 10_000)));
  console.log(`applied in ${await applied}, everybody converted after ${await converted}`);
  console.log(`server memory: peak ${usageOf(pid).peakRssMegabytes.toFixed(0)} MB`);
} finally {
  await database.end();
  await server.stop();
}
