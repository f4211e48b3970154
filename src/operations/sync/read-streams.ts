import { foldGroups, foldUsers } from '../../directory/fold-delta.ts';
import { planGroupStreams } from '../../directory/plan-group-streams.ts';
import type { Stores } from '../ports.ts';
import { readAhead } from '../reconcile/read-ahead.ts';
import { type DeltaStep, GraphError } from '../tenants/graph-ports.ts';
import type { StreamCursor, SyncState, SyncStream } from './graph-sync-ports.ts';
import type { SyncRound } from './sync-round.ts';

/** So many objects and members are staged together. */
const stageAt = 2_000;
/** Every expired cursor is followed by a full read, which has none; more than a few are a fault. */
const restartLimit = 5;

export interface ReadOutcome {
  /** Of reads that were complete and told nothing. */
  readonly pending: readonly StreamCursor[];
  /** Nothing is staged and nothing can have gone. */
  readonly isQuiet: boolean;
  /** Streams that others have replaced. */
  readonly dropped: readonly string[];
}

interface Progress {
  readUsers: number;
  isQuiet: boolean;
  restarts: number;
  /** Cursors of complete reads that told nothing, by stream. */
  readonly pending: Map<string, string>;
}

type Planned = Pick<SyncState, 'streams' | 'followed'>;

/**
 * Reads every stream to its end into the staging area: nothing is applied before all of them are complete. Groups that turn
 * out to be nested in others are followed at once.
 */
export async function readStreams(round: SyncRound, state: SyncState): Promise<ReadOutcome> {
  const progress: Progress = {
    readUsers: state.readUsers,
    isQuiet: state.streams.every(({ resume, pendingCursor }) => resume === null && pendingCursor === null),
    restarts: 0,
    pending: new Map(),
  };
  let planned: Planned = state;
  for (;;) {
    const { streams, dropped } = await planStreams(round, planned);
    const unread = streams.filter(
      ({ id, pendingCursor }) => pendingCursor === null && !progress.pending.has(id),
    );
    if (unread.length === 0) {
      const pending = [...progress.pending].map(([id, cursor]) => ({ id, cursor }));
      return { pending, isQuiet: progress.isQuiet, dropped };
    }
    await readAll(round, unread, progress);
    planned = progress.isQuiet ? { ...planned, streams } : await reload(round);
  }
}

