const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
/** Spreads out those who were told the same time. */
const SPREAD_MS = 500;
/** A bound beside the time budget, for chance may choose short delays again and again. */
export const MAX_ATTEMPTS = 12;

/** Statuses that say nothing about the request itself. */
export const isPassingStatus = (status: number): boolean =>
  status === 429 || status === 500 || status === 502 || status === 503 || status === 504;

/** Graph asks for minutes at most. What is longer than this is a mistake, and must not end the reading for good. */
const LONGEST_MS = 3_600_000;

/** RFC 9110 §10.2.3: seconds or a date. Null when absent or unreadable, an hour at most. */
export function readRetryAfter(text: string | null | undefined, now: number): number | null {
  const value = text?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(value)) return Math.min(Number(value) * 1000, LONGEST_MS);
  // Date.parse takes a lot for a date; one has letters in it.
  const at = /^[A-Za-z]/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : Math.min(Math.max(0, at - now), LONGEST_MS);
}

/** How long to wait before attempt `attempt + 1`: as told, else exponential with full jitter. */
export function retryDelay(attempt: number, retryAfterMs: number | null, random: () => number): number {
  if (retryAfterMs !== null) return retryAfterMs + random() * SPREAD_MS;
  return random() * Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
}
