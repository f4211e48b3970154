import type { IncomingMessage } from 'node:http';
import { readBearer } from '../http/credentials.ts';
import { requestIdOf } from '../http/request-id.ts';
import { tagRequest } from '../http/request-tags.ts';
import type { ConnectionContext } from '../operations/context.ts';
import { ScimRefusal } from './protocol/scim-refusal.ts';
import type { ScimAuthentication } from './scim-authentication.ts';

const REALM = 'Bearer realm="scim"';

export interface AuthenticatedRequest {
  readonly context: ConnectionContext;
  /** Extension schemas of the connection, as JSON. */
  readonly customExtensions: string;
}

export type AuthenticateRequest = (
  request: IncomingMessage,
  connectionId: string | null,
) => Promise<AuthenticatedRequest>;

export interface RequestAuthenticationParts {
  readonly authentication: ScimAuthentication;
  readonly scimBaseUrlOf: (connectionId: string) => string;
}

/**
 * RFC 6750 §3. A malformed id, an unknown connection and a wrong token get the same answer, so that nobody can find out
 * which connections there are.
 */
export function makeAuthenticateRequest(parts: RequestAuthenticationParts): AuthenticateRequest {
  const { authentication, scimBaseUrlOf } = parts;

  return async function authenticateRequest(request, connectionId) {
    const token = readBearer(request.headers.authorization);
    if (token === null) {
      throw new ScimRefusal(401, 'A bearer token of this connection is required', {
        headers: { 'WWW-Authenticate': REALM },
      });
    }
    const client = connectionId === null ? null : await authentication.authenticate(connectionId, token);
    if (connectionId === null || client === null) {
      throw new ScimRefusal(401, 'The bearer token is not valid for this connection', {
        headers: { 'WWW-Authenticate': `${REALM}, error="invalid_token"` },
      });
    }
    const { organizationId, connectionKind, scimTokenId } = client;
    tagRequest(request, { organizationId, connectionId });
    const context: ConnectionContext = {
      organizationId,
      actor: { kind: 'scimToken', id: scimTokenId },
      requestId: requestIdOf(request),
      connectionId,
      connectionKind,
      scimBaseUrl: scimBaseUrlOf(connectionId),
    };
    return { context, customExtensions: client.customExtensions };
  };
}
