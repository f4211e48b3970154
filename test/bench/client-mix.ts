import { row } from './figures.ts';
import { type LoadResult, load } from './load.ts';
import { userScenarios, type World } from './scenarios.ts';

/** What several provisioning clients send together at most (Entra: 25 requests a second each). */
const requestsPerSecond = 50;

/** Match, get and PATCH in turn, of users that were seeded. */
export async function clientMix(world: World, port: number, milliseconds: number): Promise<LoadResult> {
  const scenarios = userScenarios(world).filter(({ name }) => name !== 'create user');
  return load({
    port,
    headers: world.headers,
    connections: 8,
    milliseconds,
    perSecond: requestsPerSecond,
    next: (index) => {
      const scenario = scenarios[index % scenarios.length];
      if (scenario === undefined) throw new Error('There is nothing to ask for.');
      return scenario.ours(index);
    },
  });
}

export const latencyRow = (name: string, { p50, p99 }: LoadResult): string =>
  row(name, [p50.toFixed(1), p99.toFixed(1)]);

export const latencyHeading = row(`SCIM at ${requestsPerSecond} requests/s`, ['p50 ms', 'p99 ms']);
