import { join } from 'node:path';
import { makeStartBackgroundThread } from './background-thread.ts';
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
/** The step of the start that is under way. */
let step: Promise<unknown> = Promise.resolve();
let stopping: Promise<void> | null = null;

/** Beyond the grace: a database that shuts down writes what it holds in memory, and that can take a while. */
const stuckMs = 60_000;

/**
 * Drains the HTTP server, then the jobs, then the database; a second signal does not start it again. A step of the start
 * that is under way comes to its end first, so that what it has started is stopped too.
 */
function stop(graceMs: number): Promise<void> {
  stopping ??= (async () => {
    setTimeout(() => {
      say('The server could not be stopped in order and ends now; the next start recovers by itself.');
      process.exit(1);
    }, graceMs + stuckMs).unref();
    await step.catch(() => undefined);
    await running.server?.drain(graceMs);
    await running.application?.stop(graceMs);
    await running.embedded?.stop();
  })();
  return stopping;
}

/** Ends the process when everything has stopped. */
function end(graceMs: number, exitCode: 0 | 1): void {
  // A failure stays one, whatever else asks for the end.
  if (exitCode !== 0) process.exitCode = exitCode;
  stop(graceMs).then(
    () => process.exit(),
    (error: unknown) => {
      say(describeFailure(error));
      process.exit(1);
    },
  );
}

/** A signal during the start; no failure. */
class StartInterrupted extends Error {}

/** One step of the start. None follows once the server is being stopped. */
async function start<Result>(begin: () => Promise<Result>): Promise<Result> {
  if (stopping !== null) throw new StartInterrupted();
  const started = begin();
  step = started;
  return await started;
}

async function openDatabaseServer(config: Config, logger: Logger): Promise<string> {
  if (config.databaseUrl !== undefined) return config.databaseUrl;
  const embedded = await startEmbeddedServer({
    dataDir: config.dataDir,
    logger,
    onUnexpectedExit: (error) => {
      say(error.message);
      end(config.shutdownGraceMs, 1);
    },
  });
  running.embedded = embedded;
  return embedded.url;
}

async function serve(config: Config, logger: Logger): Promise<void> {
  const databaseUrl = await start(() => openDatabaseServer(config, logger));
  await start(() => migrateToLatest(databaseUrl));
  // The port may be chosen by the system, and URLs are handed out with it: listen first, answer when composed.
  let answer: Parameters<typeof listen>[0] = (_request, response) => {
    response.writeHead(503, { 'Retry-After': '1' }).end();
  };
  const publicUrl = await start(async () => {
    const options = { host: config.host, port: config.port, requestTimeoutMs: config.requestTimeoutMs };
    running.server = await listen((request, response) => answer(request, response), options);
    return publicUrlOf(config, running.server.port);
  });
  const encryptionKey = config.encryptionKey ?? embeddedKey(config);
  const startBackground = makeStartBackgroundThread((error) => endUnforeseen(config, logger, error));
  const application = compose({
    config,
    databaseUrl,
    publicUrl,
    encryptionKey,
    logger,
    startBackground,
  });
  running.application = application;
  const { generatedKey } = await start(() => application.start());
  // The key exists from now on and is never shown again: a signal at this moment must not hide it.
  greet(publicUrl, generatedKey);
  answer = application.listener;
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
      ? '  Admin key            the one of the first start; `npm run admin-key` makes another'
      : `  Admin key            ${generatedKey}   (shown this once; \`npm run admin-key\` makes another)`,
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

async function migrateOnly(config: Config, logger: Logger): Promise<void> {
  const databaseUrl = await start(() => openDatabaseServer(config, logger));
  await start(() => migrateToLatest(databaseUrl));
  process.stdout.write('The database is at the latest version.\n');
  await stop(0);
}

function endUnforeseen(config: Config, logger: Logger, error: unknown): void {
  logger.fatal({ err: error }, 'An unforeseen failure ends the server');
  end(config.shutdownGraceMs, 1);
}

function endWhenTold(config: Config, logger: Logger): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => end(config.shutdownGraceMs, 0));
  // What nobody foresaw leaves a state that nobody knows: running requests may finish, no other begins.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => endUnforeseen(config, logger, error));
  }
  // Whoever read the output may be gone; that is no reason to leave, too.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

async function main(): Promise<void> {
  const config = readConfig();
  const logger = makeLogger(config.logLevel);
  endWhenTold(config, logger);
  try {
    await (process.argv[2] === 'migrate' ? migrateOnly(config, logger) : serve(config, logger));
  } catch (error) {
    await stop(0);
    if (!(error instanceof StartInterrupted)) throw error;
  }
}

main().catch((error: unknown) => {
  say(describeFailure(error));
  process.exit(1);
});
