import type { GraphGroupFields, GraphUserFields, RemovalReason } from '../../directory/delta-change.ts';
import type { DirectoryGroup } from '../../directory/directory-group.ts';
import type { DirectoryUser } from '../../directory/directory-user.ts';
import type { FoldedGroups, FoldedUsers } from '../../directory/fold-delta.ts';
import type { SubscribedResource } from '../tenants/graph-ports.ts';

/** One delta stream and how far it has come. */
export interface SyncStream {
  readonly id: string;
  readonly kind: 'users' | 'groups';
  /** Null follows all groups. */
  readonly groupIds: readonly string[] | null;
  /** Of the last complete read whose effects are all in the mirror; null before the first. */
  readonly cursor: string | null;
  /** What a complete read does not mention is gone. */
  readonly isFull: boolean;
  /** Goes on after the pages that are staged. */
  readonly resume: string | null;
  /** Of a read that is complete and whose effects are not all in the mirror yet. */
  readonly pendingCursor: string | null;
}

export type SyncPhase = 'reading' | 'applying';

/** Everything that a sync of a connection starts from. */
export interface SyncState {
  /** Whose directory the cursors belong to; null before the first read. */
  readonly tenantId: string | null;
  readonly phase: SyncPhase;
  readonly failures: number;
  readonly readUsers: number;
  readonly streams: readonly SyncStream[];
  /** Groups that rules name and those nested in them, as far as they are known. */
  readonly followed: readonly string[];
  readonly areSubscriptionsDue: boolean;
  /** Somebody asked for everything to be read again. */
  readonly isAllWanted: boolean;
  /** The queued or running run of the connection. */
  readonly openRunId: string | null;
}

export interface ClaimRequest {
  readonly connectionId: string;
  /** Made by the one who claims; nobody else has it. */
  readonly claimId: string;
  readonly leaseSeconds: number;
}

/** Which connections are due, and who reads them. Times are those of the database. */
export interface SyncClaimStore {
  /** Makes the connection due at once, also for the first time. */
  readonly begin: (connectionId: string) => Promise<void>;
  /** Makes it due at once if it is read by itself: not where a first read waits until somebody asks. */
  readonly wake: (connectionId: string) => Promise<void>;
  /**
   * Ends whatever is read for an open run, also by a server that does not know of the run yet: its claim is lost. A first read
   * is not due again before somebody asks; polls go on.
   */
  readonly withdraw: (connectionId: string, runId: string) => Promise<void>;
  /** Null while somebody else holds the claim, and where nothing is due: whoever wants a read makes it due beforehand. */
  readonly claim: (request: ClaimRequest) => Promise<SyncState | null>;
  /** False when the claim was lost: whatever is done now must be rolled back. */
  readonly extend: (request: ClaimRequest) => Promise<boolean>;
  /** Ends the claim; false when it was lost. Due at once when somebody asked meanwhile. */
  readonly release: (request: ReleaseRequest) => Promise<boolean>;
}

export interface ReleaseRequest {
  readonly connectionId: string;
  readonly claimId: string;
  /** Null: not before somebody asks. */
  readonly nextInSeconds: number | null;
  readonly failures: number;
}

export interface StreamCursor {
  readonly id: string;
  readonly cursor: string;
}

export interface SyncStreamStore {
  /** Whether the users were ever read completely. */
  readonly isComplete: (connectionId: string) => Promise<boolean>;
  readonly list: (connectionId: string) => Promise<readonly SyncStream[]>;
  readonly followed: (connectionId: string) => Promise<readonly string[]>;
  readonly insert: (
    connectionId: string,
    streams: readonly Pick<SyncStream, 'id' | 'kind' | 'groupIds'>[],
  ) => Promise<void>;
  /** Notes how far a read has come, with what it staged. */
  readonly progress: (
    connectionId: string,
    stream: Pick<SyncStream, 'id' | 'resume' | 'pendingCursor'> & { readonly readUsers: number },
  ) => Promise<void>;
  /** Forgets what is staged of a kind of reads, whose streams go back to their cursors; the expired one has none any more. */
  readonly restart: (
    connectionId: string,
    request: {
      readonly kind: SyncStream['kind'];
      readonly expiredId: string;
    },
  ) => Promise<void>;
  /** The next round starts over, whatever was read before. */
  readonly wantAll: (connectionId: string) => Promise<void>;
  /** Everything is read in full, from this tenant. */
  readonly startOver: (connectionId: string, tenantId: string) => Promise<void>;
  /** What full reads have not mentioned is staged as gone, and the phase becomes `applying`. Once for each read. */
  readonly sweep: (connectionId: string, pending: readonly StreamCursor[]) => Promise<void>;
  /** The cursors of the complete reads become those that count; the phase becomes `reading`, the connection is fresh. */
  readonly complete: (
    connectionId: string,
    request: {
      readonly pending: readonly StreamCursor[];
      /** Streams that others have replaced. */
      readonly dropped: readonly string[];
      /** There was something to bring into the mirror. */
      readonly isRun: boolean;
    },
  ) => Promise<void>;
}

