import type { OrganizationContext } from './context.ts';
import type { Stores } from './ports.ts';
import { inlineLimit, reconcileNow } from './reconcile-members.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import { openReplan } from './start-replan.ts';

const connectionPage = 200;

/**
 * Plans everybody in the mirror of every connection again, as when provisioning is switched on (REQ-48). A connection with
 * few users is done when this resolves; a larger one becomes a sync run.
 */
export function makeReplanAll(
  dependencies: ScimDependencies,
): (context: OrganizationContext) => Promise<void> {
  const { unitOfWork } = dependencies;
  return async (context) => {
    let after: string | null = null;
    do {
      const page: { after: string | null; limit: number } = { after, limit: connectionPage };
      const connections = await unitOfWork.read(context, (stores) => stores.connections.list(page));
      for (const { id } of connections.items) {
        await unitOfWork.write(context, 'shared', (stores) =>
          replanConnection(stores, context, id, dependencies),
        );
      }
      after = connections.nextAfter;
    } while (after !== null);
    dependencies.jobsWaiting();
  };
}

async function replanConnection(
  stores: Stores,
  context: OrganizationContext,
  connectionId: string,
  dependencies: ScimDependencies,
): Promise<void> {
  const ids = await stores.users.idsAfter(connectionId, null, inlineLimit + 1);
  if (ids.length > inlineLimit) {
    await openReplan(stores, context, connectionId, dependencies.identifiers.next());
    return;
  }
  const log = { connectionId, trigger: 'manual', runId: null, requestId: context.requestId } as const;
  const wanted = await stores.changeSets.withoutUndone(ids);
  await reconcileNow(stores, wanted, 'replan', log, dependencies);
}
