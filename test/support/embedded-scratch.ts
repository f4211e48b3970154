import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { isProcessAlive, processCommandLine } from '../../src/postgres/embedded/process-identity.ts';
import {
  type EmbeddedServer,
  type EmbeddedServerOptions,
  startEmbeddedServer,
} from '../../src/postgres/embedded-server.ts';

const cleanups = new WeakMap<TestContext, (() => unknown)[]>();

/** Cleans up when the test has ended, last thing first; the runner's own hooks run in the order they were added. */
export function cleanUpLater(t: TestContext, cleanup: () => unknown): void {
  const known = cleanups.get(t);
  if (known !== undefined) {
    known.push(cleanup);
    return;
  }
  const stack = [cleanup];
  cleanups.set(t, stack);
  t.after(async () => {
    for (const next of stack.toReversed()) await next();
  });
}

/** A directory of the test's own. When the test ends it is gone, and so is a database process that still runs on it. */
export async function scratchDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-embedded-'));
  await chmod(directory, 0o755); // started by root, the database runs as another user
  cleanUpLater(t, async () => {
    const pid = await databasePid(directory);
    if (pid !== undefined && processCommandLine(pid)?.includes(directory)) await killAndWait(pid);
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  return directory;
}

/** Starts the embedded database in this process and stops it when the test ends. */
export async function startHere(
  t: TestContext,
  dataDir: string,
  options: Omit<EmbeddedServerOptions, 'dataDir'> = {},
): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ dataDir, ...options });
  cleanUpLater(t, () => server.stop());
  return server;
}

export type ServerProcess = {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The payload of the next line it writes with this event. */
  hear(event: string): Promise<string>;
};

/** Spawns a server process without waiting for it. It leads a process group of its own, like a job of a terminal. */
export function spawnServerProcess(t: TestContext, dataDir: string): ServerProcess {
  const script = join(import.meta.dirname, 'embedded-server-process.ts');
  const child = spawn(process.execPath, [script, dataDir], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (child.pid === undefined) throw new Error('the server process could not be started');
  cleanUpLater(t, async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const hear = async (event: string) => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`the server process ended before it said ${event}`);
    const said: unknown = JSON.parse(line.value);
    if (typeof said !== 'object' || said === null || !('event' in said) || said.event !== event) {
      throw new Error(`expected ${event}, heard ${line.value}`);
    }
    return 'url' in said && typeof said.url === 'string' ? said.url : '';
  };
  return { child, pid: child.pid, hear };
}

/** The postmaster that the cluster's pid file names. */
export async function databasePid(dataDir: string): Promise<number | undefined> {
  const pidFile = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(pidFile.split('\n')[0]);
  return pid > 0 ? pid : undefined;
}

export async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await until(() => !isProcessAlive(pid));
}

export async function endOf({ child }: ServerProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ?? child.exitCode;
}

/** Waits for something that has no event; gives up after half a minute. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 20) {
    if (await condition()) return;
    await sleep(20);
  }
  throw new Error('waited in vain');
}

export async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // a lost connection also fails the statement that needed it
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return rows;
  } finally {
    await client.end();
  }
}