export interface StagedMember {
  readonly groupId: string;
  readonly memberId: string;
}

export interface ContestedMember extends StagedMember {
  /** Other groups are members of the group too, so that a user may be in it by one of them. */
  readonly hasNestedGroups: boolean;
}

/** Pages that were read, until everything of the round is there. */
export interface SyncStagingStore {
  readonly stageUsers: (connectionId: string, stream: SyncStream, users: FoldedUsers) => Promise<void>;
  readonly stageGroups: (connectionId: string, stream: SyncStream, groups: FoldedGroups) => Promise<void>;
  /** Users about whom rows contradict each other, or of whom too little is known to add them. */
  readonly unclearUsers: (connectionId: string, limit: number) => Promise<readonly string[]>;
  readonly unclearGroups: (connectionId: string, limit: number) => Promise<readonly string[]>;
  /** Users whose membership was said to have ended, and not to have ended. */
  readonly contestedMembers: (connectionId: string, limit: number) => Promise<readonly ContestedMember[]>;
  /** Null: the directory has none. */
  readonly clearUsers: (
    connectionId: string,
    found: ReadonlyMap<string, GraphUserFields | null>,
  ) => Promise<void>;
  readonly clearGroups: (
    connectionId: string,
    found: ReadonlyMap<string, GraphGroupFields | null>,
  ) => Promise<void>;
  readonly clearMembers: (
    connectionId: string,
    members: readonly (StagedMember & { readonly present: boolean })[],
  ) => Promise<void>;
}

/** A staged user beside what the mirror holds of it. The mirror's row is locked. */
export interface StagedUser {
  readonly objectId: string;
  readonly fields: Partial<GraphUserFields>;
  readonly removed: RemovalReason | null;
  /** What `fields` leave out is empty, not unchanged. */
  readonly isWhole: boolean;
  /** What Graph said before. */
  readonly known: {
    readonly fields: GraphUserFields;
    readonly removed: RemovalReason | null;
    readonly directoryUserId: string | null;
  } | null;
  readonly user: DirectoryUser | null;
  readonly isProvisioned: boolean;
  readonly isBlocked: boolean;
  /** The provisioning client has taken the user away: it stays away. */
  readonly isWithdrawn: boolean;
}

/** What becomes of a staged user. */
export interface AppliedUser {
  readonly objectId: string;
  readonly fields: GraphUserFields | null;
  readonly removed: RemovalReason | null;
  /** The row of the mirror to write, new or changed; null leaves it alone. */
  readonly user: DirectoryUser | null;
  readonly isNew: boolean;
  readonly directoryUserId: string | null;
  readonly isBlocked: boolean;
  /** Null when nobody has to be decided. */
  readonly affected: { readonly isChanged: boolean; readonly previous: DirectoryUser | null } | null;
}

export interface StagedGroup {
  readonly objectId: string;
  readonly fields: Partial<GraphGroupFields>;
  readonly removed: RemovalReason | null;
  readonly isWhole: boolean;
  /** What Graph said before. */
  readonly known: GraphGroupFields | null;
}

export interface AppliedGroup {
  readonly objectId: string;
  /** For a group that the mirror does not hold yet. */
  readonly newId: string;
  readonly fields: GraphGroupFields;
  readonly removed: RemovalReason | null;
}

