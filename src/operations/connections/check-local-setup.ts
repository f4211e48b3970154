import type { MappingRule } from '../../mapping/mapping-rule.ts';
import type { EmployeeDefaults, Settings } from '../../provisioning/settings.ts';
import type { Stores } from '../ports.ts';
import { faultyDefaults } from '../rules/employee-defaults-input.ts';
import { missingDefaults } from '../rules/missing-defaults.ts';
import type { KeptSubscription } from '../sync/graph-sync-ports.ts';
import type { Connection, ScimToken } from './connection-ports.ts';
import { fail, pass, type SetupCheck, skipped, warn } from './setup-check.ts';

/** What the server itself knows of a connection. */
export interface LocalSetup {
  readonly connection: Connection;
  readonly rules: readonly MappingRule[];
  readonly tokens: readonly ScimToken[];
  /** Whether clients prove themselves otherwise than by a SCIM token. */
  readonly hasScimCredentials: boolean;
  readonly settings: Settings;
  readonly missingDefaults: readonly string[];
  /** Name of the default → what is wrong with what it points at. */
  readonly faultyDefaults: ReadonlyMap<string, string>;
  /** Rules that are switched on and set a manager who is not active. */
  readonly rulesWithoutManager: readonly MappingRule[];
  readonly subscriptions: readonly KeptSubscription[];
}

const maxTokens = 200;
const soonMs = 30 * 86_400_000;

export async function loadLocalSetup(stores: Stores, connection: Connection): Promise<LocalSetup> {
  const { id } = connection;
  const page = { limit: maxTokens, after: null };
  const defaults: EmployeeDefaults = (await stores.employeeDefaults.get()).value;
  const rules = await stores.mappingRules.ofConnection(id);
  return {
    connection,
    rules,
    tokens: (await stores.scimTokens.list(id, page)).items,
    hasScimCredentials: (await stores.scimCredentials.list(id, { ...page, limit: 1 })).items.length > 0,
    settings: (await stores.settings.get()).value,
    missingDefaults: await missingDefaults(stores, defaults),
    faultyDefaults: await faultyDefaults(stores, defaults),
    rulesWithoutManager: await withoutManager(stores, rules),
    subscriptions: await stores.graphSync.subscriptions.list(id),
  };
}

async function withoutManager(
  stores: Stores,
  rules: readonly MappingRule[],
): Promise<readonly MappingRule[]> {
  const setting = rules.filter(({ enabled, overrides }) => enabled && overrides.managerId !== null);
  const inactive = new Set<string | null>();
  for (const id of new Set(setting.map(({ overrides }) => overrides.managerId))) {
    const view = id === null ? null : await stores.employees.get(id);
    if (view?.employee.status !== 'active') inactive.add(id);
  }
  return setting.filter(({ overrides }) => inactive.has(overrides.managerId));
}

export function checkLocalSetup(setup: LocalSetup, publicUrl: string, now: string): readonly SetupCheck[] {
  return [
    checkPublicUrl(publicUrl),
    checkScimTokens(setup, now),
    checkMode(setup),
    checkDefaults(setup),
    checkRules(setup.rules),
    checkMirroredGroups(setup.rules),
  ];
}

/** Not on the machine itself and not in a private network, as far as a name can tell. */
export function isPublicHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, '');
  if (host.includes(':')) return !/^(::1?$|f[cd]|fe[89ab])/.test(host);
  if (/^\d+(\.\d+){3}$/.test(host))
    return !/^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(
      host,
    );
  return host.includes('.') && !/\.(local|localhost|internal|lan|home|test|invalid)$/.test(host);
}

function checkPublicUrl(publicUrl: string): SetupCheck {
  const { protocol, hostname } = new URL(publicUrl);
  const fix = 'Set PUBLIC_URL to the https address at which this server is reached from the internet.';
  if (protocol !== 'https:') {
    return warn('publicUrl', `${publicUrl} is not https; provisioning clients in the cloud refuse it.`, fix);
  }
  return isPublicHost(hostname)
    ? pass('publicUrl', `Provisioning clients reach this server at ${publicUrl}.`)
    : warn(
        'publicUrl',
        `${hostname} is no public name; provisioning clients in the cloud cannot reach it.`,
        fix,
      );
}

