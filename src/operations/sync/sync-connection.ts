import type { Connection, Encryption } from '../connections/connection-ports.ts';
import type { OrganizationContext } from '../context.ts';
import type { Clock, Identifiers, Stores, SyncJob, UnitOfWork } from '../ports.ts';
import { graphConnectionOf, isConnected } from '../tenants/graph-connection.ts';
import { type GraphDirectory, GraphError } from '../tenants/graph-ports.ts';
import type { RecoverConnection } from '../tenants/recover-connection.ts';
import { applyStaged, decideAffected } from './apply-staged.ts';
import { clearDoubts } from './clear-doubts.ts';
import type { ClaimRequest, SyncState } from './graph-sync-ports.ts';
import type { LaneClients } from './in-lanes.ts';
import { type ReadOutcome, readStreams } from './read-streams.ts';
import { settleFailure } from './settle-sync-failure.ts';
import { ClaimLost, RunCancelled, SyncRound } from './sync-round.ts';
import type { SyncRun } from './sync-run-ports.ts';

export interface SyncDependencies extends LaneClients {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly encryption: Encryption;
  readonly directory: GraphDirectory;
  readonly timing: SyncTiming;
  /** Settles after a turn of the event loop. */
  readonly turn: () => Promise<void>;
  /** Runs until the answer is called. */
  readonly every: (ms: number, work: () => void) => () => void;
  /** The server is stopping: whatever is being read is left to another one. */
  readonly stopping: AbortSignal;
  readonly recover: RecoverConnection;
  /** Keeps the notifications of a connection alive; called when it is time to look at them. */
  readonly keepSubscriptions: (round: SyncRound) => Promise<void>;
}

export interface SyncTiming {
  readonly pollSeconds: number;
  /** Whoever has not been heard of for so long has lost its claim. */
  readonly leaseSeconds: number;
}

interface Begun {
  readonly state: SyncState;
  readonly connection: Connection;
  readonly run: SyncRun | null;
}

/**
 * Reads what has changed in the directory of a connection and brings it to the people: everything at the first time, else
 * since the last. One server at a time; whoever comes later goes on where a lost one ended.
 */
export function makeSyncConnection(dependencies: SyncDependencies): (job: SyncJob) => Promise<void> {
  return async ({ organizationId, connectionId, requestId }) => {
    const { unitOfWork, identifiers, timing } = dependencies;
    const context = { organizationId, actor: { kind: 'system' }, requestId } as const;
    const claim = { connectionId, claimId: identifiers.next(), leaseSeconds: timing.leaseSeconds };
    const begun = await unitOfWork.write(context, 'none', (stores) => begin(stores, claim));
    if (begun !== null) await hold(dependencies, context, claim, begun);
  };
}

async function begin(stores: Stores, claim: ClaimRequest): Promise<Begun | null> {
  const [state, connection] = await Promise.all([
    stores.graphSync.claims.claim(claim),
    stores.connections.get(claim.connectionId),
  ]);
  if (state === null || connection === null) return null;
  const run = state.openRunId === null ? null : await stores.syncRuns.get(state.openRunId);
  return { state, connection, run };
}

/** The claim is renewed while the work goes on, however long Graph takes to answer. */
async function hold(
  dependencies: SyncDependencies,
  context: OrganizationContext,
  claim: ClaimRequest,
  { state, connection, run }: Begun,
): Promise<void> {
  const { unitOfWork, timing, every, stopping, encryption } = dependencies;
  const lost = new AbortController();
  const renew = async (): Promise<void> => {
    const isHeld = await unitOfWork.write(context, 'none', ({ graphSync }) => graphSync.claims.extend(claim));
    if (!isHeld) lost.abort();
  };
  // A renewal that fails is followed by the next one, and at last by the loss of the claim.
  const stop = every((timing.leaseSeconds * 1000) / 3, () => void renew().catch(() => undefined));
  const signal = AbortSignal.any([stopping, lost.signal]);
  let { failures } = state;
  try {
    const usable = await dependencies.recover(context, connection, signal);
    if (!isConnected(usable) || usable.graphFlow === null) throw notConnected(usable);
    // What counted were refusals, which are over.
    if (usable !== connection) failures = 0;
    const graph = graphConnectionOf(context, usable, { flow: usable.graphFlow, encryption });
    const round = new SyncRound({ ...dependencies, context, graph, claim, run, signal });
    await goRound(round, dependencies, state);
  } catch (error) {
    await settleFailure(dependencies, { context, claim, failures, isStopping: stopping.aborted }, error);
  } finally {
    stop();
  }
}

const notConnected = ({ name, statusDetail }: Connection): GraphError =>
  new GraphError(
    'signInRequired',
    statusDetail ?? `${name} is not connected. Use Azure Connect, then sync again.`,
  );

async function goRound(
  round: SyncRound,
  { timing, keepSubscriptions }: SyncDependencies,
  state: SyncState,
): Promise<void> {
  // Nobody has asked for a first read, or whoever did has cancelled it before it began.
  if (state.tenantId === null && round.run === null) throw new RunCancelled();
  const isSameTenant = state.tenantId === round.parts.graph.tenantId;
  const current = isSameTenant && !state.isAllWanted ? state : await startOver(round, state);
  const read = current.phase === 'reading' ? await readStreams(round, current) : wasRead;
  if (!read.isQuiet) await bringToPeople(round, read, current.phase);
  if (current.areSubscriptionsDue) await keepSubscriptions(round);
  await end(round, read, timing.pollSeconds);
}

/** Everything is staged already; another server may have applied a part of it. */
const wasRead: ReadOutcome = { pending: [], dropped: [], isQuiet: false };

/** The first read, one that was asked for, or one after the connection was given another tenant. */
async function startOver(round: SyncRound, state: SyncState): Promise<SyncState> {
  const { tenantId } = round.parts.graph;
  await round.write('none', ({ graphSync }) => graphSync.streams.startOver(round.connectionId, tenantId));
  return { ...state, tenantId, phase: 'reading', streams: [], readUsers: 0 };
}

async function bringToPeople(round: SyncRound, read: ReadOutcome, phase: SyncState['phase']): Promise<void> {
  if (phase === 'reading') {
    await round.write('none', ({ graphSync }) => graphSync.streams.sweep(round.connectionId, read.pending));
  } else {
    await round.write('none', (stores) => round.show(stores, 'delta'));
  }
  await clearDoubts(round);
  await applyStaged(round);
  await decideAffected(round);
}

/** The cursors move with the last of the effects, and the claim ends. */
async function end(round: SyncRound, read: ReadOutcome, pollSeconds: number): Promise<void> {
  const { connectionId } = round;
  const { unitOfWork, context, claim, clock } = round.parts;
  await unitOfWork.write(context, 'none', async (stores) => {
    const { claims, streams } = stores.graphSync;
    const [isHeld] = await Promise.all([
      claims.release({ connectionId, claimId: claim.claimId, nextInSeconds: pollSeconds, failures: 0 }),
      streams.complete(connectionId, { ...read, isRun: !read.isQuiet || round.run !== null }),
    ]);
    if (!isHeld) throw new ClaimLost();
    const done = round.run?.progress.done ?? 0;
    await round.save(stores, { state: 'succeeded', endedAt: clock.now(), progress: { done, total: done } });
  });
}
