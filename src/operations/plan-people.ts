import type { MappingRule } from '../mapping/mapping-rule.ts';
import type { PersonCase } from '../provisioning/case.ts';
import { decide } from '../provisioning/decide.ts';
import { Ledger } from '../provisioning/ledger.ts';
import type { ReconcileCause } from '../provisioning/reconcile-cause.ts';
import {
  type PersonChange,
  type PlanEffect,
  personBefore,
  personChange,
  planEffects,
} from '../reconciliation/person-change.ts';
import { type RuleOverlay, withRuleOverlay } from '../reconciliation/rule-overlay.ts';
import type { DecisionTools } from './decision-tools.ts';
import { OperationError } from './operation-error.ts';
import type { MemberOfGroups, PlanningStore } from './planning-ports.ts';
import { lookupOf } from './reconcile.ts';
import type { RuleStep } from './rule-changes.ts';

export interface PlannedPerson extends PersonChange {
  readonly directoryUserId: string;
  readonly displayName: string | null;
}

/** Gathers a text of any length into a short one that is the same for the same text only. */
export interface Fingerprint {
  readonly add: (text: string) => void;
  readonly end: () => string;
}

export interface PlanTools extends DecisionTools {
  readonly startFingerprint: () => Fingerprint;
}

/** Which of the affected people are wanted: how many to skip, how many to answer. */
export interface PlanWindow {
  readonly offset: number;
  readonly limit: number;
}

export interface Plan {
  readonly digest: string;
  readonly counts: Readonly<Record<PlanEffect, number>>;
  /** Those in the window, in the order of their directory user ids within each connection. */
  readonly items: readonly PlannedPerson[];
  readonly total: number;
}

/** A page of a preview goes on where the one before it ended, as long as the outcome is still the same. */
export interface PreviewPosition {
  readonly digest: string;
  readonly offset: number;
}

export interface PreviewRequest {
  readonly limit: number;
  readonly position: PreviewPosition | null;
}

type Outcome = Pick<Plan, 'digest' | 'total'>;

export function requireSameOutcome(plan: Outcome, digest: string, whatToDo: string): void {
  if (plan.digest === digest) return;
  const detail = `What the changes would do is not what it was in that preview. ${whatToDo}`;
  throw new OperationError('conflict', detail, { digest: plan.digest });
}

/** Where the next page starts; the one that is asked for must be of the outcome that the first one showed. */
export function requireSamePage(plan: Outcome, { limit, position }: PreviewRequest): PreviewPosition | null {
  if (position !== null) requireSameOutcome(plan, position.digest, 'Start again with the first page.');
  const end = (position?.offset ?? 0) + limit;
  return end < plan.total ? { digest: plan.digest, offset: end } : null;
}

/** So many people are decided between two turns of the event loop. */
const batchSize = 200;

/** What the rules would do to people: the very decisions of a rule change, from the same facts, written nowhere. */
export async function planRuleSteps(
  planning: PlanningStore,
  rules: readonly RuleStep[],
  window: PlanWindow,
  tools: PlanTools,
): Promise<Plan> {
  const summary = new PlanSummary(window, tools.startFingerprint());
  const newRuleIds = new Set(rules.filter(({ before }) => before === null).map(({ id }) => id));
  const connectionIds = new Set(rules.map(({ before, after }) => (after ?? before)?.connectionId ?? ''));
  for (const connectionId of [...connectionIds].sort()) {
    const own = rules.filter(({ before, after }) => (after ?? before)?.connectionId === connectionId);
    const scope = await scopeOf(planning, connectionId, own);
    for await (const batch of planConnection(planning, scope, newRuleIds, tools)) summary.add(batch);
  }
  return summary.plan();
}

/** The rules of one connection and the groups that they name, before and after. */
interface PlanScope {
  readonly connectionId: string;
  readonly groupIds: readonly string[];
  readonly overlay: RuleOverlay;
}

export function groupsOfRules(rules: readonly RuleStep[]): readonly string[] {
  const ids = rules.flatMap(({ before, after }) => [before, after].map((it) => it?.groupId.toLowerCase()));
  return [...new Set(ids.filter((id) => id !== undefined))];
}

