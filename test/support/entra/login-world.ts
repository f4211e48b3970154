import type { AccessTokens } from './access-tokens.ts';
import type { Application, Applications } from './applications.ts';
import type { EmulatorClock } from './emulator-clock.ts';
import type { IssuerStyle } from './issuers.ts';
import { unknownTenant } from './login-error.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { TenantDirectory } from './tenant-directory.ts';
import type { Tenants } from './tenants.ts';

/** What happens at the next sign-ins; nobody is there to click. */
export type SignInScript =
  | {
      readonly kind: 'approve';
      /** Id or user principal name; the first member of the tenant when left out. */
      readonly user?: string;
      /** Whose directory it is, when the client does not say (`organizations`). */
      readonly tenantId?: string;
      /** Administrators may consent to everything, and for everybody. */
      readonly isAdministrator?: boolean;
      readonly consent?: 'organization' | 'user';
      /** Not granted although asked for. */
      readonly withoutScopes?: readonly string[];
      /** What comes back instead of the `state` that was sent; null for none at all. */
      readonly state?: string | null;
      /** Set over the claims of the ID token; null takes a claim away. */
      readonly idTokenClaims?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'deny' }
  | { readonly kind: 'consentRequired' };

export type AdminConsentScript =
  | { readonly kind: 'approve'; readonly tenantId?: string }
  | { readonly kind: 'deny' }
  /** Grants nothing and claims that another tenant has consented. */
  | { readonly kind: 'forge'; readonly tenantId: string };

export interface AuthorizationGrant {
  readonly tenant: TenantDirectory;
  readonly application: Application;
  readonly userId: string;
  readonly scopes: readonly string[];
  readonly idTokenClaims: Readonly<Record<string, unknown>>;
}

export interface AuthorizationCode extends AuthorizationGrant {
  readonly redirectUri: string;
  readonly challenge: string | undefined;
  readonly nonce: string | undefined;
  readonly issuedAt: number;
  isRedeemed: boolean;
}

export interface RefreshToken extends AuthorizationGrant {
  readonly issuedAt: number;
  isRevoked: boolean;
}

/** Everything the identity platform remembers. */
export interface LoginWorld {
  readonly clock: EmulatorClock;
  readonly tenants: Tenants;
  readonly applications: Applications;
  readonly keys: SigningKeys;
  readonly accessTokens: AccessTokens;
  readonly codes: Map<string, AuthorizationCode>;
  readonly refreshTokens: Map<string, RefreshToken>;
  readonly issuerStyle: IssuerStyle;
  signIn: SignInScript;
  adminConsent: AdminConsentScript;
}

/** Authorities that name no tenant. */
const ANY_TENANT: ReadonlySet<string> = new Set(['common', 'organizations', 'consumers']);

export function isAnyTenant(name: string): boolean {
  return ANY_TENANT.has(name.toLowerCase());
}

/** By GUID or by any of its domains. */
export function expectTenant(world: LoginWorld, name: string): TenantDirectory {
  const tenant = world.tenants.find(name);
  if (!tenant) throw unknownTenant(name);
  return tenant;
}
