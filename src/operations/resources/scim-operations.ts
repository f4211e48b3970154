import type { DirectoryGroup, GroupContent, MemberStep } from '../../directory/directory-group.ts';
import type { DirectoryUser, GroupOfUser, UserContent } from '../../directory/directory-user.ts';
import type { JsonObject } from '../../directory/json.ts';
import type { MemberList } from '../../directory/member-list.ts';
import type { StoredJson } from '../../directory/stored-json.ts';
import type { ConnectionContext } from '../context.ts';
import type { ResourceFilter, ResourcePageResult, ResourceQuery } from '../resource-query.ts';

/** `If-Match`: `any` for `*`, otherwise the versions named; absent when the client sent none. RFC 7644 §3.14. */
export type VersionPrecondition = 'any' | readonly number[] | null;

/** A user as clients see it. */
export interface ShownUser
  extends Omit<DirectoryUser, 'attributes' | 'connectionId' | 'objectId' | 'deletedAt'> {
  readonly attributes: JsonObject | StoredJson;
}

/** `groups` is null when the caller did not ask for it. */
export interface UserView {
  readonly user: ShownUser;
  readonly groups: readonly GroupOfUser[] | null;
}

/** `members` is null when the caller did not ask for them. */
export interface GroupView {
  readonly group: DirectoryGroup;
  readonly members: MemberList | null;
}

/** Pure: the stored content in, the wanted content out; throws OperationError when the change cannot be applied. */
export type UserChange = (current: UserContent) => UserContent;

/** By ids, or whoever satisfies a condition on one member (`value`, `display`, `type`) when its turn comes. */
export type GroupMemberStep = MemberStep | { readonly kind: 'removeWhere'; readonly where: ResourceFilter };

export interface GroupChange {
  /** Pure change of the group's own attributes; null when only members change. */
  readonly content: ((current: GroupContent) => GroupContent) | null;
  readonly memberSteps: readonly GroupMemberStep[];
}

export interface ChangeOptions {
  readonly ifMatch: VersionPrecondition;
}

export interface UserChangeOptions extends ChangeOptions {
  /**
   * A manager that the change names must be a user of the connection. Not for a whole user: clients write what their source
   * holds of a manager there, an email address or a number of an employee, and nobody loses an account over it.
   */
  readonly isManagerRequired: boolean;
}

/**
 * What the SCIM adapter can ask for. Every method runs in one unit of work. Errors: `not-found` (unknown or deleted id),
 * `conflict` (userName or displayName taken), `invalid` (unknown member id, a PATCH with an unknown manager id, bad value), `stale` (If-Match).
 */
export interface ScimOperations {
  readonly createUser: (context: ConnectionContext, content: UserContent) => Promise<UserView>;
  readonly readUser: (context: ConnectionContext, id: string, withGroups: boolean) => Promise<UserView>;
  readonly listUsers: (
    context: ConnectionContext,
    query: ResourceQuery,
  ) => Promise<ResourcePageResult<UserView>>;
  /** PUT and PATCH alike. The answer's version equals the stored one when nothing changed. */
  readonly changeUser: (
    context: ConnectionContext,
    id: string,
    change: UserChange,
    options: UserChangeOptions,
  ) => Promise<UserView>;
  readonly deleteUser: (context: ConnectionContext, id: string, options: ChangeOptions) => Promise<void>;

  readonly createGroup: (
    context: ConnectionContext,
    content: GroupContent,
    memberIds: readonly string[],
  ) => Promise<GroupView>;
  readonly readGroup: (context: ConnectionContext, id: string, withMembers: boolean) => Promise<GroupView>;
  readonly listGroups: (
    context: ConnectionContext,
    query: ResourceQuery,
  ) => Promise<ResourcePageResult<GroupView>>;
  /** `members` of the answer is always null: read the group again when the members are to be shown. */
  readonly changeGroup: (
    context: ConnectionContext,
    id: string,
    change: GroupChange,
    options: ChangeOptions,
  ) => Promise<GroupView>;
  readonly deleteGroup: (context: ConnectionContext, id: string, options: ChangeOptions) => Promise<void>;
}
