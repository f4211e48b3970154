import { isGuid } from '../directory/object-id.ts';
import type { Cloud } from '../operations/connections/connection-ports.ts';
import type { ResolvedTenant, TenantResolver } from '../operations/tenants/graph-sign-in-ports.ts';
import { cloudOfInstance } from './cloud-endpoints.ts';
import { type OpenIdParts, readOpenIdMetadata } from './openid-metadata.ts';
import { unexpected } from './read-json.ts';

/** Names of the identity platform that stand for no tenant. */
const shared = ['common', 'organizations', 'consumers'];
const tenantText = /^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i;
const cloudNames: Readonly<Record<Cloud, string>> = {
  global: 'the global cloud',
  usgov: 'the US Government cloud',
  china: 'the cloud of 21Vianet in China',
};

export const makeTenantResolver = (parts: OpenIdParts): TenantResolver => ({
  resolve: (cloud, tenant, signal) => resolve(parts, cloud, tenant.trim().toLowerCase(), signal),
});

async function resolve(
  parts: OpenIdParts,
  cloud: Cloud,
  tenant: string,
  signal: AbortSignal,
): Promise<ResolvedTenant> {
  if (!tenantText.test(tenant) || shared.includes(tenant)) return notFound(cloud, tenant);
  const metadata = await readOpenIdMetadata(parts, cloud, tenant, signal);
  if (metadata.kind === 'notFound') return notFound(cloud, tenant);
  const { issuer, cloudInstance } = metadata;
  // A name that we do not know says nothing: private clouds have their own.
  const home = cloudInstance === null ? null : cloudOfInstance(cloudInstance);
  if (home !== null && home !== cloud) {
    return {
      kind: 'otherCloud',
      cloud: home,
      detail: `The tenant lives in ${cloudNames[home]}, not in ${cloudNames[cloud]}. Change the cloud of the connection.`,
    };
  }
  const tenantId = tenantIdOf(issuer);
  if (tenantId === null) throw unexpected('the issuer in the OpenID metadata names no tenant');
  // The answer about an id must be about that id.
  if (isGuid(tenant) && tenantId !== tenant)
    throw unexpected('the OpenID metadata are those of another tenant');
  return { kind: 'found', tenantId };
}

const notFound = (cloud: Cloud, tenant: string): ResolvedTenant => ({
  kind: 'notFound',
  detail:
    `${cloudNames[cloud].replace(/^t/, 'T')} knows no tenant ${tenant.slice(0, 253)}. Use the directory's current domain, its ` +
    'onmicrosoft.com name or its id.',
});

/** The path of an issuer begins with the tenant: `https://<host>/<tenant id>/v2.0`. */
function tenantIdOf(issuer: string): string | null {
  if (!URL.canParse(issuer)) return null;
  const segment = new URL(issuer).pathname.split('/').find(isGuid);
  return segment?.toLowerCase() ?? null;
}
