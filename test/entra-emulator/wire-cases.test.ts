import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type EntraEmulator, startEntraEmulator } from '../support/entra/start-entra-emulator.ts';
import { prepareWireScene, WIRE_SCENARIOS, type WireScene } from '../support/entra/wire-scenario.ts';
import { titleOf, type WireCase } from '../support/wire-case.ts';
import { runCheck } from '../support/wire-checks.ts';

const cases: readonly WireCase[] = JSON.parse(
  await readFile(new URL('graph-wire-cases.json', import.meta.url), 'utf8'),
);

/** Echoes validation tokens, as a subscriber does. */
const subscriber = createServer((request, response) => {
  const token = new URL(request.url ?? '/', 'http://psa.example').searchParams.get('validationToken');
  response.writeHead(200, { 'content-type': 'text/plain' }).end(token ?? '');
});

function fill(text: string, { token, emulator }: WireScene): string {
  return text
    .replaceAll('{graphToken}', token)
    .replaceAll('{random64}', 'r'.repeat(64))
    .replaceAll(/\{now\+(\d+)m\}/g, (_all, minutes: string) =>
      new Date(emulator.clock.now() + Number(minutes) * 60_000).toISOString(),
    )
    .replaceAll('{orFilterOf51Ids}', Array.from({ length: 51 }, (_none, n) => `id eq 'g-${n}'`).join(' or '));
}

async function send({ request }: WireCase, scene: WireScene): Promise<Response> {
  const query = fill(request.query, scene);
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
    name,
    fill(value, scene),
  ]);
  return await scene.emulator.fetch(`https://graph.microsoft.com${request.path}${query ? `?${query}` : ''}`, {
    method: request.method,
    headers,
    redirect: 'manual',
    ...(request.body === null ? {} : { body: fill(JSON.stringify(request.body), scene) }),
  });
}

describe('recorded requests to Graph', () => {
  let emulator: EntraEmulator;

  before(async () => {
    await new Promise<void>((resolve) => subscriber.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    subscriber.closeAllConnections();
    subscriber.close();
  });

  it('are all there', () => assert.equal(cases.length, 27));

  for (const wireCase of cases) {
    it(titleOf(wireCase), async () => {
      emulator = await startEntraEmulator();
      try {
        const { port } = subscriber.address() as AddressInfo;
        emulator.setDelivery({ origins: { 'https://psa.example': `http://127.0.0.1:${port}` } });
        const scene = prepareWireScene(emulator);
        await WIRE_SCENARIOS[wireCase.id]?.(scene);
        assert.deepEqual(await failuresOf(wireCase, await send(wireCase, scene)), []);
      } finally {
        await emulator.stop();
      }
    });
  }

  async function failuresOf({ expect }: WireCase, response: Response): Promise<readonly string[]> {
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    const root: unknown = isJson ? JSON.parse(text) : text;
    const failures = expect.bodyChecks.map((check) => runCheck(check, { root }));
    if (!expect.status.includes(response.status)) failures.push(`status ${response.status}: ${text}`);
    for (const [name, conditions] of Object.entries(expect.headers)) {
      for (const [op, value] of Object.entries(conditions)) {
        failures.push(
          runCheck({ path: name, op, value }, { root: { [name]: response.headers.get(name) ?? undefined } }),
        );
      }
    }
    return failures.filter((failure) => failure !== null);
  }
});
