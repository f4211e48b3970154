import type { PgBoss, QueueOptions } from 'pg-boss';

export type QueueName = 'reconcile' | 'replan' | 'sync' | 'deliver';

/** Where pg-boss copies a job to that used up its tries, whether it failed or its server was lost each time. */
export const givenUpQueue = 'given-up';

const daySeconds = 86_400;
/** Jobs that wait are acknowledged work: an installation that was switched off for months still does them. */
const retentionSeconds = 366 * daySeconds;

/** The role the units of work run as; see the first migration. */
const applicationRole = 'rollcall_app';

type WorkerLimits = { readonly localConcurrency: number; readonly localGroupConcurrency: number };

/** Per server. The groups are organizations: one with a backlog leaves a worker to the others. */
export const workerLimits: Readonly<Record<QueueName, WorkerLimits>> = {
  reconcile: { localConcurrency: 3, localGroupConcurrency: 2 },
  replan: { localConcurrency: 2, localGroupConcurrency: 1 },
  sync: { localConcurrency: 3, localGroupConcurrency: 2 },
  deliver: { localConcurrency: 3, localGroupConcurrency: 2 },
};

type QueueSettings = Omit<QueueOptions, 'name'> & { readonly deadLetter: string };

function settingsOf(retryDelay: number): Readonly<Record<QueueName, QueueSettings>> {
  const common = {
    deadLetter: givenUpQueue,
    retryBackoff: true,
    retryDelay,
    retryDelayMax: 600,
    // What a lost server held is free for another one after this time and the supervisor's next look.
    heartbeatSeconds: 30,
    deleteAfterSeconds: daySeconds,
    retentionSeconds,
  };
  return {
    // Five tries.
    reconcile: { ...common, retryLimit: 4, expireInSeconds: 600 },
    // A run notes its own failure and is then over, so that only interrupted ones come back: those start again however
    // often it takes, because an open run keeps others of its connection from starting.
    replan: { ...common, retryLimit: 100, expireInSeconds: 6 * 3600 },
    // Says itself when it is to be done again, and what a lost server held comes due by itself. There are many of them.
    sync: { ...common, retryLimit: 1, expireInSeconds: 6 * 3600, deleteAfterSeconds: 3600 },
    // A target that does not answer is no failure of the job, and deliveries whose job is lost get another one. There
    // are many jobs, and what came of them is in the log of the webhook.
    deliver: { ...common, retryLimit: 1, expireInSeconds: 300, deleteAfterSeconds: 3600 },
  };
}

/** Creating leaves a queue as it is that an earlier release made; updating brings it to today's settings. */
export async function createQueues(boss: PgBoss, retryDelaySeconds: number): Promise<void> {
  const givenUp = { deleteAfterSeconds: 30 * daySeconds, retentionSeconds };
  await boss.createQueue(givenUpQueue, givenUp);
  await boss.updateQueue(givenUpQueue, givenUp);
  for (const [name, settings] of Object.entries(settingsOf(retryDelaySeconds))) {
    await boss.createQueue(name, settings);
    await boss.updateQueue(name, settings);
  }
}

/**
 * The application role may add jobs and nothing else: it cannot read those of other organizations. One text is one
 * transaction; its lock keeps servers that start together from granting at the same moment, which PostgreSQL refuses.
 * The names come from the options and from pg-boss, which checks them.
 */
export async function grantEnqueue(boss: PgBoss, schema: string): Promise<void> {
  const queues = await boss.getQueues([...Object.keys(workerLimits)]);
  const tables = [...new Set(queues.map((queue) => `${schema}.${queue.table}`))];
  await boss.getDb().executeSql(`
    select pg_advisory_xact_lock(hashtextextended('rollcall.${schema}.grants', 0));
    grant usage on schema ${schema} to ${applicationRole};
    grant execute on all functions in schema ${schema} to ${applicationRole};
    grant select on ${schema}.queue to ${applicationRole};
    grant insert on ${tables.join(', ')} to ${applicationRole};
  `);
}
