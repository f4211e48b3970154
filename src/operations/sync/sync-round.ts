import type { EventDraft } from '../../provisioning/provisioning-event.ts';
import type { OrganizationContext } from '../context.ts';
import type { Clock, ConfigurationLock, EventContext, Identifiers, Stores, UnitOfWork } from '../ports.ts';
import type { GraphConnection, GraphDirectory } from '../tenants/graph-ports.ts';
import type { ClaimRequest } from './graph-sync-ports.ts';
import type { LaneClients } from './in-lanes.ts';
import type { SyncRun } from './sync-run-ports.ts';

/** Another server reads this connection now; whatever was being done is rolled back and left to it. */
export class ClaimLost extends Error {
  constructor() {
    super('The claim on the connection was lost');
    this.name = 'ClaimLost';
  }
}

/** An administrator ended the run. */
export class RunCancelled extends Error {
  constructor() {
    super('The run was cancelled');
    this.name = 'RunCancelled';
  }
}

export interface RoundParts extends LaneClients {
  readonly context: OrganizationContext;
  readonly graph: GraphConnection;
  readonly claim: ClaimRequest;
  readonly run: SyncRun | null;
  readonly signal: AbortSignal;
  readonly directory: GraphDirectory;
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly turn: () => Promise<void>;
}

/** One read of a connection with all that follows, by whoever holds the claim. */
export class SyncRound {
  readonly parts: RoundParts;
  readonly connectionId: string;
  #run: SyncRun | null;

  constructor(parts: RoundParts) {
    this.parts = parts;
    this.connectionId = parts.claim.connectionId;
    this.#run = parts.run;
  }

  get run(): SyncRun | null {
    return this.#run;
  }

  /** A unit of work that counts only while the claim is held. Several may go on at the same time until they `hold`. */
  write<Result>(
    configuration: ConfigurationLock,
    work: (stores: Stores) => Promise<Result>,
  ): Promise<Result> {
    const { unitOfWork, context, signal } = this.parts;
    signal.throwIfAborted();
    return unitOfWork.write(context, configuration, async (stores) => {
      const result = await work(stores);
      await this.hold(stores);
      return result;
    });
  }

  /** From here to the commit no other unit of work of the round gets further: for what they all write. */
  async hold(stores: Stores): Promise<void> {
    if (!(await stores.graphSync.claims.extend(this.parts.claim))) throw new ClaimLost();
  }

  /** Something is there to be told: from now on the round shows as a run. */
  async show(stores: Stores, kind: SyncRun['kind']): Promise<void> {
    if (this.#run !== null) return;
    const { clock, identifiers } = this.parts;
    const run: SyncRun = {
      id: identifiers.next(),
      connectionId: this.connectionId,
      kind,
      task: 'read',
      state: 'running',
      progress: { done: 0, total: null },
      counts: {},
      startedAt: clock.now(),
      endedAt: null,
      error: null,
    };
    if (await stores.syncRuns.insert(run, null)) {
      this.#run = run;
      return;
    }
    // One that an administrator started meanwhile takes over; beside a plan of everybody there is none, and one
    // that wants everything read waits for the next round.
    const open = await stores.syncRuns.openOf(this.connectionId);
    const waitsForAll = open?.kind === 'full' && kind === 'delta';
    this.#run = open?.task === 'read' && !waitsForAll ? open : null;
  }

  /** Writes how far the run is. Throws when it has ended meanwhile. */
  async save(stores: Stores, changes: Partial<SyncRun>): Promise<void> {
    if (this.#run === null) return;
    const { clock } = this.parts;
    const run: SyncRun = {
      ...this.#run,
      state: 'running',
      startedAt: this.#run.startedAt ?? clock.now(),
      ...changes,
    };
    if (!(await stores.syncRuns.save(run))) throw new RunCancelled();
    this.#run = run;
  }

  countsWith(events: readonly EventDraft[]): SyncRun['counts'] {
    const counts: Record<string, number> = { ...this.#run?.counts };
    for (const { action } of events) counts[action] = (counts[action] ?? 0) + 1;
    return counts;
  }

  get log(): EventContext {
    const { connectionId } = this;
    const runId = this.#run?.id ?? null;
    return { connectionId, trigger: 'graph', runId, requestId: this.parts.context.requestId };
  }
}
