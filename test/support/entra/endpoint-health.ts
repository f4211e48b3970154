import { MINUTE } from './emulator-clock.ts';

/** An answer that takes longer counts as slow. */
const SLOW_MS = 2900;
const OBSERVED = 100;
const DELAYED_SHARE = 0.1;
const DROPPED_SHARE = 0.15;
const DELAY = 10 * MINUTE;

/** Receivers that answer slowly get their notifications late, and very slow ones get none. */
export class EndpointHealth {
  readonly #times = new Map<string, number[]>();

  note(url: string, milliseconds: number): void {
    const times = this.#times.get(url) ?? [];
    this.#times.set(url, times);
    times.push(milliseconds);
    if (times.length > OBSERVED) times.shift();
  }

  isDropped(url: string): boolean {
    return this.#slowShare(url) >= DROPPED_SHARE;
  }

  pauseFor(url: string): number {
    return this.#slowShare(url) >= DELAYED_SHARE ? DELAY : 0;
  }

  #slowShare(url: string): number {
    const times = this.#times.get(url) ?? [];
    if (times.length < OBSERVED) return 0;
    return times.filter((time) => time > SLOW_MS).length / times.length;
  }
}
