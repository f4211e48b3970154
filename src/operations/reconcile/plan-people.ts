import type { MappingRule } from '../../mapping/mapping-rule.ts';
import { type PlanEffect, planEffects } from '../../reconciliation/person-change.ts';
import type { RuleOverlay } from '../../reconciliation/rule-overlay.ts';
import { OperationError } from '../operation-error.ts';
import type { Stores } from '../ports.ts';
import type { RuleStep } from '../rules/rule-changes.ts';
import type { StepTools } from './decision-tools.ts';
import { type PlannedPerson, type PlanScope, planConnection } from './plan-connection.ts';

/** Gathers a text of any length into a short one that is the same for the same text only. */
export interface Fingerprint {
  readonly add: (text: string) => void;
  readonly end: () => string;
}

export interface PlanTools extends StepTools {
  readonly startFingerprint: () => Fingerprint;
}

/** Which of the affected people are wanted: how many to skip, how many to answer. */
export interface PlanWindow extends Pick<PlanScope, 'among'> {
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

/** What the rules would do to people: the very decisions of a rule change, from the same facts, written nowhere. */
export async function planRuleSteps(
  stores: Stores,
  rules: readonly RuleStep[],
  window: PlanWindow,
  tools: PlanTools,
): Promise<Plan> {
  const summary = new PlanSummary(window, tools.startFingerprint());
  const newRuleIds = new Set(rules.filter(({ before }) => before === null).map(({ id }) => id));
  const connectionIds = new Set(rules.map(({ before, after }) => (after ?? before)?.connectionId ?? ''));
  for (const connectionId of [...connectionIds].sort()) {
    const own = rules.filter(({ before, after }) => (after ?? before)?.connectionId === connectionId);
    const { among } = window;
    const scope = { ...(await overlayOf(stores, connectionId, own)), newRuleIds, ...(among && { among }) };
    for await (const batch of planConnection(stores, scope, tools)) summary.add(batch);
  }
  return summary.plan();
}

export function groupsOfRules(rules: readonly RuleStep[]): readonly string[] {
  const ids = rules.flatMap(({ before, after }) => [before, after].map((it) => it?.groupId.toLowerCase()));
  return [...new Set(ids.filter((id) => id !== undefined))];
}

async function overlayOf(stores: Stores, connectionId: string, rules: readonly RuleStep[]) {
  const groupIds = groupsOfRules(rules);
  const groups = await stores.planning.groupsNamed(connectionId, groupIds);
  const overlay = new Map<string, MappingRule | null>();
  for (const { id, after } of rules) {
    const group = after === null ? undefined : groups[groupIds.indexOf(after.groupId.toLowerCase())];
    overlay.set(id, after === null || group === undefined ? null : { ...after, group });
  }
  const planned: RuleOverlay = overlay;
  return { connectionId, groupIds, overlay: planned };
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
