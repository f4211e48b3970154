import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type BenchServer, startBenchServer } from './bench-server.ts';
import { row } from './figures.ts';
import { type BenchRequest, type LoadResult, load } from './load.ts';
import { usageOf } from './process-usage.ts';
import { measureScale } from './scale.ts';
import { groupScenarios, seedGroups, seedUsers, userScenarios, type World } from './scenarios.ts';

/** Seconds per measurement; BENCH_SECONDS=1 for a quick look. */
const milliseconds = 1000 * Number(process.env['BENCH_SECONDS'] ?? 4);
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 3);
const connections = 8;
/** Users of the large directory and members of its largest group; BENCH_SCALE_USERS=0 leaves it out. */
const scaleUsers = Number(process.env['BENCH_SCALE_USERS'] ?? 100_000);

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

const figures = (it: Measured): string[] => [
  it.perSecond.toFixed(0),
  it.p50.toFixed(2),
  it.p99.toFixed(2),
  it.cpuMicroseconds.toFixed(0),
];

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

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
      'CPU ratio',
    ]),
  );
  for (const scenario of userScenarios(world)) {
    const ratios: number[] = [];
    const cpuRatios: number[] = [];
    let last: readonly [Measured, Measured] | null = null;
    for (let round = 0; round < rounds; round += 1) {
      const theirs = await measure(bare.pid, bare.port, {}, scenario.bare);
      const mine = await measure(ours.pid, ours.port, world.headers, scenario.ours);
      ratios.push(mine.perSecond / theirs.perSecond);
      cpuRatios.push(theirs.cpuMicroseconds / mine.cpuMicroseconds);
      last = [mine, theirs];
    }
    if (last === null) continue;
    const [mine, theirs] = last;
    console.log(
      row(scenario.name, [
        ...figures(mine),
        theirs.perSecond.toFixed(0),
        theirs.cpuMicroseconds.toFixed(0),
        percent(median(ratios)),
        percent(median(cpuRatios)),
      ]),
    );
  }
}

/** In each round, so short that a machine that slows down meanwhile spoils one of them. */
const slicesPerRound = 4;

interface Paced {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** For a moment at a share of what the server did right before. */
async function paced(
  server: { readonly port: number; readonly headers: Readonly<Record<string, string>> },
  next: (index: number) => BenchRequest,
  share: number,
): Promise<Paced> {
  const asked = { ...server, connections, next };
  const { perSecond } = await load({ ...asked, milliseconds: milliseconds / slicesPerRound / 2 });
  return load({ ...asked, milliseconds: milliseconds / slicesPerRound, perSecond: perSecond * share });
}

/**
 * The latency of a server that has some room left, which is how it runs, and that of the yardstick in turn: what the
 * machine itself does to the slowest of a hundred is in both. All figures are medians of their slices.
 */
async function atShareOfLoad(world: World, port: number, barePort: number, share: number): Promise<void> {
  const columns = ['requests/s', 'p50 ms', 'p99 ms', 'p99/p50', 'bare p50', 'bare p99', 'bare p99/50'];
  console.log(`\n${row(`at ${share * 100} % of that load`, columns)}`);
  for (const { name, ours, bare } of userScenarios(world)) {
    const mine: Paced[] = [];
    const theirs: Paced[] = [];
    for (let slice = 0; slice < rounds * slicesPerRound; slice += 1) {
      theirs.push(await paced({ port: barePort, headers: {} }, bare, share));
      mine.push(await paced({ port, headers: world.headers }, ours, share));
    }
    const cells = (slices: readonly Paced[]): readonly string[] => [
      median(slices.map(({ p50 }) => p50)).toFixed(2),
      median(slices.map(({ p99 }) => p99)).toFixed(2),
      median(slices.map(({ p50, p99 }) => p99 / p50)).toFixed(1),
    ];
    const perSecond = median(mine.map((slice) => slice.perSecond)).toFixed(0);
    console.log(row(name, [perSecond, ...cells(mine), ...cells(theirs)]));
  }
}

/** One request at a time, groups and pages; `get user` again, since a page is judged by what a single user costs. */
async function onTheirOwn({ pid, port, world }: BenchServer): Promise<void> {
  console.log(`\n${row('one at a time', ['requests/s', 'p50 ms', 'p99 ms', 'CPU µs'])}`);
  const get = userScenarios(world).filter(({ name }) => name === 'get user');
  for (const scenario of [...get, ...groupScenarios(world)]) {
    const result = await measure(pid, port, world.headers, scenario.ours, 1);
    console.log(row(scenario.name, figures(result)));
  }
}

async function bench(): Promise<void> {
  const server = await startBenchServer();
  const { pid, port, world } = server;
  let bareProcess: ChildProcess | null = null;
  try {
    console.log(
      `${connections} connections, ${milliseconds / 1000} s a measurement, ${rounds} rounds in turn; ratios are medians.\n`,
    );
    await seedUsers(world, 10_000);
    const bare = await startBare({
      BENCH_DATABASE_URL: world.databaseUrl,
      BENCH_ORGANIZATION: world.organizationId ?? '',
      BENCH_CONNECTION: world.connectionId,
    });
    bareProcess = bare.child;
    await compare(world, { pid, port }, { pid: bare.child.pid ?? 0, port: bare.port });
    await atShareOfLoad(world, port, bare.port, 0.8);
    bareProcess.kill();
    await seedGroups(world, [0, 1000, 10_000]);
    await onTheirOwn(server);
    const usage = usageOf(pid);
    console.log(
      `\nServer memory with 10,000 users: ${usage.rssMegabytes.toFixed(0)} MB, peak ${usage.peakRssMegabytes.toFixed(0)} MB`,
    );
  } finally {
    bareProcess?.kill();
    await server.stop();
  }
}

/** A server of its own, so that its memory is that of a large directory alone. */
async function benchScale(): Promise<void> {
  const server = await startBenchServer();
  try {
    await measureScale(server, scaleUsers);
  } finally {
    await server.stop();
  }
}

await bench();
if (scaleUsers > 0) await benchScale();
