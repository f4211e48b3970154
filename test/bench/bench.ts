import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedServer } from '../../src/postgres/embedded-server.ts';
import { makeAdminClient } from '../demo/admin-client.ts';
import { startServerProcess } from '../support/server-process.ts';
import { type BenchRequest, type LoadResult, load } from './load.ts';
import { usageOf } from './process-usage.ts';
import { groupScenarios, seedGroups, seedUsers, userScenarios, type World } from './scenarios.ts';

/** Seconds per measurement; BENCH_SECONDS=1 for a quick look. */
const milliseconds = 1000 * Number(process.env['BENCH_SECONDS'] ?? 4);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const connections = 8;

interface Measured extends LoadResult {
  readonly cpuMicroseconds: number;
}

async function measure(
  pid: number,
  port: number,
  headers: Readonly<Record<string, string>>,
  next: (index: number) => BenchRequest,
  inFlight = connections,
): Promise<Measured> {
  const before = usageOf(pid).cpuSeconds;
  const result = await load({ port, headers, connections: inFlight, milliseconds, next });
  return { ...result, cpuMicroseconds: ((usageOf(pid).cpuSeconds - before) * 1e6) / result.requests };
}

async function startBare(
  env: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; port: number }> {
  const file = fileURLToPath(new URL('./bare-server.ts', import.meta.url));
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => resolve(Number(chunk.toString().split(' ')[1])));
    child.once('exit', (code) => reject(new Error(`The bare server ended with code ${code}.`)));
  });
  return { child, port };
}

const median = (values: readonly number[]): number =>
  [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;

const row = (name: string, cells: readonly string[]): string =>
  `${name.padEnd(30)}${cells.map((cell) => cell.padStart(12)).join('')}`;

const figures = (it: Measured): string[] => [
  it.perSecond.toFixed(0),
  it.p50.toFixed(2),
  it.p99.toFixed(2),
  it.cpuMicroseconds.toFixed(0),
];

/** Ours and the yardstick in turn, round by round, so that a machine that slows down slows both. */
async function compare(
  world: World,
  ours: { pid: number; port: number },
  bare: { pid: number; port: number },
): Promise<void> {
  console.log(
    row('against bare Express + pg', [
      'requests/s',
      'p50 ms',
      'p99 ms',
      'CPU µs',
      'bare req/s',
      'bare CPU µs',
      'ratio',
    ]),
  );
  for (const scenario of userScenarios(world)) {
    const ratios: number[] = [];
    let last: readonly [Measured, Measured] | null = null;
    for (let round = 0; round < rounds; round += 1) {
      const theirs = await measure(bare.pid, bare.port, {}, scenario.bare);
      const mine = await measure(ours.pid, ours.port, world.headers, scenario.ours);
      ratios.push(mine.perSecond / theirs.perSecond);
      last = [mine, theirs];
    }
    if (last === null) continue;
    const [mine, theirs] = last;
    const ratio = `${(median(ratios) * 100).toFixed(0)} %`;
    console.log(
      row(scenario.name, [
        ...figures(mine),
        theirs.perSecond.toFixed(0),
        theirs.cpuMicroseconds.toFixed(0),
        ratio,
      ]),
    );
  }
}

async function bench(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rollcall-bench-'));
  const adminKey = `bench_${randomBytes(24).toString('base64url')}`;
  // A production database as the server itself would start it, owned by this process so that both servers share it.
  const database = await startEmbeddedServer({ dataDir });
  const env = {
    DATABASE_URL: database.url,
    PORT: '0',
    ADMIN_API_KEY: adminKey,
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
  };
  const server = await startServerProcess(env);
  const admin = makeAdminClient(server.baseUrl, adminKey);
  const connection = await admin.post<{ id: string }>('/connections', {
    name: 'Bench',
    kind: 'entra',
    tenant: crypto.randomUUID(),
  });
  const { token } = await admin.post<{ token: string }>(`/connections/${connection.id}/scim-tokens`, {
    name: 'Bench',
  });
  const world: World = {
    base: `/scim/v2/${connection.id}`,
    headers: { authorization: `Bearer ${token}` },
    databaseUrl: database.url,
    connectionId: connection.id,
    userIds: [],
    userNames: [],
    bareIds: [],
    groups: [],
  };
  const ours = { pid: server.pid, port: Number(new URL(server.baseUrl).port) };
  let bareProcess: ChildProcess | null = null;
  try {
    console.log(
      `${connections} connections, ${milliseconds / 1000} s a measurement, ${rounds} rounds in turn; ratios are medians.\n`,
    );
    await seedUsers(world, 10_000);
    const bare = await startBare({
      BENCH_DATABASE_URL: database.url,
      BENCH_ORGANIZATION: world.organizationId ?? '',
      BENCH_CONNECTION: connection.id,
    });
    bareProcess = bare.child;
    await compare(world, ours, { pid: bare.child.pid ?? 0, port: bare.port });
    await seedGroups(world, [0, 1000, 10_000]);
    console.log(`\n${row('on their own', ['requests/s', 'p50 ms', 'p99 ms', 'CPU µs'])}`);
    for (const scenario of groupScenarios(world)) {
      const result = await measure(ours.pid, ours.port, world.headers, scenario.ours, scenario.connections);
      console.log(row(scenario.name, figures(result)));
    }
    const usage = usageOf(server.pid);
    console.log(
      `\nServer memory with 10,000 users: ${usage.rssMegabytes.toFixed(0)} MB, peak ${usage.peakRssMegabytes.toFixed(0)} MB`,
    );
  } finally {
    bareProcess?.kill();
    await server.stop();
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

await bench();
