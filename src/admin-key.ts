import { makeAdminKey } from './compose-core.ts';
import { readConfig } from './config.ts';
import { describeFailure } from './describe-failure.ts';
import { makeLogger } from './observability/logger.ts';
import { findRunningServer } from './postgres/embedded/running-server.ts';
import { startEmbeddedServer } from './postgres/embedded-server.ts';
import { migrateToLatest } from './postgres/migrate.ts';

/** Makes another owner key of the organization `Default`, beside a running server or without one. */
async function main(): Promise<void> {
  const config = readConfig();
  const logger = makeLogger(config.logLevel === 'info' ? 'warn' : config.logLevel);
  const running = config.databaseUrl ?? (await findRunningServer(config.dataDir));
  const embedded = running === null ? await startEmbeddedServer({ dataDir: config.dataDir, logger }) : null;
  try {
    const databaseUrl = running ?? embedded?.url ?? '';
    if (embedded) await migrateToLatest(databaseUrl);
    process.stdout.write(`${await makeAdminKey({ config, databaseUrl, logger })}\n`);
  } finally {
    await embedded?.stop();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exit(1);
});
