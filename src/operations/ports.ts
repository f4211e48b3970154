import type { DirectoryGroup } from '../directory/directory-group.ts';
import type { DirectoryUser, GroupOfUser } from '../directory/directory-user.ts';
import type { MemberList } from '../directory/member-list.ts';
import type { CaseFacts } from '../provisioning/facts.ts';
import type { Contact, Employee } from '../provisioning/person.ts';
import type { EventDraft, EventTrigger } from '../provisioning/provisioning-event.ts';
import type { ReconcileCause } from '../provisioning/reconcile-cause.ts';
import type { Verdict } from '../reconciliation/judge.ts';
import type { ChangeSetStore } from './change-sets/change-set-ports.ts';
import type { OrganizationContext } from './context.ts';
import type { DeliveryStore, WebhookStore } from './deliveries/webhook-ports.ts';
import type { Finishing } from './finishing.ts';
import type { HeldChangeStore } from './guard/held-change-ports.ts';
import type { AdminStores } from './organizations/admin-ports.ts';
import type { CaseLookup } from './reconcile/planning-ports.ts';
import type { ReconcileListStore } from './reconcile/reconcile-list-ports.ts';
import type { UndecidedChangeStore } from './reconcile/undecided-change-ports.ts';
import type { ResourceFilter, ResourcePageResult, ResourceQuery } from './resource-query.ts';
import type { UserView } from './resources/scim-operations.ts';
import type { GraphSyncStores } from './sync/graph-sync-ports.ts';
import type { TokenCacheStore } from './tenants/graph-sign-in-ports.ts';
import type { PendingSignInStore } from './tenants/pending-sign-in-ports.ts';

/**
 * Lock order, for every operation: configuration → connection → rules → groups by id → users by id → people by id
 * → webhooks.
 * Loads that precede a write lock their rows. The configuration lock keeps settings, defaults and rules still while
 * decisions are made from them: `shared` for everything that decides, `exclusive` for whoever changes them.
 */
export type ConfigurationLock = 'shared' | 'exclusive' | 'none';

/**
 * The only opener of transactions. `work` may run again after a serialization failure, so it must not leak effects.
 * Statements asked for together (`Promise.all`) travel together; the first failure is the one that is thrown.
 */
export interface UnitOfWork {
  readonly write: <Result>(
    context: OrganizationContext,
    configuration: ConfigurationLock,
    work: (stores: Stores) => Promise<Result | Finishing<Result>>,
  ) => Promise<Result>;
  /** One writing statement that needs no lock: a transaction by itself, without the messages that open and end one. */
  readonly writeOnce: <Result>(
    context: OrganizationContext,
    work: (stores: Stores) => Promise<Result>,
  ) => Promise<Result>;
  /** Statements that read, each a transaction of its own. */
  readonly read: <Result>(
    context: OrganizationContext,
    work: (stores: Stores) => Promise<Result>,
  ) => Promise<Result>;
  /**
   * The same for look-ups that an index answers at once and that find next to nothing: they share connections, so
   * anything slower would hold up everybody.
   */
  readonly lookUp: <Result>(
    context: OrganizationContext,
    work: (stores: Stores) => Promise<Result>,
  ) => Promise<Result>;
}

/** Time and identifiers come from outside, so that decisions stay reproducible. */
export interface Clock {
  /** RFC 3339 UTC with milliseconds. */
  readonly now: () => string;
}

export interface Identifiers {
  /** A new UUIDv7. */
  readonly next: () => string;
}

export interface LockedUser {
  readonly user: DirectoryUser;
  readonly groups: readonly GroupOfUser[];
}

/** A user with the log entry that is written along with it. */
export interface LoggedUser {
  readonly user: DirectoryUser;
  readonly entry: LoggedEntry;
}

/** What a change of a user starts from where nobody may have to decide. */
export interface UserAtHand extends LockedUser {
  /** As `UserStore.save` answers it, as of now. */
  readonly isConcerned: boolean;
}

