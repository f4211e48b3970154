import pg from 'pg';
import { OWNER, resetPassword } from './embedded/cluster.ts';
import { type DataDirectory, failedPath, openDataDirectory } from './embedded/data-directory.ts';
import { EmbeddedServerError, explainFileError, systemErrorCode } from './embedded/embedded-server-error.ts';
import { acquireOwnerLock } from './embedded/owner-lock.ts';
import type { Postmaster } from './embedded/postmaster.ts';
import { bringUp, ownerUrl, prepareSite, type Site, type SiteLog } from './embedded/site.ts';
import { explainLog } from './embedded/start-failure.ts';

const MAX_RESTARTS = 5;
const RESTART_WINDOW_MS = 60_000;
const WRONG_PASSWORD = '28P01';

export type EmbeddedServerOptions = {
  readonly dataDir: string;
  readonly logger?: SiteLog;
  /** The database has ended on its own and could not be brought back. Until then the server restarts it itself. */
  readonly onUnexpectedExit?: (error: Error) => void;
};

export type EmbeddedServer = {
  /** Connection URL of the owner, a superuser, for the database `rollcall`. Holds the password: never log it. */
  readonly url: string;
  readonly port: number;
  /** Shuts the database down and gives the data directory free. May be called more than once. */
  stop(): Promise<void>;
};

/**
 * Starts PostgreSQL on the data directory, creating what is missing and recovering from whatever crash came before.
 * Throws an `EmbeddedServerError` whose message is one line that says what to do.
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const log = options.logger ?? { info: () => undefined, warn: () => undefined };
  const directory = await openDataDirectory(options.dataDir);
  const lock = await acquireOwnerLock(directory.lockFile, directory.path).catch((error: unknown) => {
    throw explain(error, directory);
  });
  try {
    const site = await prepareSite(directory, { disposable: false, log });
    const first = await startWithDatabase(site);
    return supervise(site, first, {
      release: () => lock.release(),
      onUnexpectedExit: options.onUnexpectedExit,
    });
  } catch (error) {
    await lock.release();
    throw explain(error, directory);
  }
}

function explain(error: unknown, directory: DataDirectory): unknown {
  if (error instanceof EmbeddedServerError) return error;
  if (error instanceof pg.DatabaseError) {
    return explainLog(`ERROR: ${error.message}`, directory.path, directory.logFile);
  }
  return systemErrorCode(error) === undefined
    ? error
    : explainFileError(error, failedPath(error) ?? directory.path);
}

async function startWithDatabase(site: Site): Promise<Postmaster> {
  try {
    return await startAndEnsureDatabase(site);
  } catch (error) {
    if (!isWrongPassword(error)) throw error;
  }
  // The password file was lost or replaced. Who may write the data directory may have the database, too.
  await resetPassword({ ...site, clusterDir: site.directory.cluster });
  site.log.warn('The password of the embedded database was set anew, because its file had changed');
  return startAndEnsureDatabase(site);
}

async function startAndEnsureDatabase(site: Site): Promise<Postmaster> {
  const postmaster = await bringUp(site);
  try {
    await ensureDatabase(site, postmaster.port);
    return postmaster;
  } catch (error) {
    await postmaster.stop();
    throw error;
  }
}

async function ensureDatabase(site: Site, port: number): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl(site, port, 'postgres') });
  client.on('error', () => undefined); // a lost connection also fails the statement that needed it
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_catalog.pg_database where datname = $1', [
      OWNER,
    ]);
    if (rowCount === 0) await client.query(`create database ${OWNER}`);
  } finally {
    await client.end();
  }
}

function isWrongPassword(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === WRONG_PASSWORD;
}

type Supervision = {
  release(): Promise<void>;
  readonly onUnexpectedExit: ((error: Error) => void) | undefined;
};

/** Keeps the database running until it is stopped: after an unexpected end it is started again on the same port. */
function supervise(
  site: Site,
  first: Postmaster,
  { release, onUnexpectedExit }: Supervision,
): EmbeddedServer {
  let current = first;
  let stopping: Promise<void> | undefined;
  const watching = watch();

  async function watch(): Promise<void> {
    const restarts: number[] = [];
    for (;;) {
      const end = await current.exited;
      if (stopping !== undefined) return;
      site.log.warn(`The embedded database ended unexpectedly (${end}); starting it again`);
      restarts.push(Date.now());
      try {
        refuseEndlessRestarts(restarts, end, site.directory);
        current = await bringUp(site, first.port);
      } catch (error) {
        if (stopping === undefined) onUnexpectedExit?.(toError(explain(error, site.directory)));
        return;
      }
      site.log.info('The embedded database is running again');
      if (stopping !== undefined) await current.stop();
    }
  }

  async function stopAll(): Promise<void> {
    await current.stop();
    await watching;
    await release();
  }

  return {
    url: ownerUrl(site, first.port, OWNER),
    port: first.port,
    stop: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

function refuseEndlessRestarts(restarts: readonly number[], end: string, directory: DataDirectory): void {
  const windowStart = Date.now() - RESTART_WINDOW_MS;
  if (restarts.filter((at) => at > windowStart).length <= MAX_RESTARTS) return;
  throw new EmbeddedServerError(
    `The embedded database keeps ending (${end}): see ${directory.logFile} for the reason`,
  );
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
