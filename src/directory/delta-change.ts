/**
 * Facts of a Microsoft Graph delta read, in the order in which they were read. All object ids are lower case. Null is empty.
 * An absent field is unchanged for an object that is known; of an object that is new, and in a full read, rows leave out
 * what is empty: there, take `wholeUser` and `wholeGroup` of the folded rows.
 */

/** One way in which a person signs in; `issuer` tells Microsoft accounts from directory accounts. */
export interface GraphIdentity {
  readonly signInType: string | null;
  readonly issuer: string | null;
  readonly issuerAssignedId: string | null;
}

/** The followed properties of a user. */
export interface GraphUserFields {
  readonly userPrincipalName: string;
  readonly displayName: string | null;
  readonly givenName: string | null;
  readonly surname: string | null;
  readonly mail: string | null;
  readonly jobTitle: string | null;
  readonly department: string | null;
  readonly mobilePhone: string | null;
  readonly businessPhones: readonly string[];
  /** Null is not false: only an explicit false means that sign-in is blocked. */
  readonly accountEnabled: boolean | null;
  /** `Member` or `Guest`; null for objects that never had one. */
  readonly userType: string | null;
  readonly identities: readonly GraphIdentity[];
}

/** The followed properties of a group. */
export interface GraphGroupFields {
  /** Not unique in a directory. */
  readonly displayName: string;
  readonly createdDateTime: string | null;
  readonly securityEnabled: boolean | null;
  /** `Unified` marks a Microsoft 365 group, `DynamicMembership` a rule-based one. */
  readonly groupTypes: readonly string[];
}

/** `changed`: soft-deleted, may come back under the same id. `deleted`: gone for good. */
export type RemovalReason = 'changed' | 'deleted';

/** Direct members only. `unknown` where the row does not say, which happens for removals. */
export interface MemberFact {
  readonly memberId: string;
  readonly type: 'user' | 'group' | 'unknown';
  readonly present: boolean;
}

export type UserChange =
  | { readonly kind: 'user'; readonly objectId: string; readonly fields: Partial<GraphUserFields> }
  | { readonly kind: 'userRemoved'; readonly objectId: string; readonly reason: RemovalReason };

/** A large group comes as many rows, each with other members. */
export type GroupChange =
  | {
      readonly kind: 'group';
      readonly objectId: string;
      readonly fields: Partial<GraphGroupFields>;
      /** Later facts about the same member win. */
      readonly members: readonly MemberFact[];
    }
  | { readonly kind: 'groupRemoved'; readonly objectId: string; readonly reason: RemovalReason };
