import { FieldFaults } from '../field-faults.ts';
import type { Stores } from '../ports.ts';
import type { DecisionTools } from '../reconcile/decision-tools.ts';
import { draftRule, redraftRule } from './draft-rule.ts';
import { isOtherDecision, type MappingRuleInput, type NewMappingRule } from './mapping-rule-input.ts';
import type { MappingRuleRecord } from './rules-ports.ts';

/** One of several changes that are previewed and applied together. */
export interface RuleChangeInput {
  readonly op: 'create' | 'update' | 'delete';
  readonly id?: string;
  readonly rule?: Partial<NewMappingRule>;
}

/** What is written for one of the changes, in their order; `before` is null for a new rule, `after` for a deleted one. */
export interface RuleStep {
  readonly id: string;
  readonly before: MappingRuleRecord | null;
  readonly after: MappingRuleRecord | null;
}

/** Checks the changes one after the other, each against the rules as those before it leave them. Writes nothing. */
export async function draftRuleSteps(
  stores: Stores,
  changes: readonly RuleChangeInput[],
  tools: DecisionTools,
): Promise<readonly RuleStep[]> {
  const draft = new RuleDraft(stores, tools);
  for (const [index, change] of changes.entries()) await draft.take(change, `/changes/${index}`);
  return draft.steps;
}

/** Each rule once: as it is stored and as it will be. Rules by which people come out the same are left out. */
export function decidingRules(steps: readonly RuleStep[]): readonly RuleStep[] {
  const net = new Map<string, RuleStep>();
  for (const step of steps) net.set(step.id, { ...step, before: (net.get(step.id) ?? step).before });
  return [...net.values()].filter(({ before, after }) => isOtherDecision(before, after));
}

export async function writeRuleSteps(stores: Stores, steps: readonly RuleStep[]): Promise<void> {
  for (const { id, before, after } of steps) {
    if (after === null) await stores.mappingRules.delete(id);
    else if (before === null) await stores.mappingRules.insert(after);
    else await stores.mappingRules.update(after);
  }
}

/** The rules with the changes so far. */
class RuleDraft {
  readonly steps: RuleStep[] = [];
  readonly #stores: Stores;
  readonly #tools: DecisionTools;
  readonly #rules = new Map<string, MappingRuleRecord | null>();

  constructor(stores: Stores, tools: DecisionTools) {
    this.#stores = stores;
    this.#tools = tools;
  }

  async take(change: RuleChangeInput, pointer: string): Promise<void> {
    const shape = new FieldFaults(pointer);
    checkShape(change, shape);
    shape.raise();
    const faults = new FieldFaults(`${pointer}/rule`);
    const drafting = { stores: this.#stores, holderOf: this.#holderOf, faults };
    if (change.op === 'create') {
      const birth = { id: this.#tools.identifiers.next(), now: this.#tools.clock.now() };
      const after = await draftRule(drafting, readNew(change.rule), birth);
      this.#note({ id: birth.id, before: null, after });
      return;
    }
    const id = (change.id ?? '').toLowerCase();
    const before = await this.#ruleOf(id);
    if (before === null) shape.add('/id', `There is no mapping rule ${id}.`);
    shape.raise();
    if (before === null) return;
    if (change.op === 'delete') return this.#note({ id, before, after: null });
    const after = await redraftRule(drafting, before, readPatch(change.rule));
    if (after !== before) this.#note({ id, before, after: { ...after, updatedAt: this.#tools.clock.now() } });
  }

  #note(step: RuleStep): void {
    this.#rules.set(step.id, step.after);
    this.steps.push(step);
  }

  async #ruleOf(id: string): Promise<MappingRuleRecord | null> {
    const drafted = this.#rules.get(id);
    if (drafted !== undefined) return drafted;
    const view = await this.#stores.mappingRules.get(id);
    if (view === null) return null;
    const { group: _group, ...record } = view.rule;
    return record;
  }

  readonly #holderOf = async (connectionId: string, groupId: string): Promise<string | null> => {
    const names = (rule: MappingRuleRecord | null): boolean =>
      rule?.connectionId === connectionId && rule.groupId.toLowerCase() === groupId.toLowerCase();
    for (const [id, rule] of this.#rules) if (names(rule)) return id;
    const stored = await this.#stores.mappingRules.idOfGroup(connectionId, groupId);
    return stored === null || this.#rules.has(stored) ? null : stored;
  };
}

const requiredOfNew = ['groupId', 'order', 'userType', 'securityRoleId'] as const;

function checkShape({ op, id, rule }: RuleChangeInput, faults: FieldFaults): void {
  if (op === 'create') {
    if (id !== undefined) faults.add('/id', 'A new rule gets its id from the server; leave it out.');
    for (const field of requiredOfNew) {
      if (rule?.[field] === undefined) faults.add(`/rule/${field}`, 'A new rule needs this field.');
    }
    return;
  }
  if (id === undefined) faults.add('/id', `Name the rule to ${op}.`);
  if (op === 'delete' && rule !== undefined) faults.add('/rule', 'A deletion names the rule by its id only.');
  if (op !== 'update') return;
  if (rule === undefined) faults.add('/rule', 'Say what changes.');
  for (const field of ['connectionId', 'tenantId'] as const) {
    if (rule?.[field] !== undefined) {
      faults.add(`/rule/${field}`, 'A rule stays with its connection; delete it and create another one.');
    }
  }
}

/** The shape has been checked: nothing that a new rule needs is missing. */
const readNew = (rule: RuleChangeInput['rule']): NewMappingRule => ({
  groupId: '',
  order: 0,
  userType: 'employee',
  securityRoleId: '',
  ...rule,
});

function readPatch(rule: RuleChangeInput['rule']): MappingRuleInput {
  const { connectionId: _connection, tenantId: _tenant, ...patch } = rule ?? {};
  return patch;
}
