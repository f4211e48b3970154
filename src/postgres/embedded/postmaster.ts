import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { giveToOwnerOfParent } from './data-directory.ts';
import { systemErrorCode } from './embedded-server-error.ts';
import { isProcessAlive, processCommandLine } from './process-identity.ts';
import { commandFor, type RunAs } from './run-as.ts';

const POLL_MS = 20;
/** Fast shutdown first; then without the final checkpoint; then the hard way, which costs recovery but no data. */
const SHUTDOWN_STEPS = [
  { signal: 'SIGINT', patienceMs: 30_000 },
  { signal: 'SIGQUIT', patienceMs: 10_000 },
  { signal: 'SIGKILL', patienceMs: 10_000 },
] as const;

/** Set on every start and above postgresql.conf: what this project relies on. */
const FIXED_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_line_prefix: '%m [%p] ',
  log_checkpoints: 'off',
  lc_messages: 'C',
  // Operations lock in one order, so a deadlock is rare; who meets one is run again and must not wait a second for it.
  deadlock_timeout: '100ms',
  // Failed statements are reported to the caller, who logs them without personal data. Their text, their details
  // ("Key (email)=(…) already exists") and their number stay out of this log.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

const DURABLE_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
};

const DISPOSABLE_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

export type PostmasterOptions = {
  readonly runAs: RunAs;
  readonly clusterDir: string;
  readonly port: number;
  readonly logFile: string;
  /** A throw-away cluster that outlives this process; somebody else stops it. */
  readonly disposable?: boolean;
};

export type Postmaster = {
  readonly pid: number;
  readonly port: number;
  /** Resolves with a description when the process has ended, for whatever reason. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
};

export type StartOutcome =
  | { readonly kind: 'ready'; readonly postmaster: Postmaster }
  | { readonly kind: 'failed'; readonly log: string };

/** Starts the server process and waits until it accepts connections, however long its crash recovery takes. */
export async function startPostmaster(options: PostmasterOptions): Promise<StartOutcome> {
  const logStart = await sizeOf(options.logFile);
  const child = await spawnPostmaster(options);
  const exited = waitForExit(child);
  let end: string | undefined;
  void exited.then((description) => {
    end = description;
  });
  while (end === undefined && !(await isReady(options.clusterDir, child.pid))) await sleep(POLL_MS);
  if (end !== undefined || child.pid === undefined) {
    const log = await readFrom(options.logFile, logStart);
    return { kind: 'failed', log: log.trim() === '' ? (end ?? 'no process') : log };
  }
  const { pid } = child;
  const stop = async () => {
    if (end === undefined) await shutDown(pid);
    await exited;
  };
  return { kind: 'ready', postmaster: { pid, port: options.port, exited, stop } };
}

async function spawnPostmaster(options: PostmasterOptions): Promise<ChildProcess> {
  const { runAs, clusterDir, port, logFile, disposable = false } = options;
  const settings = {
    ...FIXED_SETTINGS,
    ...(disposable ? DISPOSABLE_SETTINGS : DURABLE_SETTINGS),
    port: String(port),
  };
  const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const {
    command,
    args,
    options: identity,
  } = commandFor(runAs, runAs.binaries.postgres, ['-D', clusterDir, ...words]);
  // A file and not a pipe: the database can go on writing when this process is gone.
  const log = await open(logFile, 'a', 0o600);
  try {
    await giveToOwnerOfParent(logFile);
    // Detached: Ctrl-C reaches the whole process group of the terminal, and the database has to outlive our drain.
    const child = spawn(command, args, { ...identity, detached: true, stdio: ['ignore', log.fd, log.fd] });
    if (disposable) child.unref();
    else stopWithThisProcess(child);
    return child;
  } finally {
    await log.close();
  }
}

/** When this process exits without having stopped the database, the database shuts down instead of staying behind. */
function stopWithThisProcess(child: ChildProcess): void {
  const onExit = () => child.kill('SIGINT');
  process.once('exit', onExit);
  child.once('exit', () => process.off('exit', onExit));
}

function waitForExit(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}

/** The pid file: pid, data directory, start time, port, socket directory, address, shared memory, status. */
async function readPidFile(clusterDir: string): Promise<{ pid: number; status: string } | undefined> {
  const text = await readFile(join(clusterDir, 'postmaster.pid'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  return { pid: Number(lines[0]), status: lines[7]?.trim() ?? '' };
}

async function isReady(clusterDir: string, pid: number | undefined): Promise<boolean> {
  const found = await readPidFile(clusterDir);
  return found !== undefined && found.pid === pid && found.status === 'ready';
}

/**
 * Clears away what an earlier server left behind: stops a database process that still runs on this cluster, removes a
 * pid file that names no database process. Only for the holder of the owner lock. Returns what it did, for the log.
 */
export async function clearLeftovers(clusterDir: string): Promise<string | undefined> {
  const found = await readPidFile(clusterDir);
  if (found === undefined) return undefined;
  const commandLine = isProcessAlive(found.pid) ? processCommandLine(found.pid) : undefined;
  if (commandLine === undefined || !isPostgres(commandLine)) {
    // PostgreSQL would take any process of its user for its own predecessor: pids are reused, most of all in containers.
    await rm(join(clusterDir, 'postmaster.pid'), { force: true });
    return 'The embedded database was not shut down properly and recovers now';
  }
  // Another cluster's process got this number: PostgreSQL itself knows how to tell.
  if (!commandLine.includes(` -D ${clusterDir} `)) return undefined;
  await shutDown(found.pid);
  return `Stopped the database process ${found.pid} that an earlier server had left behind`;
}

function isPostgres(commandLine: string): boolean {
  return basename(commandLine.split(' ')[0] ?? '').startsWith('postgres');
}

async function shutDown(pid: number): Promise<void> {
  for (const { signal, patienceMs } of SHUTDOWN_STEPS) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (systemErrorCode(error) === 'ESRCH') return; // it has ended in the meantime
      throw error;
    }
    const deadline = Date.now() + patienceMs;
    while (isProcessAlive(pid) && Date.now() < deadline) await sleep(POLL_MS);
    if (!isProcessAlive(pid)) return;
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function readFrom(path: string, position: number): Promise<string> {
  return (await readFile(path)).subarray(position).toString();
}
