import type {
  GraphGroupFields,
  GraphUserFields,
  GroupChange,
  UserChange,
} from '../../directory/delta-change.ts';
import type { Cloud, GraphFlow } from '../connections/connection-ports.ts';

/** What is needed to sign in at a tenant and read it. Built where the key is decrypted, kept in memory only. */
export interface GraphConnection {
  readonly organizationId: string;
  readonly connectionId: string;
  readonly cloud: Cloud;
  /** The Entra directory GUID, never a domain name: resolve it first. */
  readonly tenantId: string;
  readonly applicationId: string;
  /** The Value of the client secret, or a PEM text with the certificate and its private key. */
  readonly applicationKey: string;
  readonly flow: GraphFlow;
}

export type GraphFailureKind =
  /** An administrator of the tenant has not consented (or withdrew it). Connection status `consentRequired`. */
  | 'consentRequired'
  /** The delegated sign-in has ended; somebody has to go through Azure Connect again. Status `failed`. */
  | 'signInRequired'
  /** `permission` names it. Status `permissionMissing`. */
  | 'permissionMissing'
  /** Application key wrong or expired. Status `failed`. */
  | 'invalidSecret'
  | 'tenantNotFound'
  /** Whoever signed in, or the token, belongs to another tenant than the connection. */
  | 'tenantMismatch'
  /** The sign-in was cancelled, replayed or forged, or the identity platform refused it for another reason. */
  | 'signInRefused'
  /** Graph refused a token that was issued a moment ago. */
  | 'tokenRefused'
  /** Passing. Keep the status and what is known; try again after `retryAfterSeconds` when given. */
  | 'throttled'
  /** Passing, likewise. */
  | 'unavailable'
  /** An answer pointed to a host that is not of the connection's cloud; nothing was sent there. */
  | 'foreignHost'
  /** An answer that is not as documented; the read was given up. */
  | 'unexpected';

export interface GraphErrorFacts {
  readonly permission?: string;
  readonly retryAfterSeconds?: number | null;
  readonly cause?: unknown;
}

/** The one error of the Graph adapter. The message is a sentence for the administrator that says what to do. */
export class GraphError extends Error {
  readonly kind: GraphFailureKind;
  readonly permission: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(kind: GraphFailureKind, message: string, facts: GraphErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'GraphError';
    this.kind = kind;
    this.permission = facts.permission ?? null;
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null;
  }

  /** Nothing is wrong with the connection: the same call may succeed later. */
  get isPassing(): boolean {
    return this.kind === 'throttled' || this.kind === 'unavailable';
  }
}

/**
 * One step of a delta read. Any number of `page`, then exactly one `complete` or `expired`, unless the read throws: a
 * read that did not reach `complete` is partial, and nothing may be concluded from what it did not mention.
 */
export type DeltaStep<Change> =
  /** `resume` continues after this page, also in another process. `changes` may be empty. */
  | { readonly kind: 'page'; readonly changes: readonly Change[]; readonly resume: string }
  /** Everything was read. The next read starts from `cursor`; keep it with the effects of this one. */
  | { readonly kind: 'complete'; readonly cursor: string }
  /**
   * The cursor is too old, or of another selection of properties. Read again from null with mark and sweep, keeping the
   * old state until that read is complete.
   */
  | { readonly kind: 'expired' };

export interface DeltaRequest {
  /** Null starts a full read: it mentions everything that exists. Else `resume` or `cursor` of an earlier step. */
  readonly cursor: string | null;
  readonly signal: AbortSignal;
}

export interface GroupDeltaRequest extends DeltaRequest {
  /** 1 to `GROUPS_PER_STREAM` object ids, the same at every read of one cursor; null follows all groups. */
  readonly groupIds: readonly string[] | null;
}

export interface GraphUser extends GraphUserFields {
  readonly objectId: string;
}

export interface GraphGroup extends GraphGroupFields {
  readonly objectId: string;
}

export interface DeletedGraphUser {
  readonly objectId: string;
  /** Carries the object id as a prefix of 32 hexadecimal digits: a tombstone, never to be written anywhere. */
  readonly userPrincipalName: string | null;
  readonly deletedAt: string | null;
}

export interface GraphOrganization {
  /** Proves which tenant the token really reads. */
  readonly tenantId: string;
  readonly displayName: string | null;
  /** Lower case. */
  readonly verifiedDomains: readonly string[];
  /** Clock of Graph minus ours, in whole seconds; null when the answer carried no date. */
  readonly clockSkewSeconds: number | null;
}

export type MemberCheck =
  /** Transitively a member of these, and of none of the others that were asked. */
  | { readonly kind: 'answered'; readonly memberOf: readonly string[] }
  /** The directory knows no such user. */
  | { readonly kind: 'unknownUser' }
  /** No answer within the budget, or the connection is broken: nothing is known. */
  | { readonly kind: 'unanswered'; readonly failure: GraphError };

