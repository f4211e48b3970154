import { CLOUDS } from './clouds.ts';
import { LoginError } from './login-error.ts';
import type { TenantDirectory } from './tenant-directory.ts';

/** Scopes of OpenID Connect, which no resource hands out. */
const OPENID: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);

/** What a person may grant without an administrator. */
const FOR_EVERYBODY: ReadonlySet<string> = new Set(['User.Read', 'User.ReadBasic.All']);

export interface RequestedScopes {
  readonly openId: ReadonlySet<string>;
  /** Names without the resource in front. */
  readonly graph: readonly string[];
  /** `/.default`: whatever the registration lists. */
  readonly isDefault: boolean;
}

/** Scopes as clients write them: bare names mean Graph, others carry the resource in front. */
export function readScopes(text: string | undefined, tenant: TenantDirectory): RequestedScopes {
  const openId = new Set<string>();
  const graph = new Set<string>();
  let isDefault = false;
  const resource = `https://${CLOUDS[tenant.cloud].graph}/`;
  for (const scope of (text ?? '').split(/\s+/).filter(Boolean)) {
    if (OPENID.has(scope.toLowerCase())) {
      openId.add(scope.toLowerCase());
      continue;
    }
    const name = scope.startsWith(resource) ? scope.slice(resource.length) : scope;
    if (name.includes('/')) {
      throw new LoginError(
        'invalid_resource',
        500011,
        `The resource of '${scope}' was not found in ${tenant.id}.`,
      );
    }
    if (name === '.default') isDefault = true;
    else graph.add(name);
  }
  return { openId, graph: [...graph], isDefault };
}

export function needsAdministrator(scope: string): boolean {
  return !FOR_EVERYBODY.has(scope);
}
