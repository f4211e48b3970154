/** A delta stream that is being followed: the groups in its filter, null for all groups. */
export interface GroupStream {
  readonly id: string;
  readonly groupIds: readonly string[] | null;
}

export interface GroupStreamPlan {
  /** Go on from their cursors. They may still name groups that nobody follows any more; leave those out. */
  readonly keep: readonly GroupStream[];
  /** Filters of streams to start with a full read; null follows all groups. */
  readonly start: readonly (readonly string[] | null)[];
  /** Forget them once everything in `start` is complete. */
  readonly drop: readonly GroupStream[];
}

/** Graph refuses longer filters on a delta stream. */
export const GROUPS_PER_STREAM = 50;
/** Above this many groups one stream of everything is cheaper than the filtered ones. */
const FILTERED_UP_TO = 200;
/** Going back to filters waits until it pays, so that a count near the limit does not cause full reads again and again. */
const FILTERED_AGAIN_AT = 100;

/**
 * Which streams follow exactly these groups, at most one more of them than necessary. Streams that run keep running as far
 * as possible, because every new one costs a full read of its groups.
 */
export function planGroupStreams(
  streams: readonly GroupStream[],
  followed: ReadonlySet<string>,
): GroupStreamPlan {
  const everything = streams.find(({ groupIds }) => groupIds === null);
  const isUnfiltered = followed.size > (everything ? FILTERED_AGAIN_AT : FILTERED_UP_TO);
  if (isUnfiltered) {
    return {
      keep: everything ? [everything] : [],
      start: everything ? [] : [null],
      drop: streams.filter((stream) => stream !== everything),
    };
  }
  return planFiltered(streams, followed);
}

function planFiltered(streams: readonly GroupStream[], followed: ReadonlySet<string>): GroupStreamPlan {
  const useful = streams
    .map((stream) => ({ stream, ids: (stream.groupIds ?? []).filter((id) => followed.has(id)) }))
    .filter(({ ids }) => ids.length > 0)
    .sort((left, right) => right.ids.length - left.ids.length);
  const necessary = Math.ceil(followed.size / GROUPS_PER_STREAM);
  let kept = useful;
  let uncovered = uncoveredBy(kept, followed);
  while (kept.length > 0 && kept.length + Math.ceil(uncovered.length / GROUPS_PER_STREAM) > necessary + 1) {
    kept = kept.slice(0, -1);
    uncovered = uncoveredBy(kept, followed);
  }
  const keep = kept.map(({ stream }) => stream);
  const start: string[][] = [];
  for (let from = 0; from < uncovered.length; from += GROUPS_PER_STREAM) {
    start.push(uncovered.slice(from, from + GROUPS_PER_STREAM));
  }
  return { keep, start, drop: streams.filter((stream) => !keep.includes(stream)) };
}

function uncoveredBy(
  kept: readonly { readonly ids: readonly string[] }[],
  followed: ReadonlySet<string>,
): string[] {
  const covered = new Set(kept.flatMap(({ ids }) => ids));
  return [...followed].filter((id) => !covered.has(id)).sort();
}