export interface WantedAffected {
  readonly limit: number;
  readonly at: string;
  /** Either those who would lose something, or all others. */
  readonly isAtRisk: boolean;
}

/** Row locked; deleted ones too. */
export interface AffectedUser {
  readonly user: DirectoryUser;
  /** The user itself changed, from `previous`. */
  readonly isChanged: boolean;
  readonly previous: DirectoryUser | null;
  readonly hasOtherGroups: boolean;
}

export interface MemberCountChange {
  readonly groupId: string;
  /** More members, or fewer. */
  readonly difference: number;
}

export interface TakenAffected {
  readonly users: readonly AffectedUser[];
  readonly changes: readonly MemberCountChange[];
}

/** Brings what was staged into the mirror, set by set. */
export interface GraphMirrorStore {
  /** In the order of object ids, those that nobody else works on. Locked. */
  readonly stagedUsers: (connectionId: string, limit: number) => Promise<readonly StagedUser[]>;
  readonly applyUsers: (connectionId: string, users: readonly AppliedUser[], at: string) => Promise<void>;
  readonly stagedGroups: (connectionId: string, limit: number) => Promise<readonly StagedGroup[]>;
  readonly applyGroups: (connectionId: string, groups: readonly AppliedGroup[], at: string) => Promise<void>;
  /** Answers how many were staged and free: fewer than `limit` were the last. Several may go on at the same time. */
  readonly applyMembers: (connectionId: string, limit: number) => Promise<number>;
  readonly countAffected: (connectionId: string) => Promise<number>;
  /**
   * Takes users off the list of those concerned and brings their memberships up to date. Others may take at the same time;
   * how many members the groups have is left to `noteCounts`.
   */
  readonly takeAffected: (connectionId: string, wanted: WantedAffected) => Promise<TakenAffected>;
  /** Keeps what is to be added to the groups: added at once, it would make all units of work wait for each other. */
  readonly noteCounts: (
    connectionId: string,
    noteId: string,
    changes: readonly MemberCountChange[],
  ) => Promise<void>;
  /** Adds everything that was noted. */
  readonly settleCounts: (connectionId: string, at: string) => Promise<void>;
  /** Puts users back on the list, as those who would lose something. */
  readonly postpone: (connectionId: string, users: readonly AffectedUser[]) => Promise<void>;
  /** Those, deleted ones too, after an id in id order; nobody is locked. */
  readonly usersAtRisk: (
    connectionId: string,
    after: string | null,
    limit: number,
  ) => Promise<readonly DirectoryUser[]>;
  /**
   * The provisioning client gives up a group that Graph still knows: Graph's memberships go on in a row of their own, which
   * nobody provisioned. Does nothing for other groups.
   */
  readonly keepGroup: (group: DirectoryGroup, newId: string, at: string) => Promise<void>;
  /** Brings the memberships of one user to exactly these of the groups asked about. Answers whether any changed. */
  readonly setMemberships: (
    connectionId: string,
    request: {
      readonly userId: string;
      readonly asked: readonly string[];
      readonly memberOf: readonly string[];
      readonly at: string;
    },
  ) => Promise<boolean>;
}

export interface KeptSubscription {
  readonly resource: SubscribedResource;
  readonly id: string;
  readonly expiresAt: string;
  readonly renewAt: string;
}

export interface SubscriptionStore {
  readonly list: (connectionId: string) => Promise<readonly KeptSubscription[]>;
  readonly save: (
    connectionId: string,
    subscription: KeptSubscription,
    clientStateHash: Uint8Array | null,
  ) => Promise<void>;
  readonly delete: (connectionId: string, resource: SubscribedResource) => Promise<void>;
  /** Whatever the subscriptions are, they are renewed at the next read. */
  readonly renewNow: (connectionId: string) => Promise<void>;
  /** When to look at the subscriptions next. */
  readonly setDue: (connectionId: string, at: string) => Promise<void>;
}

export interface GraphSyncStores {
  readonly claims: SyncClaimStore;
  readonly streams: SyncStreamStore;
  readonly staging: SyncStagingStore;
  readonly mirror: GraphMirrorStore;
  readonly subscriptions: SubscriptionStore;
}
