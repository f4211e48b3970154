import { GraphError } from '../operations/tenants/graph-ports.ts';
import { type Timing, withSignal } from './timing.ts';

/**
 * Graph counts resource units per application and tenant: 3,500 in 10 s for the smallest tenants. Four fifths of that are
 * used, so that other programs of the same application have a share and the warning at 80 % stays the exception.
 */
const UNITS_PER_SECOND = 280;
const BURST_UNITS = 2_800;
const MAX_CONCURRENCY = 8;
/** `x-ms-throttle-limit-percentage` appears from here on. */
const WARNING = 0.8;
const IDLE_MS = 60_000;
const MAX_IDLE_LANES = 1_000;

export interface PacedAnswer {
  /** What it really cost, when the answer says so. */
  readonly units?: number | null;
  /** Share of the limit in use, when the answer says so. */
  readonly limitShare?: number | null;
  /** Nobody may ask before that time has passed. */
  readonly pauseMs?: number | null;
  /** It was refused because too much is asked; how long to wait may not have been said. */
  readonly wasThrottled?: boolean;
}

export interface Turn {
  /** Must be called exactly once. */
  readonly end: (answer: PacedAnswer) => void;
}

export interface TurnRequest {
  /** Expected resource units. */
  readonly units: number;
  /** Somebody is waiting: goes before background reading. */
  readonly isUrgent: boolean;
  /** A wait that is known to go beyond it is not begun. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

export interface Pacer {
  /** Waits for a turn of this application and tenant. Throws `throttled` when it would come after the deadline. */
  readonly begin: (lane: string, request: TurnRequest) => Promise<Turn>;
  /** Calls that may run at once now. */
  readonly concurrencyOf: (lane: string) => number;
}

interface Lane {
  running: number;
  concurrency: number;
  units: number;
  refilledAt: number;
  pausedUntil: number;
  readonly waiting: (() => void)[];
}

export function makePacer(timing: Timing): Pacer {
  const lanes = new Map<string, Lane>();

  const laneOf = (name: string): Lane => {
    const known = lanes.get(name);
    if (known) return known;
    dropIdle(lanes, timing.now());
    const lane: Lane = {
      running: 0,
      concurrency: MAX_CONCURRENCY,
      units: BURST_UNITS,
      refilledAt: timing.now(),
      pausedUntil: 0,
      waiting: [],
    };
    lanes.set(name, lane);
    return lane;
  };

  return {
    begin: async (name, request) => {
      const lane = laneOf(name);
      await takePlace(lane, request);
      try {
        for (let wait = waitOf(lane, timing.now()); wait > 0; wait = waitOf(lane, timing.now())) {
          refuseLate(timing.now() + wait, request.deadline, wait);
          await timing.sleep(wait, request.signal);
        }
      } catch (error) {
        givePlace(lane);
        throw error;
      }
      lane.units -= request.units;
      return { end: (answer) => endTurn(lane, request.units, answer, timing.now()) };
    },
    concurrencyOf: (name) => Math.floor(laneOf(name).concurrency),
  };
}

async function takePlace(lane: Lane, { isUrgent, signal }: TurnRequest): Promise<void> {
  signal.throwIfAborted();
  if (lane.running < Math.floor(lane.concurrency)) {
    lane.running += 1;
    return;
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  if (isUrgent) lane.waiting.unshift(resolve);
  else lane.waiting.push(resolve);
  try {
    await withSignal(promise, signal);
  } catch (error) {
    const place = lane.waiting.indexOf(resolve);
    // Not in the queue any more: the place was given to us at the same moment, and is passed on.
    if (place < 0) givePlace(lane);
    else lane.waiting.splice(place, 1);
    throw error;
  }
}

/** Whoever is woken keeps the place that was given up: `running` counts it without a gap. */
function givePlace(lane: Lane): void {
  lane.running -= 1;
  while (lane.running < Math.floor(lane.concurrency)) {
    const next = lane.waiting.shift();
    if (!next) return;
    lane.running += 1;
    next();
  }
}

/** Milliseconds until the lane may send; refills its units on the way. */
function waitOf(lane: Lane, now: number): number {
  lane.units = Math.min(BURST_UNITS, lane.units + ((now - lane.refilledAt) / 1000) * UNITS_PER_SECOND);
  lane.refilledAt = now;
  const forUnits = lane.units > 0 ? 0 : Math.ceil((-lane.units / UNITS_PER_SECOND) * 1000) + 1;
  return Math.max(forUnits, lane.pausedUntil - now);
}

function refuseLate(at: number, deadline: number, wait: number): void {
  if (at <= deadline) return;
  throw new GraphError('throttled', 'Microsoft Graph asked for a pause. Nothing has to be done.', {
    retryAfterSeconds: Math.ceil(wait / 1000),
  });
}

function endTurn(
  lane: Lane,
  expected: number,
  { units, limitShare, pauseMs, wasThrottled = false }: PacedAnswer,
  now: number,
): void {
  lane.units += expected - (units ?? expected);
  if (pauseMs) lane.pausedUntil = Math.max(lane.pausedUntil, now + pauseMs);
  const isTight = (limitShare ?? 0) >= WARNING || wasThrottled;
  // Halved at once, won back slowly: one more after as many good answers as there are calls at a time.
  lane.concurrency = isTight
    ? Math.max(1, lane.concurrency / 2)
    : Math.min(MAX_CONCURRENCY, lane.concurrency + 1 / lane.concurrency);
  givePlace(lane);
}

function dropIdle(lanes: Map<string, Lane>, now: number): void {
  if (lanes.size < MAX_IDLE_LANES) return;
  for (const [name, { running, refilledAt, pausedUntil }] of lanes) {
    if (running === 0 && refilledAt < now - IDLE_MS && pausedUntil < now) lanes.delete(name);
  }
}
