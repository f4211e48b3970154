import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ServerProcess {
  readonly baseUrl: string;
  readonly pid: number;
  /** Everything it has printed so far, both streams. */
  readonly output: () => string;
  /** SIGTERM, then its exit code. */
  readonly stop: () => Promise<number | null>;
  readonly kill: () => Promise<void>;
  readonly exited: Promise<number | null>;
}

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** As in the start script of package.json. */
const flags = ['--max-semi-space-size=2', '--heap-growing-percent=100'];
const surroundings = { NODE_COMPILE_CACHE: 'node_modules/.cache/node', MALLOC_ARENA_MAX: '1' };

/** Starts the server as a process of its own, as `npm start` does, and waits until it says that it is ready. */
export async function startServerProcess(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...flags, main], {
    env: { ...process.env, ...surroundings, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });
  const ready = new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const base = /Administration API\s+(\S+)\/api\/v1/.exec(output)?.[1];
      if (base !== undefined) resolve(base);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    void exited.then((code) => reject(new Error(`The server ended with code ${code}:\n${output}`)));
  });
  const baseUrl = await ready;
  return {
    baseUrl,
    pid: child.pid ?? 0,
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      return await exited;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    exited,
  };
}
