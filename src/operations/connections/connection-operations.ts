import type { EventDraft } from '../../provisioning/provisioning-event.ts';
import type { OrganizationContext } from '../context.ts';
import type { Page, PageRequest } from '../keyset-page.ts';
import { OperationError } from '../operation-error.ts';
import { manualEvents } from '../people/manual-events.ts';
import type { Clock, Identifiers, Stores, UnitOfWork } from '../ports.ts';
import { requireVersion } from '../precondition.ts';
import type { DecisionTools } from '../reconcile/decision-tools.ts';
import { reconcileMembers } from '../reconcile/reconcile-members.ts';
import type { StartReplan } from '../reconcile/start-replan.ts';
import type { ChangeOptions } from '../resources/scim-operations.ts';
import { requireCompleteDefaults } from '../rules/missing-defaults.ts';
import type { EndSubscriptions } from '../sync/end-subscriptions.ts';
import type { StartSync, SyncOptions } from '../sync/start-sync.ts';
import type { SyncRun } from '../sync/sync-run-ports.ts';
import type { GraphSignIn, TenantResolver } from '../tenants/graph-sign-in-ports.ts';
import { resolveTenant, withNamedTenant } from '../tenants/resolve-tenant.ts';
import { changeConnection, foundConnection } from './change-connection.ts';
import { type ConnectionInput, type NewConnection, readNewConnection } from './connection-input.ts';
import type { Connection, Encryption, LinkedPerson } from './connection-ports.ts';

export interface ConnectionDependencies {
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly encryption: Encryption;
  readonly startReplan: StartReplan;
  readonly startSync: StartSync;
  readonly endSubscriptions: EndSubscriptions;
  /** Called after a commit that ended credentials: what is remembered about them must not be used any more. */
  readonly forgetCredentials: () => void;
  /** Called after a commit that left jobs behind, so that they run at once. */
  readonly jobsWaiting: () => void;
  readonly tenants: TenantResolver;
  readonly signIn: GraphSignIn;
}

export interface DeleteConnectionOptions extends ChangeOptions {
  /** Delete although records are linked; they stay and lose their link. */
  readonly unlink: boolean;
}

export interface ConnectionOperations {
  readonly list: (context: OrganizationContext, page: PageRequest) => Promise<Page<Connection>>;
  readonly get: (context: OrganizationContext, id: string) => Promise<Connection>;
  readonly create: (context: OrganizationContext, input: NewConnection) => Promise<Connection>;
  readonly change: (
    context: OrganizationContext,
    id: string,
    input: ConnectionInput,
    options: ChangeOptions,
  ) => Promise<Connection>;
  readonly delete: (
    context: OrganizationContext,
    id: string,
    options: DeleteConnectionOptions,
  ) => Promise<void>;
  /** Starts a sync run, or answers the one that is open (REQ-61). */
  readonly sync: (context: OrganizationContext, id: string, options: SyncOptions) => Promise<SyncRun>;
}

/** Decisions are made from connections (email source, domains), so each write holds the configuration still. */
export function makeConnectionOperations(dependencies: ConnectionDependencies): ConnectionOperations {
  const {
    unitOfWork,
    clock,
    identifiers,
    encryption,
    startReplan,
    startSync,
    endSubscriptions,
    forgetCredentials,
    jobsWaiting,
    tenants,
    signIn,
  } = dependencies;
  return {
    list: (context, page) => unitOfWork.read(context, (stores) => stores.connections.list(page)),
    get: (context, id) =>
      unitOfWork.read(context, async (stores) => foundConnection(await stores.connections.get(id), id)),
    create: async (context, input) => {
      const birth = {
        id: identifiers.next(),
        now: clock.now(),
        encryption,
        describeKey: signIn.describeKey,
      };
      const wanted = readNewConnection(input, birth);
      const connection = withNamedTenant(wanted, await resolveTenant(tenants, wanted));
      await unitOfWork.write(context, 'exclusive', (stores) => stores.connections.insert(connection));
      return connection;
    },
    change: async (context, id, input, options) => {
      const changed = await changeConnection(dependencies, context, { id, input, options });
      // A credential is remembered with the extension schemas of its connection.
      if (input.customExtensions !== undefined) forgetCredentials();
      return changed;
    },
    delete: async (context, id, { ifMatch, unlink }) => {
      const going = await unitOfWork.read(context, async (stores) => {
        const connection = foundConnection(await stores.connections.get(id), id);
        requireVersion(ifMatch, connection.revision);
        if (!unlink) await requireNoLinks(stores, connection);
        return connection;
      });
      await endSubscriptions(context, going);
      const hasJobs = await unitOfWork.write(context, 'exclusive', async (stores) => {
        const connection = foundConnection(await stores.connections.lock(id), id);
        requireVersion(ifMatch, connection.revision);
        if (!unlink) await requireNoLinks(stores, connection);
        const people = unlink ? await unlinkPeople(stores, context, connection, clock.now()) : [];
        await stores.connections.delete(id);
        return decideRivals(stores, context, people, dependencies);
      });
      if (hasJobs) jobsWaiting();
      forgetCredentials();
      signIn.forget(id);
    },
    sync: async (context, id, options) => {
      const { kind } = await unitOfWork.read(context, async (stores) => {
        const connection = foundConnection(await stores.connections.get(id), id);
        await requireCompleteDefaults(stores, (await stores.employeeDefaults.get()).value);
        return connection;
      });
      return kind === 'entra' ? startSync(context, id, options) : startReplan(context, id);
    },
  };
}

async function requireNoLinks(stores: Stores, connection: Connection): Promise<void> {
  const linked = await stores.connections.linkedPeople(connection.id);
  const blockers = Object.entries(linked).flatMap(([kind, count]) => (count > 0 ? [{ kind, count }] : []));
  if (blockers.length === 0) return;
  const people = blockers
    .map(({ kind, count }) => `${count} ${count === 1 ? kind.slice(0, -1) : kind}`)
    .join(' and ');
  const detail =
    `${connection.name} is linked to ${people}. Repeat with ?unlink=true to delete it all the same: ` +
    'the records stay and lose their link.';
  throw new OperationError('conflict', detail, { blockers });
}

async function unlinkPeople(
  stores: Stores,
  context: OrganizationContext,
  connection: Connection,
  now: string,
): Promise<readonly LinkedPerson[]> {
  const people = await stores.connections.unlinkPeople(connection.id);
  const draft = (person: LinkedPerson): EventDraft => ({
    ...person,
    action: 'updated',
    reason: `The connection ${connection.name} was deleted; the record stays and is no longer linked to the directory.`,
    winningRuleId: null,
    changes: [{ field: 'directoryUserId', before: person.directoryUserId, after: null, origin: 'local' }],
  });
  if (people.length > 0)
    await stores.events.append(manualEvents(context, connection.id), now, people.map(draft));
  return people;
}

/** Users of other connections that waited for these people because of a conflict. Answers true when jobs were left. */
async function decideRivals(
  stores: Stores,
  context: OrganizationContext,
  people: readonly LinkedPerson[],
  tools: DecisionTools,
): Promise<boolean> {
  const ids = people.flatMap(({ employeeId, contactId }) => employeeId ?? contactId ?? []);
  let hasJobs = false;
  for (const { connectionId, userIds } of await stores.heldChanges.waitingFor(ids)) {
    const log = manualEvents(context, connectionId);
    const again = { connectionId, userIds, cause: 'membership', log } as const;
    hasJobs = (await reconcileMembers(stores, context, again, tools)) || hasJobs;
  }
  return hasJobs;
}
