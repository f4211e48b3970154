import type { MemberStep } from '../../directory/directory-group.ts';
import type { JsonValue } from '../../directory/json.ts';
import type { ResourceFilter } from '../../operations/resource-query.ts';
import type { CatalogueAttribute } from '../catalogue.ts';

/** Where a step works: an attribute, perhaps only some elements of it, perhaps one sub-attribute. */
export interface StepTarget {
  readonly attribute: CatalogueAttribute;
  readonly where: ResourceFilter | null;
  readonly sub: CatalogueAttribute | null;
}

/** A change of members that are still as the client listed them, and of ids that a condition named. */
export interface ListedMembers {
  readonly kind: MemberStep['kind'];
  readonly listed: readonly unknown[];
  readonly named: readonly string[];
}

/** By ids, or whoever satisfies a condition that the ids cannot be told from. */
export type MemberRequest = ListedMembers | { readonly kind: 'removeWhere'; readonly where: ResourceFilter };

/** A PATCH operation after reading: values have their attribute's type, names come from the catalogue. */
export type PatchStep =
  | {
      readonly kind: 'set';
      readonly mode: 'add' | 'replace';
      readonly target: StepTarget;
      /** A list of elements for a whole multi-valued attribute, otherwise one value. */
      readonly value: JsonValue;
    }
  | { readonly kind: 'clear'; readonly target: StepTarget }
  /** `remove` with a list of values: only those elements go. */
  | { readonly kind: 'remove-values'; readonly target: StepTarget; readonly values: readonly JsonValue[] }
  | { readonly kind: 'members'; readonly request: MemberRequest };
