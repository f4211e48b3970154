import type { OrganizationContext } from '../context.ts';
import type { Clock, Stores, UnitOfWork } from '../ports.ts';

const claimLimit = 500;
/** Far longer than the jobs of one claim should take: what is still pending then was lost with a server. */
const claimMs = 30 * 60_000;
/** Events can be replayed, and deliveries looked at, for so long. */
const retentionMs = 30 * 86_400_000;
const forgetLimit = 5_000;

export interface DeliveryRelay {
  /** Turns deliveries whose time has come into jobs; answers when the next ones are due, null when none is pending. */
  readonly relay: (organizationId: string) => Promise<string | null>;
  /** Removes what is too old to be replayed. */
  readonly forget: (organizationId: string) => Promise<void>;
}

export interface RelayDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  /** Called after a commit that left jobs to send behind. */
  readonly sendingJobsWaiting: () => void;
}

/**
 * Deliveries are written by the statement that writes the change, which knows of no queue; this is the step from the one
 * to the other. Claims make it safe on several servers at once.
 */
export function makeDeliveryRelay({
  unitOfWork,
  clock,
  sendingJobsWaiting,
}: RelayDependencies): DeliveryRelay {
  return {
    relay: async (organizationId) => {
      const now = clock.now();
      const { nextDue, hasJobs } = await unitOfWork.write(contextOf(organizationId), 'none', (stores) =>
        relayDue(stores, organizationId, now),
      );
      if (hasJobs) sendingJobsWaiting();
      return nextDue;
    },
    forget: async (organizationId) => {
      const before = new Date(Date.parse(clock.now()) - retentionMs).toISOString();
      const context = contextOf(organizationId);
      const step = () =>
        unitOfWork.write(context, 'none', (stores) => stores.deliveries.forget(before, forgetLimit));
      while (await step());
    },
  };
}

const contextOf = (organizationId: string): OrganizationContext => ({
  organizationId,
  actor: { kind: 'system' },
  requestId: null,
});

async function relayDue(stores: Stores, organizationId: string, now: string) {
  const claimedUntil = new Date(Date.parse(now) + claimMs).toISOString();
  const claimed = await stores.deliveries.claim({ at: now, until: claimedUntil, limit: claimLimit });
  if (claimed.length > 0) {
    await stores.jobs.enqueueDeliveries(claimed.map((it) => ({ organizationId, ...it, claimedUntil })));
  }
  return { nextDue: await stores.deliveries.nextDue(), hasJobs: claimed.length > 0 };
}
