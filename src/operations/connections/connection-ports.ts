import type { EmailSource } from '../../provisioning/settings.ts';
import type { ConnectionKind } from '../context.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import type { CustomExtension } from './custom-extension-ports.ts';

export type Cloud = 'global' | 'usgov' | 'china';

/** `delegated`: on behalf of the person who connected. `application`: as the application itself, unattended. */
export type GraphFlow = 'delegated' | 'application';

/**
 * What becomes of a user that the provisioning client deletes. Either way it is gone for the client and the person is
 * deactivated, never deleted; `purge` also removes what the directory said about it.
 */
export type DeletePolicy = 'deactivateAndHide' | 'purge';

export type ConnectionStatus =
  | 'created'
  | 'connected'
  | 'consentRequired'
  | 'permissionMissing'
  | 'failed'
  | 'disabled';

/** What an administrator sets of a connection. */
export interface ConnectionConfiguration {
  readonly name: string;
  /** As entered: a domain name or a GUID; null for kind `scim`. */
  readonly tenant: string | null;
  /** The Entra directory GUID; null until it is known. */
  readonly tenantId: string | null;
  readonly cloud: Cloud;
  readonly applicationId: string | null;
  readonly applicationKeyEncrypted: Uint8Array | null;
  readonly applicationKeySetAt: string | null;
  readonly emailSource: EmailSource;
  readonly allowedExternalDomains: readonly string[];
  readonly deletePolicy: DeletePolicy;
  readonly customExtensions: readonly CustomExtension[];
}

export interface Connection extends ConnectionConfiguration {
  readonly id: string;
  readonly kind: ConnectionKind;
  readonly status: ConnectionStatus;
  readonly statusDetail: string | null;
  /** How the tenant was connected last; null before that, and after a disconnection. */
  readonly graphFlow: GraphFlow | null;
  /** Delegated: the user name of whoever signed in, to show only. */
  readonly signedInAs: string | null;
  readonly grantedScopes: readonly string[];
  readonly verifiedDomains: readonly string[];
  readonly lastSyncAt: string | null;
  readonly lastGraphSuccessAt: string | null;
  readonly createdAt: string;
  /** Moves by one with every change of the configuration; the ETag. */
  readonly revision: number;
}

/** A PSA record whose link ends with a connection, or comes back with one. */
export interface LinkedPerson {
  readonly directoryUserId: string;
  readonly employeeId: string | null;
  readonly contactId: string | null;
}

export interface ConnectionStore {
  readonly list: (page: PageRequest) => Promise<Page<Connection>>;
  readonly get: (id: string) => Promise<Connection | null>;
  /** The connection, row locked, or null. */
  readonly lock: (id: string) => Promise<Connection | null>;
  readonly insert: (connection: Connection) => Promise<void>;
  /** Writes the configuration and moves the revision. */
  readonly save: (connection: Connection, at: string) => Promise<void>;
  /**
   * Writes what is known of the way to Microsoft Graph: status and detail, flow, who signed in, scopes, domains, tenant id and
   * the last success. The configuration and its revision stay.
   */
  readonly saveGraphState: (connection: Connection) => Promise<void>;
  /** A sync of a connection of kind `scim` is its re-plan; of the others, reading the directory tells it. */
  readonly noteReplan: (id: string, at: string) => Promise<void>;
  /** Number of employees and contacts linked to users of the connection. */
  readonly linkedPeople: (id: string) => Promise<{ readonly employees: number; readonly contacts: number }>;
  /** Takes the links to the connection's users off employees, contacts and logins; the records stay. */
  readonly unlinkPeople: (id: string) => Promise<readonly LinkedPerson[]>;
  /**
   * Links users without a record to those that they had through an earlier connection to the same tenant, before anybody
   * looks for an email (D-05). Answers who was linked.
   */
  readonly linkAgain: (id: string, objectIds: readonly string[]) => Promise<readonly LinkedPerson[]>;
  /** Deletes it with its tokens, rules and mirror. */
  readonly delete: (id: string) => Promise<void>;
}

export interface ScimToken {
  readonly id: string;
  readonly connectionId: string;
  readonly name: string;
  /** The beginning of the token, to recognise it by. */
  readonly prefix: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
}

export interface ScimTokenStore {
  readonly list: (connectionId: string, page: PageRequest) => Promise<Page<ScimToken>>;
  readonly insert: (token: ScimToken, hash: Uint8Array) => Promise<void>;
  /** False when the connection has no such token. */
  readonly delete: (connectionId: string, id: string) => Promise<boolean>;
}

/** Keeps secrets unreadable in the database. `boundTo` is what a secret belongs to: it only opens with the same. */
export interface Encryption {
  readonly encrypt: (plain: string, boundTo?: string) => Uint8Array;
  /** Throws when the text was encrypted with another key or for another owner, or has been altered. */
  readonly decrypt: (encrypted: Uint8Array, boundTo?: string) => string;
}

/** A new secret: shown once, stored as a hash, recognised by its beginning. */
export interface NewCredential {
  readonly plain: string;
  readonly prefix: string;
  readonly hash: Uint8Array;
}

export interface CredentialMaker {
  readonly makeApiKey: () => NewCredential;
  readonly makeScimToken: () => NewCredential;
  readonly makeClientSecret: () => NewCredential;
  /** The same facts of a key that somebody else chose. */
  readonly describeApiKey: (plain: string) => NewCredential;
}
