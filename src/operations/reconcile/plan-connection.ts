import type { Moment, PersonCase } from '../../provisioning/case.ts';
import type { CaseFacts } from '../../provisioning/facts.ts';
import { Ledger } from '../../provisioning/ledger.ts';
import type { ReconcileCause } from '../../provisioning/reconcile-cause.ts';
import type { Tally } from '../../reconciliation/judge.ts';
import { type PersonChange, personBefore, personChange } from '../../reconciliation/person-change.ts';
import { type Handling, type Review, reviewEach, settle, tallyOf } from '../../reconciliation/review.ts';
import { type OverlayMembers, type RuleOverlay, withRuleOverlay } from '../../reconciliation/rule-overlay.ts';
import { judgeTally, protectAdministrators } from '../guard/guard-cases.ts';
import type { Stores } from '../ports.ts';
import type { DecisionTools, StepTools } from './decision-tools.ts';
import type { MemberOfGroups } from './planning-ports.ts';
import { readAhead } from './read-ahead.ts';
import { lookupOf } from './reconcile.ts';

export interface PlannedPerson extends PersonChange {
  readonly directoryUserId: string;
  readonly displayName: string | null;
}

/** The rules of one connection and the groups that they name, before and after. */
export interface PlanScope {
  readonly connectionId: string;
  readonly groupIds: readonly string[];
  readonly overlay: RuleOverlay;
  readonly newRuleIds: ReadonlySet<string>;
  /** Those of these users who are planned; left out: all of them. */
  readonly among?: (userIds: readonly string[]) => Promise<readonly string[]>;
}

/** So many people are read by one statement. */
const readAtOnce = 50;

/** So many of them are decided between two turns of the event loop. */
const decidedAtOnce = 25;

/** So many are counted and fingerprinted between two turns of it. */
const toldAtOnce = 500;

const cause: ReconcileCause = 'ruleChange';

/**
 * Decides everybody whom the rules concern. What the guard would stop is known only when all have been counted; then
 * the others are decided once more without those who are stopped, as it happens when the change is made.
 */
export async function* planConnection(
  stores: Stores,
  scope: PlanScope,
  tools: StepTools,
): AsyncGenerator<readonly PlannedPerson[]> {
  const trial: DecidedPerson[] = [];
  let facts: CaseFacts | null = null;
  for await (const batch of decideAll(stores, scope, nobodyHeld, tools)) {
    trial.push(...batch.people);
    facts = batch.facts;
  }
  const held = facts === null ? nobodyHeld : await heldAmong(stores, scope, { trial, facts }, tools);
  const decided = new Map<string, PlannedPerson | null>();
  if (held.size > 0 && held.size < trial.length) {
    for await (const { people } of decideAll(stores, scope, held, tools)) {
      for (const { userId, planned } of people) decided.set(userId, planned);
    }
  }
  const toldOf = ({ userId, planned, whenHeld }: DecidedPerson): PlannedPerson | null => {
    if (held.has(userId)) return whenHeld;
    return held.size === 0 ? planned : (decided.get(userId) ?? null);
  };
  for (let start = 0; start < trial.length; start += toldAtOnce) {
    yield trial.slice(start, start + toldAtOnce).flatMap((person) => toldOf(person) ?? []);
    await tools.giveWay();
  }
}

/** Ids of users who stay as they are. */
type Held = ReadonlySet<string>;

const nobodyHeld: Held = new Set();

type Judged = Pick<Review, 'handling' | 'administration'>;

interface DecidedPerson extends Judged {
  readonly userId: string;
  /** What the decision comes to; null when it changes nothing. */
  readonly planned: PlannedPerson | null;
  /** The same when the guard stops it; null also for those whom it has no reason to stop. */
  readonly whenHeld: PlannedPerson | null;
}

async function heldAmong(
  stores: Stores,
  { connectionId }: PlanScope,
  { trial, facts }: { readonly trial: readonly DecidedPerson[]; readonly facts: CaseFacts },
  { clock }: DecisionTools,
): Promise<Held> {
  const reviews = await protectAdministrators(stores, trial, 'look');
  const asked: Tally = tallyOf(reviews);
  const isAsked = asked.deactivations + asked.conversions > 0;
  const verdict = isAsked
    ? await judgeTally(stores, { connectionId, asked, facts, now: clock.now() })
    : { deactivations: null, conversions: null };
  const stopped = settle(reviews, verdict).filter(({ handling }) => handling.kind !== 'free');
  return new Set(stopped.map(({ userId }) => userId));
}

interface DecidedBatch {
  readonly people: readonly DecidedPerson[];
  readonly facts: CaseFacts;
}

