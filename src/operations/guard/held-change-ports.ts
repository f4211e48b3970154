import type { HeldCause, HeldEffect } from '../../provisioning/held-change.ts';
import type { FieldChange } from '../../provisioning/provisioning-event.ts';
import type { GuardWindow, Tally } from '../../reconciliation/judge.ts';
import type { Page, PageRequest } from '../keyset-page.ts';

export type HeldState = 'waiting' | 'approved' | 'rejected' | 'dissolved';

/** An effect that was stopped until an administrator decides. */
export interface HeldChange {
  readonly id: string;
  readonly at: string;
  readonly connectionId: string;
  readonly directoryUserId: string;
  readonly employeeId: string | null;
  readonly contactId: string | null;
  readonly effect: HeldEffect;
  readonly cause: HeldCause;
  readonly reason: string;
  readonly winningRuleId: string | null;
  /** What would have changed. */
  readonly changes: readonly FieldChange[];
  readonly state: HeldState;
  readonly decidedAt: string | null;
  /** Name of the API key. */
  readonly decidedBy: string | null;
}

export interface HeldChangeFilter {
  readonly connectionId: string | null;
  readonly directoryUserId: string | null;
  readonly effect: HeldEffect | null;
  readonly state: HeldState;
}

/** What passed in one minute since 1970. */
export interface GuardMinute extends Tally {
  readonly minute: number;
}

export interface GuardLookup {
  readonly connectionId: string;
  /** How many people with a login are counted at most. */
  readonly baseLimit: number;
}

export interface GuardReading extends Pick<GuardWindow, 'peopleWithLogin'> {
  /** Of any age, in the order of time. */
  readonly passed: readonly GuardMinute[];
}

export interface HeldRecord {
  readonly connectionId: string;
  readonly at: string;
  /** What passed now, to be added to what is remembered; null when nothing did. */
  readonly passed: GuardMinute | null;
  /** How long what passed is remembered. */
  readonly windowMinutes: number;
  readonly held: readonly HeldChange[];
  /** Questions that nobody needs to answer any more. */
  readonly closedIds: readonly string[];
}

export interface HeldDecision {
  readonly ids: readonly string[];
  readonly state: 'approved' | 'rejected';
  readonly at: string;
  readonly by: string;
}

/** Directory users of one connection. */
export interface WaitingUsers {
  readonly connectionId: string;
  /** Each once. */
  readonly userIds: readonly string[];
}

export interface SettledByHand {
  readonly recordId: string;
  /** Null for all. */
  readonly effects: readonly HeldEffect[] | null;
  readonly at: string;
}

export interface HeldChangeStore {
  /** Newest first. */
  readonly list: (filter: HeldChangeFilter, page: PageRequest) => Promise<Page<HeldChange>>;
  /** In id order. */
  readonly getMany: (ids: readonly string[]) => Promise<readonly HeldChange[]>;
  /**
   * Who waits because of a conflict for one of these employees and contacts, and those of these directory users who wait for
   * anything, in the order of connections.
   */
  readonly waitingFor: (ids: readonly string[]) => Promise<readonly WaitingUsers[]>;
  /** Users of the connection about whom something waits, in id order. */
  readonly waitingUserIds: (connectionId: string) => Promise<readonly string[]>;
  /** Whether something about the user waits for an administrator, and why. */
  readonly waitingCauseOf: (directoryUserId: string) => Promise<HeldCause | null>;
  /** Locks the memory of the connection's guard until the end of the unit of work. */
  readonly lockWindow: (lookup: GuardLookup) => Promise<GuardReading>;
  /** One statement. */
  readonly record: (record: HeldRecord) => Promise<void>;
  /**
   * Ends what waits about an employee or contact that was changed by hand; answers the directory users it was about, in the
   * order of connections.
   */
  readonly dissolve: (settled: SettledByHand) => Promise<readonly WaitingUsers[]>;
  /** Of those that wait; answers the ids of those that did. */
  readonly decide: (decision: HeldDecision) => Promise<readonly string[]>;
}
