import type { OrganizationContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { Clock, Identifiers, Stores, UnitOfWork } from '../ports.ts';
import { afterGraphFailure } from '../tenants/graph-connection.ts';
import { GraphError, type GraphFailureKind } from '../tenants/graph-ports.ts';
import type { ClaimRequest } from './graph-sync-ports.ts';
import { ClaimLost, RunCancelled } from './sync-round.ts';

export interface FailedSync {
  readonly context: OrganizationContext;
  readonly claim: ClaimRequest;
  /** Failures before this one, without a success in between. */
  readonly failures: number;
  readonly isStopping: boolean;
}

interface FailureDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly timing: { readonly pollSeconds: number };
}

/** What fails so often without getting anywhere is told to have failed; the polls go on. */
const runGivenUpAt = 8;
/** So that a change is here within three minutes of the end of an outage, too (REQ-13). */
const longestPauseSeconds = 120;
/** Between two questions whether what was refused is allowed by now. */
const longestRefusalSeconds = 900;

/** Somebody has to do something before another try can succeed. */
const needsAdministrator: ReadonlySet<GraphFailureKind> = new Set([
  'consentRequired',
  'signInRequired',
  'permissionMissing',
  'invalidSecret',
  'tenantNotFound',
  'tenantMismatch',
  'signInRefused',
]);

/** Ends the claim in a way that suits the failure. What was staged stays: the next try goes on from there. */
export async function settleFailure(
  dependencies: FailureDependencies,
  failed: FailedSync,
  error: unknown,
): Promise<void> {
  if (error instanceof ClaimLost) return;
  const { unitOfWork } = dependencies;
  const { context, claim, failures } = failed;
  const release = (nextInSeconds: number | null, count: number) =>
    unitOfWork.write(context, 'none', ({ graphSync }) =>
      graphSync.claims.release({ ...releaseOf(claim), nextInSeconds, failures: count }),
    );
  if (failed.isStopping) {
    await release(0, failures);
    return;
  }
  if (error instanceof RunCancelled) {
    await release(await pauseAfterCancel(dependencies, failed), 0);
    return;
  }
  const isHeld = await noteFailure(dependencies, failed, error);
  if (isHeld && !(error instanceof GraphError) && !(error instanceof OperationError)) throw error;
}

/** False, and nothing is noted, when the claim was lost: whoever has it now tells how the run goes. */
async function noteFailure(
  { unitOfWork, clock, identifiers, timing }: FailureDependencies,
  { context, claim, failures }: FailedSync,
  error: unknown,
): Promise<boolean> {
  const isRefusal = endsAtOnce(error);
  const ends = isRefusal || failures + 1 >= runGivenUpAt;
  const request = {
    ...releaseOf(claim),
    nextInSeconds: isRefusal ? pauseAfterRefusal(timing.pollSeconds, failures) : pauseAfter(error, failures),
    failures: isRefusal || !ends ? failures + 1 : 0,
  };
  try {
    await unitOfWork.write(context, 'none', async (stores) => {
      if (isRefusal) await noteOnConnection(stores, claim, error);
      const end = { now: clock.now(), error: sentenceOf(error) };
      const hasRun = ends && (await endRun(stores, claim.connectionId, end));
      // A refusal is told by the connection.
      if (ends && !hasRun && !isRefusal)
        await tellOnce(stores, claim.connectionId, { ...end, id: identifiers.next() });
      if (!(await stores.graphSync.claims.release(request))) throw new ClaimLost();
    });
    return true;
  } catch (lost) {
    if (lost instanceof ClaimLost) return false;
    throw lost;
  }
}

const releaseOf = ({ connectionId, claimId }: ClaimRequest) => ({ connectionId, claimId });

const endsAtOnce = (error: unknown): boolean =>
  error instanceof GraphError
    ? needsAdministrator.has(error.kind)
    : error instanceof OperationError && error.kind === 'conflict';

const pauseAfter = (error: unknown, failures: number): number =>
  Math.max(1, retryAfterOf(error) ?? Math.min(2 ** failures, longestPauseSeconds));

const retryAfterOf = (error: unknown): number | null =>
  error instanceof GraphError ? error.retryAfterSeconds : null;

const pauseAfterRefusal = (pollSeconds: number, failures: number): number =>
  Math.max(pollSeconds, Math.min(pollSeconds * 2 ** Math.min(failures, 20), longestRefusalSeconds));

/** A first read that somebody stopped waits until somebody asks again; polls go on. */
async function pauseAfterCancel(
  { unitOfWork, timing }: FailureDependencies,
  { context, claim }: FailedSync,
): Promise<number | null> {
  const isComplete = await unitOfWork.read(context, ({ graphSync }) =>
    graphSync.streams.isComplete(claim.connectionId),
  );
  return isComplete ? timing.pollSeconds : null;
}

async function noteOnConnection(stores: Stores, claim: ClaimRequest, failure: unknown): Promise<void> {
  const connection = await stores.connections.lock(claim.connectionId);
  // Whoever connected it anew or switched it off meanwhile knows better.
  if (connection?.status !== 'connected') return;
  const after =
    failure instanceof GraphError
      ? afterGraphFailure(connection, failure)
      : { ...connection, status: 'failed' as const, statusDetail: sentenceOf(failure) };
  await stores.connections.saveGraphState(after);
}

interface FailedEnd {
  readonly now: string;
  readonly error: string;
}

/** False when there is none. */
async function endRun(stores: Stores, connectionId: string, { now, error }: FailedEnd): Promise<boolean> {
  const run = await stores.syncRuns.openOf(connectionId);
  if (run?.task !== 'read') return false;
  await stores.syncRuns.save({ ...run, state: 'failed', endedAt: now, error });
  return true;
}

/** Polls are no runs, but one that keeps failing is: nothing else would tell the administrator why. */
async function tellOnce(
  stores: Stores,
  connectionId: string,
  { id, now, error }: FailedEnd & { readonly id: string },
): Promise<void> {
  const [{ items }, connection] = await Promise.all([
    stores.syncRuns.list(connectionId, { limit: 1, after: null }),
    stores.connections.get(connectionId),
  ]);
  const [last] = items;
  const isSince = (last?.endedAt ?? '') > (connection?.lastGraphSuccessAt ?? '');
  if (last?.state === 'failed' && last.error === error && isSince) return;
  const progress = { done: 0, total: null };
  const failed = { kind: 'delta', task: 'read', state: 'failed', progress, counts: {} } as const;
  await stores.syncRuns.insert({ ...failed, id, connectionId, startedAt: now, endedAt: now, error }, null);
}

const sentenceOf = (error: unknown): string => {
  if (error instanceof GraphError) return error.message;
  if (error instanceof OperationError) return error.message;
  return 'The run stopped on an internal error; the server log tells why. Start it again.';
};
