import type { PersonCase } from '../../provisioning/case.ts';
import type { CaseFacts } from '../../provisioning/facts.ts';
import { Ledger } from '../../provisioning/ledger.ts';
import type { EventDraft } from '../../provisioning/provisioning-event.ts';
import { withRecords } from '../../provisioning/with-records.ts';
import { judge, neededBase, type Tally, type Verdict } from '../../reconciliation/judge.ts';
import { linkedRecords } from '../../reconciliation/person-change.ts';
import {
  heldEvent,
  keepAdministrators,
  losesAdministrator,
  type Review,
  reviewCases,
  reviewEach,
  settle,
  tallyOf,
} from '../../reconciliation/review.ts';
import type { Looking } from '../people/people-ports.ts';
import type { Stores } from '../ports.ts';
import type { DecisionTools, GuardMode } from '../reconcile/decision-tools.ts';
import type { GuardMinute, HeldChange, HeldRecord } from './held-change-ports.ts';

export interface GuardedDecisions {
  readonly ledger: Ledger;
  readonly events: readonly EventDraft[];
  /** What the guard has to write; null when there is nothing. */
  readonly record: HeldRecord | null;
  /** Users whose person stays as it is for now. */
  readonly heldUserIds: ReadonlySet<string>;
  /** Held changes that an administrator has approved and that happened now. */
  readonly approvedIds: readonly string[];
  /** Users whom the guard must count first. */
  readonly postponedUserIds: ReadonlySet<string>;
}

const everythingPasses: Verdict = { deactivations: null, conversions: null };

/**
 * Decides everybody, and leaves as they are those whose change an administrator must see first. Where nobody loses
 * anything this costs no statement.
 */
export async function guardCases(
  stores: Stores,
  cases: readonly PersonCase[],
  facts: CaseFacts,
  { clock, identifiers, guard = { kind: 'judge' }, turn }: DecisionTools,
): Promise<GuardedDecisions> {
  const moment = { now: clock.now(), newId: identifiers.next };
  const frame = guard.kind === 'approved' ? { moment, approvedIds: guard.ids } : { moment };
  const trial = new Ledger(facts);
  const trialReviews = await reviewInSteps(reviewEach(cases, trial, frame), turn);
  const batch = { connectionId: cases[0]?.user.connectionId ?? '', facts, now: moment.now };
  let ledger = trial;
  let round = await judgeRound(stores, { ...batch, reviews: trialReviews, before: null }, guard);
  const stopped = [...round.stopped];
  const heldUserIds = new Set<string>();
  // What was stopped has left its marks in the ledger, such as names that it freed; so the others are decided anew, and
  // asked about again: what harmed nobody beside it may do so without it.
  while (round.stopped.length > 0) {
    for (const { person } of round.stopped) heldUserIds.add(person.user.id);
    ledger = new Ledger(facts);
    const others = cases.filter(({ user }) => !heldUserIds.has(user.id));
    const reviews = reviewCases(others, ledger, frame);
    round = await judgeRound(stores, { ...batch, reviews, before: round }, guard);
    stopped.push(...round.stopped);
  }
  const { reviews: decided, passed } = round;
  const questions = stopped.map((review) => aboutLastingRecords(review, trial, ledger));
  // Whoever was stopped has changed no record, even where the question names one that somebody else has.
  const events = withRecords(
    decided.flatMap((it) => it.decision.events),
    ledger.changedPeople(),
  );
  const record = {
    connectionId: batch.connectionId,
    at: moment.now,
    passed,
    windowMinutes: facts.settings.guard.windowMinutes,
    held: questions.flatMap((review) => heldChanges(review, moment)),
    closedIds: [...stopped, ...decided].flatMap(({ closedHolds }) => closedHolds.map(({ id }) => id)),
  };
  const isEmpty = passed === null && record.held.length === 0 && record.closedIds.length === 0;
  return {
    ledger,
    events: [...events, ...questions.flatMap(newHeldEvent)],
    record: isEmpty ? null : record,
    heldUserIds,
    postponedUserIds: new Set(
      stopped.flatMap(({ handling, person }) => (handling.kind === 'count' ? [person.user.id] : [])),
    ),
    approvedIds: decided.flatMap(({ handling }) =>
      handling.kind === 'free' && handling.approved !== null ? [handling.approved.id] : [],
    ),
  };
}

/** So many are decided in a millisecond or two. */
const reviewStep = 50;

async function reviewInSteps(
  each: ReturnType<typeof reviewEach>,
  turn: DecisionTools['turn'],
): Promise<readonly Review[]> {
  const reviews: Review[] = [];
  for (const { review } of each) {
    reviews.push(review);
    if (reviews.length % reviewStep === 0) await turn?.();
  }
  return reviews;
}

/** Costs a statement only where an administrator would be taken away. */
export async function protectAdministrators<Item extends Pick<Review, 'handling' | 'administration'>>(
  stores: Stores,
  reviews: readonly Item[],
  looking: Looking,
): Promise<readonly Item[]> {
  if (!losesAdministrator(reviews)) return reviews;
  const administrators = await stores.employees.administrators(looking);
  return keepAdministrators(
    reviews,
    administrators.map(({ id }) => id),
  );
}

