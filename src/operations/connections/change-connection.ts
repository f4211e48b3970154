import type { OrganizationContext } from '../context.ts';
import { OperationError } from '../operation-error.ts';
import type { Clock, Stores, UnitOfWork } from '../ports.ts';
import { requireVersion } from '../precondition.ts';
import type { ChangeOptions } from '../resources/scim-operations.ts';
import { isSameRecord } from '../same-record.ts';
import { mayRecover } from '../tenants/graph-connection.ts';
import type { GraphSignIn, TenantResolver } from '../tenants/graph-sign-in-ports.ts';
import { dropTokens, isOtherIdentity, withGraphStateAfter } from '../tenants/graph-state.ts';
import { type NamedTenant, resolveTenant, withNamedTenant } from '../tenants/resolve-tenant.ts';
import { type ConnectionInput, withConnectionInput } from './connection-input.ts';
import type { Connection, Encryption } from './connection-ports.ts';

export interface ChangeConnectionDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly encryption: Encryption;
  readonly tenants: TenantResolver;
  readonly signIn: GraphSignIn;
}

export interface ConnectionChange {
  readonly id: string;
  readonly input: ConnectionInput;
  readonly options: ChangeOptions;
}

/** The identity platform is asked before the transaction, about the connection as it then is. */
export async function changeConnection(
  { unitOfWork, clock, encryption, tenants, signIn }: ChangeConnectionDependencies,
  context: OrganizationContext,
  { id, input, options }: ConnectionChange,
): Promise<Connection> {
  const keeping = { now: clock.now(), encryption, describeKey: signIn.describeKey };
  const present = foundConnection(
    await unitOfWork.read(context, ({ connections }) => connections.get(id)),
    id,
  );
  requireVersion(options.ifMatch, present.revision);
  const asked = withConnectionInput(present, input, keeping);
  const mayBeNamed = input.tenant !== undefined || input.cloud !== undefined;
  const named: NamedTenant = mayBeNamed ? await resolveTenant(tenants, asked) : { kind: 'known' };

  const { before, after } = await unitOfWork.write(context, 'exclusive', async (stores) => {
    const before = foundConnection(await stores.connections.lock(id), id);
    requireVersion(options.ifMatch, before.revision);
    const wanted = withConnectionInput(before, input, keeping);
    const isStillAsked = wanted.tenant === asked.tenant && wanted.cloud === asked.cloud;
    const after = withGraphStateAfter(before, isStillAsked ? withNamedTenant(wanted, named) : wanted);
    if (isSameRecord(before, after)) return { before, after: before };
    await save(stores, context, { before, after, now: keeping.now });
    return { before, after: { ...after, revision: before.revision + 1 } };
  });
  if (isOtherIdentity(before, after)) signIn.forget(id);
  return after;
}

interface Changed {
  readonly before: Connection;
  readonly after: Connection;
  readonly now: string;
}

async function save(
  stores: Stores,
  { organizationId }: OrganizationContext,
  { before, after, now }: Changed,
): Promise<void> {
  await stores.connections.save(after, now);
  await stores.connections.saveGraphState(after);
  if (isOtherIdentity(before, after) && mayRecover(after)) await stores.graphSync.claims.wake(after.id);
  if (before.graphFlow !== null && after.graphFlow === null)
    await dropTokens(stores, organizationId, after.id);
}

export function foundConnection(connection: Connection | null, id: string): Connection {
  if (connection === null) throw new OperationError('not-found', `There is no connection ${id}.`);
  return connection;
}
