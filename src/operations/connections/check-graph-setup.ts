import type { MappingRule } from '../../mapping/mapping-rule.ts';
import {
  type GraphConnection,
  type GraphDirectory,
  GraphError,
  type GraphGroup,
  type GraphOrganization,
} from '../tenants/graph-ports.ts';
import {
  APPLICATION_PERMISSIONS,
  DELEGATED_SCOPES,
  type GrantOutcome,
  type GraphSignIn,
} from '../tenants/graph-sign-in-ports.ts';
import { listed, shownGroup } from './check-local-setup.ts';
import type { Connection, GraphFlow } from './connection-ports.ts';
import { fail, pass, type SetupCheck, skipped, warn } from './setup-check.ts';

export interface GraphSetup {
  readonly target: GraphConnection;
  readonly connection: Connection;
  readonly rules: readonly MappingRule[];
  readonly redirectUri: string;
}

interface GraphTools {
  readonly signIn: GraphSignIn;
  readonly graphDirectory: GraphDirectory;
}

/** Groups that are looked into for nested ones; each is a request. */
const maxGroupsLookedInto = 20;
const skewWarnSeconds = 60;
const skewFailSeconds = 300;

const permissionId = (name: string): string => `permission:${name}`;

/** Names of the checks that need a token, for when there is none. */
export const graphCheckIds = (flow: GraphFlow): readonly string[] => [
  'signIn',
  'consent',
  ...permissionsOf(flow).map(([name]) => permissionId(name)),
  ...directoryCheckIds,
];

const directoryCheckIds = [
  'verifiedDomains',
  'clockSkew',
  'groupsExist',
  'groupsSecurityEnabled',
  'nestedGroups',
] as const;

type Choices = readonly [string, ...string[]];

const permissionsOf = (flow: GraphFlow): readonly Choices[] =>
  flow === 'delegated' ? DELEGATED_SCOPES.map((scope): Choices => [scope]) : APPLICATION_PERMISSIONS;

/** Asks Microsoft; whatever cannot be told within the signal is `skipped`. */
export async function checkGraphSetup(
  setup: GraphSetup,
  tools: GraphTools,
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const { target } = setup;
  const outcome = await tools.signIn.check(target, signal);
  const first = [...checkSignIn(setup, outcome, tools.signIn), ...checkPermissions(target.flow, outcome)];
  if (outcome.kind === 'refused' && outcome.failure.kind !== 'permissionMissing') {
    return [
      ...first,
      ...directoryCheckIds.map((id) => skipped(id, 'There is no token to read the directory with.')),
    ];
  }
  const [organization, groups] = await Promise.all([
    checkOrganization(setup, tools, signal),
    checkGroups(setup, tools, signal),
  ]);
  return [...first, ...organization, ...groups];
}

function checkSignIn(
  { target, redirectUri, connection }: GraphSetup,
  outcome: GrantOutcome,
  signIn: GraphSignIn,
) {
  if (outcome.kind === 'granted' || outcome.failure.kind === 'permissionMissing') {
    const onBehalf = connection.signedInAs === null ? '' : ` on behalf of ${connection.signedInAs}`;
    return [
      pass('signIn', `A token was issued${onBehalf}.`),
      pass('consent', 'The tenant has consented to the application.'),
    ];
  }
  const { failure } = outcome;
  if (failure.isPassing) {
    const away = 'Microsoft could not be asked; try again later.';
    return [skipped('signIn', failure.message, 'Try again later.'), skipped('consent', away)];
  }
  if (failure.kind !== 'consentRequired') {
    const fix = 'Mend what the detail says, then use Azure Connect again.';
    return [
      fail('signIn', failure.message, fix),
      skipped('consent', 'No token was issued, so it cannot be told.'),
    ];
  }
  return [
    fail('signIn', 'No token was issued, because the consent is missing.', 'See the check consent.'),
    missingConsent(signIn, { target, redirectUri }, failure.message),
  ];
}

/** Where an administrator consents for the whole organization. The answer proves nothing, so its state need not either. */
export function missingConsent(
  signIn: GraphSignIn,
  { target, redirectUri }: Pick<GraphSetup, 'target' | 'redirectUri'>,
  detail: string,
): SetupCheck {
  const address = signIn.adminConsentUrl(target, { redirectUri, state: 'consent' });
  return fail(
    'consent',
    detail,
    `Open ${address} as an administrator of the tenant and accept, then use Azure Connect again.`,
  );
}
function checkPermissions(flow: GraphFlow, outcome: GrantOutcome): readonly SetupCheck[] {
  const granted = outcome.kind === 'granted' ? outcome.grant.grantedScopes : outcome.grantedScopes;
  const has = (name: string) => granted.some((scope) => scope.toLowerCase() === name.toLowerCase());
  return permissionsOf(flow).map((choices) => {
    const [least] = choices;
    const id = permissionId(least);
    if (granted.length === 0) return skipped(id, 'No token was issued, so it cannot be told.');
    const found = choices.find(has);
    return found === undefined
      ? fail(
          id,
          `The ${flow} permission ${least} of Microsoft Graph is missing.`,
          `Add ${least} under API permissions of the app registration, grant admin consent, and use Azure Connect again.`,
        )
      : pass(id, `${found} is granted.`);
  });
}

