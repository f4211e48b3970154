import {
  type Decision,
  type Moment,
  type PersonCase,
  type Subject,
  subjectOf,
} from '../provisioning/case.ts';
import { decideSubject } from '../provisioning/decide.ts';
import type { OpenHold } from '../provisioning/held-change.ts';
import type { Ledger } from '../provisioning/ledger.ts';
import type { EventDraft } from '../provisioning/provisioning-event.ts';
import { type AdministratorMoves, administratorMoves, lossEffect } from './administration.ts';
import type { Tally, Verdict } from './judge.ts';
import { type PersonBefore, personBefore } from './person-change.ts';
import { type Risk, riskOf } from './risk.ts';

/** What is to be done about a decision. */
export type Handling =
  /** Nothing to ask about, or an administrator has said yes to it. */
  | { readonly kind: 'free'; readonly approved: OpenHold | null }
  /** The guard counts it and says whether it passes. */
  | { readonly kind: 'count'; readonly risk: Risk }
  /** Stopped; a new question for an administrator. */
  | { readonly kind: 'hold'; readonly risk: Risk }
  /** Stopped as before; there is nothing new to say. */
  | { readonly kind: 'keep'; readonly hold: OpenHold };

export interface Review {
  readonly person: Subject;
  readonly decision: Decision;
  readonly handling: Handling;
  /** Questions that this decision leaves without an object. */
  readonly closedHolds: readonly OpenHold[];
  /** Null where nobody becomes an administrator or is one no more. */
  readonly administration: Administration | null;
}

export interface Administration extends AdministratorMoves {
  /** Instead, when no administrator would be left. */
  readonly whenLast: Pick<Review, 'handling' | 'closedHolds'>;
}

export interface ReviewFrame {
  readonly moment: Moment;
  /** Held changes to which an administrator has said yes. */
  readonly approvedIds?: ReadonlySet<string>;
}

const nothingApproved: ReadonlySet<string> = new Set();

const free: Handling = { kind: 'free', approved: null };

/** Decides everybody in the ledger and says of each what is to be asked about. */
export const reviewCases = (
  cases: readonly PersonCase[],
  ledger: Ledger,
  frame: ReviewFrame,
): readonly Review[] => Array.from(reviewEach(cases, ledger, frame), ({ review }) => review);

/** The same one by one: when a review is answered the ledger holds that decision and none after it. */
export function* reviewEach(
  cases: readonly PersonCase[],
  ledger: Ledger,
  frame: ReviewFrame,
): Generator<{ readonly review: Review; readonly before: PersonBefore }> {
  const open = Map.groupBy(ledger.facts.openHolds, (hold) => hold.directoryUserId);
  for (const person of cases) {
    const subject = subjectOf(person, ledger.facts);
    const before = personBefore(subject, ledger);
    const decision = decideSubject(subject, ledger, frame.moment);
    const own = open.get(person.user.id) ?? [];
    yield { before, review: reviewOf({ before, decision, own }, ledger, frame) };
  }
}

interface DecidedCase {
  readonly before: PersonBefore;
  readonly decision: Decision;
  readonly own: readonly OpenHold[];
}

function reviewOf(
  { before, decision, own }: DecidedCase,
  ledger: Ledger,
  { approvedIds = nothingApproved }: ReviewFrame,
): Review {
  const person = before.subject;
  if (decision.outcome === 'off') {
    return { person, decision, handling: free, closedHolds: [], administration: null };
  }
  const answer = (risk: Risk | null): Pick<Review, 'handling' | 'closedHolds'> => {
    const handling = handlingOf({ person, risk, own, approvedIds });
    const kept =
      handling.kind === 'keep' ? handling.hold : handling.kind === 'free' ? handling.approved : null;
    return { handling, closedHolds: own.filter((hold) => hold !== kept) };
  };
  const moves = administratorMoves(before, ledger);
  const administration = moves && { ...moves, whenLast: answer(lastAdministrator(decision, moves)) };
  return { person, decision, administration, ...answer(riskOf(before, decision, ledger)) };
}

