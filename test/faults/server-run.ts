import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanUpLater, until } from '../support/embedded-scratch.ts';

/** A suite that starts many servers one after the other may take this long on a machine that has much else to do. */
export const startsMs = 600_000;

export interface ServerRun {
  readonly child: ChildProcess;
  /** Everything printed so far, both streams. */
  readonly output: () => string;
  /** Base URL, once it says that it is ready. */
  readonly ready: () => Promise<string>;
  /** Exit code, or the signal that ended it. */
  readonly ended: () => Promise<number | string | null>;
}

const repository = fileURLToPath(new URL('../..', import.meta.url));
/** The one of `npm start`. */
const compileCache = join(repository, 'node_modules', '.cache', 'node');

/** The server as a process of its own, on a port of the system's choice; `npm` starts it as a newcomer does. */
export function runServer(
  t: TestContext,
  env: Readonly<Record<string, string>>,
  { through = 'node', script = 'src/main.ts' }: { through?: 'node' | 'npm'; script?: string } = {},
): ServerRun {
  const [command, args] = through === 'npm' ? ['npm', ['start']] : [process.execPath, [script]];
  const child = spawn(command, args, {
    cwd: repository,
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache, PORT: '0', LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const read = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  // Comes after the exit, when all output has been read.
  let isClosed = false;
  child.once('close', () => {
    isClosed = true;
  });
  cleanUpLater(t, async () => {
    if (isOver()) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const baseUrl = () => /Administration API\s+(\S+)\/api\/v1/.exec(output)?.[1];
  return {
    child,
    output: () => output,
    ready: async () => {
      await until(() => baseUrl() !== undefined || isClosed);
      const found = baseUrl();
      if (found === undefined) throw new Error(`The server ended before it was ready:\n${output}`);
      return found;
    },
    ended: async () => {
      if (!isClosed) await once(child, 'close');
      return child.exitCode ?? child.signalCode;
    },
  };
}
