/**
 * Who acts, for whom. Built only where a request is authenticated or a job is claimed, and the first parameter of every
 * operation: there is no ambient identity and no default organization.
 */
export type ApiKeyRole = 'owner' | 'admin' | 'readOnly';

export type Actor =
  | { readonly kind: 'apiKey'; readonly id: string; readonly name: string; readonly role: ApiKeyRole }
  | { readonly kind: 'scimToken'; readonly id: string }
  /** A job or the start-up of the server itself. */
  | { readonly kind: 'system' };

export interface OrganizationContext {
  readonly organizationId: string;
  readonly actor: Actor;
  readonly requestId: string | null;
}

export type ConnectionKind = 'entra' | 'scim';

export interface ConnectionContext extends OrganizationContext {
  readonly connectionId: string;
  readonly connectionKind: ConnectionKind;
  /** Absolute SCIM base URL of the connection without trailing slash. */
  readonly scimBaseUrl: string;
}
