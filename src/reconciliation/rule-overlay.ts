import type { MappingRule } from '../mapping/mapping-rule.ts';
import type { CaseFacts } from '../provisioning/facts.ts';

/** Rules as they would be after a change that is only planned: rule id → the rule, null when it is deleted. */
export type RuleOverlay = ReadonlyMap<string, MappingRule | null>;

/** Directory user id → ids of the rules of the overlay whose group the user is a member of. */
export type OverlayMembers = ReadonlyMap<string, ReadonlySet<string>>;

/** The facts as they will be once the rules are written: the overlay decides about its own rules, the facts about others. */
export function withRuleOverlay(facts: CaseFacts, overlay: RuleOverlay, members: OverlayMembers): CaseFacts {
  const rules = new Map([...facts.rules].filter(([id]) => !overlay.has(id)));
  for (const [id, rule] of overlay) if (rule !== null) rules.set(id, rule);
  const memberRules = new Map<string, readonly string[]>();
  for (const userId of new Set([...facts.memberRules.keys(), ...members.keys()])) {
    const untouched = (facts.memberRules.get(userId) ?? []).filter((id) => !overlay.has(id));
    const planned = [...(members.get(userId) ?? [])].filter((id) => overlay.get(id) != null);
    memberRules.set(userId, [...untouched, ...planned]);
  }
  return { ...facts, rules, memberRules };
}
