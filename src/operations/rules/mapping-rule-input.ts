import { isGuid } from '../../directory/object-id.ts';
import type { RuleOverrides, UserType } from '../../mapping/mapping-rule.ts';
import { type FieldFaults, patched, patchedText, tidy } from '../field-faults.ts';
import {
  checkEmployeeLists,
  checkPlace,
  checkSecurityRole,
  noReferences,
} from '../people/check-references.ts';
import type { ReferenceFacts, ReferenceIds } from '../people/people-ports.ts';
import type { MappingRuleRecord } from './rules-ports.ts';

/** A merge patch of a rule; a member that is absent stays as it is. */
export interface MappingRuleInput {
  readonly groupId?: string;
  readonly order?: number;
  readonly userType?: UserType;
  readonly securityRoleId?: string;
  readonly accountId?: string | null;
  readonly accountLocationId?: string | null;
  readonly overrides?: Partial<RuleOverrides> | null;
  readonly enabled?: boolean;
  readonly note?: string | null;
}

/** A new rule names its connection by one of the two. */
export interface NewMappingRule extends MappingRuleInput {
  readonly connectionId?: string;
  readonly tenantId?: string;
  readonly groupId: string;
  readonly order: number;
  readonly userType: UserType;
  readonly securityRoleId: string;
}

export const noOverrides: RuleOverrides = {
  departmentId: null,
  locationId: null,
  managerId: null,
  employmentType: null,
  employeeRoleId: null,
};

function mergeOverrides(
  before: RuleOverrides,
  given: Partial<RuleOverrides> | null | undefined,
): RuleOverrides {
  if (given === undefined) return before;
  if (given === null) return noOverrides;
  const merged = { ...before, ...given };
  return { ...merged, employmentType: tidy(merged.employmentType) };
}

/** The rule as the input wants it, before its references are checked. An employee rule has no account. */
export function withRuleInput(before: MappingRuleRecord, input: MappingRuleInput): MappingRuleRecord {
  const userType = patched(input.userType, before.userType);
  const isPortal = userType === 'clientPortal';
  const accountId = patched(input.accountId, before.accountId);
  const isOtherAccount = accountId !== before.accountId;
  return {
    ...before,
    groupId: patched(input.groupId, before.groupId).trim(),
    order: patched(input.order, before.order),
    userType,
    securityRoleId: patched(input.securityRoleId, before.securityRoleId),
    accountId: isPortal ? accountId : null,
    // A location belongs to its account, so another account starts from its own main location.
    accountLocationId: isPortal
      ? patched(input.accountLocationId, isOtherAccount ? null : before.accountLocationId)
      : null,
    overrides: mergeOverrides(before.overrides, input.overrides),
    enabled: patched(input.enabled, before.enabled),
    note: patchedText(input.note, before.note),
  };
}

/** What the changed rule newly points at; `before` is null for a new rule. */
export function ruleReferences(before: MappingRuleRecord | null, after: MappingRuleRecord): ReferenceIds {
  const fresh = (id: string | null, present: string | null | undefined): string | null =>
    id === present ? null : id;
  const isOtherType = before?.userType !== after.userType;
  const isOtherPlace =
    isOtherType ||
    before?.accountId !== after.accountId ||
    before?.accountLocationId !== after.accountLocationId;
  return {
    ...noReferences,
    securityRoleId: isOtherType ? after.securityRoleId : fresh(after.securityRoleId, before?.securityRoleId),
    accountId: isOtherPlace ? after.accountId : null,
    accountLocationId: isOtherPlace ? after.accountLocationId : null,
    departmentId: fresh(after.overrides.departmentId, before?.overrides.departmentId),
    locationId: fresh(after.overrides.locationId, before?.overrides.locationId),
    managerId: fresh(after.overrides.managerId, before?.overrides.managerId),
    employeeRoleId: fresh(after.overrides.employeeRoleId, before?.overrides.employeeRoleId),
  };
}

export interface RuleCheck {
  readonly rule: MappingRuleRecord;
  readonly input: MappingRuleInput;
  readonly isEntra: boolean;
  readonly ids: ReferenceIds;
  readonly facts: ReferenceFacts;
  readonly faults: FieldFaults;
}

/** Checks the rule as a whole and answers it with its account location filled in. */
export function checkRule({ rule, input, isEntra, ids, facts, faults }: RuleCheck): MappingRuleRecord {
  if (rule.groupId === '') faults.add('/groupId', 'A rule needs a group.');
  else if (isEntra && !isGuid(rule.groupId)) {
    faults.add('/groupId', 'A rule of an Entra connection needs the object id of the group, a GUID.');
  }
  checkSecurityRole({ ids, facts, faults, base: '' }, rule.userType === 'employee' ? 'internal' : 'external');
  checkEmployeeLists({ ids, facts, faults, base: '/overrides' });
  if (rule.userType === 'employee') {
    if (input.accountId != null) faults.add('/accountId', 'Only a client portal rule has an account.');
    if (input.accountLocationId != null) {
      faults.add('/accountLocationId', 'Only a client portal rule has an account location.');
    }
    return rule;
  }
  if (rule.accountId === null) faults.add('/accountId', 'A client portal rule needs an account.');
  const place = checkPlace({ ids, facts, faults, base: '' });
  return ids.accountId === null ? rule : { ...rule, ...place };
}

/** True when people may come out differently: everything but the note decides something. */
export function isOtherDecision(before: MappingRuleRecord | null, after: MappingRuleRecord | null): boolean {
  const decides = (rule: MappingRuleRecord | null): string =>
    rule?.enabled
      ? JSON.stringify([
          rule.groupId.toLowerCase(),
          rule.order,
          rule.userType,
          rule.securityRoleId,
          rule.accountId,
          rule.accountLocationId,
          Object.entries(rule.overrides).sort(),
        ])
      : '';
  return decides(before) !== decides(after);
}

export const isSameRule = (before: MappingRuleRecord, after: MappingRuleRecord): boolean =>
  !isOtherDecision({ ...before, enabled: true }, { ...after, enabled: true }) &&
  before.groupId === after.groupId &&
  before.enabled === after.enabled &&
  before.note === after.note;
