import type { ConnectionContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';

/** Writes what several requests of one connection ask for in one transaction; a result for each, in their order. */
export type WriteAll<Item, Result> = (
  context: ConnectionContext,
  items: readonly Item[],
) => Promise<readonly Result[]>;

/** A transaction that takes longer is waiting for somebody, and what waits behind it must not wait as well. */
const patienceMs = 20;
const transactionsAtMost = 4;
/** Bodies are held until they are written, and the largest take a megabyte. */
const itemsAtMost = 20;

interface Waiting<Item, Result> {
  readonly context: ConnectionContext;
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

interface Queue<Item, Result> {
  readonly waiting: Waiting<Item, Result>[];
  running: number;
  /** When the latest transaction began. */
  begun: number;
  patience: NodeJS.Timeout | null;
}

/**
 * Requests of a connection that come while others are being written wait for these and are then written together: a
 * transaction of ten costs the database and this process little more than that of a single request. Nobody waits where
 * nothing is under way. What cannot be written together is tried one by one, so that a fault is told only to whom it
 * belongs.
 */
export function makeWriteTogether<Item, Result>(
  writeAll: WriteAll<Item, Result>,
): (context: ConnectionContext, item: Item) => Promise<Result> {
  const queues = new Map<string, Queue<Item, Result>>();

  async function settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    try {
      const items = batch.map(({ item }) => item);
      const results = await writeAll(first.context, items);
      for (const [index, result] of results.entries()) batch[index]?.resolve(result);
    } catch (error) {
      const isForAll = error instanceof OperationError && error.kind === 'unavailable';
      if (batch.length === 1 || isForAll) for (const { reject } of batch) reject(error);
      else await Promise.all(batch.map((one) => settle([one])));
    }
  }

  async function work(connectionId: string, queue: Queue<Item, Result>): Promise<void> {
    queue.running += 1;
    let isLate = false;
    while (queue.waiting.length > 0 && !(isLate && queue.running > 1)) {
      const begun = performance.now();
      queue.begun = begun;
      await settle(queue.waiting.splice(0, itemsAtMost));
      isLate = performance.now() - begun > patienceMs;
    }
    queue.running -= 1;
    if (queue.running === 0) queues.delete(connectionId);
  }

  function losePatience(connectionId: string, queue: Queue<Item, Result>): void {
    queue.patience = null;
    if (queue.waiting.length === 0) return;
    const isStuck = performance.now() - queue.begun >= patienceMs;
    if (isStuck && queue.running < transactionsAtMost) void work(connectionId, queue);
    if (queue.waiting.length > 0) bePatient(connectionId, queue);
  }

  function bePatient(connectionId: string, queue: Queue<Item, Result>): void {
    queue.patience ??= setTimeout(losePatience, patienceMs, connectionId, queue);
  }

  return (context, item) =>
    new Promise((resolve, reject) => {
      const { connectionId } = context;
      const queue = queues.get(connectionId) ?? { waiting: [], running: 0, begun: 0, patience: null };
      queues.set(connectionId, queue);
      queue.waiting.push({ context, item, resolve, reject });
      if (queue.running === 0) void work(connectionId, queue);
      else bePatient(connectionId, queue);
    });
}