/** Users and groups beside each other; a read that has to start again ends its lane. */
async function readAll(round: SyncRound, unread: readonly SyncStream[], progress: Progress): Promise<void> {
  const lanes = (['users', 'groups'] as const).map(async (kind) => {
    for (const stream of unread.filter((it) => it.kind === kind)) {
      if ((await readStream(round, stream, progress)) === 'expired') return;
    }
  });
  for (const outcome of await Promise.allSettled(lanes)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}

async function reload(round: SyncRound): Promise<Planned> {
  return round.write('none', async ({ graphSync }) => {
    const [streams, followed] = await Promise.all([
      graphSync.streams.list(round.connectionId),
      graphSync.streams.followed(round.connectionId),
    ]);
    return { streams, followed };
  });
}

async function planStreams(
  round: SyncRound,
  { streams, followed }: Planned,
): Promise<{ readonly streams: readonly SyncStream[]; readonly dropped: readonly string[] }> {
  const plan = planGroupStreams(
    streams.filter(({ kind }) => kind === 'groups'),
    new Set(followed),
  );
  const started = plan.start.map((groupIds) => newStream(round, 'groups', groupIds));
  const users = streams.find(({ kind }) => kind === 'users') ?? null;
  if (users === null) started.push(newStream(round, 'users', null));
  if (started.length > 0) {
    await round.write('none', ({ graphSync }) => graphSync.streams.insert(round.connectionId, started));
  }
  const droppedIds = new Set(plan.drop.map(({ id }) => id));
  return {
    streams: [...streams.filter(({ id }) => !droppedIds.has(id)), ...started],
    dropped: [...droppedIds],
  };
}

const newStream = (
  round: SyncRound,
  kind: SyncStream['kind'],
  groupIds: SyncStream['groupIds'],
): SyncStream => ({
  id: round.parts.identifiers.next(),
  kind,
  groupIds,
  cursor: null,
  isFull: true,
  resume: null,
  pendingCursor: null,
});

async function readStream(
  round: SyncRound,
  stream: SyncStream,
  progress: Progress,
): Promise<'complete' | 'expired'> {
  const { directory, graph, signal } = round.parts;
  const request = { cursor: stream.resume ?? stream.cursor, signal };
  // A full read that finds nothing still tells that everything has gone.
  if (stream.isFull) progress.isQuiet = false;
  const reader = new StreamReader(round, stream, progress);
  const { connectionId } = round;
  if (stream.kind === 'groups') {
    const steps = directory.readGroups(graph, { ...request, groupIds: stream.groupIds });
    return drain(steps, reader, async ({ graphSync }, changes) => {
      await graphSync.staging.stageGroups(connectionId, stream, foldGroups(changes));
      return 0;
    });
  }
  return drain(directory.readUsers(graph, request), reader, async ({ graphSync }, changes) => {
    const users = foldUsers(changes);
    await graphSync.staging.stageUsers(connectionId, stream, users);
    return users.size;
  });
}

/** Answers how many users it staged. */
type Stage<Change> = (stores: Stores, changes: readonly Change[]) => Promise<number>;

async function drain<Change extends object>(
  steps: AsyncIterable<DeltaStep<Change>>,
  reader: StreamReader,
  stage: Stage<Change>,
): Promise<'complete' | 'expired'> {
  let waiting: Change[] = [];
  let size = 0;
  for await (const step of readAhead(steps)) {
    if (step.kind === 'expired') {
      await reader.expire();
      return 'expired';
    }
    if (step.kind === 'complete') {
      await reader.finish(step.cursor, waiting.length === 0 ? null : (stores) => stage(stores, waiting));
      return 'complete';
    }
    waiting.push(...step.changes);
    for (const change of step.changes) size += sizeOf(change);
    if (size < stageAt) continue;
    await reader.note(step.resume, (stores) => stage(stores, waiting));
    waiting = [];
    size = 0;
  }
  throw new Error('A delta read ended without saying how');
}

const sizeOf = (change: object): number =>
  'members' in change && Array.isArray(change.members) ? 1 + change.members.length : 1;

/** How far one stream has come. */
class StreamReader {
  readonly #round: SyncRound;
  readonly #stream: SyncStream;
  readonly #progress: Progress;
  #hasStaged: boolean;

  constructor(round: SyncRound, stream: SyncStream, progress: Progress) {
    this.#round = round;
    this.#stream = stream;
    this.#progress = progress;
    this.#hasStaged = stream.resume !== null;
  }

  async note(resume: string, stage: StagePart): Promise<void> {
    await this.#write({ resume, pendingCursor: null }, stage);
  }

  async finish(cursor: string, stage: StagePart | null): Promise<void> {
    const { id, isFull } = this.#stream;
    if (stage !== null || this.#hasStaged || isFull) {
      await this.#write({ resume: null, pendingCursor: cursor }, stage ?? (async () => 0));
    } else {
      this.#progress.pending.set(id, cursor);
    }
  }

  async expire(): Promise<void> {
    const { kind, id } = this.#stream;
    this.#progress.isQuiet = false;
    this.#progress.restarts += 1;
    if (this.#progress.restarts > restartLimit) {
      throw new GraphError('unexpected', `Reading ${kind} had to start again ${restartLimit} times.`);
    }
    if (kind === 'users') this.#progress.readUsers = 0;
    await this.#round.write('none', ({ graphSync }) =>
      graphSync.streams.restart(this.#round.connectionId, { kind, expiredId: id }),
    );
  }

  async #write(place: Pick<SyncStream, 'resume' | 'pendingCursor'>, stage: StagePart): Promise<void> {
    const { id, isFull } = this.#stream;
    const { connectionId } = this.#round;
    let added = 0;
    await this.#round.write('none', async (stores) => {
      // What did not get through and is done once more counts once.
      this.#progress.readUsers -= added;
      added = 0;
      const users = await stage(stores);
      await this.#round.hold(stores);
      await this.#round.show(stores, isFull ? 'full' : 'delta');
      added = users;
      this.#progress.readUsers += added;
      const { readUsers } = this.#progress;
      await Promise.all([
        stores.graphSync.streams.progress(connectionId, { id, ...place, readUsers }),
        this.#round.save(stores, { progress: { done: readUsers, total: null } }),
      ]);
    });
    this.#progress.isQuiet = false;
    this.#hasStaged = true;
  }
}

type StagePart = (stores: Stores) => Promise<number>;