export interface UserStore {
  /** Throws `conflict` when the userName is taken in the connection. An entry is logged by the same statement. */
  readonly insert: (user: DirectoryUser, entry?: LoggedEntry) => Promise<void>;
  /** All of them or, when one is refused, none. One statement. */
  readonly insertMany: (users: readonly LoggedUser[]) => Promise<void>;
  /** The live user with its groups, user row locked, or null. One statement. */
  readonly lock: (connectionId: string, id: string) => Promise<LockedUser | null>;
  /** The live user that only Microsoft Graph has told of so far, by object id or user name, row locked. */
  readonly lockAdoptable: (
    connectionId: string,
    wanted: Pick<DirectoryUser, 'userName' | 'objectId'>,
  ) => Promise<DirectoryUser | null>;
  /** Users among the ids, also those that were deleted and are still in the mirror, rows locked in id order. */
  readonly lockAlsoDeleted: (ids: readonly string[]) => Promise<readonly DirectoryUser[]>;
  /**
   * Writes all columns of a locked user; with `deletedAt` set it also takes the user out of all groups. Answers whether
   * the PSA can care: a record is linked to the user, or a rule names one of its groups. Otherwise there is nothing to
   * decide. With `before`, what did not change is left alone.
   */
  readonly save: (user: DirectoryUser, before?: DirectoryUser) => Promise<boolean>;
  /** The live user with its groups, not locked, or null. One statement. */
  readonly takeUp: (connectionId: string, id: string) => Promise<UserAtHand | null>;
  /**
   * Locks the users and writes those that still have the version before theirs and that the PSA cannot care about;
   * answers for each whether it was written. Their emails must not have changed. Two statements that travel together.
   */
  readonly saveUndecided: (users: readonly DirectoryUser[]) => Promise<readonly boolean[]>;
  /**
   * Removes a user that was deleted, where its connection's policy says so and nobody can sign in by it any more; the
   * records that are linked to it become local ones. Otherwise nothing happens.
   */
  readonly purge: (connectionId: string, id: string) => Promise<void>;
  /** The same when an administrator has decided that the person goes on signing in, as a local one. */
  readonly purgeKeepingLogin: (connectionId: string, id: string) => Promise<void>;
  readonly get: (connectionId: string, id: string, withGroups: boolean) => Promise<UserView | null>;
  readonly list: (connectionId: string, query: ResourceQuery) => Promise<ResourcePageResult<UserView>>;
  /** Those of the ids that are no live user of the connection. */
  readonly missing: (connectionId: string, ids: readonly string[]) => Promise<readonly string[]>;
  /** Live user ids of a connection after `afterId` in id order: the batches of a re-plan. */
  readonly idsAfter: (
    connectionId: string,
    afterId: string | null,
    limit: number,
  ) => Promise<readonly string[]>;
  /** Live user ids that are members of any group a rule with one of these keys names, after `afterId` in id order. */
  readonly idsUnderGroups: (
    connectionId: string,
    groupIds: readonly string[],
    afterId: string | null,
    limit: number,
  ) => Promise<readonly string[]>;
}

/** What a membership step really changed. */
export interface MembershipChange {
  /** Users that joined or left, each once. Bounded: see `MembershipStore`. */
  readonly changedUserIds: readonly string[];
  readonly memberCount: number;
}

export interface GroupStore {
  /** Throws `conflict` when the displayName is taken in the connection. */
  readonly insert: (group: DirectoryGroup) => Promise<void>;
  readonly lock: (connectionId: string, id: string) => Promise<DirectoryGroup | null>;
  /** The groups that have the user as a member, in id order; to be asked for before the user is locked. */
  readonly lockOf: (connectionId: string, userId: string) => Promise<void>;
  /** The live group that only Microsoft Graph has told of so far, by object id, row locked. */
  readonly lockAdoptable: (wanted: DirectoryGroup) => Promise<DirectoryGroup | null>;
  readonly save: (group: DirectoryGroup) => Promise<void>;
  readonly get: (connectionId: string, id: string) => Promise<DirectoryGroup | null>;
  readonly list: (connectionId: string, query: ResourceQuery) => Promise<ResourcePageResult<DirectoryGroup>>;
}