function checkScimTokens({ tokens, hasScimCredentials }: LocalSetup, now: string): SetupCheck {
  const id = 'scimToken';
  const valid = tokens.filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
  if (valid.length === 0) {
    if (hasScimCredentials) return pass(id, 'Provisioning clients prove themselves by OAuth.');
    const fix = 'Make a SCIM token for the connection and enter it in the provisioning client.';
    return warn(id, 'No SCIM token is valid, so nothing can be provisioned by SCIM.', fix);
  }
  const lasting = valid.some(
    ({ expiresAt }) => expiresAt === null || Date.parse(expiresAt) - Date.parse(now) > soonMs,
  );
  return lasting
    ? pass(id, valid.length === 1 ? 'One SCIM token is valid.' : `${valid.length} SCIM tokens are valid.`)
    : warn(
        id,
        'All SCIM tokens expire within 30 days.',
        'Make another SCIM token and enter it in the provisioning client; both are valid until the old one expires.',
      );
}

function checkMode({ settings, missingDefaults: missing }: LocalSetup): SetupCheck {
  const id = 'provisioningMode';
  if (missing.length > 0) {
    const fix = `Fill in ${missing.join(', ')} of the employee defaults.`;
    return fail(id, 'Employee defaults are incomplete, so nobody can be provisioned.', fix);
  }
  return settings.provisioningMode === 'off'
    ? warn(
        id,
        'Provisioning is off: the directory is mirrored and nobody changes.',
        'Set provisioningMode to azureAdSync when the rules are ready.',
      )
    : pass(id, 'Provisioning is on and the employee defaults are complete.');
}

/** The directory decides who is active, and does not know who is somebody's default. */
function checkDefaults({ faultyDefaults: faulty, rulesWithoutManager: rules }: LocalSetup): SetupCheck {
  const id = 'employeeDefaults';
  const places = [
    ...(faulty.size === 0 ? [] : [`of the employee defaults (${[...faulty.keys()].join(', ')})`]),
    ...(rules.length === 0
      ? []
      : [`of the mapping rules for ${listed(rules.map(shownGroup))} (overrides.managerId)`]),
  ];
  if (places.length === 0) return pass(id, 'What new people get by default exists and is active.');
  const details = [
    ...faulty.values(),
    ...(rules.length === 0 ? [] : ['The manager whom a mapping rule sets is not active.']),
  ];
  return warn(
    id,
    `${details.join(' ')} New people get no value instead.`,
    `Choose another value ${places.join(' and ')}.`,
  );
}

function checkRules(rules: readonly MappingRule[]): SetupCheck {
  const id = 'mappingRules';
  const enabled = rules.filter((rule) => rule.enabled).length;
  return enabled === 0
    ? warn(id, 'No mapping rule is switched on, so nobody gets access.', 'Create a mapping rule for a group.')
    : pass(id, enabled === 1 ? 'One mapping rule is on.' : `${enabled} mapping rules are on.`);
}

const maxNamed = 5;

export const listed = (names: readonly string[]): string =>
  names.length <= maxNamed
    ? names.join(', ')
    : `${names.slice(0, maxNamed).join(', ')} and ${names.length - maxNamed} more`;

export const shownGroup = ({ groupId, group }: MappingRule): string =>
  group.name === null ? groupId : `${group.name} (${groupId})`;

function checkMirroredGroups(rules: readonly MappingRule[]): SetupCheck {
  const id = 'groupsProvisioned';
  const enabled = rules.filter((rule) => rule.enabled);
  if (enabled.length === 0) return skipped(id, 'There is no mapping rule that is switched on.');
  const absent = enabled.filter(({ group }) => group.state !== 'found');
  if (absent.length === 0) return pass(id, 'Every group of a mapping rule has arrived here.');
  return warn(
    id,
    `Not arrived here, or gone again: ${listed(absent.map(shownGroup))}.`,
    'Assign the groups to the application in the provisioning client, or connect the tenant and start a sync.',
  );
}
