import type { MappingRule } from './mapping-rule.ts';

/** Since when the rule's group exists, as far as anybody knows. */
export function groupAge(rule: MappingRule): string {
  return rule.group.createdAt ?? rule.group.firstSeenAt ?? rule.createdAt;
}

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** Precedence: the lowest Order first, then the oldest group, then the oldest rule, then the id (REQ-05, REQ-06, A-02). */
export function comparePrecedence(left: MappingRule, right: MappingRule): number {
  return (
    left.order - right.order ||
    compareText(groupAge(left), groupAge(right)) ||
    compareText(left.createdAt, right.createdAt) ||
    compareText(left.id, right.id)
  );
}

/** The one rule that decides, among the rules whose group the person is in; null when none of them is enabled. */
export function match(rules: Iterable<MappingRule>): MappingRule | null {
  let winner: MappingRule | null = null;
  for (const rule of rules) {
    if (rule.enabled && (winner === null || comparePrecedence(rule, winner) < 0)) winner = rule;
  }
  return winner;
}
