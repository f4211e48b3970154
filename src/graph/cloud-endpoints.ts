import type { Cloud } from '../operations/connections/connection-ports.ts';
import { GraphError } from '../operations/tenants/graph-ports.ts';

/** Where a cloud lives. URLs are without trailing slash. */
export interface CloudEndpoints {
  /** Identity platform: sign-in pages, tokens, OpenID metadata. */
  readonly authority: string;
  readonly graph: string;
  /** What tokens are asked for: the identifier of Graph in this cloud, not always the address it is reached at. */
  readonly graphResource: string;
  /** Names the identity platform goes by beside `authority`. */
  readonly authorityAliases: readonly string[];
  /** Whether `authority` is the public one of the cloud. */
  readonly isStandard: boolean;
}

/** For private clouds, the department of defense, and test doubles. Absolute http or https URLs. */
export interface CloudOverride {
  readonly authority?: string;
  readonly graph?: string;
  /** Default: `graph`, unless that is http or on this machine: there it can only stand in for the cloud's own. */
  readonly graphResource?: string;
}

export type CloudOverrides = Readonly<Partial<Record<Cloud, CloudOverride>>>;
export type CloudTable = Readonly<Record<Cloud, CloudEndpoints>>;

const standard = {
  global: {
    authority: 'https://login.microsoftonline.com',
    graph: 'https://graph.microsoft.com',
    authorityAliases: ['https://login.microsoft.com', 'https://login.windows.net'],
  },
  usgov: {
    authority: 'https://login.microsoftonline.us',
    graph: 'https://graph.microsoft.us',
    authorityAliases: [],
  },
  china: {
    authority: 'https://login.chinacloudapi.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    // The sign-in library prefers this name, and it appears in metadata and issuers.
    authorityAliases: ['https://login.partner.microsoftonline.cn'],
  },
} as const;

const clouds = ['global', 'usgov', 'china'] as const;

/** `cloud_instance_name` in the metadata of tenants that live there. */
const instanceNames: Readonly<Record<Cloud, readonly string[]>> = {
  global: ['microsoftonline.com'],
  usgov: ['microsoftonline.us'],
  china: ['partner.microsoftonline.cn', 'chinacloudapi.cn'],
};

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

function isStandIn(graph: string): boolean {
  const { protocol, hostname } = new URL(graph);
  return protocol === 'http:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

function endpointsOf(cloud: Cloud, override: CloudOverride = {}): CloudEndpoints {
  const own = standard[cloud];
  const graph = withoutSlash(override.graph ?? own.graph);
  const resource = override.graphResource ?? (isStandIn(graph) ? own.graph : new URL(graph).origin);
  return {
    authority: withoutSlash(override.authority ?? own.authority),
    graph,
    graphResource: withoutSlash(resource),
    // An overridden identity platform is reached under its one name only.
    authorityAliases: override.authority === undefined ? own.authorityAliases : [],
    isStandard: override.authority === undefined,
  };
}

export function makeCloudTable(overrides: CloudOverrides = {}): CloudTable {
  return {
    global: endpointsOf('global', overrides.global),
    usgov: endpointsOf('usgov', overrides.usgov),
    china: endpointsOf('china', overrides.china),
  };
}

/** Null for a name that we do not know. Some answers write the host instead of the name. */
export const cloudOfInstance = (instanceName: string): Cloud | null => {
  const name = instanceName.toLowerCase().replace(/^login\./, '');
  return clouds.find((cloud) => instanceNames[cloud].includes(name)) ?? null;
};

/**
 * The URL if it may be called, else a `foreignHost` error. Scheme, host and port all count: a credential sent to anybody
 * else is a stolen credential, and links come from the body of an answer. User information in a URL is refused too.
 */
export function allowedUrl(text: string, allowed: readonly string[]): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isAllowed =
    url !== null &&
    url.username === '' &&
    url.password === '' &&
    allowed.some((base) => new URL(base).origin === url.origin);
  if (url && isAllowed) return url;
  throw new GraphError(
    'foreignHost',
    `An answer pointed to ${url === null ? 'something that is no address' : url.host}, which does not belong to the ` +
      'cloud of this connection. Nothing was sent there. Check the cloud of the connection and the addresses in the ' +
      "server's configuration.",
  );
}

export const graphHosts = ({ graph }: CloudEndpoints): readonly string[] => [graph];

export const authorityHosts = ({ authority, authorityAliases }: CloudEndpoints): readonly string[] => [
  authority,
  ...authorityAliases,
];
