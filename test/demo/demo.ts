import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEntraEmulator } from '../support/entra/start-entra-emulator.ts';
import { startServerProcess } from '../support/server-process.ts';
import { makeAdminClient } from './admin-client.ts';
import { readTenant } from './azure-connect.ts';
import { configure } from './configure.ts';
import { push } from './push.ts';
import { report } from './report.ts';

/**
 * A scratch server, an MSP's configuration by REST, two invented directories pushed by a provisioning client in both of
 * Entra's dialects, a tenant that is read through Microsoft Graph, and a table of what became of everybody.
 */
async function demo(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rollcall-demo-'));
  const adminKey = `demo_${randomBytes(24).toString('base64url')}`;
  const env = { DATA_DIR: dataDir, PORT: '0', ADMIN_API_KEY: adminKey, LOG_LEVEL: 'warn' };
  console.log('Starting a server on a scratch database, and a stand-in for Microsoft …');
  const emulator = await startEntraEmulator();
  const server = await startServerProcess({
    ...env,
    ENTRA_LOGIN_URL_GLOBAL: emulator.loginUrl,
    GRAPH_URL_GLOBAL: emulator.graphUrl,
  });
  try {
    console.log(`It answers at ${server.baseUrl}.`);
    const admin = makeAdminClient(server.baseUrl, adminKey);
    const groupIds = {
      administrators: randomUUID(),
      engineers: randomUUID(),
      serviceDesk: randomUUID(),
      portalManagers: randomUUID(),
      portalUsers: randomUUID(),
      everyone: randomUUID(),
    };
    const setup = await configure(admin, groupIds);
    await push(setup, groupIds);
    await readTenant(admin, emulator, server.baseUrl);
    await report(admin);
  } finally {
    await server.stop();
    await emulator.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

await demo();
