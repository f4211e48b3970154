import type { MappingRule } from '../../mapping/mapping-rule.ts';
import type { ConnectionKind } from '../context.ts';
import type { Page, PageRequest } from '../keyset-page.ts';

/** A rule as it is stored: without the group, which is the mirror's. */
export type MappingRuleRecord = Omit<MappingRule, 'group'>;

export interface MappingRuleView {
  readonly rule: MappingRule;
  /** Of the rule's connection; null for connections that are no Entra tenant. */
  readonly tenantId: string | null;
  /** Moves by one with every change; the ETag. */
  readonly revision: number;
}

/** What a rule may name its connection by: the id, the tenant's GUID, or (wrongly) one of the tenant's domain names. */
export interface RuleConnectionLookup {
  readonly connectionId: string | null;
  readonly tenantId: string | null;
  /** Lower case. */
  readonly domain: string | null;
}

export interface RuleConnection {
  readonly id: string;
  readonly name: string;
  readonly kind: ConnectionKind;
  readonly tenantId: string | null;
}

export interface MappingRuleStore {
  readonly list: (connectionId: string | null, page: PageRequest) => Promise<Page<MappingRuleView>>;
  readonly get: (id: string) => Promise<MappingRuleView | null>;
  /** The rule, row locked, or null. */
  readonly lock: (id: string) => Promise<MappingRuleView | null>;
  readonly ofConnection: (connectionId: string) => Promise<readonly MappingRule[]>;
  /** Rules of the user's connection whose group the user is a member of. */
  readonly memberRuleIds: (directoryUserId: string) => Promise<ReadonlySet<string>>;
  /** The rule that already names this group, compared without regard to case. */
  readonly idOfGroup: (connectionId: string, groupId: string) => Promise<string | null>;
  /** Connections that answer to any of the names. */
  readonly connectionsNamed: (lookup: RuleConnectionLookup) => Promise<readonly RuleConnection[]>;
  readonly insert: (rule: MappingRuleRecord) => Promise<void>;
  /** Writes all columns of a locked rule and moves its revision. */
  readonly update: (rule: MappingRuleRecord) => Promise<void>;
  readonly delete: (id: string) => Promise<void>;
}
