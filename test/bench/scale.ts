import type { BenchServer } from './bench-server.ts';
import { row } from './figures.ts';
import { usageOf } from './process-usage.ts';
import { readScenarios, type ScaleScenario, writeScenarios } from './scale-scenarios.ts';
import { seedGroups, seedUsers } from './scenarios.ts';

/**
 * One large directory: every kind of request once or a few times, the best of them, with the longest time for which it
 * held up the event loop and the memory it left behind.
 */
export async function measureScale(server: BenchServer, size: number): Promise<void> {
  const { world } = server;
  await seedUsers(world, size);
  await seedGroups(world, [0, 1000, size]);
  console.log(
    `\n${row(`${size} users, a group of ${size}`, ['ms', 'CPU ms', 'held up ms', 'KB', 'memory MB'])}`,
  );
  for (const scenario of readScenarios(world)) await measure(server, scenario, 3);
  await walk(server);
  for (const scenario of writeScenarios(world)) await measure(server, scenario, 1);
  const { peakRssMegabytes } = usageOf(server.pid);
  console.log(`Server memory at its peak: ${peakRssMegabytes.toFixed(0)} MB`);
}

interface Answered {
  readonly milliseconds: number;
  readonly text: string;
}

async function ask({ port, world }: BenchServer, scenario: ScaleScenario): Promise<Answered> {
  const { method, path, body } = scenario;
  const start = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}${world.base}${path}`, {
    method,
    headers: { ...world.headers, 'content-type': 'application/scim+json' },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${scenario.name} was answered ${response.status}: ${text.slice(0, 400)}`);
  return { milliseconds: performance.now() - start, text };
}

async function measure(server: BenchServer, scenario: ScaleScenario, times: number): Promise<void> {
  await server.heldUp();
  const before = usageOf(server.pid).cpuSeconds;
  const answers: Answered[] = [];
  for (let time = 0; time < times; time += 1) answers.push(await ask(server, scenario));
  const held = await server.heldUp();
  const { cpuSeconds, rssMegabytes } = usageOf(server.pid);
  console.log(
    row(scenario.name, [
      Math.min(...answers.map(({ milliseconds }) => milliseconds)).toFixed(1),
      ((1000 * (cpuSeconds - before)) / times).toFixed(0),
      held.toFixed(0),
      ((answers[0]?.text.length ?? 0) / 1000).toFixed(1),
      rssMegabytes.toFixed(0),
    ]),
  );
}

/** All users, page by page behind a cursor, in pages of the largest size. */
async function walk(server: BenchServer): Promise<void> {
  await server.heldUp();
  const start = performance.now();
  const before = usageOf(server.pid).cpuSeconds;
  const pages: number[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = new URLSearchParams({ count: '1000', cursor });
    const { milliseconds, text } = await ask(server, {
      name: 'a page',
      method: 'GET',
      path: `/Users?${query}`,
    });
    pages.push(milliseconds);
    const page: { nextCursor?: string } = JSON.parse(text);
    cursor = page.nextCursor ?? null;
  }
  const { cpuSeconds, rssMegabytes } = usageOf(server.pid);
  console.log(
    row(`all users in ${pages.length} pages`, [
      (performance.now() - start).toFixed(0),
      (1000 * (cpuSeconds - before)).toFixed(0),
      (await server.heldUp()).toFixed(0),
      '',
      rssMegabytes.toFixed(0),
    ]),
  );
}
