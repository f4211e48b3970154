import type { Page, PageRequest } from '../keyset-page.ts';
import type { Use } from '../uses-in-words.ts';

/** The lists of the PSA that defaults, rules and people point at. */
export type ReferenceKind =
  | 'departments'
  | 'locations'
  | 'jobTitles'
  | 'employeeRoles'
  | 'securityRoles'
  | 'accounts'
  | 'accountLocations';

export type ReferenceValue = boolean | readonly string[];

/** An entry of one of the lists. What the lists differ in is in `values`; `referenceKinds` says which those are. */
export interface ReferenceItem {
  readonly id: string;
  /** The account of an account location; null elsewhere. */
  readonly accountId: string | null;
  readonly name: string;
  readonly values: Readonly<Record<string, ReferenceValue>>;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Moves by one with every change; the ETag. */
  readonly revision: number;
}

export interface TakenMark {
  readonly mark: string;
  /** Who has it now. */
  readonly exceptId: string;
  readonly at: string;
}

/** `accountId` narrows account locations to their account and is null for all other lists. */
export interface ReferenceDataStore {
  readonly list: (
    kind: ReferenceKind,
    accountId: string | null,
    page: PageRequest,
  ) => Promise<Page<ReferenceItem>>;
  readonly get: (kind: ReferenceKind, accountId: string | null, id: string) => Promise<ReferenceItem | null>;
  /** The id of the entry with this name, compared without regard to case. */
  readonly idOfName: (kind: ReferenceKind, accountId: string | null, name: string) => Promise<string | null>;
  readonly insert: (kind: ReferenceKind, item: ReferenceItem) => Promise<void>;
  /** Writes name and values and moves the revision. */
  readonly save: (kind: ReferenceKind, item: ReferenceItem) => Promise<void>;
  /** Takes a mark that only one entry of the list may carry off all others. */
  readonly clearMark: (kind: ReferenceKind, accountId: string | null, taken: TakenMark) => Promise<void>;
  /** What points at the entry; nothing of count 0. */
  readonly uses: (kind: ReferenceKind, id: string) => Promise<readonly Use[]>;
  readonly delete: (kind: ReferenceKind, id: string) => Promise<void>;
}
