import type { Settings } from '../../provisioning/settings.ts';
import type { Stores } from '../ports.ts';
import { isSameRule } from '../rules/mapping-rule-input.ts';
import { requireCompleteDefaults } from '../rules/missing-defaults.ts';
import type { MappingRuleRecord } from '../rules/rules-ports.ts';
import { isSameRecord } from '../same-record.ts';
import type { ConfigurationChange } from './change-set-ports.ts';

/** What became of a change of a rule, or of one setting. */
export interface ConfigurationUndo {
  readonly kind: 'mappingRule' | 'setting';
  /** Id of the rule, or name of the setting. */
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
    else await draft.takeSettings(change);
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
    } else if (change.after === null) await stores.mappingRules.delete(change.subjectId);
    else if (change.before === null) await stores.mappingRules.insert(change.after);
    else await stores.mappingRules.update({ ...change.after, updatedAt: now });
  }
  return isSwitchedOn;
}

type RuleChange = ConfigurationChange & { readonly kind: 'mappingRule' };
type SettingsChange = ConfigurationChange & { readonly kind: 'settings' };

const isSame = (one: MappingRuleRecord | null, other: MappingRuleRecord | null): boolean =>
  one === null || other === null ? one === other : isSameRule(one, other);

const editedSince = 'It was changed since.';

class ConfigurationDraft {
  readonly items: ConfigurationUndo[] = [];
  readonly changes: ConfigurationChange[] = [];
  readonly #stores: Stores;
  readonly #rules = new Map<string, MappingRuleRecord | null>();
  #settings: Settings | null = null;

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

  async takeSettings({ before, after }: SettingsChange): Promise<void> {
    const present = this.#settings ?? (await this.#stores.settings.get()).value;
    const former = new Map<string, unknown>(Object.entries(before));
    const current = new Map<string, unknown>(Object.entries(present));
    const target = new Map(current);
    for (const [name, value] of Object.entries(after)) {
      if (isSameRecord(former.get(name), value) || isSameRecord(current.get(name), former.get(name)))
        continue;
      const isEdited = !isSameRecord(current.get(name), value);
      const result = isEdited ? 'leftAlone' : 'restored';
      this.items.push({ kind: 'setting', id: name, result, reason: isEdited ? editedSince : null });
      if (!isEdited) target.set(name, former.get(name));
    }
    const restored: Settings = { ...present, ...Object.fromEntries(target) };
    if (isSameRecord(present, restored)) return;
    this.#settings = restored;
    this.changes.push({ kind: 'settings', subjectId: null, before: present, after: restored });
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
