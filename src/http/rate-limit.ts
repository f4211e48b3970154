/** Seconds to wait before the next request of this key; 0 when it may go on, which also counts it. */
export type RateLimit = (key: string) => number;

export interface RateLimitOptions {
  /** Requests a second that a key may send for ever; 0 for no limit. */
  readonly perSecond: number;
  /** How many seconds' worth may come at once, after a pause. */
  readonly burstSeconds?: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

const MAX_KEYS = 10_000;
const unlimited: RateLimit = () => 0;

/**
 * A token bucket for each key, kept as one number: the moment at which the bucket will be full again. Refused requests
 * are not counted, so a client that waits as it is told gets on.
 */
export function makeRateLimit({ perSecond, burstSeconds = 10, now }: RateLimitOptions): RateLimit {
  if (perSecond === 0) return unlimited;
  const cost = 1000 / perSecond;
  const burst = burstSeconds * 1000;
  const fullAt = new Map<string, number>();

  function forgetFull(at: number): void {
    for (const [key, moment] of fullAt) if (moment <= at) fullAt.delete(key);
  }

  return (key) => {
    const at = now();
    const next = Math.max(fullAt.get(key) ?? at, at) + cost;
    const excess = next - at - burst;
    if (excess > 0) return Math.ceil(excess / 1000);
    if (fullAt.size >= MAX_KEYS && !fullAt.has(key)) forgetFull(at);
    fullAt.set(key, next);
    return 0;
  };
}
