import type { Cloud, ScimToken } from '../connections/connection-ports.ts';
import type { ConnectionKind } from '../context.ts';
import type { Page, PageRequest } from '../keyset-page.ts';

/**
 * How a provisioning client proves itself other than by a SCIM token: `clientSecret` by OAuth client credentials
 * (RFC 6749 §4.4), `federatedIdentity` by an assertion of its identity platform (RFC 7523 §2.2), `entraToken` by a token
 * that Entra issues when the secret of an application is left blank.
 */
export type ScimCredentialKind = 'clientSecret' | 'federatedIdentity' | 'entraToken';

export interface ScimCredential {
  readonly id: string;
  readonly connectionId: string;
  readonly kind: ScimCredentialKind;
  readonly name: string;
  /** The beginning of a client secret, to recognise it by. */
  readonly prefix: string | null;
  /** Whose tokens are accepted: the directory GUID; null for a client secret. */
  readonly tenantId: string | null;
  /** `sub` of a federated identity. */
  readonly subject: string | null;
  /** `appid` of an Entra token. */
  readonly callerApplicationId: string | null;
  /** Each accepted `aud`, exactly. */
  readonly audiences: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
}

/** A credential of a connection, found before its organization is known. */
export interface FoundScimCredential {
  readonly organizationId: string;
  readonly scimCredentialId: string;
  readonly connectionKind: ConnectionKind;
  readonly connectionStatus: string;
  readonly customExtensions: string;
  readonly cloud: Cloud;
  readonly kind: ScimCredentialKind;
  readonly secretHash: Uint8Array | null;
  readonly tenantId: string | null;
  readonly subject: string | null;
  readonly callerApplicationId: string | null;
  readonly audiences: readonly string[];
  readonly expiresAt: string | null;
}

export interface ScimCredentialStore {
  readonly list: (connectionId: string, page: PageRequest) => Promise<Page<ScimCredential>>;
  readonly insert: (credential: ScimCredential, secretHash: Uint8Array | null) => Promise<void>;
  /** Also ends the access tokens that were issued for it. False when the connection has no such credential. */
  readonly delete: (connectionId: string, id: string) => Promise<boolean>;
  /** Keeps an access token issued for a credential and removes what has expired of it; notes the use. */
  readonly insertAccessToken: (token: ScimToken, hash: Uint8Array, credentialId: string) => Promise<void>;
}

/** Whose credential was proven just now. */
export interface ProvenClient {
  readonly organizationId: string;
  readonly connectionId: string;
  readonly scimCredentialId: string;
}

export interface IssuedToken {
  readonly plain: string;
  readonly expiresInSeconds: number;
}

export type IssueScimToken = (client: ProvenClient, requestId: string) => Promise<IssuedToken>;
