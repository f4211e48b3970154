import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProcessAlive } from '../../src/postgres/embedded/process-identity.ts';

/** Names the directory of the run for the test files, which are processes of their own. */
const RUN_VARIABLE = 'ROLLCALL_TEST_RUN';
const POLL_MS = 50;
/** What the reaper hears when the run has ended in order. */
export const RUN_IS_OVER = 'over';

/** One directory for each run of the tests, shared by its processes. Nothing of it is left when the run is over. */
export type TestRun = {
  readonly directory: string;
  /** Every database of this run has a name that starts with this. */
  readonly databasePrefix: string;
};

let ownRun: Promise<TestRun> | undefined;
let ownReaper: ChildProcess | undefined;

/** Opens the run that all test files share. Only the runner's global setup calls this. */
export async function openSharedRun(): Promise<void> {
  process.env[RUN_VARIABLE] = (await currentRun()).directory;
}

/** Removes everything the run has left. What ends without calling this is cleaned up by the reaper alone. */
export async function closeOwnRun(): Promise<void> {
  const reaper = ownReaper;
  ownReaper = undefined; // the runner calls its teardown twice after Ctrl-C
  if (reaper === undefined) return;
  const reaped = once(reaper, 'exit');
  reaper.ref();
  reaper.stdin?.end(RUN_IS_OVER);
  await reaped;
}

/** The run this process belongs to: the shared one, or its own when a test file is started alone. */
export function currentRun(): Promise<TestRun> {
  const shared = process.env[RUN_VARIABLE];
  if (shared !== undefined) return Promise.resolve(describeRun(shared));
  ownRun ??= openRun();
  return ownRun;
}

async function openRun(): Promise<TestRun> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-test-'));
  await chmod(directory, 0o755); // started by root, the database runs as another user
  ownReaper = startReaper(directory);
  return describeRun(directory);
}

export function describeRun(directory: string): TestRun {
  return { directory, databasePrefix: basename(directory).toLowerCase().replaceAll('-', '_') };
}

/**
 * The reaper waits for the end of its input, which comes when this process ends in whatever way, and then cleans up. It
 * is detached, so that Ctrl-C does not reach it.
 */
function startReaper(directory: string): ChildProcess {
  const reaper = spawn(process.execPath, [join(import.meta.dirname, 'test-run-reaper.ts'), directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  reaper.unref();
  if (reaper.stdin instanceof Socket) reaper.stdin.unref();
  return reaper;
}

/** Runs `work` in one process of the run at a time. */
export async function inTurn<Result>({ directory }: TestRun, work: () => Promise<Result>): Promise<Result> {
  const lock = join(directory, 'turn.lock');
  while (!(await tryCreate(lock))) {
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (holder > 0 && !isProcessAlive(holder)) await rm(lock, { force: true });
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function tryCreate(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
