import type { ReferenceItem, ReferenceKind, ReferenceValue } from './reference-data-ports.ts';

type Values = ReferenceItem['values'];

/** What one list of the PSA has of its own; everything else the lists share. */
export interface ReferenceRules {
  readonly noun: string;
  /** Fields besides the name, with the value of a new entry. */
  readonly initial: Values;
  /** Fields that are true for at most one entry. */
  readonly uniqueMarks: readonly string[];
  /** A value as it is stored. */
  readonly tidy: (field: string, value: ReferenceValue) => ReferenceValue;
  /** Why the entry can never change like this; null when it can. */
  readonly refuseChange: (before: ReferenceItem, after: Values) => string | null;
  /** Kinds of users that forbid the change. */
  readonly blockersOfChange: (before: ReferenceItem, after: Values) => readonly string[];
  readonly refuseDelete: (item: ReferenceItem) => string | null;
}

const plain: Omit<ReferenceRules, 'noun'> = {
  initial: {},
  uniqueMarks: [],
  tidy: (_field, value) => value,
  refuseChange: () => null,
  blockersOfChange: () => [],
  refuseDelete: () => null,
};

const mainLocationAdvice = 'Make another location of the account the main one first.';

const isTurnedOff = (field: string, before: ReferenceItem, after: Values): boolean =>
  before.values[field] === true && after[field] === false;

const isChanged = (field: string, before: ReferenceItem, after: Values): boolean =>
  before.values[field] !== after[field];

function refuseRoleChange(before: ReferenceItem, after: Values): string | null {
  if (before.values.isSystem !== true) return null;
  if (['isExternal', 'isAdministrator', 'isSystem'].some((field) => isChanged(field, before, after))) {
    return `${before.name} comes with the product: it can be renamed, but its kind cannot change.`;
  }
  if (before.values.isAdministrator === true && isTurnedOff('isActive', before, after)) {
    return `${before.name} is the role of the root user and stays active.`;
  }
  return null;
}

/** An inactive role cannot be given, and a role of the wrong kind must not be held. */
function blockersOfRoleChange(before: ReferenceItem, after: Values): readonly string[] {
  if (isChanged('isExternal', before, after))
    return ['employees', 'contacts', 'mappingRules', 'employeeDefaults'];
  return isTurnedOff('isActive', before, after) ? ['mappingRules', 'employeeDefaults'] : [];
}

/** Domain names compare without regard to case; the order is the administrator's. */
function tidyDomains(value: ReferenceValue): ReferenceValue {
  return typeof value === 'boolean' ? value : [...new Set(value.map((domain) => domain.toLowerCase()))];
}

export const referenceRules: Readonly<Record<ReferenceKind, ReferenceRules>> = {
  departments: { ...plain, noun: 'department' },
  locations: { ...plain, noun: 'location', initial: { isMain: false }, uniqueMarks: ['isMain'] },
  jobTitles: {
    ...plain,
    noun: 'job title',
    initial: { isActive: true },
    blockersOfChange: (before, after) => (isTurnedOff('isActive', before, after) ? ['employeeDefaults'] : []),
  },
  employeeRoles: {
    ...plain,
    noun: 'employee role',
    initial: { isDefault: false },
    uniqueMarks: ['isDefault'],
  },
  securityRoles: {
    ...plain,
    noun: 'security role',
    initial: { isExternal: false, isActive: true, isSystem: false, isAdministrator: false },
    refuseChange: refuseRoleChange,
    blockersOfChange: blockersOfRoleChange,
    refuseDelete: ({ name, values }) =>
      values.isSystem === true ? `${name} comes with the product and cannot be deleted.` : null,
  },
  accounts: {
    ...plain,
    noun: 'account',
    initial: { domains: [] },
    tidy: (_field, value) => tidyDomains(value),
  },
  accountLocations: {
    ...plain,
    noun: 'location of the account',
    initial: { isMain: false },
    uniqueMarks: ['isMain'],
    refuseChange: (before, after) => (isTurnedOff('isMain', before, after) ? mainLocationAdvice : null),
    refuseDelete: ({ values }) => (values.isMain === true ? mainLocationAdvice : null),
  },
};