export interface MemberCheckRequest {
  /** Object id, or user principal name where the id is unknown. */
  readonly user: string;
  /** Any number; asked in chunks of 20. */
  readonly groupIds: readonly string[];
  /** For all chunks together, waiting included. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal;
}

/** Reads of the directory. Every method throws `GraphError`, and the reason of `signal` when that was aborted. */
export interface GraphDirectory {
  readonly readUsers: (
    connection: GraphConnection,
    request: DeltaRequest,
  ) => AsyncIterable<DeltaStep<UserChange>>;
  /** Groups with their direct members. */
  readonly readGroups: (
    connection: GraphConnection,
    request: GroupDeltaRequest,
  ) => AsyncIterable<DeltaStep<GroupChange>>;
  readonly checkMemberGroups: (
    connection: GraphConnection,
    request: MemberCheckRequest,
  ) => Promise<MemberCheck>;
  /** All groups of a user, transitively. Not a ground for removal: the index behind it may lag. */
  readonly memberGroups: (
    connection: GraphConnection,
    user: string,
    signal: AbortSignal,
  ) => Promise<readonly string[]>;
  /** Object ids of users, by the page; nested groups resolved. The index may lag: not a ground for removal. */
  readonly transitiveMembers: (
    connection: GraphConnection,
    groupId: string,
    signal: AbortSignal,
  ) => AsyncIterable<readonly string[]>;
  /** Object ids of all direct members, of any kind, by the page. */
  readonly directMembers: (
    connection: GraphConnection,
    groupId: string,
    signal: AbortSignal,
  ) => AsyncIterable<readonly string[]>;
  /** Object ids of the groups that are direct members of a group. */
  readonly nestedGroups: (
    connection: GraphConnection,
    groupId: string,
    signal: AbortSignal,
  ) => Promise<readonly string[]>;
  /** By object id or user principal name; null when there is none. */
  readonly getUser: (
    connection: GraphConnection,
    user: string,
    signal: AbortSignal,
  ) => Promise<GraphUser | null>;
  /** Those that exist, in no order; 20 to a request. */
  readonly getUsers: (
    connection: GraphConnection,
    objectIds: readonly string[],
    signal: AbortSignal,
  ) => Promise<readonly GraphUser[]>;
  readonly getGroups: (
    connection: GraphConnection,
    objectIds: readonly string[],
    signal: AbortSignal,
  ) => Promise<readonly GraphGroup[]>;
  /** The recycle bin, by the page. */
  readonly deletedUsers: (
    connection: GraphConnection,
    signal: AbortSignal,
  ) => AsyncIterable<readonly DeletedGraphUser[]>;
  readonly organization: (connection: GraphConnection, signal: AbortSignal) => Promise<GraphOrganization>;
}

export type SubscribedResource = '/users' | '/groups';

export interface NewGraphSubscription {
  readonly resource: SubscribedResource;
  readonly notificationUrl: string;
  readonly lifecycleNotificationUrl: string;
  /** Random, at most 128 characters; comes back with every notification. */
  readonly clientState: string;
  /** Cut to what Graph allows (just under 29 days). */
  readonly lifetimeMinutes: number;
}

export interface GraphSubscription {
  readonly id: string;
  readonly resource: string;
  readonly notificationUrl: string;
  readonly expiresAt: string;
}

export type SubscribeOutcome =
  | { readonly kind: 'subscribed'; readonly subscription: GraphSubscription }
  /** No more subscriptions for this application or tenant: poll. */
  | { readonly kind: 'quotaReached'; readonly detail: string }
  /** Graph could not reach the notification address, or did not get the right answer there: poll. */
  | { readonly kind: 'unreachable'; readonly detail: string };

export interface GraphSubscriptions {
  readonly create: (
    connection: GraphConnection,
    subscription: NewGraphSubscription,
    signal: AbortSignal,
  ) => Promise<SubscribeOutcome>;
  /** Renews and reauthorizes. Null when Graph has lost it: create another and read the delta. */
  readonly renew: (
    connection: GraphConnection,
    request: { readonly id: string; readonly lifetimeMinutes: number },
    signal: AbortSignal,
  ) => Promise<GraphSubscription | null>;
  /** Without another end. False when Graph has lost it. */
  readonly reauthorize: (connection: GraphConnection, id: string, signal: AbortSignal) => Promise<boolean>;
  /** Also when it is gone already. */
  readonly delete: (connection: GraphConnection, id: string, signal: AbortSignal) => Promise<void>;
  /** Those of the application in the tenant, of all servers that use it. */
  readonly list: (connection: GraphConnection, signal: AbortSignal) => Promise<readonly GraphSubscription[]>;
}
