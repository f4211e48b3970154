import type { EmployeeDefaults, Settings } from '../../provisioning/settings.ts';
import type { Stores } from '../ports.ts';
import { defaultsInTheWay } from '../rules/employee-defaults-input.ts';
import { isSameRule } from '../rules/mapping-rule-input.ts';
import { requireCompleteDefaults } from '../rules/missing-defaults.ts';
import type { MappingRuleRecord } from '../rules/rules-ports.ts';
import { isSameRecord } from '../same-record.ts';
import type { ConfigurationChange } from './change-set-ports.ts';

/** What became of a change of a rule, of one setting, or of one employee default. */
export interface ConfigurationUndo {
  readonly kind: 'mappingRule' | 'setting' | 'employeeDefault';
  /** Id of the rule, or name of the setting or the default. */
  readonly id: string;
  readonly result: 'restored' | 'removed' | 'leftAlone';
  /** A sentence for the administrator when it was left alone. */
  readonly reason: string | null;
}

export interface ConfigurationPlan {
  readonly items: readonly ConfigurationUndo[];
  /** What is to be written, in this order; it is what is recorded about the undo as well. */
  readonly changes: readonly ConfigurationChange[];
}

/** What taking back these changes, the newest first, means now. Writes nothing. */
export async function planConfigurationUndo(
  stores: Stores,
  changes: readonly ConfigurationChange[],
): Promise<ConfigurationPlan> {
  const draft = new ConfigurationDraft(stores);
  for (const change of changes) {
    if (change.kind === 'mappingRule') await draft.takeRule(change);
    else if (change.kind === 'settings') await draft.takeSettings(change);
    else await draft.takeDefaults(change);
  }
  return { items: draft.items, changes: draft.changes };
}

/** Answers true when provisioning has been switched on by it. */
export async function writeConfigurationUndo(
  stores: Stores,
  changes: readonly ConfigurationChange[],
  now: string,
): Promise<boolean> {
  let isSwitchedOn = false;
  for (const change of changes) {
    if (change.kind === 'settings') {
      isSwitchedOn =
        change.before.provisioningMode === 'off' && change.after.provisioningMode === 'azureAdSync';
      if (isSwitchedOn) await requireCompleteDefaults(stores, (await stores.employeeDefaults.get()).value);
      await stores.settings.save(change.after, now);
    } else if (change.kind === 'employeeDefaults') await stores.employeeDefaults.save(change.after, now);
    else if (change.after === null) await stores.mappingRules.delete(change.subjectId);
    else if (change.before === null) await stores.mappingRules.insert(change.after);
    else await stores.mappingRules.update({ ...change.after, updatedAt: now });
  }
  return isSwitchedOn;
}

type RuleChange = ConfigurationChange & { readonly kind: 'mappingRule' };
type SettingsChange = ConfigurationChange & { readonly kind: 'settings' };
type DefaultsChange = ConfigurationChange & { readonly kind: 'employeeDefaults' };

const isSame = (one: MappingRuleRecord | null, other: MappingRuleRecord | null): boolean =>
  one === null || other === null ? one === other : isSameRule(one, other);

const editedSince = 'It was changed since.';

interface FieldsChange<Value> {
  readonly before: Value;
  readonly after: Value;
}

/** The fields that the change set, each as it was: where it still is as the change left it and nothing is in the way. */
function restoreFields<Value extends object>(
  { before, after }: FieldsChange<Value>,
  present: Value,
  obstacles: ReadonlyMap<string, string>,
): { readonly restored: Value; readonly items: readonly Omit<ConfigurationUndo, 'kind'>[] } {
  const former = new Map<string, unknown>(Object.entries(before));
  const current = new Map<string, unknown>(Object.entries(present));
  const target = new Map(current);
  const items: Omit<ConfigurationUndo, 'kind'>[] = [];
  for (const [id, value] of Object.entries(after)) {
    if (isSameRecord(former.get(id), value) || isSameRecord(current.get(id), former.get(id))) continue;
    const reason = isSameRecord(current.get(id), value) ? (obstacles.get(id) ?? null) : editedSince;
    items.push({ id, result: reason === null ? 'restored' : 'leftAlone', reason });
    if (reason === null) target.set(id, former.get(id));
  }
  return { restored: { ...present, ...Object.fromEntries(target) }, items };
}

