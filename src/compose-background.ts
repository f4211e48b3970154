import {
  type CoreLinks,
  makeServerCore,
  type ServerCore,
  type ServerParts,
  sendingParts,
  stopCore,
} from './compose-core.ts';
import type { Config } from './config.ts';
import type { JobHandlers } from './jobs/job-queue.ts';
import type { QueueName } from './jobs/queues.ts';
import { makeDeliverEvents } from './operations/deliveries/deliver-events.ts';
import { makeForgetList } from './operations/reconcile/forget-list.ts';
import { makeRunReconcileJob } from './operations/reconcile/run-reconcile-job.ts';
import { makeRunReplan } from './operations/reconcile/run-replan.ts';

/** Whoever does the jobs, in a thread of its own. */
export interface Background {
  /** There are jobs, of one queue or of any. */
  readonly kick: (only?: QueueName) => void;
  /** Finishes running jobs, as far as the grace allows. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/** Settles when it takes jobs. */
export type StartBackground = (parts: ServerParts, links: CoreLinks) => Promise<Background>;

export const jobHandlers = (config: Config, core: ServerCore): JobHandlers => ({
  reconcile: makeRunReconcileJob(core.scim),
  replan: makeRunReplan(core.scim),
  sync: core.graphSync.sync,
  deliver: makeDeliverEvents(sendingParts(config, core)),
  forgetList: makeForgetList(core.scim),
});

/** A server that answers nobody: it does the jobs, and relays and forgets by the clock. */
export function composeBackground(
  parts: ServerParts,
  links: CoreLinks,
): Background & { readonly start: () => Promise<void> } {
  const core = makeServerCore(parts, links);
  return {
    start: async () => {
      await core.jobs.start(jobHandlers(parts.config, core));
      core.relayLoop.start();
    },
    kick: core.jobs.kick,
    stop: (graceMs) => stopCore(core, graceMs),
  };
}
