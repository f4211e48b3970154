import { SECOND } from './emulator-clock.ts';

/** How notifications travel; may be changed at any time. */
export interface DeliverySettings {
  /** Changes of so long are sent together. */
  collectMs: number;
  /** A receiver that takes longer has not answered. */
  timeoutMs: number;
  /** Pause before the first repetition; it doubles. */
  retryMs: number;
  /** Nothing is sent, nobody is told. */
  isSilent: boolean;
  /** The next so many deliveries are lost. */
  loseNext: number;
  /** Every delivery is made twice. */
  sendsTwice: boolean;
  /** Seed of another order inside a delivery. */
  shuffle: number | null;
  /** What is sent instead of the client state. */
  clientState: string | null;
  /** Where an origin is to be found in truth: a public name of the receiver → where it listens. */
  origins: Readonly<Record<string, string>>;
}

export function defaultDeliverySettings(): DeliverySettings {
  return {
    collectMs: 20,
    timeoutMs: 3 * SECOND,
    retryMs: SECOND,
    isSilent: false,
    loseNext: 0,
    sendsTwice: false,
    shuffle: null,
    clientState: null,
    origins: {},
  };
}

export function reachable(url: string, { origins }: DeliverySettings): string {
  const { origin } = new URL(url);
  return Object.hasOwn(origins, origin) ? `${origins[origin]}${url.slice(origin.length)}` : url;
}
