import type { Verdict } from '../../reconciliation/judge.ts';
import type { Clock, Identifiers } from '../ports.ts';

/** How the guard looks at a set of people. */
export type GuardMode =
  /** As a batch of its own. */
  | { readonly kind: 'judge' }
  /** As a part of a larger batch that is not known yet: whom the guard counts is left as it is for now. */
  | { readonly kind: 'postpone' }
  /** As a part of a larger batch that was judged as a whole. */
  | { readonly kind: 'judged'; readonly verdict: Verdict }
  /** An administrator has approved these held changes: they are not counted. */
  | { readonly kind: 'approved'; readonly ids: ReadonlySet<string> };

/** What decisions need beside the facts. */
export interface DecisionTools {
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  /** Left out: the set is a batch of its own. */
  readonly guard?: GuardMode;
  /** Awaited between the steps of a large set inside its transaction, where nobody is given way: the event loop turns once. */
  readonly turn?: () => Promise<void>;
}

/** What long work needs besides, which is done in small steps. */
export interface StepTools extends DecisionTools {
  /**
   * Settles when whatever else waits for the event loop, and clients for a short while, have had their turn. Only while nothing
   * is locked: clients may wait for it.
   */
  readonly giveWay: () => Promise<void>;
}