async function scopeOf(
  planning: PlanningStore,
  connectionId: string,
  rules: readonly RuleStep[],
): Promise<PlanScope> {
  const groupIds = groupsOfRules(rules);
  const groups = await planning.groupsNamed(connectionId, groupIds);
  const overlay = new Map<string, MappingRule | null>();
  for (const { id, after } of rules) {
    const group = after === null ? undefined : groups[groupIds.indexOf(after.groupId.toLowerCase())];
    overlay.set(id, after === null || group === undefined ? null : { ...after, group });
  }
  return { connectionId, groupIds, overlay };
}

const cause: ReconcileCause = 'ruleChange';

async function* planConnection(
  planning: PlanningStore,
  { connectionId, groupIds, overlay }: PlanScope,
  newRuleIds: ReadonlySet<string>,
  { clock, identifiers }: DecisionTools,
): AsyncGenerator<readonly PlannedPerson[]> {
  const moment = { now: clock.now(), newId: identifiers.next };
  let ledger: Ledger | null = null;
  let after: string | null = null;
  do {
    const page: readonly MemberOfGroups[] = await planning.membersUnder({
      connectionId,
      groupIds,
      after,
      limit: batchSize,
    });
    after = page.length === batchSize ? (page.at(-1)?.user.id ?? null) : null;
    const live = page.filter(({ user }) => user.deletedAt === null);
    if (live.length === 0) continue;
    const cases = live.map(({ user }): PersonCase => ({ user, previous: null, cause }));
    const present = await planning.viewCases(lookupOf(cases));
    const members = new Map(live.map((member) => [member.user.id, rulesOf(member, groupIds, overlay)]));
    const facts = withRuleOverlay(present, overlay, members);
    if (ledger === null) ledger = new Ledger(facts);
    else ledger.absorb(facts);
    yield planBatch(cases, { present, newRuleIds, ledger }, moment);
  } while (after !== null);
}

function planBatch(
  cases: readonly PersonCase[],
  frame: Parameters<typeof personChange>[2],
  moment: Parameters<typeof decide>[2],
): readonly PlannedPerson[] {
  return cases.flatMap((person) => {
    const before = personBefore(person, frame.ledger);
    const change = personChange(before, decide(person, frame.ledger, moment), frame);
    if (change === null) return [];
    const { displayName } = person.user.attributes;
    return [
      {
        directoryUserId: person.user.id,
        displayName: typeof displayName === 'string' ? displayName : null,
        ...change,
      },
    ];
  });
}

/** The planned rules whose group the user is in. */
function rulesOf(
  { positions }: MemberOfGroups,
  groupIds: readonly string[],
  overlay: RuleOverlay,
): ReadonlySet<string> {
  const keys = new Set(positions.map((position) => groupIds[position]));
  const own = [...overlay].filter(([, rule]) => rule !== null && keys.has(rule.groupId.toLowerCase()));
  return new Set(own.map(([id]) => id));
}

/** Counts and fingerprint of all, and the items of the window only. */
class PlanSummary {
  readonly #window: PlanWindow;
  readonly #fingerprint: Fingerprint;
  readonly #items: PlannedPerson[] = [];
  readonly #counts = new Map<PlanEffect, number>();
  #total = 0;

  constructor(window: PlanWindow, fingerprint: Fingerprint) {
    this.#window = window;
    this.#fingerprint = fingerprint;
  }

  add(batch: readonly PlannedPerson[]): void {
    const { offset, limit } = this.#window;
    for (const item of batch) {
      const { directoryUserId, before, after, effects } = item;
      this.#fingerprint.add(`${JSON.stringify([directoryUserId, before, after, effects])}\n`);
      for (const effect of effects) this.#counts.set(effect, (this.#counts.get(effect) ?? 0) + 1);
      if (this.#total >= offset && this.#total < offset + limit) this.#items.push(item);
      this.#total += 1;
    }
  }

  plan(): Plan {
    const counts: Record<PlanEffect, number> = {
      grantAccess: 0,
      revokeAccess: 0,
      changeRole: 0,
      createEmployee: 0,
      createContact: 0,
      archiveEmployee: 0,
      disablePortal: 0,
    };
    for (const effect of planEffects) counts[effect] = this.#counts.get(effect) ?? 0;
    return { digest: this.#fingerprint.end(), counts, items: this.#items, total: this.#total };
  }
}
