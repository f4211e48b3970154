import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedServer } from '../../src/postgres/embedded-server.ts';
import { type AdminClient, makeAdminClient } from '../demo/admin-client.ts';
import { startServerProcess } from '../support/server-process.ts';
import { makeProbe } from './held-up.ts';
import type { World } from './scenarios.ts';

export interface BenchServer {
  readonly pid: number;
  readonly port: number;
  readonly world: World;
  readonly admin: AdminClient;
  readonly heldUp: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** A connection with a token and nobody in it. */
export async function makeWorld(admin: AdminClient, databaseUrl: string): Promise<World> {
  const { id } = await admin.post<{ id: string }>('/connections', {
    name: 'Bench',
    kind: 'entra',
    tenant: crypto.randomUUID(),
  });
  const { token } = await admin.post<{ token: string }>(`/connections/${id}/scim-tokens`, { name: 'Bench' });
  return {
    base: `/scim/v2/${id}`,
    headers: { authorization: `Bearer ${token}` },
    databaseUrl,
    connectionId: id,
    userIds: [],
    userNames: [],
    groups: [],
  };
}

/** The server as it is started in production, on a database of its own that others may use too, with one connection. */
export async function startBenchServer(): Promise<BenchServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rollcall-bench-'));
  const adminKey = `bench_${randomBytes(24).toString('base64url')}`;
  const database = await startEmbeddedServer({ dataDir });
  const probe = makeProbe();
  const server = await startServerProcess({
    DATABASE_URL: database.url,
    PORT: '0',
    ADMIN_API_KEY: adminKey,
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
    RATE_LIMIT_PER_SECOND: '0',
    ...probe.env,
  });
  const admin = makeAdminClient(server.baseUrl, adminKey);
  const world = await makeWorld(admin, database.url);
  return {
    pid: server.pid,
    port: Number(new URL(server.baseUrl).port),
    admin,
    world,
    heldUp: probe.heldUp,
    stop: async () => {
      await server.stop();
      await database.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