const lastAdministrator = ({ outcome, events }: Decision, { lost }: AdministratorMoves): Risk => ({
  effect: lossEffect(outcome),
  cause: 'lastAdministrator',
  reason: 'This is the last active administrator. Make somebody else an administrator first.',
  employeeId: lost[0] ?? null,
  contactId: null,
  changes: events.flatMap((it) => it.changes),
});

interface Question {
  readonly person: PersonCase;
  readonly risk: Risk | null;
  readonly own: readonly OpenHold[];
  readonly approvedIds: ReadonlySet<string>;
}

/** No approval can make these happen, only the directory, another rule or another administrator. */
const isFinal = ({ cause }: Risk): boolean =>
  cause === 'conflict' || cause === 'root' || cause === 'lastAdministrator';

function handlingOf({ person, risk, own, approvedIds }: Question): Handling {
  if (risk === null) return free;
  const same = own.filter((hold) => hold.effect === risk.effect && hold.cause === risk.cause);
  const waiting = same.find((hold) => hold.state === 'waiting');
  if (waiting && approvedIds.has(waiting.id) && !isFinal(risk)) return { kind: 'free', approved: waiting };
  if (waiting) return { kind: 'keep', hold: waiting };
  const [rejected] = same;
  if (rejected === undefined) return isCounted(risk) ? { kind: 'count', risk } : { kind: 'hold', risk };
  // Refused: asked again only after the next change of this user.
  const isOwnChange = person.cause === 'directory' || person.cause === 'membership';
  return isOwnChange ? { kind: 'hold', risk } : { kind: 'keep', hold: rejected };
}

const isCounted = (risk: Risk): boolean => risk.cause === 'guard';

const kindOf = (risk: Risk): keyof Tally => (risk.effect === 'convert' ? 'conversions' : 'deactivations');

type Handled = Pick<Review, 'handling'>;

export function tallyOf(reviews: readonly Handled[]): Tally {
  const counted = reviews.flatMap(({ handling }) =>
    handling.kind === 'count' ? [kindOf(handling.risk)] : [],
  );
  const conversions = counted.filter((kind) => kind === 'conversions').length;
  return { conversions, deactivations: counted.length - conversions };
}

type Administering = Pick<Review, 'handling' | 'administration'>;

const mayHappen = ({ handling }: Handled): boolean => handling.kind === 'free' || handling.kind === 'count';

/** Whether an administrator is taken away, so that the others have to be known. */
export const losesAdministrator = (reviews: readonly Administering[]): boolean =>
  reviews.some((review) => mayHappen(review) && (review.administration?.lost.length ?? 0) > 0);

/**
 * Of everybody who can administer now, somebody must be left: otherwise all who would take one away are stopped
 * together.
 */
export function keepAdministrators<Item extends Administering>(
  reviews: readonly Item[],
  administratorIds: Iterable<string>,
): readonly Item[] {
  const left = new Set(administratorIds);
  const moving = reviews.filter(mayHappen).map(({ administration }) => administration);
  for (const moves of moving) for (const id of moves?.won ?? []) left.add(id);
  for (const moves of moving) for (const id of moves?.lost ?? []) left.delete(id);
  if (left.size > 0) return reviews;
  return reviews.map((review) => {
    const { administration } = review;
    const isLoss = administration !== null && administration.lost.length > 0 && mayHappen(review);
    return isLoss ? { ...review, ...administration.whenLast } : review;
  });
}

/** The reviews with every count turned into a pass or a hold. */
export const settle = <Item extends Handled>(reviews: readonly Item[], verdict: Verdict): readonly Item[] =>
  reviews.map((review) => {
    const { handling } = review;
    if (handling.kind !== 'count') return review;
    const reason = verdict[kindOf(handling.risk)];
    if (reason === null) return { ...review, handling: free };
    return { ...review, handling: { kind: 'hold', risk: { ...handling.risk, reason } } };
  });

/** The line of the log for a change that is stopped; a conflict has its own. */
export function heldEvent({ decision, person }: Review, risk: Risk): EventDraft {
  const { employeeId, contactId, reason, changes, cause } = risk;
  return {
    directoryUserId: person.user.id,
    employeeId,
    contactId,
    action: cause === 'conflict' ? 'conflict' : 'held',
    reason,
    winningRuleId: decision.winningRule?.id ?? null,
    changes,
  };
}
