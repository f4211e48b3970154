import type { EntraEmulatorCore } from './entra-emulator-core.ts';
import type { SeedInput } from './seed-tenant.ts';
import type { TenantDirectory } from './tenant-directory.ts';

/** Whatever the caller sent; a wrong shape is an error of the method that gets it. */
type Input = Readonly<Record<string, unknown>>;
type Command = (core: EntraEmulatorCore, input: unknown) => unknown;

/**
 * The control API takes what the methods of the same name take. It listens on the loopback address for the sake of
 * tests, so the JSON is handed on as it came.
 */
function hand<Argument>(run: (core: EntraEmulatorCore, input: Argument) => unknown): Command {
  return (core, input) => {
    if (typeof input !== 'object' || input === null) throw new TypeError('The body has to be a JSON object.');
    // See above: the caller vouches for the shape.
    return run(core, input as Argument);
  };
}

function onTenant<Argument extends Input>(
  run: (tenant: TenantDirectory, input: Argument) => unknown,
): Command {
  return hand<Argument & { readonly tenantId: string }>((core, { tenantId, ...input }) =>
    // What is left is the argument: the tenant was taken out.
    run(core.tenant(tenantId), input as unknown as Argument),
  );
}

interface Target extends Input {
  readonly id: string;
}

interface Update extends Target {
  readonly values: Parameters<TenantDirectory['updateUser']>[1];
}

interface Members extends Input {
  readonly groupId: string;
  readonly members: readonly string[];
}

type Of<Method extends keyof EntraEmulatorCore> = EntraEmulatorCore[Method] extends (
  ...given: infer Given
) => unknown
  ? NonNullable<Given[0]>
  : never;

export const COMMANDS: Readonly<Record<string, Command>> = {
  'add-tenant': hand<Of<'addTenant'>>((core, input) => ({ id: core.addTenant(input).id })),
  'set-tenant': onTenant<Partial<TenantDirectory['settings']> & Input>((tenant, settings) => {
    Object.assign(tenant.settings, settings);
    return tenant.settings;
  }),
  seed: hand<SeedInput & { readonly tenantId: string }>((core, { tenantId, ...input }) =>
    core.seed(tenantId, input),
  ),
  'add-user': onTenant<Parameters<TenantDirectory['addUser']>[0]>((tenant, input) => ({
    id: tenant.addUser(input),
  })),
  'update-user': onTenant<Update>((tenant, { id, values }) => tenant.updateUser(id, values)),
  'disable-user': onTenant<Target>((tenant, { id }) => tenant.disableUser(id)),
  'enable-user': onTenant<Target>((tenant, { id }) => tenant.enableUser(id)),
  'soft-delete-user': onTenant<Target>((tenant, { id }) => tenant.softDeleteUser(id)),
  'restore-user': onTenant<Target>((tenant, { id }) => tenant.restoreUser(id)),
  'purge-user': onTenant<Target>((tenant, { id }) => tenant.purgeUser(id)),
  'add-group': onTenant<Parameters<TenantDirectory['addGroup']>[0]>((tenant, input) => ({
    id: tenant.addGroup(input),
  })),
  'update-group': onTenant<Update>((tenant, { id, values }) => tenant.updateGroup(id, values)),
  'delete-group': onTenant<Target>((tenant, { id }) => tenant.deleteGroup(id)),
  'restore-group': onTenant<Target>((tenant, { id }) => tenant.restoreGroup(id)),
  'purge-group': onTenant<Target>((tenant, { id }) => tenant.purgeGroup(id)),
  'add-members': onTenant<Members>((tenant, { groupId, members }) => tenant.addMembers(groupId, members)),
  'remove-members': onTenant<Members>((tenant, { groupId, members }) =>
    tenant.removeMembers(groupId, members),
  ),
  'register-application': hand<Of<'registerApplication'>>((core, input) => ({
    appId: core.registerApplication(input).appId,
  })),
  consent: hand<Of<'consent'>>((core, input) => core.consent(input)),
  'revoke-consent': hand<Of<'revokeConsent'>>((core, input) => core.revokeConsent(input)),
  'sign-in': hand<Of<'scriptSignIn'>>((core, input) => core.scriptSignIn(input)),
  'admin-consent': hand<Of<'scriptAdminConsent'>>((core, input) => core.scriptAdminConsent(input)),
  'revoke-sessions': hand<Of<'revokeSessions'>>((core, input) => core.revokeSessions(input)),
  'revoke-access-tokens': hand<Of<'revokeAccessTokens'>>((core, input) => core.revokeAccessTokens(input)),
  'rotate-keys': hand<Of<'rotateKeys'>>((core, input) => ({ kid: core.rotateKeys(input) })),
  'publish-keys': (core) => core.publishKeys(),
  'mint-provisioning-token': hand<Of<'mintProvisioningToken'>>((core, input) => ({
    token: core.mintProvisioningToken(input),
  })),
  'graph-token': hand<Of<'graphToken'>>((core, input) => ({ token: core.graphToken(input) })),
  'advance-clock': hand<{ readonly ms: number }>((core, { ms }) => core.advanceClock(ms)),
  'inject-fault': hand<Of<'injectFault'>>((core, input) => ({ id: core.injectFault(input) })),
  'remove-fault': hand<Target>((core, { id }) => core.removeFault(id)),
  'clear-faults': (core) => core.clearFaults(),
  faults: (core) => ({ faults: core.faults() }),
  requests: hand<Of<'requests'>>((core, input) => ({ requests: core.requests(input) })),
  'clear-requests': (core) => core.clearRequests(),
  usage: (core) => ({ usage: core.usage() }),
  'clear-usage': (core) => core.clearUsage(),
  subscriptions: (core) => ({ subscriptions: core.subscriptions() }),
  'lose-subscription': hand<Target>((core, { id }) => core.loseSubscription(id)),
  'require-reauthorization': hand<Target>((core, { id }) => core.requireReauthorization(id)),
  'set-delivery': hand<Of<'setDelivery'>>((core, input) => core.setDelivery(input)),
  deliveries: (core) => ({ deliveries: core.deliveries() }),
};
