import type { ConnectionKind } from '../operations/context.ts';

/** The connection that a SCIM bearer token belongs to. */
export interface ScimClient {
  readonly organizationId: string;
  readonly connectionKind: ConnectionKind;
  readonly scimTokenId: string;
  /** Extension schemas of the connection, as JSON. */
  readonly customExtensions: string;
}

/**
 * How the SCIM adapter learns who is calling. Both may throw `OperationError('unavailable')`; ids are well-formed UUIDs
 * in lower case.
 */
export interface ScimAuthentication {
  /** Null for a token that is wrong, expired, revoked or of another connection, and for a disabled connection. */
  readonly authenticate: (connectionId: string, bearerToken: string) => Promise<ScimClient | null>;
  /** Discovery is readable without a token, but only where there is a connection; null where there is none. */
  readonly findExtensions: (connectionId: string) => Promise<string | null>;
}
