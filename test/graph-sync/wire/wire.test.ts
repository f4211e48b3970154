import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeLogger } from '../../../src/observability/logger.ts';
import { assertSucceeded, startSyncWorld, until } from '../sync-world.ts';

/** A request of Graph, the answer it gets, and what follows. */
interface NotificationCase {
  readonly id: string;
  readonly when: string;
  readonly given?: readonly 'the owner cannot be found'[];
  readonly request: {
    readonly path: string;
    readonly query?: string;
    readonly contentType?: string;
    readonly body: unknown;
  };
  readonly expect: {
    readonly status: number;
    readonly contentType?: string;
    readonly text?: string;
    /** Of the directory, once everything has settled. */
    readonly reads?: number;
    readonly renewals?: number;
    readonly logged?: string;
  };
}

// The file is a part of this test.
const cases: readonly NotificationCase[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'notifications.json'), 'utf8'),
);
/** Longer than it takes from a notification to the read. */
const settleMs = 1_500;

describe('notifications on the wire', () => {
  let world: Awaited<ReturnType<typeof startSyncWorld>>;
  let places: Readonly<Record<string, string>>;
  const lines: string[] = [];

  before(async () => {
    const logger = makeLogger('warn', { write: (line: string) => void lines.push(line) });
    world = await startSyncWorld({ app: { logger }, seed: { users: 5, groups: 1 } });
    await world.addRule(String(world.groupIds[0]));
    assertSucceeded(await world.sync());
    const subscription = world.emulator.subscriptions().find(({ resource }) => resource === 'users');
    places = {
      connection: world.connectionId,
      tenant: world.tenant.id,
      subscription: String(subscription?.id),
      clientState: String(subscription?.clientState),
    };
  });
  after(() => world.stop());
  beforeEach(() => {
    lines.length = 0;
    world.emulator.clearRequests();
  });

  const filled = (text: string): string => text.replace(/\{(\w+)\}/g, (all, name) => places[name] ?? all);

  const send = ({ path, query, contentType = 'application/json', body }: NotificationCase['request']) =>
    fetch(`${world.app.baseUrl}${filled(path)}${query === undefined ? '' : `?${query}`}`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body: typeof body === 'string' ? body : filled(JSON.stringify(body)),
    });

  for (const { id, when, given = [], request, expect } of cases) {
    it(`${id}: ${when}`, async () => {
      const isLost = given.includes('the owner cannot be found');
      if (isLost) await world.sql('alter function find_graph_subscriptions(uuid) rename to is_lost');
      const answer = await send(request);
      if (isLost) await world.sql('alter function is_lost(uuid) rename to find_graph_subscriptions');
      assert.equal(answer.status, expect.status);
      if (expect.contentType) {
        assert.ok(answer.headers.get('content-type')?.startsWith(expect.contentType));
      }
      if (expect.text !== undefined) assert.equal(await answer.text(), expect.text);
      if (expect.logged) assert.ok(lines.some((line) => line.includes(String(expect.logged))));
      assert.ok(!lines.join('').includes(String(places['clientState'])), 'the client state is not logged');
      if (expect.reads === undefined) return;
      await sleep(settleMs);
      await until('nothing is being read', async () => {
        const [row] = await world.sql('select claim_id, next_at > now() as waits from graph_syncs');
        return row.claim_id === null && row.waits;
      });
      const asked = world.emulator.requests({ service: 'graph' });
      assert.equal(asked.filter(({ path }) => path === '/v1.0/users/delta').length, expect.reads, 'reads');
      const renewals = asked.filter(
        ({ path, method }) => method === 'PATCH' && path.startsWith('/v1.0/subscriptions/'),
      );
      if (expect.renewals !== undefined) assert.equal(renewals.length, expect.renewals, 'renewals');
    });
  }
});
