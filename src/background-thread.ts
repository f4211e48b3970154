import { constants, platform, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isMainThread, type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';
import { composeBackground, type StartBackground } from './compose-background.ts';
import type { ServerParts } from './compose-core.ts';
import { makeWaitingClients } from './http/waiting-clients.ts';
import type { QueueName } from './jobs/queues.ts';
import type { JobOutcome } from './jobs/run-job.ts';
import { makeLogger } from './observability/logger.ts';

/** What the thread is given: everything that a thread can be given of the parts of a server. */
type ThreadData = Omit<ServerParts, 'logger' | 'onStatement'> & { readonly clients: SharedArrayBuffer };

type Order =
  | { readonly kind: 'kick'; readonly only: QueueName | undefined }
  | { readonly kind: 'stop'; readonly graceMs: number };

type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'job'; readonly name: string; readonly outcome: JobOutcome; readonly seconds: number };

/**
 * Jobs decide thousands of people at a time, and the garbage that they leave stops a thread for tens of milliseconds. In a thread
 * of their own they keep no client waiting. Settles when the thread takes jobs; rejects when it could not start. What fails later
 * and was not foreseen is told to `onFailure`: the thread has ended, also when it was being stopped.
 */
export function makeStartBackgroundThread(onFailure: (error: unknown) => void): StartBackground {
  return async (parts, { clients, onJob }) => {
    const { config, databaseUrl, publicUrl, encryptionKey } = parts;
    const data: ThreadData = { config, databaseUrl, publicUrl, encryptionKey, clients: clients.shared };
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: data });
    let isStopping = false;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const end = new Error('The thread for work in the background has ended');
    // An error comes before the end, and says why.
    const lost = new Promise<unknown>((resolve) => {
      worker.once('error', resolve);
      void ended.then(() => resolve(end));
    });
    const ready = new Promise<void>((resolve) => {
      worker.on('message', (report: Report) => {
        if (report.kind === 'ready') resolve();
        else onJob(report.name, report.outcome, report.seconds);
      });
    });
    await Promise.race([
      ready,
      lost.then((error) => {
        throw error;
      }),
    ]);
    void lost.then((error) => {
      if (!isStopping || error !== end) onFailure(error);
    });
    const order = (message: Order): void => worker.postMessage(message);
    return {
      kick: (only) => order({ kind: 'kick', only }),
      stop: async (graceMs) => {
        isStopping = true;
        order({ kind: 'stop', graceMs });
        await ended;
      },
    };
  };
}

/**
 * The thread that answers clients goes first where there are not enough processors for both. Linux keeps a priority for each thread;
 * elsewhere it would be that of the whole server.
 */
function letOthersGoFirst(): void {
  if (platform() === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
}

async function run(port: MessagePort, { clients, ...parts }: ThreadData): Promise<void> {
  letOthersGoFirst();
  const report = (message: Report): void => port.postMessage(message);
  const background = composeBackground(
    { ...parts, logger: makeLogger(parts.config.logLevel) },
    {
      clients: makeWaitingClients({ shared: clients }),
      onJob: (name, outcome, seconds) => report({ kind: 'job', name, outcome, seconds }),
    },
  );
  const started = background.start();
  const stop = async (graceMs: number): Promise<void> => {
    await started.catch(() => undefined);
    await background.stop(graceMs);
  };
  port.on('message', (message: Order) => {
    if (message.kind === 'kick') background.kick(message.only);
    // A failure ends the thread by itself, and is told.
    else void stop(message.graceMs).then(() => process.exit());
  });
  await started;
  report({ kind: 'ready' });
}

if (!isMainThread && parentPort !== null) await run(parentPort, workerData);
