import { ConfidentialClientApplication, type ICachePlugin } from '@azure/msal-node';
import type { GraphConnection } from '../operations/tenants/graph-ports.ts';
import { DELEGATED_SCOPES } from '../operations/tenants/graph-sign-in-ports.ts';
import { readApplicationKey } from './application-credential.ts';
import { authorityHosts, type CloudEndpoints, type CloudTable } from './cloud-endpoints.ts';
import type { Fetch } from './fetch-once.ts';
import { makeMsalNetwork } from './msal-network.ts';
import type { Timing } from './timing.ts';

export interface MsalParts {
  readonly fetch: Fetch;
  readonly clouds: CloudTable;
  readonly timing: Timing;
}

/**
 * A client of the sign-in library for one connection and flow. It is never shared: the library merges what is in memory into
 * every cache that it writes, so that one tenant's tokens would be stored with another's.
 */
export function makeMsalClient(
  { fetch, clouds, timing }: MsalParts,
  connection: GraphConnection,
  cachePlugin?: ICachePlugin,
): ConfidentialClientApplication {
  const endpoints = clouds[connection.cloud];
  return new ConfidentialClientApplication({
    auth: {
      clientId: connection.applicationId,
      ...authorityOf(endpoints, connection.tenantId),
      ...readApplicationKey(connection.applicationKey, timing.now()),
      // Continuous access evaluation: Graph says at once why a token is not good any more.
      clientCapabilities: ['CP1'],
    },
    ...(cachePlugin ? { cache: { cachePlugin } } : {}),
    system: {
      networkClient: makeMsalNetwork({ fetch, allowedHosts: authorityHosts(endpoints), now: timing.now }),
    },
  });
}

/** The library knows the standard clouds by heart; it is told where everything is in others, so it never has to ask. */
function authorityOf(endpoints: CloudEndpoints, tenantId: string) {
  if (endpoints.isStandard) return { authority: `${endpoints.authority}/${tenantId}` };
  const { host } = new URL(endpoints.authority);
  const base = `${endpoints.authority}/${tenantId}`;
  return {
    // It takes nothing but https here; what is really called stands in the metadata.
    authority: `https://${host}/${tenantId}`,
    knownAuthorities: [host],
    authorityMetadata: JSON.stringify({
      issuer: `${base}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      end_session_endpoint: `${base}/oauth2/v2.0/logout`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
    }),
  };
}

/** National clouds know the short names only for their own Graph, so the names are always written out. */
export const delegatedScopes = ({ graphResource }: CloudEndpoints): string[] =>
  DELEGATED_SCOPES.map((scope) => `${graphResource}/${scope}`);

export const applicationScopes = ({ graphResource }: CloudEndpoints): string[] => [
  `${graphResource}/.default`,
];

const openIdScopes = new Set(['openid', 'profile', 'email', 'offline_access']);

/** Short names, sorted, without those that only concern the sign-in. */
export const shortScopes = (scopes: readonly string[]): readonly string[] => [
  ...new Set(
    scopes
      .map((scope) => scope.slice(scope.lastIndexOf('/') + 1))
      .filter((scope) => scope !== '' && !openIdScopes.has(scope.toLowerCase()))
      .sort(),
  ),
];
