/** Public names of the identity platform and of Graph, per cloud. */
export interface CloudHosts {
  readonly login: string;
  readonly graph: string;
  /** Issuer of version 1 tokens, without the tenant. */
  readonly issuerV1: string;
}

export type Cloud = 'global' | 'usGov' | 'usGovDod' | 'china';

export const CLOUDS: Readonly<Record<Cloud, CloudHosts>> = {
  global: {
    login: 'login.microsoftonline.com',
    graph: 'graph.microsoft.com',
    issuerV1: 'https://sts.windows.net',
  },
  usGov: {
    login: 'login.microsoftonline.us',
    graph: 'graph.microsoft.us',
    issuerV1: 'https://sts.windows.net',
  },
  usGovDod: {
    login: 'login.microsoftonline.us',
    graph: 'dod-graph.microsoft.us',
    issuerV1: 'https://sts.windows.net',
  },
  china: {
    login: 'login.partner.microsoftonline.cn',
    graph: 'microsoftgraph.chinacloudapi.cn',
    issuerV1: 'https://sts.chinacloudapi.cn',
  },
};

/** Older names that still lead to the same place. */
const ALIASES: Readonly<Record<string, string>> = {
  'login.windows.net': 'login.microsoftonline.com',
  'login.microsoft.com': 'login.microsoftonline.com',
  'sts.windows.net': 'login.microsoftonline.com',
  'login.chinacloudapi.cn': 'login.partner.microsoftonline.cn',
};

export type CloudService = 'login' | 'graph';

/** Which service of which clouds answers under a public host name. */
export function serviceOfHost(host: string): { service: CloudService; clouds: readonly Cloud[] } | undefined {
  const name = ALIASES[host] ?? host;
  for (const service of ['login', 'graph'] as const) {
    const clouds = (['global', 'usGov', 'usGovDod', 'china'] as const).filter(
      (cloud) => CLOUDS[cloud][service] === name,
    );
    if (clouds.length > 0) return { service, clouds };
  }
  return undefined;
}
