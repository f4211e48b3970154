import type { Guard } from '../provisioning/settings.ts';

/** How many people lose their login, and how many change between employee and portal user. */
export interface Tally {
  readonly deactivations: number;
  readonly conversions: number;
}

/** What has passed at a connection within the window. */
export interface GuardWindow extends Tally {
  /** People of the connection with a login now; a count of more than the limits can ask for may be cut short. */
  readonly peopleWithLogin: number;
}

/** Null: it may happen. Otherwise the sentence that says which limit it would exceed. */
export interface Verdict {
  readonly deactivations: string | null;
  readonly conversions: string | null;
}

/** Switches the percentage off. */
const allPercent = 100;

/** In a smaller connection every single person is a large part. */
const smallestBase = 10;

/** The most people that `judge` needs to know of; none where no percentage can be exceeded. */
export function neededBase({ maxDeactivations, maxDeactivationsPercent }: Guard, asked: Tally): number {
  if (asked.deactivations === 0 || maxDeactivationsPercent >= allPercent) return 0;
  if (maxDeactivationsPercent <= 0) return smallestBase;
  const most = Math.ceil(((maxDeactivations + asked.deactivations) * 100) / maxDeactivationsPercent);
  return Math.max(smallestBase, most);
}

/**
 * Limits are inclusive, and hold for what is asked at once together with what has passed in the window: 0 holds
 * everybody, 100 percent nobody. What is asked at once passes or is held as a whole.
 */
export function judge(guard: Guard, window: GuardWindow, asked: Tally): Verdict {
  return {
    deactivations: asked.deactivations === 0 ? null : judgeDeactivations(guard, window, asked.deactivations),
    conversions: asked.conversions === 0 ? null : judgeConversions(guard, window, asked.conversions),
  };
}

function judgeDeactivations(guard: Guard, window: GuardWindow, asked: number): string | null {
  const total = window.deactivations + asked;
  const within = `within ${guard.windowMinutes} minutes`;
  if (total > guard.maxDeactivations) {
    return `${people(total)} would lose their login ${within}; the guard lets ${guard.maxDeactivations} pass.`;
  }
  if (guard.maxDeactivationsPercent >= allPercent) return null;
  const base = window.peopleWithLogin + window.deactivations;
  if (base < smallestBase || total * 100 <= guard.maxDeactivationsPercent * base) return null;
  return (
    `${people(total)} would lose their login ${within}; the guard lets ${guard.maxDeactivationsPercent} percent of the ` +
    `connection's people pass.`
  );
}

function judgeConversions(guard: Guard, window: GuardWindow, asked: number): string | null {
  const total = window.conversions + asked;
  if (total <= guard.maxConversions) return null;
  return (
    `${people(total)} would change between employee and portal user within ${guard.windowMinutes} minutes; the guard ` +
    `lets ${guard.maxConversions} pass.`
  );
}

const people = (count: number): string => (count === 1 ? '1 person' : `${count} people`);