/** Set deltas in SQL: members are never loaded to be changed. Every method keeps `memberCount` of the group true. */
export interface MembershipStore {
  /**
   * Adds those that are missing. Throws `invalid` naming the first ids that are no live user of the connection, before
   * anything is written.
   */
  readonly add: (group: DirectoryGroup, userIds: readonly string[]) => Promise<MembershipChange>;
  readonly remove: (group: DirectoryGroup, userIds: readonly string[]) => Promise<MembershipChange>;
  readonly replace: (group: DirectoryGroup, userIds: readonly string[]) => Promise<MembershipChange>;
  /** Ids of the members that satisfy a condition whose paths name parts of one member. */
  readonly matching: (group: DirectoryGroup, where: ResourceFilter) => Promise<readonly string[]>;
  /** Members in id order, for one group or a page of groups. */
  readonly membersOf: (groupIds: readonly string[]) => Promise<ReadonlyMap<string, MemberList>>;
}

export interface PeopleChanges {
  readonly jobTitles: readonly { readonly id: string; readonly name: string }[];
  /** Whole records: inserted when the id is new, else overwritten. */
  readonly employees: readonly Employee[];
  readonly contacts: readonly Contact[];
}

export interface PeopleStore {
  /** Two statements at most, whatever the number of users. People rows are locked in id order. */
  readonly loadCases: (lookup: CaseLookup) => Promise<CaseFacts>;
  /** One statement. A username or email taken meanwhile makes the unit of work run again. */
  readonly apply: (changes: PeopleChanges) => Promise<void>;
}

export interface EventContext {
  readonly connectionId: string | null;
  readonly trigger: EventTrigger;
  readonly runId: string | null;
  readonly requestId: string | null;
}

/** A log entry that is written along with what it is about. */
export interface LoggedEntry {
  readonly log: EventContext;
  readonly event: EventDraft;
}

export interface EventStore {
  /** Also publishes those that changed a person to the webhooks that want them. One statement. */
  readonly append: (context: EventContext, at: string, events: readonly EventDraft[]) => Promise<void>;
}

/** Work that follows a commit, written in the same transaction. */
export interface JobStore {
  readonly enqueueReconcile: (job: ReconcileJob) => Promise<void>;
  readonly enqueueReplan: (job: ReplanJob) => Promise<void>;
  readonly enqueueSync: (job: SyncJob) => Promise<void>;
  readonly enqueueDeliveries: (jobs: readonly DeliveryJob[]) => Promise<void>;
}

/** Decide again for everybody of a connection; progress and result are in the sync run. */
export interface ReplanJob {
  readonly organizationId: string;
  readonly connectionId: string;
  readonly runId: string;
  readonly requestId: string | null;
}

/** Read what has changed in the directory of a connection. */
export interface SyncJob {
  readonly organizationId: string;
  readonly connectionId: string;
  readonly requestId: string | null;
}

/** Send these events to the webhook: they have been claimed until the moment given, when others may take them over. */
export interface DeliveryJob {
  readonly organizationId: string;
  readonly webhookId: string;
  readonly eventIds: readonly string[];
  readonly claimedUntil: string;
}

/** Decide again for these users; the change is already in the mirror. */
export interface ReconcileJob {
  readonly organizationId: string;
  readonly connectionId: string;
  readonly userIds: readonly string[];
  /** A list of others, who are too many for a job; null when there are none. */
  readonly listId: string | null;
  /** Groups, as rules name them, whose members have yet to be listed: no ids are given then. Mostly none. */
  readonly groupIds: readonly string[];
  readonly trigger: EventTrigger;
  readonly cause: ReconcileCause;
  readonly requestId: string | null;
  /** What the guard says of the whole of which this is a part; null before it was asked. */
  readonly verdict: Verdict | null;
}

export interface Stores extends AdminStores {
  readonly users: UserStore;
  readonly groups: GroupStore;
  readonly memberships: MembershipStore;
  readonly people: PeopleStore;
  readonly events: EventStore;
  readonly heldChanges: HeldChangeStore;
  readonly changeSets: ChangeSetStore;
  readonly reconcileLists: ReconcileListStore;
  readonly undecidedChanges: UndecidedChangeStore;
  readonly jobs: JobStore;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryStore;
  readonly graphSync: GraphSyncStores;
  readonly tokenCaches: TokenCacheStore;
  readonly pendingSignIns: PendingSignInStore;
}
