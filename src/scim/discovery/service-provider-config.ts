import type { AnswerObject } from '../protocol/answer-value.ts';
import { LIMITS } from '../protocol/limits.ts';

const SERVICE_PROVIDER_CONFIG_URN = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';
const RFC_7644 = 'https://www.rfc-editor.org/rfc/rfc7644';
const RFC_6749 = 'https://www.rfc-editor.org/rfc/rfc6749';
const RFC_6750 = 'https://www.rfc-editor.org/rfc/rfc6750';

/** RFC 7643 §5 and RFC 9865 §4. Clients change their behaviour by it (authentik), so it has to be true. */
export function representServiceProviderConfig(scimBaseUrl: string): AnswerObject {
  return {
    schemas: [SERVICE_PROVIDER_CONFIG_URN],
    documentationUri: RFC_7644,
    patch: { supported: true },
    bulk: { supported: true, maxOperations: LIMITS.bulkOperations, maxPayloadSize: LIMITS.bulkBytes },
    filter: { supported: true, maxResults: LIMITS.maxPageSize },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    pagination: {
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: LIMITS.defaultPageSize,
      maxPageSize: LIMITS.maxPageSize,
    },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'A token of the connection, sent as Authorization: Bearer.',
        specUri: RFC_6750,
        documentationUri: RFC_6750,
        primary: true,
      },
      {
        type: 'oauth2',
        name: 'OAuth 2.0 client credentials',
        description:
          'An access token from /oauth/token, for a client secret or a federated identity of the connection.',
        specUri: RFC_6749,
        documentationUri: RFC_6749,
        primary: false,
      },
    ],
    meta: {
      resourceType: 'ServiceProviderConfig',
      location: `${scimBaseUrl}/ServiceProviderConfig`,
    },
  };
}