interface Batch {
  readonly connectionId: string;
  readonly asked: Tally;
  readonly facts: CaseFacts;
  readonly now: string;
}

interface Judgement {
  readonly verdict: Verdict;
  /** What passes of what is asked; null when nothing does. */
  readonly passed: GuardMinute | null;
}

interface Round extends Judgement {
  readonly reviews: readonly Review[];
  readonly stopped: readonly Review[];
}

interface Question extends Omit<Batch, 'asked'> {
  readonly reviews: readonly Review[];
  /** The round without which some have been stopped; null for the first one. */
  readonly before: Round | null;
}

const isStopped = ({ handling }: Review): boolean => handling.kind !== 'free';

async function judgeRound(
  stores: Stores,
  { reviews, before, ...batch }: Question,
  mode: GuardMode,
): Promise<Round> {
  const safe = await protectAdministrators(stores, reviews, 'lock');
  const judgement = await judgeBatch(stores, { ...batch, asked: tallyOf(safe) }, mode, before);
  const settled = mode.kind === 'postpone' ? safe : settle(safe, judgement.verdict);
  return { ...judgement, reviews: settled, stopped: settled.filter(isStopped) };
}

/** Says whether what is asked at once may pass. What has been judged already is not asked about again. */
async function judgeBatch(
  stores: Stores,
  batch: Batch,
  mode: GuardMode,
  before: Judgement | null,
): Promise<Judgement> {
  const { asked, now } = batch;
  if (mode.kind === 'postpone' || asked.deactivations + asked.conversions === 0) {
    return { verdict: everythingPasses, passed: null };
  }
  const verdict = verdictBefore(asked, mode, before) ?? (await judgeTally(stores, batch));
  const deactivations = verdict.deactivations === null ? asked.deactivations : 0;
  const conversions = verdict.conversions === null ? asked.conversions : 0;
  if (deactivations + conversions === 0) return { verdict, passed: null };
  return { verdict, passed: { minute: minuteOf(now), deactivations, conversions } };
}

/** Null where it was not asked about as many. */
function verdictBefore(asked: Tally, mode: GuardMode, before: Judgement | null): Verdict | null {
  if (before === null) return mode.kind === 'judged' ? mode.verdict : null;
  const { deactivations, conversions } = before.passed ?? { deactivations: 0, conversions: 0 };
  return asked.deactivations <= deactivations && asked.conversions <= conversions ? before.verdict : null;
}

const minuteOf = (time: string): number => Math.floor(Date.parse(time) / 60_000);

/** Whoever else asks about the connection waits from here until the end of the unit of work. */
export async function judgeTally(
  stores: Stores,
  { connectionId, asked, facts, now }: Batch,
): Promise<Verdict> {
  const { guard } = facts.settings;
  const reading = await stores.heldChanges.lockWindow({ connectionId, baseLimit: neededBase(guard, asked) });
  const inWindow = reading.passed.filter((it) => it.minute > minuteOf(now) - guard.windowMinutes);
  const sum = (kind: keyof Tally): number => inWindow.reduce((total, it) => total + it[kind], 0);
  const window = {
    deactivations: sum('deactivations'),
    conversions: sum('conversions'),
    peopleWithLogin: reading.peopleWithLogin,
  };
  return judge(guard, window, asked);
}

const newHeldEvent = (review: Review): readonly EventDraft[] =>
  review.handling.kind === 'hold' ? [heldEvent(review, review.handling.risk)] : [];

/**
 * The question with the records as they are written. One that was made for somebody else in the trial got another id when
 * the others were decided anew, or was not made at all.
 */
function aboutLastingRecords(review: Review, trial: Ledger, ledger: Ledger): Review {
  if (review.handling.kind !== 'hold') return review;
  const { risk } = review.handling;
  const made = [trial.employee(risk.employeeId ?? ''), trial.contact(risk.contactId ?? '')].find(
    (it) => it !== null && trial.isNew(it.id),
  );
  if (made?.directoryUserId == null) return review;
  const { employee, contact } = linkedRecords(made.directoryUserId, ledger);
  const named = { employeeId: employee?.id ?? null, contactId: contact?.id ?? null };
  return { ...review, handling: { kind: 'hold', risk: { ...risk, ...named } } };
}

function heldChanges(
  { person, decision, handling }: Review,
  { now, newId }: { readonly now: string; readonly newId: () => string },
): readonly HeldChange[] {
  if (handling.kind !== 'hold') return [];
  return [
    {
      ...handling.risk,
      id: newId(),
      at: now,
      connectionId: person.user.connectionId,
      directoryUserId: person.user.id,
      winningRuleId: decision.winningRule?.id ?? null,
      state: 'waiting',
      decidedAt: null,
      decidedBy: null,
    },
  ];
}
