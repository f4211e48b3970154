import { setTimeout as sleep } from 'node:timers/promises';
import type { Request, Response } from 'express';
import type { OrganizationContext } from '../operations/context.ts';
import type { SyncRunOperations } from '../operations/sync/sync-run-operations.ts';
import type { SyncRun } from '../operations/sync/sync-run-ports.ts';
import { contextOf, idOf } from './request-facts.ts';

const lookEveryMs = 500;
/** Proxies end connections on which nothing moves. */
const silentLooks = 30;

const isOpen = ({ state }: SyncRun): boolean => state === 'queued' || state === 'running';

/** The run as it changes, as server-sent events: `progress` while it is open, then one `ended`. */
export async function streamSyncRun(
  request: Request,
  response: Response,
  tools: {
    readonly syncRuns: Pick<SyncRunOperations, 'get'>;
    readonly represent: (run: SyncRun) => object;
  },
): Promise<void> {
  const context: OrganizationContext = contextOf(response);
  const id = idOf(request);
  let run = await tools.syncRuns.get(context, id);
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  let told = '';
  let silent = 0;
  while (!response.destroyed) {
    const data = JSON.stringify(tools.represent(run));
    if (data !== told) {
      response.write(`event: ${isOpen(run) ? 'progress' : 'ended'}\ndata: ${data}\n\n`);
      told = data;
      silent = 0;
    } else if (++silent % silentLooks === 0) {
      response.write(': still here\n\n');
    }
    if (!isOpen(run)) break;
    await sleep(lookEveryMs, undefined, { ref: false });
    run = await tools.syncRuns.get(context, id);
  }
  response.end();
}