/** All but those who are held. */
async function* decideAll(
  stores: Stores,
  scope: PlanScope,
  held: Held,
  { clock, identifiers, giveWay }: StepTools,
): AsyncGenerator<DecidedBatch> {
  const moment = { now: clock.now(), newId: identifiers.next };
  let ledger: Ledger | null = null;
  for await (const { cases, members, present } of readAhead(loadAll(stores, scope, held))) {
    const facts = withRuleOverlay(present, scope.overlay, members);
    if (ledger === null) ledger = new Ledger(facts);
    else ledger.absorb(facts);
    const parts = { scope, present, ledger, moment, untouched: new Untouched(facts) };
    for (let start = 0; start < cases.length; start += decidedAtOnce) {
      yield decideBatch(cases.slice(start, start + decidedAtOnce), parts);
      await giveWay();
    }
  }
}

interface LoadedBatch {
  readonly cases: readonly PersonCase[];
  readonly members: OverlayMembers;
  readonly present: CaseFacts;
}

async function* loadAll(stores: Stores, scope: PlanScope, held: Held): AsyncGenerator<LoadedBatch> {
  const { connectionId, groupIds } = scope;
  let after: string | null = null;
  do {
    const lookup = { connectionId, groupIds, after, limit: readAtOnce };
    const page: readonly MemberOfGroups[] = await stores.planning.membersUnder(lookup);
    after = page.length === readAtOnce ? (page.at(-1)?.user.id ?? null) : null;
    const live = await wantedOf(
      page.filter(({ user }) => user.deletedAt === null && !held.has(user.id)),
      scope,
    );
    if (live.length === 0) continue;
    const cases = live.map(({ user }): PersonCase => ({ user, previous: null, cause }));
    const members = new Map(live.map((member) => [member.user.id, rulesOf(member, scope)]));
    yield { cases, members, present: await stores.planning.viewCases(lookupOf(cases)) };
  } while (after !== null);
}

async function wantedOf(
  members: readonly MemberOfGroups[],
  { among }: PlanScope,
): Promise<readonly MemberOfGroups[]> {
  if (among === undefined || members.length === 0) return members;
  const wanted = new Set(await among(members.map(({ user }) => user.id)));
  return members.filter(({ user }) => wanted.has(user.id));
}

/** Whoever is held stays as the facts tell, whatever was decided about others. Mostly nobody is. */
class Untouched {
  readonly #facts: CaseFacts;
  #ledger: Ledger | null = null;

  constructor(facts: CaseFacts) {
    this.#facts = facts;
  }

  get ledger(): Ledger {
    this.#ledger ??= new Ledger(this.#facts);
    return this.#ledger;
  }
}

interface BatchParts {
  readonly untouched: Untouched;
  readonly scope: PlanScope;
  readonly present: CaseFacts;
  readonly ledger: Ledger;
  readonly moment: Moment;
}

function decideBatch(
  cases: readonly PersonCase[],
  { scope, present, ledger, moment, untouched }: BatchParts,
): DecidedBatch {
  const frame = { present, newRuleIds: scope.newRuleIds };
  const people: DecidedPerson[] = [];
  for (const { review, before } of reviewEach(cases, ledger, { moment })) {
    const { person, decision, handling, administration } = review;
    const change = personChange(before, decision.outcome, { ...frame, ledger });
    const told = { userId: person.user.id, planned: planned(person, change) };
    if (handling.kind === 'free' && administration === null) {
      people.push({ ...told, handling, administration, whenHeld: null });
      continue;
    }
    const held = decision.outcome === 'conflict' ? 'conflict' : 'held';
    const asFound = { ...frame, ledger: untouched.ledger };
    const unchanged = personChange(personBefore(person, asFound.ledger), held, asFound);
    people.push({ ...told, ...briefly(review), whenHeld: planned(person, unchanged) });
  }
  return { people, facts: ledger.facts };
}

/** What the guard looks at: everybody is remembered until all are known, and the fields that change are most of it. */
function briefly({ handling, administration }: Judged): Judged {
  const short = (it: Handling): Handling =>
    it.kind === 'count' || it.kind === 'hold' ? { ...it, risk: { ...it.risk, changes: [] } } : it;
  if (administration === null) return { administration, handling: short(handling) };
  const { whenLast } = administration;
  const brief = { ...whenLast, handling: short(whenLast.handling) };
  return { handling: short(handling), administration: { ...administration, whenLast: brief } };
}

function planned({ user }: PersonCase, change: PersonChange | null): PlannedPerson | null {
  if (change === null) return null;
  const { displayName } = user.attributes;
  const name = typeof displayName === 'string' ? displayName : null;
  return { directoryUserId: user.id, displayName: name, ...change };
}

/** The planned rules whose group the user is in. */
function rulesOf({ positions }: MemberOfGroups, { groupIds, overlay }: PlanScope): ReadonlySet<string> {
  const keys = new Set(positions.map((position) => groupIds[position]));
  const own = [...overlay].filter(([, rule]) => rule !== null && keys.has(rule.groupId.toLowerCase()));
  return new Set(own.map(([id]) => id));
}
