import { type Answer, type IncomingCall, jsonAnswer } from './answer.ts';
import { CLOUDS } from './clouds.ts';
import { issuerV1, issuerV2 } from './issuers.ts';
import { expectTenant, isAnyTenant, type LoginWorld } from './login-world.ts';

/** Documents that say where the rest is and who signs. */
export function openIdMetadata(
  world: LoginWorld,
  call: IncomingCall,
  tenantName: string,
  version: 1 | 2,
): Answer {
  const { origin } = call;
  const tenant = isAnyTenant(tenantName) ? undefined : expectTenant(world, tenantName);
  const context = { style: world.issuerStyle, origin };
  const path = tenant?.id ?? tenantName;
  const oauth = `${origin}/${path}/oauth2${version === 2 ? '/v2.0' : ''}`;
  const issuer = version === 2 ? issuerV2 : issuerV1;
  const anyIssuer =
    version === 2
      ? 'https://login.microsoftonline.com/{tenantid}/v2.0'
      : 'https://sts.windows.net/{tenantid}/';
  const cloud = CLOUDS[tenant?.cloud ?? 'global'];
  return jsonAnswer(200, {
    token_endpoint: `${oauth}/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${origin}/${path}/discovery${version === 2 ? '/v2.0' : ''}/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: tenant ? issuer(tenant, context) : anyIssuer,
    authorization_endpoint: `${oauth}/authorize`,
    end_session_endpoint: `${oauth}/logout`,
    tenant_region_scope: tenant ? 'EU' : null,
    cloud_instance_name: cloud.login,
    cloud_graph_host_name: 'graph.windows.net',
    msgraph_host: cloud.graph,
  });
}

export function keySet(world: LoginWorld, tenantName: string, version: 1 | 2, origin: string): Answer {
  const tenant = isAnyTenant(tenantName) ? undefined : expectTenant(world, tenantName);
  const issuer = tenant && version === 2 ? issuerV2(tenant, { style: world.issuerStyle, origin }) : undefined;
  return jsonAnswer(200, world.keys.keySet(issuer));
}

/** What a client asks that does not know its authority's host. */
export function instanceDiscovery(call: IncomingCall): Answer {
  const asked = new URLSearchParams(call.query).get('authorization_endpoint');
  const tenant = asked === null ? 'common' : (new URL(asked).pathname.split('/')[1] ?? 'common');
  return jsonAnswer(200, {
    tenant_discovery_endpoint: `${call.origin}/${tenant}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [
      {
        preferred_network: 'login.microsoftonline.com',
        preferred_cache: 'login.windows.net',
        aliases: ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net'],
      },
      {
        preferred_network: 'login.microsoftonline.us',
        preferred_cache: 'login.microsoftonline.us',
        aliases: ['login.microsoftonline.us', 'login.usgovcloudapi.net'],
      },
    ],
  });
}
