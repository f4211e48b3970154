/**
 * A SCIM query after parsing: typed, bounded, free of client syntax. Names in it come from the schema catalogue,
 * never from the client's text; values are bound as parameters. RFC 7644 §3.4.2.
 */
export type ResourceKind = 'User' | 'Group';

export type AttributeType =
  | 'string'
  | 'boolean'
  | 'integer'
  | 'decimal'
  | 'dateTime'
  | 'reference'
  | 'binary'
  | 'complex';

/**
 * One attribute of the catalogue by its canonical names. `userName` is `{ extension: null, attribute: 'userName',
 * subAttribute: null }`; `emails` alone means `emails.value`, so the reader fills `subAttribute: 'value'`.
 */
export interface AttributePath {
  /** URN of the extension schema, null for the core schema and the common attributes (`id`, `externalId`, `meta`). */
  readonly extension: string | null;
  readonly attribute: string;
  readonly subAttribute: string | null;
  /** True when `attribute` is multi-valued: a comparison then holds when any one element satisfies it. */
  readonly multiValued: boolean;
  /** Type of the innermost part that is compared. */
  readonly type: AttributeType;
  readonly caseExact: boolean;
}

export type ComparisonOperator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';

export type ResourceFilter =
  | { readonly kind: 'all'; readonly of: readonly ResourceFilter[] }
  | { readonly kind: 'any'; readonly of: readonly ResourceFilter[] }
  | { readonly kind: 'not'; readonly of: ResourceFilter }
  | {
      readonly kind: 'compare';
      readonly path: AttributePath;
      readonly operator: ComparisonOperator;
      /** Already of the attribute's type: dateTime as RFC 3339 text, null only with eq and ne. */
      readonly value: string | number | boolean | null;
    }
  | { readonly kind: 'present'; readonly path: AttributePath }
  /** A value path `emails[type eq "work" and value co "@"]`: one and the same element satisfies `where`. */
  | { readonly kind: 'element'; readonly path: AttributePath; readonly where: ResourceFilter };

export interface ResourceSort {
  readonly path: AttributePath;
  readonly descending: boolean;
}

export type ResourcePage =
  /** `startIndex` is 1-based and at least 1; `count` 0 asks for the total only. RFC 7644 §3.4.2.4. */
  | { readonly kind: 'index'; readonly startIndex: number; readonly count: number }
  /** `after` is the opaque cursor of the previous page, null for the first one. RFC 9865. */
  | { readonly kind: 'cursor'; readonly after: string | null; readonly count: number };

export interface ResourceQuery {
  readonly filter: ResourceFilter | null;
  readonly sort: ResourceSort | null;
  readonly page: ResourcePage;
  /** Whether a user's `groups` or a group's `members` are to be read at all. */
  readonly withReferences: boolean;
}

export interface ResourcePageResult<Item> {
  readonly total: number;
  readonly items: readonly Item[];
  /** Cursor of the next page; null when this was the last one or index paging was asked for. */
  readonly nextCursor: string | null;
}