async function checkOrganization(
  { target }: GraphSetup,
  { graphDirectory }: GraphTools,
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const organization = await attempt(graphDirectory.organization(target, signal), signal);
  if (organization.kind === 'unknown') {
    return [
      warn(
        'verifiedDomains',
        `The verified domains cannot be read: ${organization.detail}`,
        'Grant Organization.Read.All or Directory.Read.All; with it, addresses of foreign domains are not merged into employees.',
      ),
      skipped('clockSkew', 'Nothing was read that carries a time.'),
    ];
  }
  return [checkDomains(organization.value), checkClock(organization.value)];
}

const checkDomains = ({ verifiedDomains }: GraphOrganization): SetupCheck =>
  verifiedDomains.length === 0
    ? warn(
        'verifiedDomains',
        'The tenant has no verified domain.',
        'Verify the domain of the people in the tenant.',
      )
    : pass('verifiedDomains', `Verified: ${listed(verifiedDomains)}.`);

function checkClock({ clockSkewSeconds }: GraphOrganization): SetupCheck {
  const id = 'clockSkew';
  if (clockSkewSeconds === null) return skipped(id, 'The answer carried no time.');
  const skew = Math.abs(clockSkewSeconds);
  const detail = `The clocks of Microsoft and of this server are ${skew} seconds apart.`;
  const fix = 'Let the operating system of this server set its clock by NTP.';
  if (skew >= skewFailSeconds) return fail(id, detail, fix);
  return skew >= skewWarnSeconds ? warn(id, detail, fix) : pass(id, detail);
}

async function checkGroups(
  { target, rules }: GraphSetup,
  { graphDirectory }: GraphTools,
  signal: AbortSignal,
): Promise<readonly SetupCheck[]> {
  const enabled = rules.filter((rule) => rule.enabled);
  if (enabled.length === 0) {
    return groupIds.map((id) => skipped(id, 'There is no mapping rule that is switched on.'));
  }
  const ids = enabled.map(({ groupId }) => groupId.toLowerCase());
  const read = await attempt(graphDirectory.getGroups(target, ids, signal), signal);
  if (read.kind === 'unknown') return groupIds.map((id) => skipped(id, read.detail));
  const found = new Map(read.value.map((group) => [group.objectId, group]));
  return [
    checkExistence(enabled, found),
    checkSecurity(read.value),
    await checkNesting(target, [...found.values()], graphDirectory, signal),
  ];
}

const groupIds = ['groupsExist', 'groupsSecurityEnabled', 'nestedGroups'] as const;

function checkExistence(rules: readonly MappingRule[], found: ReadonlyMap<string, GraphGroup>): SetupCheck {
  const absent = rules.filter(({ groupId }) => !found.has(groupId.toLowerCase()));
  return absent.length === 0
    ? pass('groupsExist', 'Every group of a mapping rule exists in the tenant.')
    : fail(
        'groupsExist',
        `The tenant has no group ${listed(absent.map(shownGroup))}.`,
        'Copy the Object ID of the group from Entra into the rule, or delete the rule.',
      );
}

function checkSecurity(groups: readonly GraphGroup[]): SetupCheck {
  const others = groups.filter(({ securityEnabled }) => securityEnabled === false);
  return others.length === 0
    ? pass('groupsSecurityEnabled', 'The groups of the mapping rules are security groups.')
    : warn(
        'groupsSecurityEnabled',
        `Not security-enabled: ${listed(others.map(({ displayName }) => displayName))}.`,
        'Use a security group; Entra provisions no others, and members of a Microsoft 365 group are often not chosen by administrators.',
      );
}

async function checkNesting(
  target: GraphConnection,
  groups: readonly GraphGroup[],
  directory: GraphDirectory,
  signal: AbortSignal,
): Promise<SetupCheck> {
  const id = 'nestedGroups';
  const looked = groups.slice(0, maxGroupsLookedInto);
  const read = await attempt(
    Promise.all(looked.map(({ objectId }) => directory.nestedGroups(target, objectId, signal))),
    signal,
  );
  if (read.kind === 'unknown') return skipped(id, read.detail);
  const nesting = looked.filter((_group, index) => (read.value[index]?.length ?? 0) > 0);
  const scope =
    looked.length < groups.length ? ` Only the first ${looked.length} groups were looked into.` : '';
  return nesting.length === 0
    ? pass(id, `No group of a mapping rule contains other groups.${scope}`)
    : warn(
        id,
        `Other groups are members of ${listed(nesting.map(({ displayName }) => displayName))}.${scope}`,
        'Reading Microsoft Graph counts their members too; provisioning by SCIM from Entra leaves them out. Where only SCIM is ' +
          'used, assign the inner groups as well or make people direct members.',
      );
}

type Attempt<Value> =
  | { readonly kind: 'read'; readonly value: Value }
  | { readonly kind: 'unknown'; readonly detail: string };

async function attempt<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Attempt<Value>> {
  try {
    return { kind: 'read', value: await promise };
  } catch (error) {
    if (error instanceof GraphError) return { kind: 'unknown', detail: error.message };
    if (signal.aborted) return { kind: 'unknown', detail: 'Microsoft did not answer in time.' };
    throw error;
  }
}
