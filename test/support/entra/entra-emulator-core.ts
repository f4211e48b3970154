import { AccessTokens } from './access-tokens.ts';
import {
  type Application,
  type ApplicationInput,
  Applications,
  type ConsentInput,
  type RevocationInput,
} from './applications.ts';
import { type DeliverySettings, defaultDeliverySettings } from './delivery-settings.ts';
import type { EmulatorClock } from './emulator-clock.ts';
import { type FaultInput, type FaultReport, Faults } from './faults.ts';
import type { GraphWorld } from './graph-call.ts';
import { GraphService } from './graph-service.ts';
import type { IssuerStyle } from './issuers.ts';
import { LoginService } from './login-service.ts';
import type { AdminConsentScript, LoginWorld, SignInScript } from './login-world.ts';
import { mintProvisioningToken, type ProvisioningTokenInput } from './mint-provisioning-token.ts';
import { type Delivery, Notifier } from './notifier.ts';
import { OpaqueTokens } from './opaque-token.ts';
import { type LogFilter, type LoggedRequest, RequestLog } from './request-log.ts';
import { ResourceUnits, type Usage } from './resource-units.ts';
import { type Seeded, type SeedInput, seedTenant } from './seed-tenant.ts';
import { SigningKeys } from './signing-keys.ts';
import { type Subscription, Subscriptions } from './subscriptions.ts';
import type { TenantDirectory, TenantInput } from './tenant-directory.ts';
import { Tenants } from './tenants.ts';
import { revokeSessions } from './token-endpoint.ts';

export interface GraphTokenRequest {
  readonly tenantId: string;
  readonly appId: string;
  /** Left out for application permissions. */
  readonly userId?: string;
  /** Left out: what the application was granted. */
  readonly permissions?: readonly string[];
  readonly understandsChallenges?: boolean;
}

export interface EmulatorParts {
  readonly clock: EmulatorClock;
  readonly issuerStyle: IssuerStyle;
  readonly strangerOrigin: () => string;
}

/** Everything behind the listeners, and everything that a test may do to it. */
export class EntraEmulatorCore {
  readonly clock: EmulatorClock;
  readonly log = new RequestLog();
  readonly login: LoginService;
  readonly graph: GraphService;
  readonly #faults = new Faults();
  readonly #units = new ResourceUnits();
  readonly #tenants: Tenants;
  readonly #loginWorld: LoginWorld;
  readonly #graphWorld: GraphWorld;
  readonly #notifier: Notifier;

