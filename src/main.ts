import { join } from 'node:path';
import { type Application, compose } from './compose.ts';
import { type Config, publicUrlOf, readConfig } from './config.ts';
import { describeFailure } from './describe-failure.ts';
import { readOrMakeKey } from './http/encryption.ts';
import { listen, type RunningServer } from './http/server.ts';
import { type Logger, makeLogger } from './observability/logger.ts';
import { type EmbeddedServer, startEmbeddedServer } from './postgres/embedded-server.ts';
import { migrateToLatest } from './postgres/migrate.ts';

/** Everything that runs, in the order in which it was started. */
interface Running {
  server: RunningServer | null;
  application: Application | null;
  embedded: EmbeddedServer | null;
}

const running: Running = { server: null, application: null, embedded: null };
let stopping: Promise<void> | null = null;

/** Drains the HTTP server, then the jobs, then the database; a second signal does not start it again. */
function stop(graceMs: number): Promise<void> {
  stopping ??= (async () => {
    await running.server?.drain(graceMs);
    await running.application?.stop(graceMs);
    await running.embedded?.stop();
  })();
  return stopping;
}

async function openDatabaseServer(config: Config, logger: Logger): Promise<string> {
  if (config.databaseUrl !== undefined) return config.databaseUrl;
  running.embedded = await startEmbeddedServer({
    dataDir: config.dataDir,
    logger,
    onUnexpectedExit: (error) => {
      process.exitCode = 1;
      say(error.message);
      void stop(config.shutdownGraceMs);
    },
  });
  return running.embedded.url;
}

async function serve(config: Config, logger: Logger): Promise<void> {
  const databaseUrl = await openDatabaseServer(config, logger);
  await migrateToLatest(databaseUrl);
  // The port may be chosen by the system, and URLs are handed out with it: listen first, answer when composed.
  let answer: Parameters<typeof listen>[0] = (_request, response) => {
    response.writeHead(503, { 'Retry-After': '1' }).end();
  };
  running.server = await listen((request, response) => answer(request, response), {
    host: config.host,
    port: config.port,
    requestTimeoutMs: config.requestTimeoutMs,
  });
  const publicUrl = publicUrlOf(config, running.server.port);
  const encryptionKey = config.encryptionKey ?? embeddedKey(config);
  const application = compose({ config, databaseUrl, publicUrl, encryptionKey, logger });
  running.application = application;
  const { generatedKey } = await application.start();
  answer = application.listener;
  greet(publicUrl, generatedKey);
}

/** Beside an embedded database the key lives in the data directory; another database may outlive this machine. */
const embeddedKey = (config: Config) =>
  config.databaseUrl === undefined ? readOrMakeKey(join(config.dataDir, 'secrets', 'encryption-key')) : null;

function greet(publicUrl: string, generatedKey: string | null): void {
  const lines = [
    '',
    'Rollcall is ready.',
    `  Administration API   ${publicUrl}/api/v1`,
    `  API reference        ${publicUrl}/docs`,
    `  SCIM base URL        ${publicUrl}/scim/v2/{connectionId}`,
    generatedKey === null
      ? '  Admin key            shown at the first start; `npm run admin-key` makes another'
      : `  Admin key            ${generatedKey}   (shown this once; \`npm run admin-key\` makes another)`,
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

async function main(): Promise<void> {
  const config = readConfig();
  const logger = makeLogger(config.logLevel);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      stop(config.shutdownGraceMs).then(
        () => process.exit(),
        (error: unknown) => {
          say(describeFailure(error));
          process.exit(1);
        },
      );
    });
  }
  try {
    await (process.argv[2] === 'migrate' ? migrateOnly(config, logger) : serve(config, logger));
  } catch (error) {
    await stop(0);
    throw error;
  }
}

async function migrateOnly(config: Config, logger: Logger): Promise<void> {
  await migrateToLatest(await openDatabaseServer(config, logger));
  process.stdout.write('The database is at the latest version.\n');
  await stop(0);
}

main().catch((error: unknown) => {
  say(describeFailure(error));
  process.exit(1);
});
