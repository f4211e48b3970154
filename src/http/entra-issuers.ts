import type { Cloud } from '../operations/connections/connection-ports.ts';
import type { EntraTokenProfile, TokenIssuerOf } from './entra-token.ts';

interface CloudIssuers {
  /** Where keys are published, without trailing slash. */
  readonly authority: string;
  readonly issuerV1: string;
  readonly issuerV2: string;
}

/** `iss` is a name and not an address: of China's cloud, and of tokens of version 1, it differs from where one asks. */
const clouds: Readonly<Record<Cloud, CloudIssuers>> = {
  global: {
    authority: 'https://login.microsoftonline.com',
    issuerV1: 'https://sts.windows.net',
    issuerV2: 'https://login.microsoftonline.com',
  },
  usgov: {
    authority: 'https://login.microsoftonline.us',
    issuerV1: 'https://sts.windows.net',
    issuerV2: 'https://login.microsoftonline.us',
  },
  china: {
    authority: 'https://login.chinacloudapi.cn',
    issuerV1: 'https://sts.chinacloudapi.cn',
    issuerV2: 'https://login.partner.microsoftonline.cn',
  },
};

const keysPath: Readonly<Record<EntraTokenProfile, string>> = {
  v1: 'discovery/keys',
  v2: 'discovery/v2.0/keys',
};

/** `authorities`: identity platforms of private clouds, without trailing slash; their tokens may name them as issuer. */
export function makeTokenIssuerOf(authorities: Readonly<Record<Cloud, string | undefined>>): TokenIssuerOf {
  return (cloud, tenantId, profile) => {
    const standard = clouds[cloud];
    const own = authorities[cloud];
    const issuerIn = (bases: { readonly v1: string; readonly v2: string }): string =>
      profile === 'v1' ? `${bases.v1}/${tenantId}/` : `${bases.v2}/${tenantId}/v2.0`;
    return {
      issuers: [
        issuerIn({ v1: standard.issuerV1, v2: standard.issuerV2 }),
        ...(own === undefined ? [] : [issuerIn({ v1: own, v2: own })]),
      ],
      keysUrl: `${own ?? standard.authority}/${tenantId}/${keysPath[profile]}`,
    };
  };
}
