import { type Answer, htmlAnswer, type IncomingCall, redirectAnswer } from './answer.ts';
import { CLOUDS } from './clouds.ts';
import { unknownTenant } from './login-error.ts';
import { expectTenant, isAnyTenant, type LoginWorld } from './login-world.ts';
import type { TenantDirectory } from './tenant-directory.ts';

/**
 * Consent of an administrator for the whole organization. `admin_consent=True` comes back whatever was decided, and the
 * `tenant` that comes back is a claim that anybody can write into an address.
 */
export function adminConsent(world: LoginWorld, call: IncomingCall, tenantName: string): Answer {
  const query = new URLSearchParams(call.query);
  const redirectUri = query.get('redirect_uri') ?? '';
  const application = world.applications.find(query.get('client_id') ?? '');
  if (tenantName.toLowerCase() === 'common')
    return htmlAnswer(400, 'AADSTS90130: not supported over /common.');
  if (!application?.redirectUris.includes(redirectUri))
    return htmlAnswer(400, 'AADSTS50011: unknown redirect URI.');
  const state = query.get('state');
  const send = (parameters: Readonly<Record<string, string>>) =>
    redirectAnswer(
      `${redirectUri}?${new URLSearchParams({ admin_consent: 'True', ...parameters, ...(state === null ? {} : { state }) })}`,
    );
  const script = world.adminConsent;
  if (script.kind === 'deny') {
    return send({
      error: 'access_denied',
      error_description: 'AADSTS65004: The administrator did not consent.',
    });
  }
  if (query.get('scope') === null) {
    return send({
      error: 'invalid_request',
      error_description: "AADSTS900144: The parameter 'scope' is missing.",
    });
  }
  if (script.kind === 'forge') return send({ tenant: script.tenantId });
  const tenant = tenantOf(world, tenantName, script.tenantId);
  const scope = query.get('scope') ?? '';
  const asked = scope.split(/\s+/).map((name) => name.slice(name.lastIndexOf('/') + 1));
  const isDefault = asked.includes('.default');
  world.applications.consent(
    {
      tenantId: tenant.id,
      appId: application.appId,
      scopes: isDefault ? application.requiredScopes : asked,
      roles: isDefault ? application.requiredRoles : [],
    },
    world.clock.now(),
  );
  return send({
    tenant: tenant.id,
    scope: isDefault ? `https://${CLOUDS[tenant.cloud].graph}/.default` : scope,
  });
}

function tenantOf(world: LoginWorld, name: string, scripted: string | undefined): TenantDirectory {
  if (!isAnyTenant(name)) return expectTenant(world, name);
  const tenant = scripted === undefined ? world.tenants.all[0] : world.tenants.find(scripted);
  if (!tenant) throw unknownTenant(scripted ?? name);
  return tenant;
}
