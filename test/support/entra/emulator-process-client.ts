import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { EmulatorUrls } from './redirecting-fetch.ts';
import type { EmulatorOptions } from './start-entra-emulator.ts';

export interface EmulatorProcess extends EmulatorUrls {
  readonly controlUrl: string;
  readonly certificate: string | null;
  readonly pid: number;
  /** One command of the control API. */
  readonly control: (command: string, input?: object) => Promise<Readonly<Record<string, unknown>>>;
  readonly stop: () => Promise<void>;
}

const main = fileURLToPath(new URL('./emulator-process.ts', import.meta.url));

/** The emulator beside the test, so that its time and memory are not those of what is measured. */
export async function startEmulatorProcess(
  options: Omit<EmulatorOptions, 'clock'> = {},
): Promise<EmulatorProcess> {
  const child = spawn(process.execPath, [main, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const failed = exited.then(([code]) => {
    throw new Error(`The emulator ended with code ${code}.`);
  });
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), failed]);
  failed.catch(() => undefined);
  const addresses: Omit<EmulatorProcess, 'pid' | 'control' | 'stop'> = JSON.parse(String(line));
  return {
    ...addresses,
    pid: child.pid ?? 0,
    control: async (command, input = {}) => {
      const response = await fetch(`${addresses.controlUrl}/${command}`, {
        method: 'POST',
        body: JSON.stringify(input),
      });
      const body: Readonly<Record<string, unknown>> = Object(await response.json());
      if (!response.ok) throw new Error(String(body['error']));
      return body;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
