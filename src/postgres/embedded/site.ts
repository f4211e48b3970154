import { rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { locateBinaries } from './binaries.ts';
import { ensureCluster, OWNER } from './cluster.ts';
import {
  type DataDirectory,
  readOrCreatePassword,
  readRememberedPort,
  rememberPort,
} from './data-directory.ts';
import { EmbeddedServerError } from './embedded-server-error.ts';
import { clearLeftovers, type Postmaster, startPostmaster } from './postmaster.ts';
import { chooseRunAs, type RunAs } from './run-as.ts';
import { readStartFailure } from './start-failure.ts';

const PORT_ATTEMPTS = 20;
const PREDECESSOR_PATIENCE_MS = 15_000;
const RETRY_MS = 250;
const LOG_ROTATION_BYTES = 5 * 1024 * 1024;

export type SiteLog = {
  info(message: string): void;
  warn(message: string): void;
};

/** A data directory with a complete cluster, and what it takes to start PostgreSQL on it. */
export type Site = {
  readonly directory: DataDirectory;
  readonly runAs: RunAs;
  readonly password: string;
  /** A throw-away cluster for tests: fast, not durable, and not stopped with this process. */
  readonly disposable: boolean;
  readonly log: SiteLog;
};

export async function prepareSite(
  directory: DataDirectory,
  { disposable, log }: Pick<Site, 'disposable' | 'log'>,
): Promise<Site> {
  const runAs = await chooseRunAs(directory.path, directory.cluster, await locateBinaries());
  const password = await readOrCreatePassword(directory);
  await ensureCluster({ clusterDir: directory.cluster, runAs, password, disposable });
  return { directory, runAs, password, disposable, log };
}

/** Starts the server process on the wanted port, else on the remembered one, else on any free one. */
export async function bringUp(
  { directory, runAs, disposable, log }: Site,
  wantedPort?: number,
): Promise<Postmaster> {
  const { cluster: clusterDir, logFile } = directory;
  const cleared = await clearLeftovers(clusterDir);
  if (cleared !== undefined) log.warn(cleared);
  await rotateLog(logFile);
  const givingUpAt = Date.now() + PREDECESSOR_PATIENCE_MS;
  let port = wantedPort ?? (await readRememberedPort(directory)) ?? (await findFreePort());
  for (let attempt = 1; ; attempt++) {
    const outcome = await startPostmaster({ runAs, clusterDir, port, logFile, disposable });
    if (outcome.kind === 'ready') {
      await rememberPort(directory, port);
      return outcome.postmaster;
    }
    const failure = readStartFailure(outcome.log, directory.path, logFile);
    if (failure.kind === 'fatal') throw failure.error;
    if (failure.kind === 'predecessor-ending' ? Date.now() > givingUpAt : attempt >= PORT_ATTEMPTS) {
      throw new EmbeddedServerError(exhausted(failure.kind, port, directory));
    }
    if (failure.kind === 'port-taken' && wantedPort === undefined) port = await findFreePort();
    else await sleep(RETRY_MS);
  }
}

/** Connection URL of the owner. Holds the password. */
export function ownerUrl({ password }: Site, port: number, database: string): string {
  return `postgres://${OWNER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

function exhausted(
  kind: 'port-taken' | 'predecessor-ending',
  port: number,
  directory: DataDirectory,
): string {
  return kind === 'port-taken'
    ? `The embedded database found no free port on 127.0.0.1, the last one tried was ${port}: stop the program that uses it, then start again`
    : `Processes of an earlier database still use ${directory.cluster}: end them (they are named postgres), then start again`;
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}

async function rotateLog(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_ROTATION_BYTES) await rename(logFile, `${logFile}.1`);
}
