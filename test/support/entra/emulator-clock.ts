/**
 * Two times: `wall` is what clients live by (token lifetimes are checked against their own clock), `now` is the time of
 * the directory, which tests move forward (delta links of seven days, recycle bin of thirty, subscriptions of a month).
 */
export interface EmulatorClock {
  readonly wall: () => number;
  readonly now: () => number;
  readonly advance: (milliseconds: number) => void;
}

export function makeEmulatorClock(wall: () => number = Date.now): EmulatorClock {
  let ahead = 0;
  return {
    wall,
    now: () => wall() + ahead,
    advance: (milliseconds) => {
      if (!(milliseconds >= 0)) throw new RangeError('The clock only moves forward.');
      ahead += milliseconds;
    },
  };
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Graph writes times without fractions of a second. */
export function isoSeconds(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
