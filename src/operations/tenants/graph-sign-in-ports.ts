import type { Cloud, GraphFlow } from '../connections/connection-ports.ts';
import type { GraphConnection, GraphError } from './graph-ports.ts';

/** REQ-42: what the delegated flow asks for; a grant without one of them is `permissionMissing`. */
export const DELEGATED_SCOPES = [
  'Directory.Read.All',
  'Group.Read.All',
  'User.Read',
  'User.Read.All',
] as const;

/**
 * What the application flow needs, as lists of permissions of which one is enough. The first of each list is the least,
 * and the one that is named when all are missing.
 */
export const APPLICATION_PERMISSIONS = [
  ['User.Read.All', 'Directory.Read.All'],
  ['GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All'],
] as const;

/** Kept by the server between the two halves of a sign-in, used once, for a few minutes. Secret. */
export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636. */
  readonly codeVerifier: string;
  readonly redirectUri: string;
}

export interface StartedSignIn {
  readonly authorizationUrl: string;
  readonly pending: PendingSignIn;
}

/** The query of the redirect, as received. Nothing in it proves a tenant. */
export interface SignInAnswer {
  readonly code?: string | undefined;
  readonly state?: string | undefined;
  readonly error?: string | undefined;
  readonly errorDescription?: string | undefined;
}

/** A token was issued for the tenant of the connection, with everything that is needed. */
export interface GraphGrant {
  /**
   * Proven: by the ID token; for the application by reading the organization, or, where only that is forbidden, by the
   * token itself. Equals that of the connection.
   */
  readonly tenantId: string;
  /** Short names, such as `User.Read.All`, sorted; permissions of the application in the application flow. */
  readonly grantedScopes: readonly string[];
  /** Delegated: the user name of whoever signed in, to show only. */
  readonly principal: string | null;
}

export type ApplicationKeyFacts =
  | { readonly kind: 'secret' }
  | { readonly kind: 'certificate'; readonly expiresAt: string }
  /** It looks like a certificate and is none that can be used. */
  | { readonly kind: 'unusable'; readonly detail: string };

export type GrantOutcome =
  | { readonly kind: 'granted'; readonly grant: GraphGrant }
  /** `grantedScopes` is what the token has, as far as one was issued. */
  | { readonly kind: 'refused'; readonly failure: GraphError; readonly grantedScopes: readonly string[] };

/** Sign-in at the Microsoft identity platform (REQ-28). */
export interface GraphSignIn {
  /**
   * Authorization code flow with PKCE, state and nonce. `askForConsent` shows the consent page again, which the organization's
   * administrator needs after a scope was added. `statePrefix` leads the state, for finding the pending sign-in again; no secret.
   */
  readonly start: (
    connection: GraphConnection,
    request: {
      readonly redirectUri: string;
      readonly statePrefix?: string;
      readonly askForConsent?: boolean;
    },
  ) => Promise<StartedSignIn>;
  /** The other half. Replaces the stored tokens of the connection when granted. */
  readonly redeem: (
    connection: GraphConnection,
    answer: SignInAnswer,
    pending: PendingSignIn,
  ) => Promise<GrantOutcome>;
  /** Client credentials, tried at once with a new token; the tenant is proven by reading its organization. */
  readonly connectApplication: (connection: GraphConnection, signal: AbortSignal) => Promise<GrantOutcome>;
  /** Whether a token can still be had for the connection's flow, and what it permits; for the setup doctor. */
  readonly check: (connection: GraphConnection, signal: AbortSignal) => Promise<GrantOutcome>;
  /** What can be told from the key itself. */
  readonly describeKey: (applicationKey: string) => ApplicationKeyFacts;
  /** Where an administrator consents for the whole organization. Its answer proves nothing about the tenant. */
  readonly adminConsentUrl: (
    connection: GraphConnection,
    request: { readonly redirectUri: string; readonly state: string },
  ) => string;
  /** Drops the tokens in memory; call it when the connection is changed or deleted. Stored ones: `TokenCacheStore`. */
  readonly forget: (connectionId: string) => void;
}

export type ResolvedTenant =
  | { readonly kind: 'found'; readonly tenantId: string }
  | { readonly kind: 'notFound'; readonly detail: string }
  /** The tenant lives in another cloud than asked. */
  | { readonly kind: 'otherCloud'; readonly cloud: Cloud; readonly detail: string };

export interface TenantResolver {
  /** Domain name or GUID → tenant GUID, through OpenID metadata (REQ-51). Throws `GraphError` `unavailable`. */
  readonly resolve: (cloud: Cloud, tenant: string, signal: AbortSignal) => Promise<ResolvedTenant>;
}

/** Whose tokens. */
export interface TokenCacheKey {
  readonly organizationId: string;
  readonly connectionId: string;
  readonly flow: GraphFlow;
}

export interface StoredTokenCache {
  /** Encrypted, and bound to its key: a row moved to another connection cannot be read. */
  readonly sealed: Uint8Array;
  readonly version: number;
}

/**
 * Tokens of connections between restarts, one row per connection and flow. Only the delegated flow is stored: application
 * tokens are asked for again. Every method is one short transaction; none is held open while the identity platform is asked.
 */
export interface TokenCacheStore {
  readonly load: (key: TokenCacheKey) => Promise<StoredTokenCache | null>;
  /**
   * Locks the row and writes if it still has `expectedVersion` (null: if there is no row yet). The new version, or null
   * when somebody else wrote meanwhile; their refresh token is then the one to keep.
   */
  readonly save: (
    key: TokenCacheKey,
    sealed: Uint8Array,
    expectedVersion: number | null,
  ) => Promise<number | null>;
  /** Locks and writes whatever was there: a new sign-in. The new version, above every earlier one. */
  readonly replace: (key: TokenCacheKey, sealed: Uint8Array) => Promise<number>;
  readonly delete: (key: TokenCacheKey) => Promise<void>;
}
