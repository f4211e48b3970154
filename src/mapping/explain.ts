import type { MappingRule } from './mapping-rule.ts';
import { comparePrecedence, groupAge, match } from './match.ts';

export type RuleVerdict = 'won' | 'lostOnOrder' | 'lostOnGroupAge' | 'disabled' | 'notMember';

export interface Candidate {
  readonly rule: MappingRule;
  readonly verdict: RuleVerdict;
  /** A sentence for the administrator. */
  readonly reason: string;
}

export interface RuleExplanation {
  readonly winner: MappingRule | null;
  /** Every rule of the connection, the winner first, the others in order of precedence. */
  readonly candidates: readonly Candidate[];
}

const groupName = (rule: MappingRule): string => rule.group.name ?? rule.groupId;

/** Why the winning rule won and every other one did not, told from the same comparison that decides. */
export function explain(rules: readonly MappingRule[], memberRuleIds: ReadonlySet<string>): RuleExplanation {
  const winner = match(rules.filter((rule) => memberRuleIds.has(rule.id)));
  const others = rules.filter((rule) => rule !== winner).sort(comparePrecedence);
  const ordered = winner === null ? others : [winner, ...others];
  return { winner, candidates: ordered.map((rule) => judge(rule, winner, memberRuleIds.has(rule.id))) };
}

function judge(rule: MappingRule, winner: MappingRule | null, isMember: boolean): Candidate {
  if (!isMember) return { rule, verdict: 'notMember', reason: `Not a member of ${groupName(rule)}.` };
  if (!rule.enabled) return { rule, verdict: 'disabled', reason: 'The rule is switched off.' };
  if (winner === null || rule === winner) {
    return {
      rule,
      verdict: 'won',
      reason: `Member of ${groupName(rule)}; no other matching rule comes before Order ${rule.order}.`,
    };
  }
  if (rule.order !== winner.order) {
    return {
      rule,
      verdict: 'lostOnOrder',
      reason: `Order ${rule.order} comes after Order ${winner.order} of ${groupName(winner)}.`,
    };
  }
  return { rule, verdict: 'lostOnGroupAge', reason: tieReason(rule, winner) };
}

function tieReason(rule: MappingRule, winner: MappingRule): string {
  if (groupAge(rule) === groupAge(winner)) {
    return `Same Order and group age as ${groupName(winner)}; the older rule wins.`;
  }
  return `Same Order; ${groupName(winner)} (${groupAge(winner)}) is older than ${groupName(rule)} (${groupAge(rule)}).`;
}
