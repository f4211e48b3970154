import { createHash, type KeyObject, randomUUID, X509Certificate } from 'node:crypto';

/** Trust in the tokens of another issuer, instead of a secret. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  /** PEM. */
  readonly publicKey: string;
}

export interface ClientSecret {
  /** What Azure shows as the Secret ID; people paste it by mistake. */
  readonly id: string;
  readonly value: string;
  readonly expiresAt: number | null;
}

export interface ApplicationInput {
  readonly appId?: string;
  readonly displayName?: string;
  readonly redirectUris?: readonly string[];
  /** Single-page applications get refresh tokens of a day. */
  readonly redirectType?: 'web' | 'spa';
  readonly secrets?: readonly (
    | string
    | { readonly value: string; readonly id?: string; readonly expiresAt?: number }
  )[];
  /** PEM certificates. */
  readonly certificates?: readonly string[];
  readonly federatedCredentials?: readonly FederatedCredential[];
  /** Only this tenant may use it; left out, any tenant may. */
  readonly homeTenantId?: string;
  /** What `/.default` and organization consent ask for. */
  readonly requiredScopes?: readonly string[];
  readonly requiredRoles?: readonly string[];
}

export interface ClientCertificate {
  readonly sha1: string;
  readonly sha256: string;
  readonly publicKey: KeyObject;
}

export interface Application {
  readonly appId: string;
  readonly displayName: string;
  readonly redirectUris: readonly string[];
  readonly redirectType: 'web' | 'spa';
  readonly secrets: ClientSecret[];
  readonly certificates: readonly ClientCertificate[];
  readonly federatedCredentials: readonly FederatedCredential[];
  readonly homeTenantId: string | null;
  readonly requiredScopes: readonly string[];
  readonly requiredRoles: readonly string[];
}

/** The application in one tenant: its consents live here. */
export interface ServicePrincipal {
  readonly objectId: string;
  readonly appId: string;
  /** Granted for everybody. */
  readonly scopes: Set<string>;
  readonly userScopes: Map<string, Set<string>>;
  readonly roles: Set<string>;
  isInstalled: boolean;
  /** Before this time of the directory, consent has not reached the token endpoint. */
  effectiveAt: number;
  /** Tokens count only for what is granted now, not for what they say. */
  isStrict: boolean;
}

export interface ConsentInput {
  readonly tenantId: string;
  readonly appId: string;
  readonly scopes?: readonly string[];
  readonly roles?: readonly string[];
  /** Consent of one user instead of the organization. */
  readonly userId?: string;
  readonly propagationMs?: number;
}

export interface RevocationInput {
  readonly tenantId: string;
  readonly appId: string;
  /** Left out: everything, and the application is gone from the tenant. */
  readonly permissions?: readonly string[];
  /** Whether tokens that were issued before stop counting at once. */
  readonly existingTokens: 'keep' | 'reject';
}

export class Applications {
  readonly #applications = new Map<string, Application>();
  readonly #principals = new Map<string, ServicePrincipal>();

  register(input: ApplicationInput): Application {
    const application: Application = {
      appId: input.appId ?? randomUUID(),
      displayName: input.displayName ?? 'Application',
      redirectUris: input.redirectUris ?? [],
      redirectType: input.redirectType ?? 'web',
      secrets: (input.secrets ?? []).map(readSecret),
      certificates: (input.certificates ?? []).map(readCertificate),
      federatedCredentials: input.federatedCredentials ?? [],
      homeTenantId: input.homeTenantId ?? null,
      requiredScopes: input.requiredScopes ?? [],
      requiredRoles: input.requiredRoles ?? [],
    };
    this.#applications.set(application.appId.toLowerCase(), application);
    return application;
  }

  find(appId: string): Application | undefined {
    return this.#applications.get(appId.toLowerCase());
  }

  principal(tenantId: string, appId: string): ServicePrincipal | undefined {
    const principal = this.#principals.get(keyOf(tenantId, appId));
    return principal?.isInstalled ? principal : undefined;
  }

  /** What tokens of the application are cut down to; undefined when they are taken at their word. */
  strictGrants(tenantId: string, appId: string): ServicePrincipal | undefined {
    const principal = this.#principals.get(keyOf(tenantId, appId));
    return principal?.isStrict ? principal : undefined;
  }

  consent(input: ConsentInput, now: number): ServicePrincipal {
    const key = keyOf(input.tenantId, input.appId);
    const principal = this.#principals.get(key) ?? newPrincipal(input.appId);
    this.#principals.set(key, principal);
    principal.isInstalled = true;
    principal.effectiveAt = now + (input.propagationMs ?? 0);
    const own =
      input.userId === undefined ? undefined : (principal.userScopes.get(input.userId) ?? new Set());
    if (input.userId !== undefined && own) principal.userScopes.set(input.userId, own);
    for (const scope of input.scopes ?? []) (own ?? principal.scopes).add(scope);
    for (const role of input.roles ?? []) principal.roles.add(role);
    return principal;
  }

  revoke({ tenantId, appId, permissions, existingTokens }: RevocationInput): void {
    const principal = this.#principals.get(keyOf(tenantId, appId));
    if (!principal) throw new Error(`Tenant ${tenantId} has never consented to ${appId}.`);
    principal.isStrict = existingTokens === 'reject';
    const sets = [principal.scopes, principal.roles, ...principal.userScopes.values()];
    for (const set of sets) {
      if (permissions === undefined) set.clear();
      else for (const permission of permissions) set.delete(permission);
    }
    if (permissions === undefined) principal.isInstalled = false;
  }
}

export function grantedScopes(principal: ServicePrincipal, userId: string): ReadonlySet<string> {
  return new Set([...principal.scopes, ...(principal.userScopes.get(userId) ?? [])]);
}

function newPrincipal(appId: string): ServicePrincipal {
  return {
    objectId: randomUUID(),
    appId,
    scopes: new Set(),
    userScopes: new Map(),
    roles: new Set(),
    isInstalled: true,
    effectiveAt: 0,
    isStrict: false,
  };
}

function keyOf(tenantId: string, appId: string): string {
  return `${tenantId.toLowerCase()} ${appId.toLowerCase()}`;
}

function readSecret(secret: NonNullable<ApplicationInput['secrets']>[number]): ClientSecret {
  if (typeof secret === 'string') return { id: randomUUID(), value: secret, expiresAt: null };
  return { id: secret.id ?? randomUUID(), value: secret.value, expiresAt: secret.expiresAt ?? null };
}

function readCertificate(pem: string): ClientCertificate {
  const { raw, publicKey } = new X509Certificate(pem);
  const digest = (algorithm: string) => createHash(algorithm).update(raw).digest('base64url');
  return { sha1: digest('sha1'), sha256: digest('sha256'), publicKey };
}
