import { isGuid } from '../../directory/object-id.ts';
import type { Connection } from '../connections/connection-ports.ts';
import { FieldFaults } from '../field-faults.ts';
import { GraphError } from './graph-ports.ts';
import type { TenantResolver } from './graph-sign-in-ports.ts';

/** Somebody waits for the answer, and a connection can do without it for a while. */
const budgetMs = 5_000;

export type NamedTenant =
  /** Nothing to ask: there is no tenant, or its id is known. */
  | { readonly kind: 'known' }
  | { readonly kind: 'resolved'; readonly tenantId: string }
  /** The identity platform gave no answer. */
  | { readonly kind: 'unanswered'; readonly detail: string };

/**
 * The GUID behind the domain name of a connection's tenant (REQ-51). A GUID is taken as it is: provisioning by SCIM must
 * not depend on the identity platform. Throws `invalid` naming the field when the name is wrong.
 */
export async function resolveTenant(
  tenants: TenantResolver,
  { tenant, tenantId, cloud }: Pick<Connection, 'tenant' | 'tenantId' | 'cloud'>,
): Promise<NamedTenant> {
  if (tenant === null || tenantId !== null || isGuid(tenant)) return { kind: 'known' };
  const signal = AbortSignal.timeout(budgetMs);
  try {
    const answer = await tenants.resolve(cloud, tenant, signal);
    if (answer.kind === 'found') return { kind: 'resolved', tenantId: answer.tenantId };
    const faults = new FieldFaults();
    faults.add(answer.kind === 'notFound' ? '/tenant' : '/cloud', answer.detail);
    faults.raise();
  } catch (error) {
    if (!(error instanceof GraphError) && !signal.aborted) throw error;
  }
  return {
    kind: 'unanswered',
    detail:
      `The identity platform could not be asked for the id of the tenant ${tenant}. Provisioning by SCIM works without it; ` +
      'it is asked again by Azure Connect and by the next change of the tenant.',
  };
}

/** The connection with the answer in it. */
export function withNamedTenant(connection: Connection, named: NamedTenant): Connection {
  if (named.kind === 'known') return connection;
  return named.kind === 'resolved'
    ? { ...connection, tenantId: named.tenantId }
    : { ...connection, statusDetail: named.detail };
}
