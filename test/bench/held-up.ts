import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Probe {
  /** Makes a server process that is started with it answer the probe. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds of work for which its event loop did not turn at most, since the last call. */
  readonly heldUp: () => Promise<number>;
}

const preload = fileURLToPath(new URL('./event-loop-probe.ts', import.meta.url));

export function makeProbe(): Probe {
  const path = join(tmpdir(), `rollcall-probe-${crypto.randomUUID()}`);
  return {
    env: { EVENT_LOOP_PROBE: path, NODE_OPTIONS: `--import=${preload}` },
    heldUp: () =>
      new Promise((resolve, reject) => {
        let text = '';
        connect(path)
          .setEncoding('utf8')
          .on('data', (chunk: string) => {
            text += chunk;
          })
          .on('end', () => resolve(Number(text)))
          .on('error', reject);
      }),
  };
}
