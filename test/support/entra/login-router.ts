import { adminConsent } from './admin-consent.ts';
import { type Answer, htmlAnswer, type IncomingCall, redirectAnswer } from './answer.ts';
import { authorize } from './authorize.ts';
import { serviceOfHost } from './clouds.ts';
import { LoginError, representLoginError, unknownTenant } from './login-error.ts';
import type { LoginWorld } from './login-world.ts';
import { instanceDiscovery, keySet, openIdMetadata } from './openid-metadata.ts';
import { answerTokenRequest } from './token-endpoint.ts';

type Endpoint = (world: LoginWorld, call: IncomingCall, tenantName: string) => Answer;

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  'GET v2.0/.well-known/openid-configuration': (world, call, tenant) =>
    openIdMetadata(world, call, tenant, 2),
  'GET .well-known/openid-configuration': (world, call, tenant) => openIdMetadata(world, call, tenant, 1),
  'GET discovery/v2.0/keys': (world, call, tenant) => keySet(world, tenant, 2, call.origin),
  'GET discovery/keys': (world, call, tenant) => keySet(world, tenant, 1, call.origin),
  'GET discovery/instance': (_world, call) => instanceDiscovery(call),
  'GET oauth2/v2.0/authorize': authorize,
  'POST oauth2/v2.0/authorize': authorize,
  'POST oauth2/v2.0/token': answerTokenRequest,
  'GET v2.0/adminconsent': adminConsent,
  'GET adminconsent': adminConsent,
  'GET oauth2/v2.0/logout': (_world, call) =>
    redirectAnswer(new URLSearchParams(call.query).get('post_logout_redirect_uri') ?? '/'),
};

/** `/{tenant}/…`: the identity platform. */
export function answerLogin(world: LoginWorld, call: IncomingCall): Answer {
  const [, tenantName = '', ...rest] = call.path.split('/');
  const key = `${call.method} ${rest.join('/')}`;
  const endpoint = Object.hasOwn(ENDPOINTS, key) ? ENDPOINTS[key] : undefined;
  if (!endpoint) return htmlAnswer(404, '<!doctype html><p>There is nothing here.</p>');
  try {
    checkCloud(world, call, tenantName);
    return endpoint(world, call, decodeURIComponent(tenantName));
  } catch (error) {
    if (!(error instanceof LoginError)) throw error;
    return representLoginError(error, world.clock.wall(), call.headers['client-request-id']);
  }
}

/** A tenant is known to the identity platform of its own cloud only. */
function checkCloud(world: LoginWorld, call: IncomingCall, tenantName: string): void {
  const hosted = serviceOfHost(call.host);
  const tenant = world.tenants.find(decodeURIComponent(tenantName));
  if (hosted && tenant && !hosted.clouds.includes(tenant.cloud)) throw unknownTenant(tenantName);
}