  constructor({ clock, issuerStyle, strangerOrigin }: EmulatorParts) {
    this.clock = clock;
    this.#tenants = new Tenants(clock);
    const applications = new Applications();
    const keys = new SigningKeys();
    const accessTokens = new AccessTokens({ keys, clock, applications });
    const subscriptions = new Subscriptions(clock);
    const delivery = defaultDeliverySettings();
    this.#notifier = new Notifier(subscriptions, delivery, clock);
    this.#graphWorld = { clock, tokens: new OpaqueTokens(), subscriptions, delivery, gathered: new Map() };
    this.#loginWorld = {
      clock,
      tenants: this.#tenants,
      applications,
      keys,
      accessTokens,
      codes: new Map(),
      refreshTokens: new Map(),
      issuerStyle,
      signIn: { kind: 'approve' },
      adminConsent: { kind: 'approve' },
    };
    const shared = { faults: this.#faults, log: this.log };
    this.login = new LoginService({ world: this.#loginWorld, ...shared });
    this.graph = new GraphService({
      world: this.#graphWorld,
      tenants: this.#tenants,
      accessTokens,
      units: this.#units,
      strangerOrigin,
      ...shared,
    });
  }

  addTenant(input: TenantInput): TenantDirectory {
    const tenant = this.#tenants.add(input);
    this.#notifier.watch(tenant);
    return tenant;
  }

  /** By id or domain. */
  tenant(idOrDomain: string): TenantDirectory {
    return this.#tenants.expect(idOrDomain);
  }

  seed(idOrDomain: string, input: SeedInput): Seeded {
    return seedTenant(this.tenant(idOrDomain), input);
  }

  registerApplication(input: ApplicationInput): Application {
    return this.#loginWorld.applications.register(input);
  }

  consent(input: ConsentInput): void {
    this.#loginWorld.applications.consent(input, this.clock.now());
  }

  revokeConsent(input: RevocationInput): void {
    this.#loginWorld.applications.revoke(input);
  }

  scriptSignIn(script: SignInScript): void {
    this.#loginWorld.signIn = script;
  }

  scriptAdminConsent(script: AdminConsentScript): void {
    this.#loginWorld.adminConsent = script;
  }

  /** Refresh tokens of the user die, as they do when an administrator revokes the sessions. */
  revokeSessions({ tenantId, userId }: { readonly tenantId: string; readonly userId: string }): void {
    revokeSessions(this.#loginWorld, tenantId, userId);
  }

  /** Access tokens that were issued so far are refused: with a claims challenge, where the client understands one. */
  revokeAccessTokens(of: { readonly tenantId: string; readonly appId?: string }): void {
    this.#loginWorld.accessTokens.revoke(of);
  }

  /** The `kid` of the new key. */
  rotateKeys(how: { readonly isPublished?: boolean; readonly keepsOld?: boolean } = {}): string {
    return this.#loginWorld.keys.rotate({ isPublished: true, keepsOld: true, ...how });
  }

  publishKeys(): void {
    this.#loginWorld.keys.publish();
  }

  mintProvisioningToken(input: ProvisioningTokenInput): string {
    return mintProvisioningToken(input, {
      tenant: this.tenant(input.tenantId),
      keys: this.#loginWorld.keys,
      issuer: { style: 'cloud', origin: '' },
      wall: this.clock.wall(),
    });
  }

  /** An access token for Graph without a sign-in. */
  graphToken(request: GraphTokenRequest): string {
    const { applications, accessTokens } = this.#loginWorld;
    const tenant = this.tenant(request.tenantId);
    const application = applications.find(request.appId);
    const principal = applications.principal(tenant.id, request.appId);
    if (!application || !principal) throw new Error(`${request.appId} is not installed in ${tenant.id}.`);
    const granted = request.userId === undefined ? principal.roles : principal.scopes;
    return accessTokens.mint({
      tenant,
      application,
      principalId: principal.objectId,
      ...(request.userId === undefined ? {} : { userId: request.userId }),
      permissions: request.permissions ?? granted,
      understandsChallenges: request.understandsChallenges ?? false,
      issuer: { style: 'cloud', origin: '' },
    });
  }

  advanceClock(milliseconds: number): void {
    this.clock.advance(milliseconds);
    for (const tenant of this.#tenants.all) tenant.emptyRecycleBin();
  }

  injectFault(fault: FaultInput): string {
    return this.#faults.inject(fault);
  }

  removeFault(id: string): void {
    this.#faults.remove(id);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  faults(): readonly FaultReport[] {
    return this.#faults.report();
  }

  requests(filter: LogFilter = {}): readonly LoggedRequest[] {
    return this.log.read(filter);
  }

  clearRequests(): void {
    this.log.clear();
  }

  /** Resource units per application and tenant. */
  usage(): readonly ({ readonly appId: string; readonly tenantId: string } & Usage)[] {
    return this.#units.usage();
  }

  clearUsage(): void {
    this.#units.clear();
  }

  subscriptions(): readonly Subscription[] {
    return this.#graphWorld.subscriptions.all;
  }

  /** Gone, and the client is not told. */
  loseSubscription(id: string): void {
    if (!this.#graphWorld.subscriptions.remove(id)) throw new Error(`There is no subscription ${id}.`);
  }

  requireReauthorization(id: string): void {
    const subscription = this.#graphWorld.subscriptions.find(id);
    if (!subscription) throw new Error(`There is no subscription ${id}.`);
    this.#notifier.requireReauthorization(subscription);
  }

  setDelivery(settings: Partial<DeliverySettings>): void {
    Object.assign(this.#notifier.settings, settings);
  }

  deliveries(): readonly Delivery[] {
    return this.#notifier.deliveries;
  }

  /** Every notification that is due has been delivered or given up. */
  async notificationsSettled(): Promise<void> {
    await this.#notifier.settled();
  }

  /** Gives the token of a next or delta link another name, so that recorded requests find their place. */
  nameToken(alias: string, link: string): void {
    const parameters = new URL(link).searchParams;
    const token = parameters.get('$skiptoken') ?? parameters.get('$deltatoken');
    if (token === null) throw new Error(`There is no token in ${link}.`);
    this.#graphWorld.tokens.name(alias, token);
  }

  async closeNotifier(): Promise<void> {
    await this.#notifier.close();
  }
}
