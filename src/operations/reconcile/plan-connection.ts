import type { Moment, Outcome, PersonCase } from '../../provisioning/case.ts';
import type { CaseFacts } from '../../provisioning/facts.ts';
import { Ledger } from '../../provisioning/ledger.ts';
import type { ReconcileCause } from '../../provisioning/reconcile-cause.ts';
import type { Tally } from '../../reconciliation/judge.ts';
import { type PersonChange, personBefore, personChange } from '../../reconciliation/person-change.ts';
import { type Review, reviewCases, settle, tallyOf } from '../../reconciliation/review.ts';
import { type RuleOverlay, withRuleOverlay } from '../../reconciliation/rule-overlay.ts';
import { judgeTally } from '../guard/guard-cases.ts';
import type { Stores } from '../ports.ts';
import type { DecisionTools } from './decision-tools.ts';
import type { MemberOfGroups } from './planning-ports.ts';
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
}

/** So many people are decided between two turns of the event loop. */
const batchSize = 100;

const cause: ReconcileCause = 'ruleChange';

const nobodyApproved: ReadonlySet<string> = new Set();

/** Why somebody stays as they are; nobody is held in the first pass. */
type Held = ReadonlyMap<string, Outcome>;

/**
 * Decides everybody whom the rules concern. What the guard would stop is known only when all have been counted; then
 * the others are decided once more without those who are stopped, as it happens when the change is made.
 */
export async function* planConnection(
  stores: Stores,
  scope: PlanScope,
  tools: DecisionTools,
): AsyncGenerator<readonly PlannedPerson[]> {
  const batches: (readonly PlannedPerson[])[] = [];
  const reviews: Review[] = [];
  let facts: CaseFacts | null = null;
  for await (const batch of decideAll(stores, scope, new Map(), tools)) {
    batches.push(batch.people);
    reviews.push(...batch.reviews);
    facts = batch.facts;
  }
  const held = facts === null ? new Map() : await heldAmong(stores, scope, { reviews, facts }, tools);
  if (held.size === 0) yield* batches;
  else for await (const { people } of decideAll(stores, scope, held, tools)) yield people;
}

interface Trial {
  readonly reviews: readonly Review[];
  readonly facts: CaseFacts;
}

async function heldAmong(
  stores: Stores,
  { connectionId }: PlanScope,
  { reviews, facts }: Trial,
  { clock }: DecisionTools,
): Promise<Held> {
  const asked: Tally = tallyOf(reviews);
  const isAsked = asked.deactivations + asked.conversions > 0;
  const { verdict } = isAsked
    ? await judgeTally(stores, { connectionId, asked, facts, now: clock.now() })
    : { verdict: { deactivations: null, conversions: null } };
  const stopped = settle(reviews, verdict).filter(({ handling }) => handling.kind !== 'free');
  return new Map(
    stopped.map(({ person, decision }) => [
      person.user.id,
      decision.outcome === 'conflict' ? 'conflict' : 'held',
    ]),
  );
}

interface DecidedBatch extends Trial {
  readonly people: readonly PlannedPerson[];
}

async function* decideAll(
  stores: Stores,
  scope: PlanScope,
  held: Held,
  { clock, identifiers }: DecisionTools,
): AsyncGenerator<DecidedBatch> {
  const { connectionId, groupIds } = scope;
  const moment = { now: clock.now(), newId: identifiers.next };
  let ledger: Ledger | null = null;
  let after: string | null = null;
  do {
    const lookup = { connectionId, groupIds, after, limit: batchSize };
    const page: readonly MemberOfGroups[] = await stores.planning.membersUnder(lookup);
    after = page.length === batchSize ? (page.at(-1)?.user.id ?? null) : null;
    const live = page.filter(({ user }) => user.deletedAt === null);
    if (live.length === 0) continue;
    const cases = live.map(({ user }): PersonCase => ({ user, previous: null, cause }));
    const present = await stores.planning.viewCases(lookupOf(cases));
    const members = new Map(live.map((member) => [member.user.id, rulesOf(member, scope)]));
    const facts = withRuleOverlay(present, scope.overlay, members);
    if (ledger === null) ledger = new Ledger(facts);
    else ledger.absorb(facts);
    yield decideBatch(cases, { scope, held, present, ledger, moment });
  } while (after !== null);
}

interface BatchFrame {
  readonly scope: PlanScope;
  readonly held: Held;
  readonly present: CaseFacts;
  readonly ledger: Ledger;
  readonly moment: Moment;
}

function decideBatch(cases: readonly PersonCase[], frame: BatchFrame): DecidedBatch {
  const { scope, held, present, ledger, moment } = frame;
  const reviews: Review[] = [];
  const people = cases.flatMap((person) => {
    const { user } = person;
    const before = personBefore(person, ledger);
    const stopped = held.get(user.id);
    const own =
      stopped === undefined ? reviewCases([person], ledger, { moment, approvedIds: nobodyApproved }) : [];
    reviews.push(...own);
    const outcome = stopped ?? own[0]?.decision.outcome ?? 'off';
    const change = personChange(before, outcome, { present, newRuleIds: scope.newRuleIds, ledger });
    if (change === null) return [];
    const { displayName } = user.attributes;
    const name = typeof displayName === 'string' ? displayName : null;
    return [{ directoryUserId: user.id, displayName: name, ...change }];
  });
  return { people, reviews, facts: ledger.facts };
}

/** The planned rules whose group the user is in. */
function rulesOf({ positions }: MemberOfGroups, { groupIds, overlay }: PlanScope): ReadonlySet<string> {
  const keys = new Set(positions.map((position) => groupIds[position]));
  const own = [...overlay].filter(([, rule]) => rule !== null && keys.has(rule.groupId.toLowerCase()));
  return new Set(own.map(([id]) => id));
}