const nothingInTheWay: ReadonlyMap<string, string> = new Map();

class ConfigurationDraft {
  readonly items: ConfigurationUndo[] = [];
  readonly changes: ConfigurationChange[] = [];
  readonly #stores: Stores;
  readonly #rules = new Map<string, MappingRuleRecord | null>();
  #settings: Settings | null = null;
  #defaults: EmployeeDefaults | null = null;

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  async takeRule({ subjectId, before, after }: RuleChange): Promise<void> {
    const present = await this.#ruleOf(subjectId);
    if (isSame(present, before)) return;
    const reason = isSame(present, after) ? await this.#obstacle(subjectId, before) : editedSince;
    const result = reason !== null ? 'leftAlone' : before === null ? 'removed' : 'restored';
    this.items.push({ kind: 'mappingRule', id: subjectId, result, reason });
    if (reason !== null) return;
    this.#rules.set(subjectId, before);
    this.changes.push({ kind: 'mappingRule', subjectId, before: present, after: before });
  }

  async takeSettings(change: SettingsChange): Promise<void> {
    const present = this.#settings ?? (await this.#stores.settings.get()).value;
    const { restored, items } = restoreFields(change, present, nothingInTheWay);
    this.items.push(...items.map((item) => ({ kind: 'setting' as const, ...item })));
    if (isSameRecord(present, restored)) return;
    this.#settings = restored;
    this.changes.push({ kind: 'settings', subjectId: null, before: present, after: restored });
  }

  /** Nobody moves by it: defaults fill new records and empty fields only. */
  async takeDefaults(change: DefaultsChange): Promise<void> {
    const present = this.#defaults ?? (await this.#stores.employeeDefaults.get()).value;
    const obstacles = await defaultsInTheWay(this.#stores, change.before);
    const { restored, items } = restoreFields(change, present, obstacles);
    this.items.push(...items.map((item) => ({ kind: 'employeeDefault' as const, ...item })));
    if (isSameRecord(present, restored)) return;
    this.#defaults = restored;
    this.changes.push({ kind: 'employeeDefaults', subjectId: null, before: present, after: restored });
  }

  async #ruleOf(id: string): Promise<MappingRuleRecord | null> {
    const drafted = this.#rules.get(id);
    if (drafted !== undefined) return drafted;
    const view = await this.#stores.mappingRules.get(id);
    if (view === null) return null;
    const { group: _group, ...record } = view.rule;
    return record;
  }

  /** Why the rule cannot be as it was; null when nothing is in the way. */
  async #obstacle(id: string, wanted: MappingRuleRecord | null): Promise<string | null> {
    if (wanted === null) return null;
    const { connectionId, securityRoleId, accountId, accountLocationId, overrides } = wanted;
    const { employmentType: _text, ...lists } = overrides;
    const ids = [connectionId, securityRoleId, accountId, accountLocationId, ...Object.values(lists)];
    const named = ids.filter((it) => it !== null);
    const existing = await this.#stores.changeSets.existing(named);
    if (named.some((it) => !existing.has(it))) return 'Something that it points at does not exist any more.';
    const holder = await this.#stores.mappingRules.idOfGroup(connectionId, wanted.groupId);
    const drafted = holder === null ? null : this.#rules.get(holder);
    const isFree =
      holder === null || holder === id || (drafted !== undefined && drafted?.groupId !== wanted.groupId);
    return isFree ? null : `The mapping rule ${holder} names its group by now.`;
  }
}
