import type { JsonObject } from './json.ts';

/** What a provisioning client may write of a group, without its members. */
export interface GroupContent {
  readonly displayName: string;
  readonly externalId: string | null;
  /** Further stored attributes, extensions under their URN; never `members`. */
  readonly attributes: JsonObject;
}

/** A group of the directory mirror. Members are counted, never loaded with it. */
export interface DirectoryGroup extends GroupContent {
  readonly id: string;
  readonly connectionId: string;
  readonly objectId: string | null;
  readonly memberCount: number;
  readonly version: number;
  readonly createdAt: string;
  readonly lastModifiedAt: string;
  readonly deletedAt: string | null;
}

/** A member as it appears in `members[]`; `display` is derived on read, so it follows renames. */
export interface GroupMember {
  readonly id: string;
  readonly display: string | null;
}

/** One step of a membership change. Steps apply in order; ids are directory user ids of the same connection. */
export type MemberStep =
  | { readonly kind: 'add'; readonly ids: readonly string[] }
  | { readonly kind: 'remove'; readonly ids: readonly string[] }
  | { readonly kind: 'replace'; readonly ids: readonly string[] };
