import type { Logger } from '../observability/logger.ts';
import type { DeliveryRelay } from '../operations/deliveries/relay-deliveries.ts';
import type { OrganizationDirectory } from '../operations/organizations/organization-operations.ts';

/** After a failure, such as a database that is away for a moment. */
const retryMs = 30_000;
/** How often every organization is looked at: for what a lost server has left, and for what has grown old. */
const roundMs = 10 * 60_000;

export interface RelayLoopParts extends DeliveryRelay {
  readonly logger: Logger;
  readonly listOrganizations: OrganizationDirectory['list'];
}

export interface RelayLoop {
  readonly start: () => void;
  /** Waits for the one that is under way. */
  readonly stop: () => Promise<void>;
  /** Looks at this organization soon. */
  readonly wake: (organizationId: string) => void;
}

/** One organization after the other: those that were woken, those whose time has come, and now and then all. */
export function makeRelayLoop({ logger, relay, forget, listOrganizations }: RelayLoopParts): RelayLoop {
  const waiting = new Set<string>();
  const timers = new Map<string, NodeJS.Timeout>();
  let isStopped = false;
  let running: Promise<void> | null = null;
  let rounds: NodeJS.Timeout | null = null;
  let round: Promise<void> = Promise.resolve();

  const comeBack = (organizationId: string, delayMs: number): void => {
    clearTimeout(timers.get(organizationId));
    const timer = setTimeout(() => wake(organizationId), Math.min(Math.max(delayMs, 0), roundMs));
    timers.set(organizationId, timer.unref());
  };
  const relayOne = async (organizationId: string): Promise<void> => {
    try {
      const next = await relay(organizationId);
      if (next !== null) comeBack(organizationId, Date.parse(next) - Date.now());
    } catch (error) {
      logger.warn({ err: error, organizationId }, 'Deliveries to webhooks have to wait');
      comeBack(organizationId, retryMs);
    }
  };
  const drain = async (): Promise<void> => {
    // A set hands out what is added while it is walked through.
    for (const organizationId of waiting) {
      waiting.delete(organizationId);
      clearTimeout(timers.get(organizationId));
      timers.delete(organizationId);
      if (!isStopped) await relayOne(organizationId);
    }
    running = null;
  };
  const wake = (organizationId: string): void => {
    if (isStopped) return;
    waiting.add(organizationId);
    running ??= Promise.resolve().then(drain);
  };
  const goRound = async (): Promise<void> => {
    try {
      for await (const organizationId of organizationIds(listOrganizations)) {
        if (isStopped) return;
        wake(organizationId);
        await forget(organizationId);
      }
    } catch (error) {
      logger.warn({ err: error }, 'Old deliveries to webhooks have to wait for the next round');
    }
  };

  return {
    start: () => {
      round = goRound();
      rounds = setInterval(() => {
        round = round.then(goRound);
      }, roundMs).unref();
    },
    stop: async () => {
      isStopped = true;
      if (rounds !== null) clearInterval(rounds);
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all([running, round]);
    },
    wake,
  };
}

async function* organizationIds(list: OrganizationDirectory['list']): AsyncGenerator<string> {
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof list>> = await list({ after, limit: 200 });
    yield* page.items.map(({ id }) => id);
    after = page.nextAfter;
  } while (after !== null);
}
